// SPDX-License-Identifier: MIT
/*
 * Control messages (cmsg(3)) of datagram flows.
 *
 * A program that has asked for the local address, the TTL or the type of service of each datagram
 * gets them as from a UDP socket, as far as they can be known: the module's own address, no
 * interface, 64 hops, no class of service. Time stamps are the kernel's. Descriptors and
 * credentials that somebody else has sent along are none of UDP's.
 */
#include "shim.h"

#include <linux/in6.h>
#include <netinet/ip.h>
#include <sys/syscall.h>

#define HOPS 64

/* Takes out what a message of AF_UNIX has and one of UDP has not; closes the descriptors. */
static void strip(struct msghdr *message)
{
	struct cmsghdr *header, *next;
	size_t len, rest;
	int fd;

	for (header = CMSG_FIRSTHDR(message); header; header = next) {
		next = CMSG_NXTHDR(message, header);
		if (header->cmsg_level != SOL_SOCKET ||
		    (header->cmsg_type != SCM_RIGHTS && header->cmsg_type != SCM_CREDENTIALS))
			continue;
		len = CMSG_ALIGN(header->cmsg_len);
		if (header->cmsg_type == SCM_RIGHTS)
			for (rest = CMSG_LEN(0); rest + sizeof(fd) <= header->cmsg_len;
			     rest += sizeof(fd)) {
				memcpy(&fd, (char *)header + rest, sizeof(fd));
				syscall(SYS_close, fd);
			}
		rest = message->msg_controllen -
		       (size_t)((char *)header - (char *)message->msg_control);
		if (len >= rest) {
			message->msg_controllen -= rest;
			return;
		}
		memmove(header, (char *)header + len, rest - len);
		message->msg_controllen -= len;
		next = header;
	}
}

/* Appends one, or says that it did not fit. */
static void put(struct msghdr *message, size_t room, int level, int type, const void *data,
		size_t size)
{
	size_t at = CMSG_ALIGN(message->msg_controllen);
	struct cmsghdr header = { .cmsg_len = CMSG_LEN(size),
				  .cmsg_level = level,
				  .cmsg_type = type };
	char *to = (char *)message->msg_control + at;

	if (at > room || room - at < CMSG_LEN(size)) {
		message->msg_flags |= MSG_CTRUNC;
		return;
	}
	memcpy(to, &header, sizeof(header));
	memcpy(to + CMSG_LEN(0), data, size);
	at += CMSG_SPACE(size);
	message->msg_controllen = at < room ? at : room;
}

static void put_ipv4(struct msghdr *message, size_t room, const struct notes *notes)
{
	const int hops = HOPS;
	const uint8_t tos = 0;
	struct in_pktinfo info = { .ipi_ifindex = 0 };

	info.ipi_spec_dst.s_addr = notes->value[NOTE_LOCAL_ADDRESS];
	info.ipi_addr = info.ipi_spec_dst;
	if (shim_option(notes, IPPROTO_IP, IP_PKTINFO))
		put(message, room, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
	if (shim_option(notes, IPPROTO_IP, IP_RECVTTL))
		put(message, room, IPPROTO_IP, IP_TTL, &hops, sizeof(hops));
	if (shim_option(notes, IPPROTO_IP, IP_RECVTOS))
		put(message, room, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
}

static void put_ipv6(struct msghdr *message, size_t room, const struct notes *notes)
{
	struct in6_pktinfo info = { .ipi6_ifindex = 0 };
	const int hops = HOPS, class = 0;

	info.ipi6_addr.s6_addr[10] = info.ipi6_addr.s6_addr[11] = 0xff;
	memcpy(info.ipi6_addr.s6_addr + 12, &notes->value[NOTE_LOCAL_ADDRESS], 4);
	if (shim_option(notes, IPPROTO_IPV6, IPV6_RECVPKTINFO))
		put(message, room, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
	if (shim_option(notes, IPPROTO_IPV6, IPV6_RECVHOPLIMIT))
		put(message, room, IPPROTO_IPV6, IPV6_HOPLIMIT, &hops, sizeof(hops));
	if (shim_option(notes, IPPROTO_IPV6, IPV6_RECVTCLASS))
		put(message, room, IPPROTO_IPV6, IPV6_TCLASS, &class, sizeof(class));
}

/**
 * shim_give_control() - make the control messages of a flow those of an internet socket
 * @message:	as the kernel has filled it in
 * @room:	msg_controllen before
 *
 * errno is left alone.
 */
void shim_give_control(int fd, const struct eswrap_name *flow, struct msghdr *message, size_t room)
{
	struct notes notes;
	int saved = errno;

	strip(message);
	if (flow->type == SOCK_DGRAM && shim_notes_read(fd, &notes)) {
		if (flow->family == AF_INET)
			put_ipv4(message, room, &notes);
		else
			put_ipv6(message, room, &notes);
	}
	errno = saved;
}
