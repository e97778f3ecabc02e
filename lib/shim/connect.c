// SPDX-License-Identifier: MIT
/*
 * connect().
 *
 * DOC: Theory of Operation
 *
 * A destination that the policy calls direct is connected to at once, whatever the descriptor is: a
 * flow takes no internet address (EINVAL), so the kernel tells when it was one of ours after all.
 *
 * Else what happens depends on what the descriptor is, and SO_PROTOCOL tells cheaply:
 *
 *	TCP, MPTCP, UDP, UDP-Lite	an internet socket: the broker is asked. DIRECT: the real
 *					connect(). GRANTED: the flow takes its place (replace.c)
 *	0				AF_UNIX: one of ours, or not our business
 *	any other			not our business
 *
 * A TCP socket that is not in the state CLOSE (connecting, connected, listening) is left to the
 * real connect(), which has the right error for it.
 *
 * A stream flow follows Linux's TCP, where a connect() that has not waited for its end leaves two
 * reports behind, each given once (NOTE_UNREPORTED):
 *
 *	still connecting	EALREADY; a blocking socket waits first
 *	connected		RESULT due: 0; afterwards EISCONN
 *	failed			RESULT due: the error, or ECONNABORTED where SO_ERROR (or a read)
 *				has already told it; afterwards connect() is a new try
 *
 * A blocking connect() waits with poll(), which a signal always interrupts. Linux restarts a
 * connect() when the handler was installed with SA_RESTART and there is no SO_SNDTIMEO. Which
 * signal it was cannot be known: when all handlers there are have SA_RESTART, so had this one.
 */
#include "shim.h"

#include <fcntl.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

/* The kernel's own, where glibc's number is not seen by sigaction(): NPTL keeps 32 and 33. */
#define SIGNALS 64

bool shim_has_datagrams;

static bool is_nonblocking(int fd)
{
	int saved = errno;
	int flags = real()->fcntl(fd, F_GETFL);

	errno = saved;
	return flags >= 0 && (flags & O_NONBLOCK);
}

/* SO_SNDTIMEO in milliseconds for poll(); -1 where there is none. */
static int send_timeout(int fd)
{
	long limit[2] = { 0, 0 }; /* seconds, microseconds: the kernel's timeval */
	socklen_t len = sizeof(limit);

	if (real()->getsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, limit, &len) != 0 ||
	    (limit[0] == 0 && limit[1] == 0))
		return -1;
	if (limit[0] >= INT_MAX / 1000)
		return INT_MAX;
	return (int)(limit[0] * 1000 + (limit[1] + 999) / 1000);
}

static bool all_handlers_restart(void)
{
	struct sigaction action;
	int signal;

	for (signal = 1; signal <= SIGNALS; signal++) {
		if (sigaction(signal, NULL, &action) == 0 && action.sa_handler != SIG_DFL &&
		    action.sa_handler != SIG_IGN && !(action.sa_flags & SA_RESTART))
			return false;
	}
	return true;
}

/*
 * The socket that a number is, in the way of fstat(); 0 when it is none. A thread that has waited
 * must not speak for whatever else has got the number meanwhile.
 */
static ino64_t socket_number(int fd)
{
	struct stat64 status;

	return fstat64(fd, &status) == 0 && S_ISSOCK(status.st_mode) ? status.st_ino : 0;
}

static void leave_unreported(int fd)
{
	struct notes notes;

	if (!shim_notes_read(fd, &notes))
		return;
	notes.value[NOTE_UNREPORTED] = UNREPORTED_ERROR | UNREPORTED_RESULT;
	shim_notes_write(fd, &notes);
}

/*
 * Waits for the end of a connect, as a blocking socket does.
 * Return: 0 when it has ended, or the errno with which the wait was given up.
 */
static int wait_for_end(int fd, int timeout_error)
{
	struct pollfd writable = { .fd = fd, .events = POLLOUT };
	int timeout = send_timeout(fd);
	int saved = errno;
	int ready;

	for (;;) {
		ready = poll(&writable, 1, timeout);
		if (ready > 0)
			break;
		if (ready == 0)
			return timeout_error;
		if (errno != EINTR)
			return errno;
		if (timeout >= 0 || !all_handlers_restart())
			return EINTR;
	}
	errno = saved;
	return 0;
}

/* What connect() answers when the end is there. */
static int report(int fd)
{
	struct eswrap_name outcome;
	int error = EPROTO; /* writable, and nobody says why: the broker must not do that */

	switch (eswrap_outcome(fd, &outcome)) {
	case OUTCOME_KNOWN:
		error = outcome.error;
		break;
	case OUTCOME_ORPHAN:
		error = ENETDOWN;
		break;
	case OUTCOME_NONE:
		break;
	}
	if (!error)
		return 0;
	/* Now it is told: the kernel shall forget the reset that the broker's close() was. */
	shim_get_int(fd, SOL_SOCKET, SO_ERROR, 0);
	return fail(error);
}

/**
 * shim_finish_connect() - the rest of connect(), when the flow has just taken the socket's place
 */
int shim_finish_connect(int fd)
{
	ino64_t waits_for;
	int error;

	if (is_nonblocking(fd))
		return fail(EINPROGRESS);
	waits_for = socket_number(fd);
	error = wait_for_end(fd, EINPROGRESS);
	if (socket_number(fd) != waits_for)
		return fail(EBADF);
	if (error) {
		leave_unreported(fd);
		return fail(error);
	}
	return report(fd);
}

static uint16_t local_port(int fd)
{
	struct sockaddr_storage address;
	struct eswrap_endpoint endpoint;
	socklen_t len = sizeof(address);

	if (real()->getsockname(fd, (struct sockaddr *)&address, &len) != 0 ||
	    !eswrap_endpoint_from_sockaddr(&endpoint, (struct sockaddr *)&address, len))
		return 0;
	return endpoint.port;
}

/* A UDP socket has a port as soon as it has sent or is connected: let the kernel choose one. */
static void bind_any(int fd, int family)
{
	struct eswrap_endpoint any = { .family = 0 };
	struct sockaddr_storage address;
	socklen_t len = eswrap_endpoint_to_sockaddr(&any, family, &address);

	syscall(SYS_bind, fd, &address, len);
}

/* Below the ports that the kernel chooses by itself [ip_local_port_range, ip(7)]. */
#define FIRST_CHOSEN_PORT 32768

/* Under -r all goes one way: a server's socket that asks a destination hears its own clients no more. */
static void warn_server(uint16_t port)
{
	static bool said;
	static const char *const line[] = {
		"eswrap: a datagram socket that serves a port of its own has sent to a destination "
		"that goes through the module, and hears nobody else from now on (it wants a "
		"socket "
		"for each)"
	};

	if (shim.route[0] && port && port < FIRST_CHOSEN_PORT &&
	    !__atomic_exchange_n(&said, true, __ATOMIC_RELAXED))
		shim_say(line, 1);
}

/**
 * shim_dress() - give a granted flow all that the program has made of the socket it is to replace
 * @from:	the program's socket, or a duplicate of it
 * @granted:	the flow
 * @reply:	what came with it: a datagram flow's key, and the module's address where it is known
 *
 * Return: SOCK_STREAM or SOCK_DGRAM; 0 when @granted is no flow.
 */
int shim_dress(int from, int granted, const struct eswrap_reply *reply)
{
	struct eswrap_name flow, before;
	struct notes notes;

	shim_expect_flows();
	if (!shim_flow(granted, &flow))
		return 0;
	memset(&notes, 0, sizeof(notes));
	shim_options_carry(from, granted, &notes);
	if (shim_flow(from, &before)) {
		struct notes old;

		shim_notes_read(from, &old);
		notes.value[NOTE_LOCAL_PORT] = old.value[NOTE_LOCAL_PORT];
	} else {
		if (flow.type == SOCK_DGRAM) {
			warn_server(local_port(from));
			if (!local_port(from))
				bind_any(from, flow.family);
		}
		notes.value[NOTE_LOCAL_PORT] = local_port(from);
	}
	memcpy(notes.value + NOTE_KEY, &reply->key, sizeof(reply->key));
	memcpy(notes.value + NOTE_LOCAL_ADDRESS, reply->v4.address, sizeof(uint32_t));
	if (flow.type == SOCK_STREAM && is_nonblocking(from))
		notes.value[NOTE_UNREPORTED] = UNREPORTED_ERROR | UNREPORTED_RESULT;
	shim_notes_write(granted, &notes);
	return flow.type;
}

/*
 * Puts a granted flow in the place of the program's socket; takes @hold and @granted over.
 * Return: 0 or a positive errno.
 */
static int install(int fd, int hold, int granted, const struct eswrap_reply *reply)
{
	int type = shim_dress(hold, granted, reply);
	int error;

	if (!type) {
		syscall(SYS_close, hold);
		syscall(SYS_close, granted);
		return EPROTO;
	}
	error = shim_replace(fd, hold, granted);
	if (!error && type == SOCK_DGRAM)
		__atomic_store_n(&shim_has_datagrams, true, __ATOMIC_RELAXED);
	return error;
}

/* Asks what is to become of a destination. @granted is the flow's descriptor for VERDICT_OURS. */
static enum verdict ask_where(int fd, enum eswrap_request_type type, int family,
			      const struct eswrap_endpoint *to, int *granted,
			      struct eswrap_reply *reply)
{
	struct eswrap_request request;
	int error;

	shim_request_init(&request, type);
	request.family = (uint16_t)family;
	request.mark = (uint32_t)shim_get_int(fd, SOL_SOCKET, SO_MARK, 0);
	request.dest = *to;
	if (type == ESWRAP_CONNECT)
		request.keep_alive = shim_keep_alive(fd);
	else if (local_port(fd))
		request.id = ESWRAP_ASSOCIATE_SERVES;
	error = shim_ask(&request, fd, reply, granted);
	if (!error && reply->verdict == ESWRAP_DIRECT)
		return VERDICT_DIRECT;
	if (!error && reply->verdict == ESWRAP_GRANTED && *granted >= 0)
		return VERDICT_OURS;
	if (*granted >= 0)
		syscall(SYS_close, *granted);
	if (!error)
		error = reply->verdict == ESWRAP_REFUSED && reply->error ? reply->error : EPROTO;
	errno = error;
	return VERDICT_FAILED;
}

/* Has this TCP socket no connection, none under way, and does it not listen? */
static bool is_closed(int fd)
{
	uint8_t state = TCP_CLOSE; /* the first byte of struct tcp_info */
	socklen_t len = sizeof(state);
	int saved = errno;

	real()->getsockopt(fd, IPPROTO_TCP, TCP_INFO, &state, &len);
	errno = saved;
	return state == TCP_CLOSE;
}

/*
 * Can this socket connect to that address at all? If not, the real connect() has the error for it.
 */
static bool fits(int family, bool stream, const struct eswrap_endpoint *to)
{
	return to->family == family || (family == AF_INET6 && !stream);
}

/**
 * shim_claim() - ask whether a destination is flagged, and if so make the socket a flow to it
 * @fd:		an internet socket, or a flow that is to be replaced
 * @family:	AF_INET or AF_INET6
 * @stream:	it is a stream socket, else a datagram one
 *
 * Return: VERDICT_OURS when @fd is now a flow (of a stream, still connecting), VERDICT_DIRECT when
 * nothing has changed, VERDICT_FAILED with errno set.
 */
enum verdict shim_claim(int fd, int family, bool stream, const struct eswrap_endpoint *to)
{
	int counter = shim_policy_counter(to, stream ? SOCK_STREAM : SOCK_DGRAM);
	struct eswrap_reply reply;
	enum verdict verdict;
	int hold, granted, error;

	if (counter >= 0) {
		shim_count(counter);
		return VERDICT_DIRECT;
	}
	/* What the number is now. The answer may take its time. */
	hold = shim_hold(fd);
	if (hold < 0)
		return VERDICT_FAILED;
	verdict = ask_where(hold, stream ? ESWRAP_CONNECT : ESWRAP_ASSOCIATE, family, to, &granted,
			    &reply);
	if (verdict != VERDICT_OURS) {
		syscall(SYS_close, hold);
		return verdict;
	}
	error = install(fd, hold, granted, &reply);
	if (!error)
		return VERDICT_OURS;
	errno = error;
	return VERDICT_FAILED;
}

/**
 * shim_claim_internet_socket() - shim_claim() for a connect or a message to an address
 * @protocol:	SO_PROTOCOL of @fd
 *
 * Return: as shim_claim(); VERDICT_DIRECT also when the socket cannot connect to that address or is
 * connected already: libc's own call has the error for it.
 */
enum verdict shim_claim_internet_socket(int fd, int protocol, const struct sockaddr *address,
					socklen_t len)
{
	int family = shim_get_int(fd, SOL_SOCKET, SO_DOMAIN, AF_UNSPEC);
	bool stream = shim_is_stream(protocol);
	struct eswrap_endpoint to;

	if (!eswrap_endpoint_from_sockaddr(&to, address, len) || !fits(family, stream, &to) ||
	    (stream && !is_closed(fd)))
		return VERDICT_DIRECT;
	return shim_claim(fd, family, stream, &to);
}

/**
 * shim_peer_name() - the socket name that stands for a destination of a datagram flow
 *
 * Where the kernel has not kept the key, the broker is asked each time.
 *
 * Return: 0 or a positive errno.
 */
int shim_peer_name(int fd, const struct eswrap_name *flow, const struct eswrap_endpoint *to,
		   struct sockaddr_un *name, socklen_t *len)
{
	struct eswrap_name peer = { .kind = ESWRAP_NAME_DATAGRAM_PEER,
				    .id = flow->id,
				    .type = SOCK_DGRAM,
				    .family = flow->family,
				    .endpoint = *to };
	struct eswrap_key key;
	int error;

	if (LIKELY(shim_key(fd, &key))) {
		peer.tag = eswrap_peer_tag(&key, flow->family, to);
	} else {
		error = shim_add_peer(fd, flow, to, &peer.tag);
		if (error)
			return error;
	}
	*len = eswrap_name_format(&peer, name);
	return 0;
}

/**
 * shim_add_peer() - ask for one more destination of a datagram flow
 * @tag:	that of its name
 *
 * Return: 0 or a positive errno.
 */
int shim_add_peer(int fd, const struct eswrap_name *flow, const struct eswrap_endpoint *to,
		  uint64_t *tag)
{
	struct eswrap_request request;
	struct eswrap_reply reply;
	int error, none;

	shim_request_init(&request, ESWRAP_PEER);
	request.family = (uint16_t)flow->family;
	request.id = flow->id;
	request.mark = (uint32_t)shim_get_int(fd, SOL_SOCKET, SO_MARK, 0);
	request.dest = *to;
	error = shim_ask(&request, fd, &reply, &none);
	if (none >= 0)
		syscall(SYS_close, none);
	*tag = reply.tag;
	if (error || reply.verdict == ESWRAP_GRANTED)
		return error;
	return reply.verdict == ESWRAP_REFUSED && reply.error ? reply.error : ENETUNREACH;
}

/**
 * shim_give_back() - make a flow an internet socket again: the one that the program made, made anew
 *
 * Return: 0 or a positive errno.
 */
int shim_give_back(int fd)
{
	struct eswrap_name flow;
	int hold = shim_hold(fd), fresh, error;

	if (hold < 0)
		return errno;
	if (!shim_flow(hold, &flow)) {
		syscall(SYS_close, hold);
		return EBADF;
	}
	fresh = (int)syscall(SYS_socket, flow.family, flow.type | SOCK_CLOEXEC, 0);
	if (fresh < 0) {
		error = errno;
		syscall(SYS_close, hold);
		return error;
	}
	shim_options_restore(hold, fresh);
	return shim_replace(fd, hold, fresh);
}

/* Connects a datagram flow to one of its destinations. */
static int connect_to_peer(int fd, const struct eswrap_endpoint *to)
{
	struct sockaddr_un name;
	struct eswrap_name flow;
	socklen_t len;
	int error;

	if (!shim_flow(fd, &flow))
		return fail(EPROTO);
	error = shim_peer_name(fd, &flow, to, &name, &len);
	return error ? fail(error) : real()->connect(fd, (struct sockaddr *)&name, len);
}

/* connect() of a flow that is over: it may have to go another way than before. */
static int connect_anew(int fd, const struct eswrap_name *flow, const struct sockaddr *address,
			socklen_t len, const struct eswrap_endpoint *to)
{
	bool stream = flow->type == SOCK_STREAM;
	int error;

	switch (shim_claim(fd, flow->family, stream, to)) {
	case VERDICT_FAILED:
		return -1;
	case VERDICT_DIRECT:
		error = shim_give_back(fd);
		return error ? fail(error) : real()->connect(fd, address, len);
	case VERDICT_OURS:
		break;
	}
	return stream ? shim_finish_connect(fd) : connect_to_peer(fd, to);
}

static int connect_internet_socket(int fd, int protocol, const struct sockaddr *address,
				   socklen_t len)
{
	struct eswrap_endpoint to;

	switch (shim_claim_internet_socket(fd, protocol, address, len)) {
	case VERDICT_FAILED:
		return -1;
	case VERDICT_DIRECT:
		return real()->connect(fd, address, len);
	case VERDICT_OURS:
		break;
	}
	if (shim_is_stream(protocol))
		return shim_finish_connect(fd);
	eswrap_endpoint_from_sockaddr(&to, address, len);
	return connect_to_peer(fd, &to);
}

/* What is wrong with an address that a flow is to connect to; 0 and @to where nothing is. */
static int address_error(const struct eswrap_name *flow, const struct sockaddr *address,
			 socklen_t len, struct eswrap_endpoint *to)
{
	if (address->sa_family != AF_INET && address->sa_family != AF_INET6)
		return EAFNOSUPPORT;
	if (!eswrap_endpoint_from_sockaddr(to, address, len))
		return EINVAL;
	return fits(flow->family, flow->type == SOCK_STREAM, to) ? 0 : EAFNOSUPPORT;
}

static int connect_stream_flow(int fd, const struct eswrap_name *flow,
			       const struct sockaddr *address, socklen_t len)
{
	struct eswrap_name outcome;
	struct eswrap_endpoint to;
	int error;

	if (address->sa_family == AF_UNSPEC) {
		error = shim_give_back(fd);
		return error ? fail(error) : 0;
	}
	if (eswrap_outcome(fd, &outcome) == OUTCOME_NONE) {
		error = is_nonblocking(fd) ? EALREADY : wait_for_end(fd, EALREADY);
		if (error)
			return fail(error);
	}
	error = shim_outcome_error(fd);
	if (!error)
		return shim_take_unreported(fd, UNREPORTED_RESULT) ? 0 : fail(EISCONN);
	if (shim_take_unreported(fd, UNREPORTED_RESULT))
		return fail(shim_take_unreported(fd, UNREPORTED_ERROR) ? error : ECONNABORTED);
	error = address_error(flow, address, len, &to);
	if (error)
		return fail(error);
	return connect_anew(fd, flow, address, len, &to);
}

static int connect_datagram_flow(int fd, const struct eswrap_name *flow,
				 const struct sockaddr *address, socklen_t len)
{
	struct eswrap_endpoint to;
	int saved = errno;
	int error;

	/* Dissolves the association: AF_UNIX does that as UDP does. */
	if (address->sa_family == AF_UNSPEC)
		return real()->connect(fd, address, len);
	error = address_error(flow, address, len, &to);
	if (error)
		return fail(error);
	if (connect_to_peer(fd, &to) == 0)
		return 0;
	if (errno != ECONNREFUSED)
		return -1;
	errno = saved;
	return connect_anew(fd, flow, address, len, &to);
}

static int connect_flow(int fd, const struct eswrap_name *flow, const struct sockaddr *address,
			socklen_t len)
{
	if (flow->type == SOCK_STREAM)
		return connect_stream_flow(fd, flow, address, len);
	return connect_datagram_flow(fd, flow, address, len);
}

/*
 * An address that is none of ours, whatever the descriptor is: the call is the kernel's. Only when
 * it fails as it would on a flow is that looked at.
 * @counter:	of what goes out directly, or -1
 */
static int connect_natively(int fd, const struct sockaddr *address, socklen_t len, int counter)
{
	struct eswrap_name flow;
	int saved = errno;
	int result;

	/* AF_UNIX can connect to AF_UNIX, where a UDP socket cannot. */
	if (UNLIKELY(__atomic_load_n(&shim_has_datagrams, __ATOMIC_RELAXED)) &&
	    address->sa_family == AF_UNIX && shim_flow(fd, &flow) && flow.type == SOCK_DGRAM)
		return fail(EAFNOSUPPORT);
	result = real()->connect(fd, address, len);
	if (LIKELY(result == 0) ||
	    (address->sa_family != AF_UNIX && errno != EINVAL && errno != EISCONN) ||
	    !shim_flow(fd, &flow)) {
		shim_count(counter);
		return result;
	}
	errno = saved;
	return connect_flow(fd, &flow, address, len);
}

/**
 * shim_connect() - connect(), also for MSG_FASTOPEN
 */
int shim_connect(int fd, const struct sockaddr *address, socklen_t len)
{
	struct eswrap_endpoint to;
	struct eswrap_name flow;
	int protocol, counter;

	if (!address || len < sizeof(sa_family_t))
		return real()->connect(fd, address, len);
	if (!eswrap_endpoint_from_sockaddr(&to, address, len))
		return connect_natively(fd, address, len, -1);
	counter = shim_policy_counter(&to, 0);
	if (counter >= 0)
		return connect_natively(fd, address, len, counter);
	protocol = shim_get_int(fd, SOL_SOCKET, SO_PROTOCOL, -1);
	if (shim_is_stream(protocol) || shim_is_datagram(protocol))
		return connect_internet_socket(fd, protocol, address, len);
	if (protocol != 0 || !shim_flow(fd, &flow))
		return real()->connect(fd, address, len);
	return connect_flow(fd, &flow, address, len);
}

EXPORT int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t len)
{
	return shim_connect(fd, address.__sockaddr__, len);
}
