// SPDX-License-Identifier: MIT
/*
 * One question to the broker, and what to say when it cannot be asked.
 */
#include "shim.h"

#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

/*
 * How long an answer may take, in seconds. The broker answers everything but a look-up at once; a
 * look-up waits for the line and for the module's own DNS time-outs.
 */
#define ANSWER_SECONDS	5
#define LOOK_UP_SECONDS 30

/**
 * shim_request_init() - the fields that every request has
 * @request:	cleared and filled in
 * @type:	what is asked
 */
void shim_request_init(struct eswrap_request *request, enum eswrap_request_type type)
{
	memset(request, 0, sizeof(*request));
	request->magic = ESWRAP_MAGIC;
	request->type = (uint16_t)type;
	memcpy(request->program, shim.program, sizeof(shim.program));
	memcpy(request->route, shim.route, sizeof(shim.route));
}

/* Is it safe to write to descriptor 2? A daemon's 2 may be a connection to somebody. */
static bool stderr_is_for_people(void)
{
	struct eswrap_name flow;
	int domain = shim_get_int(STDERR_FILENO, SOL_SOCKET, SO_DOMAIN, AF_UNSPEC);

	return domain != AF_INET && domain != AF_INET6 && !shim_flow(STDERR_FILENO, &flow);
}

static void complain(int error)
{
	static bool complained;
	const char *why = strerrordesc_np(error);
	const char *part[] = {
		"eswrap: ", shim.broker_len ? shim.broker.sun_path : "ESWRAP_SOCKET", ": ",
		why ? why : "no answer",
		": this program has no network (start eswrapd, or run it with `eswrap -c FILE`; "
		"ESWRAP_FALLBACK=direct goes without)\n"
	};
	struct iovec line[sizeof(part) / sizeof(part[0])];
	size_t i;

	if (__atomic_exchange_n(&complained, true, __ATOMIC_RELAXED) || !stderr_is_for_people())
		return;
	for (i = 0; i < sizeof(part) / sizeof(part[0]); i++) {
		line[i].iov_base = (void *)(uintptr_t)part[i];
		line[i].iov_len = strlen(part[i]);
	}
	if (!shim.route_fits) {
		line[1].iov_base = (void *)(uintptr_t) "ESWRAP_ROUTE";
		line[1].iov_len = strlen("ESWRAP_ROUTE");
	}
	/* There is nobody left to tell when this fails. */
	if (syscall(SYS_writev, STDERR_FILENO, line, i) < 0)
		return;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Bounds each blocking call on the control socket: a stopped broker must not stop the program. */
static void limit_wait(int control, int seconds)
{
	/* What the kernel reads is the machine's long, whatever time_t is. */
	struct {
		long seconds, microseconds;
	} limit = { seconds, 0 };

	syscall(SYS_setsockopt, control, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	syscall(SYS_setsockopt, control, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
}

/* Interrupted calls go on, but not for ever: a profiling timer must not undo the limit. */
#define RETRY(result, call, end)   \
	do {                       \
		(result) = (call); \
	} while ((result) < 0 && errno == EINTR && now_ms() < (end))

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

/* Return: 0 or a positive errno; @fd is -1 or the granted descriptor. */
static int exchange(int control, const struct eswrap_request *request, struct eswrap_reply *reply,
		    int *fd, int64_t end)
{
	char ancillary[CMSG_SPACE(sizeof(int))] __attribute__((aligned(sizeof(size_t))));
	struct iovec part = { .iov_base = reply, .iov_len = sizeof(*reply) };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = ancillary,
				  .msg_controllen = sizeof(ancillary) };
	long got;

	RETRY(got, syscall(SYS_connect, control, &shim.broker, shim.broker_len), end);
	if (got < 0)
		return errno == EAGAIN ? ETIMEDOUT : errno;
	RETRY(got, syscall(SYS_sendto, control, request, sizeof(*request), MSG_NOSIGNAL, NULL, 0),
	      end);
	if (got < 0)
		return errno == EAGAIN ? ETIMEDOUT : errno;
	RETRY(got, syscall(SYS_recvmsg, control, &message, MSG_CMSG_CLOEXEC), end);
	if (got < 0)
		return errno == EAGAIN ? ETIMEDOUT : errno;
	*fd = take_descriptor(&message);
	if (message.msg_flags & MSG_CTRUNC)
		return EMFILE;
	if (got == 0)
		return ECONNRESET;
	if (got != sizeof(*reply) || reply->magic != ESWRAP_MAGIC)
		return EPROTO;
	return 0;
}

static int ask(const struct eswrap_request *request, struct eswrap_reply *reply, int *fd)
{
	int seconds = request->type == ESWRAP_RESOLVE ? LOOK_UP_SECONDS : ANSWER_SECONDS;
	int control, error;

	if (!shim.broker_len || !shim.route_fits)
		return ENAMETOOLONG;
	control = (int)syscall(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (control < 0)
		return errno;
	limit_wait(control, seconds);
	error = exchange(control, request, reply, fd, now_ms() + seconds * 1000);
	syscall(SYS_close, control);
	return error;
}

/**
 * shim_ask() - ask the broker one question
 * @request:	the question
 * @reply:	the answer, when there is one
 * @fd:		-1, or the granted descriptor (close-on-exec), which the caller then owns
 *
 * When the broker cannot be asked, the program is told so once on standard error; with
 * ESWRAP_FALLBACK=direct the answer is then ESWRAP_DIRECT. errno is left alone.
 *
 * Return: 0, or ENETDOWN.
 */
int shim_ask(const struct eswrap_request *request, struct eswrap_reply *reply, int *fd)
{
	int saved = errno;
	int error;

	*fd = -1;
	error = ask(request, reply, fd);
	if (error && *fd >= 0) {
		syscall(SYS_close, *fd);
		*fd = -1;
	}
	if (error && shim.fallback_direct) {
		memset(reply, 0, sizeof(*reply));
		reply->verdict = ESWRAP_DIRECT;
		error = 0;
	} else if (error) {
		complain(error);
		error = ENETDOWN;
	}
	errno = saved;
	return error;
}
