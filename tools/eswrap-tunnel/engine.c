// SPDX-License-Identifier: MIT
/* What all files of the engine do: write a packet, watch a descriptor. */
#include "eswrap-tunnel/engine.h"

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
