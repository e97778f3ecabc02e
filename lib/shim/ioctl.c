// SPDX-License-Identifier: MIT
/*
 * ioctl() on a flow.
 *
 * DOC: Theory of Operation
 *
 * What AF_UNIX answers is right for FIONBIO, FIOASYNC, FIONREAD and the like. What it does not know
 * (ENOTTY) are the questions about interfaces, routes and neighbours, which any internet socket
 * answers: they are put to a fresh one.
 *
 * SIOCATMARK is refused by AF_UNIX for datagrams, with another error than UDP has.
 *
 * SIOCOUTQ, the bytes that are not sent yet, counts memory on AF_UNIX, and is never 0 because of the
 * anchor (include/eswrap/wire.h). sock_diag(7) tells what is unread at the broker's end; the broker
 * takes it out there when the module has it.
 */
#include "shim.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <linux/unix_diag.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* What asks about a socket of AF_UNIX, and what comes back for one. */
struct question {
	struct nlmsghdr header;
	struct unix_diag_req request;
};
struct report {
	struct nlmsghdr header;
	struct unix_diag_msg message;
	char attributes[256];
};

/* Return: the data of an attribute of at least @size bytes, or NULL. */
static const void *find_attribute(const struct report *report, size_t len, unsigned short type,
				  size_t size)
{
	const struct rtattr *attribute = (const void *)report->attributes;
	size_t left;

	if (len < offsetof(struct report, attributes))
		return NULL;
	for (left = len - offsetof(struct report, attributes); RTA_OK(attribute, left);
	     attribute = RTA_NEXT(attribute, left))
		if (attribute->rta_type == type && RTA_PAYLOAD(attribute) >= size)
			return RTA_DATA(attribute);
	return NULL;
}

/* Asks for one attribute of the socket with this inode. Return: false when there is none. */
static bool ask_kernel(int netlink, ino64_t ino, uint32_t show, unsigned short type, void *to,
		       size_t size)
{
	struct question question = {
		.header = { .nlmsg_len = sizeof(question),
			    .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = NLM_F_REQUEST },
		.request = { .sdiag_family = AF_UNIX,
			     .udiag_states = UINT32_MAX,
			     .udiag_ino = (uint32_t)ino,
			     .udiag_show = show,
			     .udiag_cookie = { UINT32_MAX, UINT32_MAX } },
	};
	struct report report;
	const void *found;
	ssize_t got;

	if (real()->send(netlink, &question, sizeof(question), 0) != sizeof(question))
		return false;
	got = real()->recv(netlink, &report, sizeof(report), 0);
	if (got < (ssize_t)sizeof(report.header) || report.header.nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return false;
	found = find_attribute(&report, (size_t)got, type, size);
	if (found)
		memcpy(to, found, size);
	return found;
}

/* The bytes that a stream flow has not sent; @native where that cannot be known. */
static int unsent(int fd, int native)
{
	struct unix_diag_rqlen queue = { 0, 0 };
	struct eswrap_name outcome;
	struct stat64 status;
	uint32_t peer;
	bool known;
	int netlink;

	/* What is in the queue before that was put there by the broker. */
	if (eswrap_outcome(fd, &outcome) != OUTCOME_KNOWN || outcome.error)
		return 0;
	netlink = (int)syscall(SYS_socket, AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (netlink < 0)
		return native;
	known = fstat64(fd, &status) == 0 &&
		ask_kernel(netlink, status.st_ino, UDIAG_SHOW_PEER, UNIX_DIAG_PEER, &peer,
			   sizeof(peer)) &&
		ask_kernel(netlink, peer, UDIAG_SHOW_RQLEN, UNIX_DIAG_RQLEN, &queue, sizeof(queue));
	syscall(SYS_close, netlink);
	if (!known)
		return native;
	/* One of them is the anchor. */
	return queue.udiag_rqueue > 0 ? (int)queue.udiag_rqueue - 1 : 0;
}

static int ask_internet_socket(const struct eswrap_name *flow, unsigned long request, void *data)
{
	int fd = (int)syscall(SYS_socket, flow->family, flow->type | SOCK_CLOEXEC, 0);
	int result, error;

	if (fd < 0)
		return -1;
	result = real()->ioctl(fd, request, data);
	error = errno;
	syscall(SYS_close, fd);
	errno = error;
	return result;
}

static int ioctl_of(int fd, unsigned long request, void *data)
{
	int saved = errno;
	int result = real()->ioctl(fd, request, data);
	struct eswrap_name flow;
	int value;

	if (LIKELY(!shim_may_have_flows()))
		return result;
	if (result == 0 && request == SIOCOUTQ) {
		memcpy(&value, data, sizeof(value));
		if (value > 0 && shim_flow(fd, &flow) && flow.type == SOCK_STREAM) {
			value = unsent(fd, value);
			memcpy(data, &value, sizeof(value));
		}
		errno = saved;
	} else if (result != 0 && errno == ENOTTY && shim_flow(fd, &flow)) {
		errno = saved;
		/* Nothing waits before it is sent: SIOCOUTQ has all. */
		if (request != SIOCOUTQNSD)
			return ask_internet_socket(&flow, request, data);
		value = 0;
		memcpy(data, &value, sizeof(value));
		return 0;
	}
	if (result != 0 && request == SIOCATMARK && errno == EOPNOTSUPP && shim_flow(fd, &flow))
		errno = ENOTTY;
	return result;
}

EXPORT int ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	void *data;

	va_start(arguments, request);
	data = va_arg(arguments, void *);
	va_end(arguments);
	return ioctl_of(fd, request, data);
}

#if __TIMESIZE == 32
int __ioctl_time64(int fd, unsigned long request, ...);

EXPORT int __ioctl_time64(int fd, unsigned long request, ...)
{
	va_list arguments;
	void *data;

	va_start(arguments, request);
	data = va_arg(arguments, void *);
	va_end(arguments);
	return ioctl_of(fd, request, data);
}
#endif
