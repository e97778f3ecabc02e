// SPDX-License-Identifier: MIT
/* The service's side. The theory of operation is in lend.h. */
#include "eswrap-tunnel/lend.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Programs that borrow at a time: of all, and of one user but root. */
#define LENDERS	       64
#define LENDERS_A_USER 16
/* Who has connected must ask; others wait no longer for him, in connections. */
#define ASKING 16

/**
 * struct lender - one process
 * @pidfd:	-1: the place is free
 */
struct lender {
	int pidfd;
	pid_t pid;
	uid_t uid;
};

static struct lender lenders[LENDERS];
static int asking[ASKING], turn, listener = -1;

static int answer_call(int filter, const struct seccomp_notif *call, uid_t uid)
{
	int domain = (int)call->data.args[0], type = (int)call->data.args[1];
	int protocol = (int)call->data.args[2];

	int fd = socket(domain, type | SOCK_CLOEXEC, protocol), result;
	struct seccomp_notif_addfd add = { .id = call->id,
					   .flags = SECCOMP_ADDFD_FLAG_SEND,
					   .newfd_flags = type & SOCK_CLOEXEC ? O_CLOEXEC : 0 };

	if (fd < 0)
		return -errno;
	add.srcfd = (uint32_t)fd;
	/* Whose it is must be right, or it is nobody's. */
	result = fchown(fd, uid, (gid_t)-1) < 0			      ? -errno
		 : ioctl(filter, SECCOMP_IOCTL_NOTIF_ADDFD, &add) < 0 ? -errno
								      : 0;
	close(fd);
	return result;
}

/* What the filter lets through to here: see borrow.c. */
static int check_call(const struct seccomp_notif *call)
{
	int domain = (int)call->data.args[0], type = (int)call->data.args[1] & 0xf;
	int protocol = (int)call->data.args[2];

	switch (domain) {
	case AF_INET:
	case AF_INET6:
		/* What needs rights is for who has them, and this one asks for somebody else. */
		return type == SOCK_STREAM || type == SOCK_DGRAM ? 0 : -EPERM;
	case AF_NETLINK:
		return protocol == NETLINK_ROUTE ? 0 : -EPROTONOSUPPORT;
	default:
		return -EAFNOSUPPORT;
	}
}

/* Return: false when nobody calls any more. */
static bool serve_call(int filter, uid_t uid)
{
	struct seccomp_notif call = { 0 };
	struct seccomp_notif_resp answer = { 0 };
	struct pollfd what = { .fd = filter, .events = POLLIN };
	int result;

	if (poll(&what, 1, -1) < 0)
		return errno == EINTR;
	if (what.revents & (POLLHUP | POLLERR | POLLNVAL))
		return false;
	if (ioctl(filter, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0)
		return errno == ENOENT || errno == EINTR;
	result = check_call(&call);
	if (result == 0)
		result = answer_call(filter, &call, uid);
	if (result == 0)
		return true;
	answer.id = call.id;
	answer.error = result;
	/* It may have been killed meanwhile. */
	return ioctl(filter, SECCOMP_IOCTL_NOTIF_SEND, &answer) == 0 || errno == ENOENT;
}

static _Noreturn void lend(int filter, uid_t uid)
{
	prctl(PR_SET_NAME, "eswrap-lender");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	engine_close_others(&filter, 1);
	while (serve_call(filter, uid))
		;
	_exit(0);
}

static struct lender *free_lender(uid_t uid)
{
	struct lender *found = NULL;
	unsigned int i, count = 0;

	for (i = 0; i < LENDERS; i++) {
		if (lenders[i].pidfd < 0)
			found = &lenders[i];
		else
			count += lenders[i].uid == uid;
	}
	return uid != 0 && count >= LENDERS_A_USER ? NULL : found;
}

static int start_lender(struct engine *engine, int filter, uid_t uid)
{
	struct lender *lender = free_lender(uid);
	pid_t child;

	if (!lender)
		return -EAGAIN;
	child = fork();
	if (child < 0)
		return -errno;
	if (child == 0)
		lend(filter, uid);
	lender->pid = child;
	lender->uid = uid;
	lender->pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	if (lender->pidfd < 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		return -EMFILE;
	}
	engine_watch(engine, lender->pidfd, 0, EPOLLIN, WATCHED_LENDER,
		     (unsigned int)(lender - lenders));
	return 0;
}

void lend_ended(struct engine *engine, unsigned int number)
{
	struct lender *lender = &lenders[number];

	(void)engine;
	if (lender->pidfd < 0)
		return;
	close(lender->pidfd);
	waitpid(lender->pid, NULL, 0);
	lender->pidfd = -1;
}

static bool is_filter(int fd)
{
	uint64_t id = 0;

	/* Of no call that there is: a listener says ENOENT, anything else knows no such request. */
	return ioctl(fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) < 0 && errno == ENOENT;
}

static int take_request(struct engine *engine, int from)
{
	_Alignas(struct cmsghdr) char ancillary[CMSG_SPACE(sizeof(int))];
	struct lend_request request;
	struct iovec part = { &request, sizeof(request) };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = ancillary,
				  .msg_controllen = sizeof(ancillary) };
	struct cmsghdr *header;
	struct ucred peer;
	socklen_t len = sizeof(peer);
	int filter = -1, result = -EPROTO;

	if (recvmsg(from, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) != sizeof(request))
		memset(&request, 0, sizeof(request));
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&filter, CMSG_DATA(header), sizeof(int));
	request.control[sizeof(request.control) - 1] = '\0';
	if (filter < 0 || request.magic != LEND_MAGIC || !is_filter(filter) ||
	    getsockopt(from, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		result = -EPROTO;
	else if (strcmp(request.control, far_control_path()) != 0)
		result = -EHOSTUNREACH;
	else
		result = start_lender(engine, filter, peer.uid);
	if (filter >= 0)
		close(filter);
	return result;
}

void lend_asked(struct engine *engine, unsigned int number)
{
	int32_t error;

	if (asking[number] < 0)
		return;
	error = -take_request(engine, asking[number]);
	if (send(asking[number], &error, sizeof(error), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		error = EPIPE; /* it has gone, and with it its filter */
	close(asking[number]);
	asking[number] = -1;
}

/* Whoever has connected first and does not ask makes room. */
void lend_connected(struct engine *engine)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	turn = (turn + 1) % ASKING;
	if (asking[turn] >= 0)
		close(asking[turn]);
	asking[turn] = fd;
	engine_watch(engine, fd, 0, EPOLLIN, WATCHED_ASKING, (unsigned int)turn);
}

int lend_begin(struct engine *engine, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	unsigned int i;

	for (i = 0; i < LENDERS; i++)
		lenders[i].pidfd = -1;
	for (i = 0; i < ASKING; i++)
		asking[i] = -1;
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener < 0 || (unlink(path) < 0 && errno != ENOENT) ||
	    bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(path, 0666) < 0 || listen(listener, ASKING) < 0)
		return -errno;
	engine_watch(engine, listener, 0, EPOLLIN, WATCHED_LEND, 0);
	return 0;
}
