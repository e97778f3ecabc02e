// SPDX-License-Identifier: MIT
/*
 * The calls that send.
 *
 * DOC: Theory of Operation
 *
 * Data goes to the kernel; a call without an address that succeeds is not looked at. What is:
 *
 *	an internet address	of a datagram: the broker is asked once whether the destination is
 *				flagged; then the socket becomes a datagram flow, and the address
 *				the name of one of its peers. On a stream it means something only
 *				together with MSG_FASTOPEN, which is connect() and send in one call
 *	MSG_OOB			the module cannot carry urgent data
 *	MSG_MORE		of datagrams: nobody keeps the first part until the last one comes
 *	more than 1460 bytes	in one datagram of a flow: EMSGSIZE. Whether a socket is a datagram
 *				flow is looked at only in processes that have one
 *
 * A call that fails with EPIPE, ECONNRESET or ENOTCONN may be the first to learn that a connect has
 * failed: then it says with what. SIGPIPE may have been sent by then, where TCP sends none.
 */
#include "shim.h"

/* Return: the error that a failed call is to say; errno has the kernel's. */
static int fix_write(int fd)
{
	struct eswrap_name flow;
	int error, native = errno;

	if (native != EPIPE && native != ECONNRESET && native != ENOTCONN)
		return -1;
	if (!shim_flow(fd, &flow))
		return fail(native);
	if (flow.type == SOCK_DGRAM)
		return fail(native == ENOTCONN ? EDESTADDRREQ : native);
	error = shim_outcome_error(fd);
	if (error)
		return fail(shim_take_unreported(fd, UNREPORTED_ERROR) ? error : EPIPE);
	/* TCP tells of a reset once before it says EPIPE. */
	if (native == EPIPE && shim_get_int(fd, SOL_SOCKET, SO_ERROR, 0) == ECONNRESET)
		return fail(ECONNRESET);
	return fail(native);
}

/* Is this more than one datagram of a flow can carry? */
static bool is_too_long(int fd, size_t size)
{
	struct eswrap_name flow;

	return UNLIKELY(size > DATAGRAM_MAX) &&
	       UNLIKELY(__atomic_load_n(&shim_has_datagrams, __ATOMIC_RELAXED)) &&
	       shim_flow(fd, &flow) && flow.type == SOCK_DGRAM;
}

/*
 * Do the flags want what a flow cannot do: urgent data, or to put datagrams together? AF_UNIX would
 * send each part as a datagram of its own.
 */
static bool asks_too_much(int fd, int flags)
{
	struct eswrap_name flow;

	return UNLIKELY(flags & (MSG_OOB | MSG_MORE)) && shim_flow(fd, &flow) &&
	       ((flags & MSG_OOB) || flow.type == SOCK_DGRAM);
}

static size_t size_of(const struct iovec *parts, size_t count)
{
	size_t i, size = 0;

	for (i = 0; i < count; i++)
		size += parts[i].iov_len;
	return size;
}

static bool has_internet_address(const struct sockaddr *address, socklen_t len)
{
	return address && len >= sizeof(sa_family_t) &&
	       (address->sa_family == AF_INET || address->sa_family == AF_INET6);
}

EXPORT ssize_t write(int fd, const void *data, size_t size)
{
	ssize_t sent;

	if (is_too_long(fd, size))
		return fail(EMSGSIZE);
	sent = real()->write(fd, data, size);
	return LIKELY(sent >= 0) ? sent : fix_write(fd);
}

EXPORT ssize_t writev(int fd, const struct iovec *parts, int count)
{
	ssize_t sent;

	if (UNLIKELY(__atomic_load_n(&shim_has_datagrams, __ATOMIC_RELAXED)) && count > 0 &&
	    is_too_long(fd, size_of(parts, (size_t)count)))
		return fail(EMSGSIZE);
	sent = real()->writev(fd, parts, count);
	return LIKELY(sent >= 0) ? sent : fix_write(fd);
}

EXPORT ssize_t send(int fd, const void *data, size_t size, int flags)
{
	ssize_t sent;

	if (is_too_long(fd, size))
		return fail(EMSGSIZE);
	if (asks_too_much(fd, flags))
		return fail(EOPNOTSUPP);
	sent = real()->send(fd, data, size, flags);
	return LIKELY(sent >= 0) ? sent : fix_write(fd);
}

typedef ssize_t (*sendmsg_call)(int, const struct msghdr *, int);

/* What a message with an internet address is to become. */
enum way {
	WAY_NATIVE,  /* go as it is */
	WAY_PLAIN,   /* go without the address: the stream flow is connected */
	WAY_TO_PEER, /* go to the peer of this name */
	WAY_FAILED,  /* errno is set */
};

/* A stream flow, or one to be: only MSG_FASTOPEN looks at the address. */
static enum way way_of_flow(int fd, int flags, const struct sockaddr *address, socklen_t len)
{
	if ((flags & MSG_FASTOPEN) && shim_connect(fd, address, len) != 0)
		return WAY_FAILED;
	return WAY_PLAIN;
}

/* A datagram, or MSG_FASTOPEN on a stream that is not connected. */
static enum way way_of_internet_socket(int fd, int protocol, const struct sockaddr *address,
				       socklen_t len)
{
	switch (shim_claim_internet_socket(fd, protocol, address, len)) {
	case VERDICT_DIRECT:
		return WAY_NATIVE;
	case VERDICT_FAILED:
		return WAY_FAILED;
	case VERDICT_OURS:
		break;
	}
	if (!shim_is_stream(protocol))
		return WAY_TO_PEER;
	return shim_finish_connect(fd) == 0 ? WAY_PLAIN : WAY_FAILED;
}

static enum way way_of_message(int fd, int flags, const struct sockaddr *address, socklen_t len)
{
	int protocol = shim_get_int(fd, SOL_SOCKET, SO_PROTOCOL, -1);
	struct eswrap_name flow;

	if (shim_is_datagram(protocol) || (shim_is_stream(protocol) && (flags & MSG_FASTOPEN)))
		return way_of_internet_socket(fd, protocol, address, len);
	if (protocol != 0 || !shim_flow(fd, &flow))
		return WAY_NATIVE;
	return flow.type == SOCK_STREAM ? way_of_flow(fd, flags, address, len) : WAY_TO_PEER;
}

/* Sends one datagram to a destination of a flow that may be new to it. */
static ssize_t send_to_peer(sendmsg_call call, int fd, const struct msghdr *original, int flags)
{
	struct msghdr message = *original;
	struct eswrap_endpoint to;
	struct sockaddr_un name;
	struct eswrap_name flow;
	int saved = errno;
	uint64_t tag;
	ssize_t sent;
	int error;

	if (!shim_flow(fd, &flow))
		return fail(EPROTO);
	if (!eswrap_endpoint_from_sockaddr(&to, original->msg_name, original->msg_namelen))
		return fail(EINVAL);
	if (to.family == AF_INET6 && flow.family == AF_INET)
		return fail(EAFNOSUPPORT);
	if (size_of(original->msg_iov, original->msg_iovlen) > DATAGRAM_MAX)
		return fail(EMSGSIZE);
	if (flags & MSG_MORE)
		return fail(EOPNOTSUPP);
	error = shim_peer_name(fd, &flow, &to, &name, &message.msg_namelen);
	if (error)
		return fail(error);
	message.msg_name = &name;
	message.msg_control = NULL;
	message.msg_controllen = 0;
	sent = call(fd, &message, flags);
	if (LIKELY(sent >= 0) || errno != ECONNREFUSED)
		return sent;
	error = shim_add_peer(fd, &flow, &to, &tag);
	if (error)
		return fail(error);
	errno = saved;
	return call(fd, &message, flags);
}

/* The counter of an address that is none of ours, whatever the descriptor is; -1: it may be. */
static int counter_of(const struct sockaddr *address, socklen_t len)
{
	struct eswrap_endpoint to;

	return eswrap_endpoint_from_sockaddr(&to, address, len) ? shim_policy_counter(&to, 0) : -1;
}

/* Has a message to such an address failed as it would on a flow, and is it one? */
static bool is_flow_after_all(int fd)
{
	struct eswrap_name flow;

	return (errno == EINVAL || errno == EISCONN || errno == EOPNOTSUPP) && shim_flow(fd, &flow);
}

/*
 * A message to an internet address that is not certainly direct.
 * Return: what the call returns, unless @native is set: then it is libc's own.
 */
static ssize_t send_with_address(sendmsg_call call, int fd, const struct msghdr *message, int flags,
				 bool *native)
{
	struct msghdr plain;
	ssize_t sent;

	*native = false;
	switch (way_of_message(fd, flags, message->msg_name, message->msg_namelen)) {
	case WAY_FAILED:
		return -1;
	case WAY_TO_PEER:
		return send_to_peer(call, fd, message, flags);
	case WAY_PLAIN:
		plain = *message;
		plain.msg_name = NULL;
		plain.msg_namelen = 0;
		sent = call(fd, &plain, flags & ~MSG_FASTOPEN);
		return LIKELY(sent >= 0) ? sent : fix_write(fd);
	case WAY_NATIVE:
		break;
	}
	*native = true;
	return -1;
}

EXPORT ssize_t sendto(int fd, const void *data, size_t size, int flags,
		      __CONST_SOCKADDR_ARG address, socklen_t len)
{
	struct iovec part = { .iov_base = (void *)(uintptr_t)data, .iov_len = size };
	struct msghdr message = { .msg_name = (void *)(uintptr_t)address.__sockaddr__,
				  .msg_namelen = len,
				  .msg_iov = &part,
				  .msg_iovlen = 1 };
	int saved = errno, counter;
	bool native;
	ssize_t sent;

	if (asks_too_much(fd, flags))
		return fail(EOPNOTSUPP);
	if (has_internet_address(address.__sockaddr__, len)) {
		counter = counter_of(address.__sockaddr__, len);
		if (counter >= 0) {
			sent = real()->sendto(fd, data, size, flags, address.__sockaddr__, len);
			if (LIKELY(sent >= 0) || !is_flow_after_all(fd)) {
				shim_count(counter);
				return sent;
			}
			errno = saved;
		}
		sent = send_with_address(real()->sendmsg, fd, &message, flags, &native);
		if (!native)
			return sent;
		return real()->sendto(fd, data, size, flags, address.__sockaddr__, len);
	}
	if (is_too_long(fd, size))
		return fail(EMSGSIZE);
	sent = real()->sendto(fd, data, size, flags, address.__sockaddr__, len);
	return LIKELY(sent >= 0) ? sent : fix_write(fd);
}

static ssize_t send_message(sendmsg_call call, int fd, const struct msghdr *message, int flags)
{
	int saved = errno, counter;
	bool native;
	ssize_t sent;

	if (asks_too_much(fd, flags))
		return fail(EOPNOTSUPP);
	if (message && has_internet_address(message->msg_name, message->msg_namelen)) {
		counter = counter_of(message->msg_name, message->msg_namelen);
		if (counter >= 0) {
			sent = call(fd, message, flags);
			if (LIKELY(sent >= 0) || !is_flow_after_all(fd)) {
				shim_count(counter);
				return sent;
			}
			errno = saved;
		}
		sent = send_with_address(call, fd, message, flags, &native);
		return native ? call(fd, message, flags) : sent;
	}
	if (UNLIKELY(__atomic_load_n(&shim_has_datagrams, __ATOMIC_RELAXED)) && message &&
	    is_too_long(fd, size_of(message->msg_iov, message->msg_iovlen)))
		return fail(EMSGSIZE);
	sent = call(fd, message, flags);
	return LIKELY(sent >= 0) ? sent : fix_write(fd);
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
	return send_message(real()->sendmsg, fd, message, flags);
}

typedef int (*sendmmsg_call)(int, struct mmsghdr *, unsigned int, int);

/*
 * Must each of the messages be looked at? Not when all that have an address are direct, and none is
 * too long for a datagram of a flow.
 */
static bool any_special(int fd, const struct mmsghdr *messages, unsigned int count, int flags)
{
	bool datagrams = __atomic_load_n(&shim_has_datagrams, __ATOMIC_RELAXED);
	unsigned int i;

	if (asks_too_much(fd, flags))
		return true;
	for (i = 0; i < count; i++) {
		const struct msghdr *message = &messages[i].msg_hdr;

		if (has_internet_address(message->msg_name, message->msg_namelen) &&
		    counter_of(message->msg_name, message->msg_namelen) < 0)
			return true;
		if (datagrams && size_of(message->msg_iov, message->msg_iovlen) > DATAGRAM_MAX)
			return true;
	}
	return false;
}

/* The first of them have gone out, those with an address directly. */
static void count_sent(const struct mmsghdr *messages, int count)
{
	int i;

	for (i = 0; i < count; i++) {
		const struct msghdr *message = &messages[i].msg_hdr;

		if (has_internet_address(message->msg_name, message->msg_namelen))
			shim_count(counter_of(message->msg_name, message->msg_namelen));
	}
}

static int send_many(sendmmsg_call call, sendmsg_call one, int fd, struct mmsghdr *messages,
		     unsigned int count, int flags)
{
	unsigned int done;
	ssize_t sent;
	int result;

	if (!messages || !any_special(fd, messages, count, flags)) {
		result = call(fd, messages, count, flags);
		if (LIKELY(result >= 0)) {
			count_sent(messages, result);
			return result;
		}
		if (!messages || !is_flow_after_all(fd))
			return fix_write(fd);
	}
	for (done = 0; done < count; done++) {
		sent = send_message(one, fd, &messages[done].msg_hdr, flags);
		if (sent < 0)
			return done ? (int)done : -1;
		messages[done].msg_len = (unsigned int)sent;
	}
	return (int)done;
}

EXPORT int sendmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags)
{
	return send_many(real()->sendmmsg, real()->sendmsg, fd, messages, count, flags);
}

#if __TIMESIZE == 32
ssize_t __sendmsg64(int fd, const struct msghdr *message, int flags);
int __sendmmsg64(int fd, struct mmsghdr *messages, unsigned int count, int flags);

EXPORT ssize_t __sendmsg64(int fd, const struct msghdr *message, int flags)
{
	return send_message(real()->__sendmsg64, fd, message, flags);
}

EXPORT int __sendmmsg64(int fd, struct mmsghdr *messages, unsigned int count, int flags)
{
	return send_many(real()->__sendmmsg64, real()->__sendmsg64, fd, messages, count, flags);
}
#endif
