// SPDX-License-Identifier: MIT
/*
 * One question to the broker, and what to say when it cannot be asked.
 */
#include "shim.h"

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <termios.h>
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

static bool is_terminal(int fd)
{
	struct termios settings;
	int saved = errno;
	bool is = real()->ioctl(fd, TCGETS, &settings) == 0;

	errno = saved;
	return is;
}

/*
 * Is descriptor 2 for people? It is when it is a terminal, or still what it was when the program
 * was started. A daemon's 2 may be a data file by now, and a service's a connection to somebody.
 */
static bool stderr_is_for_people(void)
{
	struct eswrap_name flow;
	struct stat64 status;
	int domain;

	if (is_terminal(STDERR_FILENO))
		return true;
	if (fstat64(STDERR_FILENO, &status) != 0 || status.st_dev != shim.stderr_dev ||
	    status.st_ino != shim.stderr_ino)
		return false;
	domain = shim_get_int(STDERR_FILENO, SOL_SOCKET, SO_DOMAIN, AF_UNSPEC);
	return domain != AF_INET && domain != AF_INET6 && !shim_flow(STDERR_FILENO, &flow);
}

/**
 * shim_say() - one line for people, on standard error
 * @part:	what it is made of; a newline is put behind them
 * @count:	at most SHIM_SAY_MAX
 *
 * Nothing is said where standard error is not for people. errno is left alone.
 */
void shim_say(const char *const *part, size_t count)
{
	struct iovec line[SHIM_SAY_MAX + 1];
	int saved = errno;
	size_t i;

	if (!stderr_is_for_people())
		goto out;
	for (i = 0; i < count; i++) {
		line[i].iov_base = (void *)(uintptr_t)part[i];
		line[i].iov_len = strlen(part[i]);
	}
	line[i].iov_base = (void *)(uintptr_t) "\n";
	line[i].iov_len = 1;
	/* There is nobody left to tell when this fails. */
	if (syscall(SYS_writev, STDERR_FILENO, line, count + 1) < 0)
		goto out;
out:
	errno = saved;
}

/* What a user can do about it. */
static const char *remedy(int error)
{
	switch (error) {
	case EMFILE:
		return "this program has no descriptor left (ulimit -n, LimitNOFILE=): a "
		       "connection that a route takes needs three more for a moment";
	case EAFNOSUPPORT:
		return "this program may not open AF_UNIX sockets, and has no network: add AF_UNIX "
		       "to RestrictAddressFamilies= of its unit";
	case EPERM:
		return "whoever listens there is neither root nor the owner of its directory: this "
		       "program has no network";
	case ETIMEDOUT:
		return "eswrapd does not answer: this program has no network (is it stopped, or "
		       "overloaded?)";
	default:
		return "this program has no network (start eswrapd, or run it with `eswrap -c "
		       "FILE`; ESWRAP_FALLBACK=direct goes without)";
	}
}

static void complain(int error)
{
	static bool complained[2];
	const char *why = strerrordesc_np(error);
	const char *path = !shim.route_fits   ? ESWRAP_ROUTE_ENV
			   : !shim.broker_len ? ESWRAP_SOCKET_ENV
					      : shim.broker.sun_path;
	const char *const part[] = { "eswrap: ", path,	       ": ", why ? why : "no answer",
				     ": ",	 remedy(error) };

	/* That descriptors ran out for a moment must not hide that there is no broker. */
	if (!__atomic_exchange_n(&complained[error == EMFILE], true, __ATOMIC_RELAXED))
		shim_say(part, sizeof(part) / sizeof(part[0]));
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

/* Is whoever listens there somebody who may decide where our connections go? */
static bool is_trustworthy(int control)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return real()->getsockopt(control, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
	       shim_policy_vouches_for(peer.uid);
}

static int connect_to(int control, const struct sockaddr_un *address, socklen_t len, int64_t end)
{
	long got;

	RETRY(got,
	      syscall(SYS_connect, control, address, len, shim.strict[0], shim.strict[1],
		      shim.strict[2]),
	      end);
	if (got < 0)
		return errno == EAGAIN ? ETIMEDOUT : errno;
	return is_trustworthy(control) ? 0 : EPERM;
}

/* Is there no broker at all? One that is only slow decides as much as one that is quick. */
static bool nobody_is_there(int error)
{
	return error == ENOENT || error == ENOTDIR || error == ECONNREFUSED;
}

/* By the path, or, in a chroot where that leads nowhere, by the name that the policy has told. */
static int connect_control(int control, int64_t end)
{
	int error = connect_to(control, &shim.broker, shim.broker_len, end);
	struct sockaddr_un door;
	socklen_t len;

	if (!nobody_is_there(error) && error != EACCES)
		return error;
	len = shim_door(&door);
	return len && connect_to(control, &door, len, end) == 0 ? 0 : error;
}

/*
 * Sends a question. What SO_MARK a socket has is believed of the socket alone, so that goes along.
 * @socket:	-1, or the socket
 */
static long send_question(int control, const struct eswrap_request *request, int socket)
{
	char ancillary[CMSG_SPACE(sizeof(int))] __attribute__((aligned(sizeof(size_t)))) = "";
	struct iovec part = { .iov_base = (void *)(uintptr_t)request, .iov_len = sizeof(*request) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	struct cmsghdr header = { .cmsg_len = CMSG_LEN(sizeof(int)),
				  .cmsg_level = SOL_SOCKET,
				  .cmsg_type = SCM_RIGHTS };

	if (socket < 0)
		return syscall(SYS_sendto, control, request, sizeof(*request), MSG_NOSIGNAL, NULL,
			       0);
	memcpy(ancillary, &header, sizeof(header));
	memcpy(ancillary + CMSG_LEN(0), &socket, sizeof(socket));
	message.msg_control = ancillary;
	message.msg_controllen = sizeof(ancillary);
	return syscall(SYS_sendmsg, control, &message, MSG_NOSIGNAL, shim.strict[0], shim.strict[1],
		       shim.strict[2]);
}

/* See wire.h: what the broker does with the program's own socket. */
static bool is_wanted(const struct eswrap_request *request)
{
	return request->mark || request->dest.port == ESWRAP_PORT_NAMES ||
	       request->type == ESWRAP_ASSOCIATE;
}

static int begin_question(const struct eswrap_request *request, int socket, int seconds,
			  int *control)
{
	int64_t end = now_ms() + seconds * 1000;
	int error;
	long got;

	*control = -1;
	if (!shim.broker_len || !shim.route_fits)
		return ENAMETOOLONG;
	*control = (int)syscall(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (*control < 0)
		return errno;
	limit_wait(*control, seconds);
	error = connect_control(*control, end);
	if (error)
		return error;
	RETRY(got, send_question(*control, request, is_wanted(request) ? socket : -1), end);
	return got >= 0 ? 0 : errno == EAGAIN ? ETIMEDOUT : errno;
}

static int end(int control, struct eswrap_reply *reply, int *fd, int64_t until)
{
	int error;

	do {
		error = eswrap_ask_take(control, 0, reply, fd);
	} while (error == EINTR && now_ms() < until);
	return error;
}

static int ask_broker(const struct eswrap_request *request, int socket, struct eswrap_reply *reply,
		      int *fd)
{
	int seconds = request->type == ESWRAP_RESOLVE ? LOOK_UP_SECONDS : ANSWER_SECONDS;
	int64_t until = now_ms() + seconds * 1000;
	int control, error;

	error = begin_question(request, socket, seconds, &control);
	if (!error) {
		error = end(control, reply, fd, until);
		if (error == EAGAIN)
			error = ETIMEDOUT;
	}
	if (control >= 0)
		syscall(SYS_close, control);
	return error;
}

/* The broker has answered: it is asked for the page of counts, too, where that is wanted (counts.c). */
static void ask_for_page(void)
{
	struct eswrap_request request;
	struct eswrap_reply reply;
	int fd = -1;

	if (LIKELY(!shim_wants_page()))
		return;
	shim_request_init(&request, ESWRAP_COUNT);
	if (ask_broker(&request, -1, &reply, &fd) != 0 || reply.verdict != ESWRAP_GRANTED)
		shim_take_page(-1);
	else
		shim_take_page(fd);
	if (fd >= 0)
		syscall(SYS_close, fd);
}

/**
 * shim_ask() - ask the broker one question
 * @request:	the question
 * @socket:	the socket that it is about, which goes along where the broker wants it; -1: none
 * @reply:	the answer, when there is one
 * @fd:		-1, or the granted descriptor (close-on-exec), which the caller then owns
 *
 * When the broker cannot be asked, the program is told so once on standard error; where there is
 * none, with ESWRAP_FALLBACK=direct, the answer is then ESWRAP_DIRECT. errno is left alone.
 *
 * Return: 0; EMFILE when the program has not the descriptors for it; else ENETDOWN.
 */
int shim_ask(const struct eswrap_request *request, int socket, struct eswrap_reply *reply, int *fd)
{
	int saved = errno;
	int error;

	*fd = -1;
	error = ask_broker(request, socket, reply, fd);
	if (error && *fd >= 0) {
		syscall(SYS_close, *fd);
		*fd = -1;
	}
	if (shim.fallback_direct && nobody_is_there(error)) {
		memset(reply, 0, sizeof(*reply));
		reply->verdict = ESWRAP_DIRECT;
		error = 0;
	} else if (error) {
		complain(error);
		error = error == EMFILE || error == ENFILE ? error : ENETDOWN;
	} else {
		ask_for_page();
	}
	errno = saved;
	return error;
}
