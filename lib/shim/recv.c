// SPDX-License-Identifier: MIT
/*
 * The calls that receive.
 *
 * DOC: Theory of Operation
 *
 * Data comes from the kernel; a call that succeeds is not looked at, with three exceptions that
 * cost no system call on other sockets:
 *
 *	a source address	taken into a buffer of ours first: for a datagram flow it is turned
 *				into an internet address, for a stream flow it is left out, as TCP
 *				does
 *	MSG_TRUNC		on TCP discards the data; AF_UNIX does not know that
 *	MSG_ERRQUEUE		AF_UNIX would give data; a flow has no error queue
 *
 * A datagram of a flow that fills all that the module reads of one may have been longer: recvmsg() and
 * recvmmsg() say so with MSG_TRUNC, as nobody can know.
 *
 * A call that fails with ECONNRESET, EPIPE or ENOTCONN may be the first to learn that a connect
 * has failed: then it says with what (shim_fix_read()).
 */
#include "shim.h"

#include <sys/ioctl.h>
#include <linux/sockios.h>

/* How much is discarded at once, bytes. */
#define SCRATCH 4096

/* More messages than this are not taken at once by recvmmsg() with addresses, from a flow. */
#define MESSAGES_MAX 16

/**
 * shim_fix_read() - what a receiving call returns that has failed
 *
 * As on TCP: the error of a failed connect once, then end of file; or ENOTCONN where connect() has
 * told it and so made the socket a fresh one.
 */
ssize_t shim_fix_read(int fd)
{
	struct eswrap_name flow;
	struct notes notes;
	int error, native = errno;

	if (native != ECONNRESET && native != EPIPE && native != ENOTCONN)
		return -1;
	if (!shim_flow(fd, &flow) || flow.type != SOCK_STREAM)
		return -1;
	error = shim_outcome_error(fd);
	if (!error)
		return -1;
	if (shim_take_unreported(fd, UNREPORTED_ERROR))
		return fail(error);
	if (shim_notes_read(fd, &notes) && (notes.value[NOTE_UNREPORTED] & UNREPORTED_RESULT))
		return 0;
	return fail(ENOTCONN);
}

/* recv(MSG_TRUNC) on a stream flow: take and drop, or with MSG_PEEK only count. */
static ssize_t discard(int fd, size_t size, int flags)
{
	char scratch[SCRATCH];
	size_t done = 0;
	ssize_t got;
	int there = 0;

	flags &= ~MSG_TRUNC;
	if (flags & MSG_PEEK) {
		got = real()->recv(fd, scratch, size < 1 ? size : 1, flags);
		if (got <= 0 || real()->ioctl(fd, SIOCINQ, &there) != 0)
			return got < 0 ? shim_fix_read(fd) : got;
		return (size_t)there < size ? there : (ssize_t)size;
	}
	do {
		size_t part = size - done < SCRATCH ? size - done : SCRATCH;

		got = real()->recv(fd, scratch, part, done ? flags | MSG_DONTWAIT : flags);
		if (got > 0)
			done += (size_t)got;
		/* MSG_WAITALL has waited for each part; without it, what is there is enough. */
	} while (got > 0 && done < size && (got == SCRATCH || (flags & MSG_WAITALL)));
	if (done)
		return (ssize_t)done;
	return got < 0 ? shim_fix_read(fd) : got;
}

/* Do the flags mean something else on a flow? Then @result is what the call returns. */
static bool is_special(int fd, size_t size, int flags, ssize_t *result)
{
	struct eswrap_name flow;

	if (LIKELY(!(flags & (MSG_TRUNC | MSG_ERRQUEUE))) || !shim_flow(fd, &flow))
		return false;
	if (flags & MSG_ERRQUEUE)
		*result = fail(EAGAIN);
	else if (flow.type == SOCK_STREAM)
		*result = discard(fd, size, flags);
	else
		return false;
	return true;
}

/* Did the broker bind this name, or somebody who has seen others of it? */
static bool is_genuine(int fd, const struct eswrap_name *peer)
{
	struct eswrap_key key;

	return peer->kind == ESWRAP_NAME_DATAGRAM_PEER &&
	       (!shim_key(fd, &key) ||
		peer->tag == eswrap_peer_tag(&key, peer->family, &peer->endpoint));
}

/*
 * Hands the source of what was received to the program, as the kernel does. What is not from a peer
 * has none.
 * @from, @len:	as the kernel gave them
 */
static void give_source(int fd, const struct sockaddr_storage *from, socklen_t len, void *to,
			socklen_t *to_len)
{
	socklen_t room = *to_len;
	struct sockaddr_storage address;
	struct eswrap_name name, flow;

	if (shim_may_have_flows() && len >= sizeof(sa_family_t) && from->ss_family == AF_UNIX &&
	    eswrap_name_parse((const struct sockaddr_un *)from, len, &name) &&
	    shim_flow(fd, &flow)) {
		if (!is_genuine(fd, &name)) {
			*to_len = 0;
			return;
		}
		len = eswrap_endpoint_to_sockaddr(&name.endpoint, name.family, &address);
		from = &address;
	}
	memcpy(to, from, room < len ? room : len);
	*to_len = len;
}

EXPORT ssize_t read(int fd, void *data, size_t size)
{
	ssize_t got = real()->read(fd, data, size);

	return LIKELY(got >= 0) ? got : shim_fix_read(fd);
}

ssize_t __read_chk(int fd, void *data, size_t size, size_t room);

EXPORT ssize_t __read_chk(int fd, void *data, size_t size, size_t room)
{
	ssize_t got = real()->__read_chk(fd, data, size, room);

	return LIKELY(got >= 0) ? got : shim_fix_read(fd);
}

EXPORT ssize_t readv(int fd, const struct iovec *parts, int count)
{
	ssize_t got = real()->readv(fd, parts, count);

	return LIKELY(got >= 0) ? got : shim_fix_read(fd);
}

EXPORT ssize_t recv(int fd, void *data, size_t size, int flags)
{
	ssize_t got;

	if (is_special(fd, size, flags, &got))
		return got;
	got = real()->recv(fd, data, size, flags);
	return LIKELY(got >= 0) ? got : shim_fix_read(fd);
}

ssize_t __recv_chk(int fd, void *data, size_t size, size_t room, int flags);

EXPORT ssize_t __recv_chk(int fd, void *data, size_t size, size_t room, int flags)
{
	ssize_t got;

	if (is_special(fd, size, flags, &got))
		return got;
	got = real()->__recv_chk(fd, data, size, room, flags);
	return LIKELY(got >= 0) ? got : shim_fix_read(fd);
}

static ssize_t receive_from(int fd, void *data, size_t size, int flags, struct sockaddr *address,
			    socklen_t *len)
{
	struct sockaddr_storage from;
	socklen_t from_len = sizeof(from);
	ssize_t got;

	/* Where there are no flows all is the kernel's, EFAULT too. */
	if (LIKELY(!shim_may_have_flows()))
		return real()->recvfrom(fd, data, size, flags, address, len);
	if (is_special(fd, size, flags, &got)) {
		if (got >= 0 && address && len)
			*len = 0;
		return got;
	}
	if (!address || !len || (int)*len < 0)
		got = real()->recvfrom(fd, data, size, flags, address, len);
	else
		got = real()->recvfrom(fd, data, size, flags, (struct sockaddr *)&from, &from_len);
	if (UNLIKELY(got < 0))
		return shim_fix_read(fd);
	if (address && len)
		give_source(fd, &from, from_len, address, len);
	return got;
}

EXPORT ssize_t recvfrom(int fd, void *__restrict data, size_t size, int flags,
			__SOCKADDR_ARG address, socklen_t *__restrict len)
{
	return receive_from(fd, data, size, flags, address.__sockaddr__, len);
}

ssize_t __recvfrom_chk(int fd, void *data, size_t size, size_t room, int flags,
		       struct sockaddr *address, socklen_t *len);

EXPORT ssize_t __recvfrom_chk(int fd, void *data, size_t size, size_t room, int flags,
			      struct sockaddr *address, socklen_t *len)
{
	/* libc's own says what there is to say about a buffer that is too small. */
	if (UNLIKELY(size > room))
		return real()->__recvfrom_chk(fd, data, size, room, flags, address, len);
	return receive_from(fd, data, size, flags, address, len);
}

typedef ssize_t (*recvmsg_call)(int, struct msghdr *, int);

static size_t room_of(const struct msghdr *message)
{
	size_t i, room = 0;

	for (i = 0; i < message->msg_iovlen; i++)
		room += message->msg_iov[i].iov_len;
	return room;
}

/* They may be flows, epoll sets, and sockets with duplicates elsewhere. */
static void note_descriptors(const struct cmsghdr *header)
{
	size_t at;
	int fd;

	shim_expect_flows();
	shim_expect_epolls();
	for (at = CMSG_LEN(0); at + sizeof(fd) <= header->cmsg_len; at += sizeof(fd)) {
		memcpy(&fd, (const char *)header + at, sizeof(fd));
		shim_note_received(fd);
	}
}

/*
 * Control messages: on a flow they become those of an internet socket; elsewhere descriptors that
 * come with them may be flows.
 * @room:	msg_controllen before the call
 */
static void look_at_control(int fd, struct msghdr *message, size_t room)
{
	struct cmsghdr *header;
	struct eswrap_name flow;

	if (LIKELY(!message->msg_control || !room))
		return;
	if (shim_flow(fd, &flow)) {
		shim_give_control(fd, &flow, message, room);
		return;
	}
	for (header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
		if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
			note_descriptors(header);
	}
}

/* How much of a datagram was taken is @got; was it perhaps longer, before the module cut it? */
static void say_if_cut(int fd, struct msghdr *message, size_t got)
{
	struct eswrap_name flow;

	if (UNLIKELY(got == DATAGRAM_MAX) &&
	    UNLIKELY(__atomic_load_n(&shim_has_datagrams, __ATOMIC_RELAXED)) &&
	    shim_flow(fd, &flow) && flow.type == SOCK_DGRAM)
		message->msg_flags |= MSG_TRUNC;
}

/* A process without flows: only descriptors that come in a message may be some. */
static ssize_t receive_first(recvmsg_call call, int fd, struct msghdr *message, int flags)
{
	ssize_t got = call(fd, message, flags);

	if (LIKELY(got >= 0))
		look_at_control(fd, message, message->msg_controllen);
	return got;
}

static ssize_t receive_message(recvmsg_call call, int fd, struct msghdr *message, int flags)
{
	struct sockaddr_storage from;
	void *to;
	socklen_t room;
	size_t control_room;
	ssize_t got;

	if (LIKELY(!shim_may_have_flows()))
		return receive_first(call, fd, message, flags);
	to = message ? message->msg_name : NULL;
	room = message ? message->msg_namelen : 0;
	control_room = message ? message->msg_controllen : 0;
	/* EFAULT is the kernel's. */
	if (UNLIKELY(flags & (MSG_TRUNC | MSG_ERRQUEUE)) && message &&
	    is_special(fd, room_of(message), flags, &got)) {
		if (got >= 0) {
			message->msg_namelen = 0;
			message->msg_controllen = 0;
			message->msg_flags = 0;
		}
		return got;
	}
	if (!to) {
		got = call(fd, message, flags);
		if (UNLIKELY(got < 0))
			return shim_fix_read(fd);
		if (message) {
			look_at_control(fd, message, control_room);
			say_if_cut(fd, message, (size_t)got);
		}
		return got;
	}
	message->msg_name = &from;
	message->msg_namelen = sizeof(from);
	got = call(fd, message, flags);
	message->msg_name = to;
	if (UNLIKELY(got < 0)) {
		message->msg_namelen = room;
		return shim_fix_read(fd);
	}
	look_at_control(fd, message, control_room);
	say_if_cut(fd, message, (size_t)got);
	give_source(fd, &from, message->msg_namelen, to, &room);
	message->msg_namelen = room;
	return got;
}

EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	return receive_message(real()->recvmsg, fd, message, flags);
}

typedef int (*recvmmsg_call)(int, struct mmsghdr *, unsigned int, int, void *);

static bool any_special(const struct mmsghdr *messages, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (messages[i].msg_hdr.msg_name || messages[i].msg_hdr.msg_control)
			return true;
	}
	return false;
}

/* A datagram flow: like receive_message(), for several. */
static int receive_messages(recvmmsg_call call, int fd, struct mmsghdr *messages,
			    unsigned int count, int flags, void *timeout)
{
	struct sockaddr_storage from[MESSAGES_MAX];
	socklen_t room[MESSAGES_MAX];
	size_t control_room[MESSAGES_MAX];
	void *to[MESSAGES_MAX];
	unsigned int i;
	int got;

	if (count > MESSAGES_MAX)
		count = MESSAGES_MAX;
	for (i = 0; i < count; i++) {
		struct msghdr *message = &messages[i].msg_hdr;

		to[i] = message->msg_name;
		room[i] = message->msg_namelen;
		control_room[i] = message->msg_controllen;
		message->msg_name = to[i] ? &from[i] : NULL;
		message->msg_namelen = to[i] ? sizeof(from[i]) : 0;
	}
	got = call(fd, messages, count, flags, timeout);
	for (i = 0; i < count; i++) {
		struct msghdr *message = &messages[i].msg_hdr;

		if ((int)i < got) {
			look_at_control(fd, message, control_room[i]);
			say_if_cut(fd, message, messages[i].msg_len);
		}
		if (to[i] && (int)i < got)
			give_source(fd, &from[i], message->msg_namelen, to[i], &room[i]);
		message->msg_name = to[i];
		message->msg_namelen = room[i];
	}
	return got;
}

static int receive_many(recvmmsg_call call, int fd, struct mmsghdr *messages, unsigned int count,
			int flags, void *timeout)
{
	struct eswrap_name flow;
	int got, i;

	if (shim_may_have_flows() && messages && any_special(messages, count) &&
	    shim_flow(fd, &flow)) {
		got = receive_messages(call, fd, messages, count, flags, timeout);
	} else {
		got = call(fd, messages, count, flags, timeout);
		for (i = 0; i < got; i++) {
			look_at_control(fd, &messages[i].msg_hdr,
					messages[i].msg_hdr.msg_controllen);
			say_if_cut(fd, &messages[i].msg_hdr, messages[i].msg_len);
		}
	}
	return LIKELY(got >= 0) ? got : (int)shim_fix_read(fd);
}

static int call_recvmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags,
			 void *timeout)
{
	return real()->recvmmsg(fd, messages, count, flags, timeout);
}

EXPORT int recvmmsg(int fd, struct mmsghdr *messages, unsigned int count, int flags,
		    struct timespec *timeout)
{
	return receive_many(call_recvmmsg, fd, messages, count, flags, timeout);
}

#if __TIMESIZE == 32
ssize_t __recvmsg64(int fd, struct msghdr *message, int flags);
int __recvmmsg64(int fd, struct mmsghdr *messages, unsigned int count, int flags, void *timeout);

EXPORT ssize_t __recvmsg64(int fd, struct msghdr *message, int flags)
{
	return receive_message(real()->__recvmsg64, fd, message, flags);
}

EXPORT int __recvmmsg64(int fd, struct mmsghdr *messages, unsigned int count, int flags,
			void *timeout)
{
	return receive_many(real()->__recvmmsg64, fd, messages, count, flags, timeout);
}
#endif
