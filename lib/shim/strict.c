// SPDX-License-Identifier: MIT
/*
 * Under eswrap --strict only calls that carry a secret lead to the internet. All native calls of
 * the shim go through its table of libc's functions: here some rows of it are replaced, once, by
 * ones that make the system call themselves, with the secret in the registers that it does not use.
 * See tools/eswrap/strict.c for the other side.
 *
 * They are no cancellation points, as libc's own are.
 */
#include "shim.h"

#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* libc's own, of the rows that are replaced. */
static ssize_t (*libc_sendto)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
static struct lookups libc_lookups;

/* A call on descriptor -1 that the supervisor sees, and nobody else. */
static void say(long what)
{
	int error = errno;

	syscall(SYS_connect, -1, what, 0, shim.strict[0], shim.strict[1],
		(long)(uint32_t)~shim.strict[2]);
	errno = error;
}

static int connect_marked(int fd, const struct sockaddr *address, socklen_t len)
{
	return (int)syscall(SYS_connect, fd, address, len, shim.strict[0], shim.strict[1],
			    shim.strict[2]);
}

static ssize_t sendmsg_marked(int fd, const struct msghdr *message, int flags)
{
	return syscall(SYS_sendmsg, fd, message, flags, shim.strict[0], shim.strict[1],
		       shim.strict[2]);
}

static int sendmmsg_marked(int fd, struct mmsghdr *messages, unsigned int count, int flags)
{
	return (int)syscall(SYS_sendmmsg, fd, messages, count, flags, shim.strict[0],
			    shim.strict[1]);
}

static ssize_t sendto_marked(int fd, const void *data, size_t size, int flags,
			     const struct sockaddr *address, socklen_t len)
{
	struct iovec part = { .iov_base = (void *)(uintptr_t)data, .iov_len = size };
	struct msghdr message = { .msg_name = (void *)(uintptr_t)address,
				  .msg_namelen = len,
				  .msg_iov = &part,
				  .msg_iovlen = 1 };

	/* Its six registers are all in use. */
	return address ? sendmsg_marked(fd, &message, flags)
		       : libc_sendto(fd, data, size, flags, NULL, 0);
}

/* A function of libc's resolver, which connects from inside libc. */
#define BRACKETED(type, name, parameters, arguments)  \
	static type name##_bracketed parameters       \
	{                                             \
		type result;                          \
                                                      \
		say(ESWRAP_STRICT_ENTER);             \
		result = libc_lookups.name arguments; \
		say(ESWRAP_STRICT_LEAVE);             \
		return result;                        \
	}

BRACKETED(int, getaddrinfo,
	  (const char *node, const char *service, const struct addrinfo *hints,
	   struct addrinfo **result_list),
	  (node, service, hints, result_list))
BRACKETED(int, getnameinfo,
	  (const struct sockaddr *address, socklen_t len, char *host, socklen_t host_size,
	   char *service, socklen_t service_size, int flags),
	  (address, len, host, host_size, service, service_size, flags))
BRACKETED(struct hostent *, gethostbyname, (const char *name), (name))
BRACKETED(struct hostent *, gethostbyname2, (const char *name, int family), (name, family))
BRACKETED(struct hostent *, gethostbyaddr, (const void *address, socklen_t len, int family),
	  (address, len, family))
BRACKETED(int, gethostbyname_r,
	  (const char *name, struct hostent *host, char *buffer, size_t size,
	   struct hostent **found, int *error),
	  (name, host, buffer, size, found, error))
BRACKETED(int, gethostbyname2_r,
	  (const char *name, int family, struct hostent *host, char *buffer, size_t size,
	   struct hostent **found, int *error),
	  (name, family, host, buffer, size, found, error))
BRACKETED(int, gethostbyaddr_r,
	  (const void *address, socklen_t len, int family, struct hostent *host, char *buffer,
	   size_t size, struct hostent **found, int *error),
	  (address, len, family, host, buffer, size, found, error))
BRACKETED(int, res_query, (const char *name, int class, int type, unsigned char *answer, int size),
	  (name, class, type, answer, size))
BRACKETED(int, res_search, (const char *name, int class, int type, unsigned char *answer, int size),
	  (name, class, type, answer, size))
BRACKETED(int, res_querydomain,
	  (const char *name, const char *domain, int class, int type, unsigned char *answer,
	   int size),
	  (name, domain, class, type, answer, size))
BRACKETED(int, res_nquery,
	  (struct __res_state * state, const char *name, int class, int type, unsigned char *answer,
	   int size),
	  (state, name, class, type, answer, size))
BRACKETED(int, res_nsearch,
	  (struct __res_state * state, const char *name, int class, int type, unsigned char *answer,
	   int size),
	  (state, name, class, type, answer, size))
BRACKETED(int, res_nquerydomain,
	  (struct __res_state * state, const char *name, const char *domain, int class, int type,
	   unsigned char *answer, int size),
	  (state, name, domain, class, type, answer, size))

BRACKETED(int, res_send, (const unsigned char *packet, int size, unsigned char *answer, int room),
	  (packet, size, answer, room))
BRACKETED(int, res_nsend,
	  (struct __res_state * state, const unsigned char *packet, int size, unsigned char *answer,
	   int room),
	  (state, packet, size, answer, room))

/* "PID:HEX". Return: false where it is not that. */
static bool parse_secret(const char *value)
{
	unsigned long pid = 0, digit;
	int i;

	for (; *value >= '0' && *value <= '9'; value++)
		pid = pid * 10 + (unsigned long)(*value - '0');
	if (pid == 0 || *value++ != ':' || strlen(value) != 8 * ESWRAP_STRICT_WORDS)
		return false;
	memset(shim.strict, 0, sizeof(shim.strict));
	for (i = 0; i < 8 * ESWRAP_STRICT_WORDS; i++) {
		digit = value[i] <= '9' ? (unsigned long)(value[i] - '0')
					: (unsigned long)(value[i] - 'a') + 10;
		shim.strict[i / 8] = (long)((unsigned long)shim.strict[i / 8] << 4 | digit);
	}
	/* The supervisor reads addresses in our memory; Yama, where it is, wants to be asked. */
	syscall(SYS_prctl, PR_SET_PTRACER, pid);
	return true;
}

void strict_apply(struct real *functions)
{
	const char *value = secure_getenv(ESWRAP_STRICT_ENV);

	if (!value || !parse_secret(value))
		return;
	shim.is_strict = true;
	libc_sendto = functions->sendto;
	functions->connect = connect_marked;
	functions->sendto = sendto_marked;
	functions->sendmsg = sendmsg_marked;
	functions->sendmmsg = sendmmsg_marked;
#if __TIMESIZE == 32
	functions->__sendmsg64 = sendmsg_marked;
	functions->__sendmmsg64 = sendmmsg_marked;
#endif
}

void strict_apply_lookups(struct lookups *functions)
{
	if (!shim.is_strict)
		return;
	libc_lookups = *functions;
	functions->getaddrinfo = getaddrinfo_bracketed;
	functions->getnameinfo = getnameinfo_bracketed;
	functions->gethostbyname = gethostbyname_bracketed;
	functions->gethostbyname2 = gethostbyname2_bracketed;
	functions->gethostbyaddr = gethostbyaddr_bracketed;
	functions->gethostbyname_r = gethostbyname_r_bracketed;
	functions->gethostbyname2_r = gethostbyname2_r_bracketed;
	functions->gethostbyaddr_r = gethostbyaddr_r_bracketed;
	functions->res_query = res_query_bracketed;
	functions->res_search = res_search_bracketed;
	functions->res_querydomain = res_querydomain_bracketed;
	functions->res_nquery = res_nquery_bracketed;
	functions->res_nsearch = res_nsearch_bracketed;
	functions->res_nquerydomain = res_nquerydomain_bracketed;
	functions->res_send = res_send_bracketed;
	functions->res_nsend = res_nsend_bracketed;
}
