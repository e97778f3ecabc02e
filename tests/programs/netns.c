// SPDX-License-Identifier: MIT
#include "programs/netns.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

/* Kinds of ICMPv6 that a kernel sends by itself: RFC 4861, RFC 3810. */
#define ICMPV6_FIRST_OWN 130
#define ICMPV6_LAST_OWN	 143

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	ck_assert_msg(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), "%s: %s",
		      path, g_strerror(errno));
	close(fd);
}

/* Whoever we are outside, we are root in a user namespace. */
static void enter_user_namespace(void)
{
	char *users = g_strdup_printf("0 %u 1", (unsigned int)geteuid());
	char *groups = g_strdup_printf("0 %u 1", (unsigned int)getegid());

	ck_assert_msg(unshare(CLONE_NEWUSER) == 0,
		      "a user namespace: %s; this test needs root or unprivileged user namespaces "
		      "(sysctl kernel.unprivileged_userns_clone, user.max_user_namespaces, "
		      "kernel.apparmor_restrict_unprivileged_userns)",
		      g_strerror(errno));
	write_text("/proc/self/setgroups", "deny");
	write_text("/proc/self/uid_map", users);
	write_text("/proc/self/gid_map", groups);
	g_free(users);
	g_free(groups);
}

static void raise_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_msg(ioctl(fd, SIOCSIFFLAGS, &request) == 0, "lo up: %s", g_strerror(errno));
	close(fd);
}

void netns_enter(void)
{
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0) {
		enter_user_namespace();
		ck_assert_msg(unshare(CLONE_NEWNET | CLONE_NEWNS) == 0,
			      "a network namespace: %s; this test needs one", g_strerror(errno));
	}
	ck_assert_msg(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "mount /: %s",
		      g_strerror(errno));
	raise_loopback();
}

void netns_cover(const char *path, const char *file)
{
	ck_assert_msg(mount(file, path, NULL, MS_BIND, NULL) == 0, "%s over %s: %s", file, path,
		      g_strerror(errno));
}

int netns_uplink(struct harness *h)
{
	/* The neighbours are known, so that a first packet is not held up by a question for them.
	 */
	static const char script[] =
		"set -e\n"
		"ip link add up0 type veth peer name up1\n"
		"ip link set up0 address 02:00:00:00:00:01\n"
		"ip link set up1 up\n"
		"ip address add 203.0.113.2/24 dev up0\n"
		"ip link set up0 up\n"
		"ip neighbour add 203.0.113.1 lladdr 02:00:00:00:00:02 dev up0\n"
		"ip route add default via 203.0.113.1\n"
		"[ -e /proc/net/if_inet6 ] || exit 0\n"
		"ip -6 address add 2001:db8::2/64 dev up0 nodad\n"
		"ip -6 neighbour add 2001:db8::1 lladdr 02:00:00:00:00:02 dev up0\n"
		"ip -6 route add default via 2001:db8::1\n";
	struct sockaddr_ll everything = { .sll_family = AF_PACKET,
					  .sll_protocol = htons(ETH_P_ALL) };
	int uplink;

	ck_result_status(harness_run(h, "sh", "-c", script, NULL), 0);
	uplink = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_msg(uplink >= 0, "a packet socket: %s", g_strerror(errno));
	everything.sll_ifindex = (int)if_nametoindex("up0");
	ck_assert_int_eq(bind(uplink, (struct sockaddr *)&everything, sizeof(everything)), 0);
	return uplink;
}

static const char *protocol_word(struct harness *h, int protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "TCP";
	case IPPROTO_UDP:
		return "UDP";
	default:
		return harness_format(h, "protocol %d", protocol);
	}
}

/* @port points to the destination port of TCP and UDP, if it is within @size. */
static const char *in_words(struct harness *h, int family, const void *address, int protocol,
			    const guint8 *payload, gsize size)
{
	char text[INET6_ADDRSTRLEN];
	guint port = size >= 4 ? (guint)payload[2] << 8 | payload[3] : 0;

	inet_ntop(family, address, text, sizeof(text));
	return harness_format(h, "%s %s:%u", protocol_word(h, protocol), text, port);
}

static const char *packet_in_words(struct harness *h, guint16 kind, const guint8 *packet,
				   gsize size)
{
	struct ip6_hdr ip6;
	struct iphdr ip;

	if (kind == ETH_P_IP && size >= sizeof(ip)) {
		memcpy(&ip, packet, sizeof(ip));
		return in_words(h, AF_INET, &ip.daddr, ip.protocol, packet + sizeof(ip),
				size - sizeof(ip));
	}
	if (kind == ETH_P_IPV6 && size > sizeof(ip6)) {
		memcpy(&ip6, packet, sizeof(ip6));
		/* Multicast listener reports come behind a hop-by-hop header of 8 bytes. */
		if (ip6.ip6_nxt == IPPROTO_HOPOPTS && size > sizeof(ip6) + 8) {
			ip6.ip6_nxt = packet[sizeof(ip6)];
			packet += 8;
			size -= 8;
		}
		if (ip6.ip6_nxt == IPPROTO_ICMPV6 && packet[sizeof(ip6)] >= ICMPV6_FIRST_OWN &&
		    packet[sizeof(ip6)] <= ICMPV6_LAST_OWN)
			return NULL;
		return in_words(h, AF_INET6, &ip6.ip6_dst, ip6.ip6_nxt, packet + sizeof(ip6),
				size - sizeof(ip6));
	}
	return harness_format(h, "a packet of kind 0x%04x, %zu bytes", kind, size);
}

const char *netns_packet(struct harness *h, int uplink, int milliseconds)
{
	gint64 deadline = g_get_monotonic_time() + (gint64)milliseconds * 1000;
	struct pollfd poller = { .fd = uplink, .events = POLLIN };
	struct sockaddr_ll from;
	const char *words = NULL;
	guint8 packet[2048];
	socklen_t len;
	ssize_t size;
	gint64 left;

	while (!words) {
		left = (deadline - g_get_monotonic_time()) / 1000;
		if (poll(&poller, 1, left > 0 ? (int)left : 0) <= 0)
			return NULL;
		len = sizeof(from);
		size = recvfrom(uplink, packet, sizeof(packet), 0, (struct sockaddr *)&from, &len);
		ck_assert_msg(size >= 0, "the packet socket: %s", g_strerror(errno));
		if (from.sll_pkttype == PACKET_OUTGOING)
			words = packet_in_words(h, ntohs(from.sll_protocol), packet, (gsize)size);
	}
	return words;
}
