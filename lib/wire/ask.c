// SPDX-License-Identifier: MIT
/* The answer to a question on the control socket. */
#include "wire/ask.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int take_descriptor(struct msghdr *message)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	int fd;

	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
	    header->cmsg_len != CMSG_LEN(sizeof(fd)))
		return -1;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

static bool is_endpoint(const struct eswrap_endpoint *endpoint, int family)
{
	return endpoint->family == 0 || endpoint->family == family;
}

/* Is everything in a reply what we rely on? */
static bool is_sound(const struct eswrap_reply *reply)
{
	return reply->magic == ESWRAP_MAGIC && memchr(reply->name, '\0', sizeof(reply->name)) &&
	       is_endpoint(&reply->v4, AF_INET) && is_endpoint(&reply->v6, AF_INET6);
}

int eswrap_ask_take(int control, int flags, struct eswrap_reply *reply, int *fd)
{
	char ancillary[CMSG_SPACE(sizeof(int))] __attribute__((aligned(sizeof(size_t))));
	struct iovec part = { .iov_base = reply, .iov_len = sizeof(*reply) };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = ancillary,
				  .msg_controllen = sizeof(ancillary) };
	long got = syscall(SYS_recvmsg, control, &message, flags | MSG_CMSG_CLOEXEC);

	*fd = -1;
	if (got < 0)
		return errno;
	*fd = take_descriptor(&message);
	if (message.msg_flags & MSG_CTRUNC)
		return EMFILE;
	if (got == 0)
		return ECONNRESET;
	return got == sizeof(*reply) && is_sound(reply) ? 0 : EPROTO;
}
