// SPDX-License-Identifier: MIT
/* The launcher's side of lend.h. */
#include "eswrap-tunnel/lend.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "eswrap/wire.h"

#if defined(__x86_64__)
#define OWN_MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_MACHINE AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define OWN_MACHINE AUDIT_ARCH_ARM
#endif

/* Calls of x32, which x86-64's kernel may know: the same ones, by other numbers. */
#define OTHER_NUMBERS 0x40000000

#ifdef OWN_MACHINE
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5) /* Linux 5.19 */
#endif

/* A signal that comes while a lender answers is to wait, where the kernel can do that. */
static int install_with(const struct sock_fprog *program)
{
	unsigned int flags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
	long fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			  flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, program);

	if (fd < 0 && errno == EINVAL)
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);
	return fd < 0 ? -errno : (int)fd;
}
#endif

/* Return: the filter's listener, or a negative errno. */
static int install(void)
{
#ifdef OWN_MACHINE
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN_MACHINE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, OTHER_NUMBERS, 8, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 7, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 7),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 5, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 5, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 4, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 3, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
	};
	static const struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };
	int fd = install_with(&program);

	/* Root needs none, and keeps what set-user-ID programs have. */
	if (fd == -EACCES)
		fd = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : install_with(&program);
	return fd;
#else
	return -ENOSYS;
#endif
}

static int hand_over(int service, int filter)
{
	_Alignas(struct cmsghdr) char ancillary[CMSG_SPACE(sizeof(int))] = "";
	struct lend_request request = { .magic = LEND_MAGIC };
	struct iovec part = { &request, sizeof(request) };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = ancillary,
				  .msg_controllen = sizeof(ancillary) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int32_t error;

	if (strlen(far_control_path()) >= sizeof(request.control))
		return -ENAMETOOLONG;
	strcpy(request.control, far_control_path());
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &filter, sizeof(int));
	if (sendmsg(service, &message, MSG_NOSIGNAL) < 0)
		return -errno;
	return recv(service, &error, sizeof(error), 0) == sizeof(error) ? -error : -EPIPE;
}

static int connect_service(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = secure_getenv(LEND_SOCKET_ENV);
	int service, error;

	path = path && *path ? path : LEND_SOCKET_DEFAULT;
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	service = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (service < 0)
		return -errno;
	if (connect(service, (struct sockaddr *)&address, sizeof(address)) < 0)
		error = errno;
	else
		error = far_is_trustworthy(service, path) ? 0 : EPERM;
	if (!error)
		return service;
	close(service);
	return -error;
}

int borrow_begin(const char **what)
{
	const char *route = secure_getenv(ESWRAP_ROUTE_ENV);
	int service = connect_service(), filter, result;

	if (service < 0)
		return service;
	*what = "eswrap-tunnel.service serves no single route (-r)";
	result = -ENOTSUP;
	if (route && *route)
		goto out;
	*what = "a filter of socket()";
	filter = install();
	result = filter;
	if (filter < 0)
		goto out;
	*what = "eswrap-tunnel.service";
	result = hand_over(service, filter);
	close(filter);
out:
	close(service);
	return result;
}
