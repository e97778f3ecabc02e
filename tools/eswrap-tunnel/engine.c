// SPDX-License-Identifier: MIT
/* What all files of the engine do: write a packet, watch a descriptor. */
#include "eswrap-tunnel/engine.h"

#include <limits.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

void engine_write(const struct engine *engine, const void *packet, size_t len)
{
	if (len && write(engine->space.tun, packet, len) < 0)
		return; /* the device has gone, or the kernel has no memory: a lost packet */
}

void engine_watch(const struct engine *engine, int fd, uint32_t before, uint32_t events,
		  enum watched what, unsigned int number)
{
	struct epoll_event event = { .events = events, .data.u64 = (uint64_t)what << 32 | number };

	/* Without any, EPOLLHUP would still come, again and again. */
	if (events != before && fd >= 0)
		epoll_ctl(engine->poll,
			  !before   ? EPOLL_CTL_ADD
			  : !events ? EPOLL_CTL_DEL
				    : EPOLL_CTL_MOD,
			  fd, &event);
}

void engine_deliver(const struct engine *engine, int fd, const struct tuple *tuple,
		    const void *data, size_t len)
{
	static uint8_t out[PACKET_MAX];
	const struct tuple back = { tuple->dest, tuple->source, tuple->dest_port,
				    tuple->source_port };
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = tuple->source_port,
					.sin_addr.s_addr = tuple->source };

	if (fd < 0)
		engine_write(engine, out, packet_udp(&back, data, len, out));
	else if (sendto(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&to,
			sizeof(to)) < 0)
		return; /* the asker has gone */
}

/* close_range(2), which Linux 5.9 has and some libraries do not */
static void close_from_to(unsigned int first, unsigned int last)
{
	long most = sysconf(_SC_OPEN_MAX);

	if (first > last)
		return;
#ifdef SYS_close_range
	if (syscall(SYS_close_range, first, last, 0) == 0)
		return;
#endif
	for (; first <= last && first < (unsigned long)most; first++)
		close((int)first);
}

void engine_close_others(int *keep, unsigned int count)
{
	unsigned int next = STDERR_FILENO + 1, i, j;
	int swap;

	for (i = 1; i < count; i++) {
		for (j = i; j && keep[j - 1] > keep[j]; j--) {
			swap = keep[j];
			keep[j] = keep[j - 1];
			keep[j - 1] = swap;
		}
	}
	for (i = 0; i < count; i++) {
		if (keep[i] < (int)next)
			continue;
		close_from_to(next, (unsigned int)keep[i] - 1);
		next = (unsigned int)keep[i] + 1;
	}
	close_from_to(next, UINT_MAX);
}
