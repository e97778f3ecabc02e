// SPDX-License-Identifier: MIT
/*
 * DOC: Theory of Operation
 *
 * When the engine is killed, the kernel closes its sockets with a reset; but a reset is a packet, it
 * goes through the tunnel device, and the device leaves with the last process that holds it. A program
 * that waits for data would then wait for ever. So a second process holds the device and does nothing
 * but wait for the engine's end. Then it passes on what is still in the device, refuses what was being
 * connected, and leaves when nothing more comes; with it goes the device, and connects fail at once.
 */
#include "eswrap-tunnel/engine.h"

#include <errno.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Nothing in the device for this long: all has been passed on, ms. */
#define SILENCE_MS 300

static void refuse(struct engine *engine, struct nat_entry *entry)
{
	uint8_t out[PACKET_ERROR_MAX];

	if (entry->state == NAT_HELD)
		nat_refuse(entry, ICMP_NET_UNREACH, 0);
	if (entry->state == NAT_REFUSED)
		engine_write(engine, out, nat_answer(engine->nat, entry, out));
}

static void pass_on(struct engine *engine, struct packet *packet)
{
	struct nat_entry *entry;
	uint8_t out[PACKET_RESET_LEN];

	switch (nat_packet(engine->nat, packet, 0, &entry)) {
	case NAT_DROP:
		break;
	case NAT_BEGIN:
	case NAT_REPEAT:
		refuse(engine, entry);
		break;
	case NAT_FORWARD:
		engine_write(engine, packet->data, packet->len);
		break;
	case NAT_UNKNOWN:
		engine_write(engine, out, packet_reset(packet, out));
		break;
	}
}

static void take(struct engine *engine, uint8_t *data, size_t len)
{
	uint8_t out[PACKET_ERROR_MAX];
	struct packet packet;

	switch (packet_parse(data, len, &packet)) {
	case PACKET_BAD:
		return;
	case PACKET_TCP:
		pass_on(engine, &packet);
		return;
	case PACKET_UDP:
		if (packet.tuple.dest_port == htons(ESWRAP_PORT_NAMES)) {
			question_keep(engine, -1, &packet.tuple, packet.payload,
				      packet.payload_len);
			question_fail(engine, NULL);
			return;
		}
		break;
	case PACKET_OTHER:
		break;
	}
	engine_write(engine, out,
		     packet_unreachable(&packet, engine->nat->gateway, ICMP_NET_UNREACH, out));
}

static void take_over(struct engine *engine)
{
	struct pollfd device = { .fd = engine->space.tun, .events = POLLIN };
	static uint8_t data[PACKET_MAX];
	unsigned int slot;
	ssize_t got;

	/* Who asks again is to hear at once that nobody is there. */
	question_fail(engine, NULL);
	for (slot = 0; slot < engine->space.name_count; slot++)
		close(engine->space.names[slot]);
	for (slot = 1; slot <= NAT_ENTRIES; slot++)
		refuse(engine, nat_entry(engine->nat, slot));
	while (poll(&device, 1, SILENCE_MS) > 0) {
		got = read(engine->space.tun, data, sizeof(data));
		if (got < 0 && errno != EAGAIN && errno != EINTR)
			break;
		if (got > 0)
			take(engine, data, (size_t)got);
	}
}

/* All else is the engine's alone: what is still open here when it has died would not be reset. */
static void close_all_else(struct engine *engine, int pidfd)
{
	int keep[2 + SPACE_NAMES_MAX] = { engine->space.tun, pidfd };
	unsigned int i;

	for (i = 0; i < engine->space.name_count; i++)
		keep[2 + i] = engine->space.names[i];
	engine_close_others(keep, 2 + i);
}

static _Noreturn void keep(struct engine *engine, int pidfd)
{
	struct pollfd end = { .fd = pidfd, .events = POLLIN };

	prctl(PR_SET_NAME, "eswrap-keeper");
	/* systemd ends all of a unit at once; this one is needed a moment longer. */
	signal(SIGTERM, SIG_IGN);
	close_all_else(engine, pidfd);
	while (poll(&end, 1, -1) < 0 && errno == EINTR)
		;
	take_over(engine);
	_exit(0);
}

bool keeper_start(struct engine *engine)
{
	int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	pid_t child;

	if (self < 0)
		return false;
	child = fork();
	if (child == 0)
		keep(engine, self);
	close(self);
	engine->keeper = child < 0 ? -1 : (int)syscall(SYS_pidfd_open, child, 0);
	if (engine->keeper >= 0)
		engine_watch(engine, engine->keeper, 0, EPOLLIN, WATCHED_KEEPER, 0);
	return engine->keeper >= 0;
}

void keeper_ended(struct engine *engine)
{
	close(engine->keeper);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	keeper_start(engine);
}
