// SPDX-License-Identifier: MIT
/*
 * getsockopt() and setsockopt().
 *
 * DOC: Theory of Operation
 *
 * Options of a flow follow one table, by what becomes of them:
 *
 *	remembered	kept in the notes (notes.c) and given back, with no effect on the module.
 *			A value that is set is first tried on a fresh internet socket: so the kernel
 *			says which values are good, and how they read back
 *	answered	computed: SO_ERROR, SO_DOMAIN, SO_PROTOCOL, SO_PEERCRED, TCP_INFO, ...
 *	native		the other SO_* options: they mean the same on an AF_UNIX socket
 *	refused		all others, with ENOPROTOOPT: what a kernel without the feature says.
 *			TCP_ULP is one of them, so that kernel TLS is not tried, TCP_REPAIR,
 *			UDP_SEGMENT
 *
 * When a flow takes the place of the program's socket, what the program has set so far goes along:
 * remembered options are read from the old socket into the notes, native ones set on the new one.
 */
#include "shim.h"

#include <fcntl.h>
#include <linux/net_tstamp.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/syscall.h>
#include <sys/time.h>

#define CONGESTION_NAME_MAX 16 /* TCP_CA_NAME_MAX of the kernel */

struct option {
	uint16_t level;
	uint16_t name;
	uint16_t size; /* bytes; each 4 of them take a note */
};

/* Remembered options. The order is that of the notes: a running program may outlive an upgrade of
 * this library only by exec, so new ones go to the end. */
static const struct option remembered[] = {
	{ SOL_SOCKET, SO_SNDBUF, 4 }, /* a smaller one would break the anchor, see wire.h */
	{ SOL_SOCKET, SO_REUSEPORT, 4 },
	{ IPPROTO_TCP, TCP_NODELAY, 4 },
	{ IPPROTO_TCP, TCP_CORK, 4 },
	{ IPPROTO_TCP, TCP_QUICKACK, 4 },
	{ IPPROTO_TCP, TCP_KEEPIDLE, 4 },
	{ IPPROTO_TCP, TCP_KEEPINTVL, 4 },
	{ IPPROTO_TCP, TCP_KEEPCNT, 4 },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT, 4 },
	{ IPPROTO_TCP, TCP_SYNCNT, 4 },
	{ IPPROTO_TCP, TCP_LINGER2, 4 },
	{ IPPROTO_TCP, TCP_DEFER_ACCEPT, 4 },
	{ IPPROTO_TCP, TCP_WINDOW_CLAMP, 4 },
	{ IPPROTO_TCP, TCP_NOTSENT_LOWAT, 4 },
	{ IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 4 },
	{ IPPROTO_TCP, TCP_THIN_LINEAR_TIMEOUTS, 4 },
	{ IPPROTO_TCP, TCP_TIMESTAMP, 4 },
	{ IPPROTO_TCP, TCP_CONGESTION, CONGESTION_NAME_MAX },
	{ IPPROTO_IP, IP_TOS, 4 },
	{ IPPROTO_IP, IP_TTL, 4 },
	{ IPPROTO_IP, IP_MTU_DISCOVER, 4 },
	{ IPPROTO_IP, IP_RECVERR, 4 },
	{ IPPROTO_IP, IP_RECVTOS, 4 },
	{ IPPROTO_IP, IP_RECVTTL, 4 },
	{ IPPROTO_IP, IP_PKTINFO, 4 },
	{ IPPROTO_IP, IP_FREEBIND, 4 },
	{ IPPROTO_IP, IP_MINTTL, 4 },
	{ IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 4 },
	{ IPPROTO_IP, IP_MULTICAST_TTL, 4 },
	{ IPPROTO_IP, IP_MULTICAST_LOOP, 4 },
	{ IPPROTO_IPV6, IPV6_V6ONLY, 4 },
	{ IPPROTO_IPV6, IPV6_UNICAST_HOPS, 4 },
	{ IPPROTO_IPV6, IPV6_MULTICAST_HOPS, 4 },
	{ IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 4 },
	{ IPPROTO_IPV6, IPV6_TCLASS, 4 },
	{ IPPROTO_IPV6, IPV6_MTU_DISCOVER, 4 },
	{ IPPROTO_IPV6, IPV6_RECVERR, 4 },
	{ IPPROTO_IPV6, IPV6_RECVPKTINFO, 4 },
	{ IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 4 },
	{ IPPROTO_IPV6, IPV6_RECVTCLASS, 4 },
	{ IPPROTO_IPV6, IPV6_DONTFRAG, 4 },
	{ IPPROTO_IPV6, IPV6_AUTOFLOWLABEL, 4 },
};
#define REMEMBERED (sizeof(remembered) / sizeof(remembered[0]))

/* Each takes one note, and the name of the congestion control three more. */
static_assert(NOTE_OPTIONS + REMEMBERED + 3 <= NOTE_LEFT_OUT, "notes for all remembered options");

/* Native options that go along to another socket. */
static const struct option native[] = {
	{ SOL_SOCKET, SO_RCVTIMEO, 2 * sizeof(long) },
	{ SOL_SOCKET, SO_SNDTIMEO, 2 * sizeof(long) },
	{ SOL_SOCKET, SO_LINGER, sizeof(struct linger) },
	{ SOL_SOCKET, SO_RCVLOWAT, 4 },
	{ SOL_SOCKET, SO_RCVBUF, 4 },
	{ SOL_SOCKET, SO_KEEPALIVE, 4 },
	{ SOL_SOCKET, SO_REUSEADDR, 4 },
	{ SOL_SOCKET, SO_BROADCAST, 4 },
	{ SOL_SOCKET, SO_OOBINLINE, 4 },
	{ SOL_SOCKET, SO_DONTROUTE, 4 },
	{ SOL_SOCKET, SO_PRIORITY, 4 },
	{ SOL_SOCKET, SO_MARK, 4 },
	{ SOL_SOCKET, SO_TIMESTAMP, 4 },
	{ SOL_SOCKET, SO_TIMESTAMPNS, 4 },
	{ SOL_SOCKET, SO_TIMESTAMP_NEW, 4 },
	{ SOL_SOCKET, SO_TIMESTAMPNS_NEW, 4 },
	{ SOL_SOCKET, SO_TIMESTAMPING, 4 },
	{ SOL_SOCKET, SO_TIMESTAMPING_NEW, 4 },
};

/* Of SO_TIMESTAMPING: the time at which the kernel got a datagram, and that it be reported. */
#define STAMPS_OF_RECEIPT (SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE)

/* Long enough for the value of any option in the two tables. */
union value {
	uint32_t word[CONGESTION_NAME_MAX / 4];
	int number;
	long time[2];
};

static const struct option *find_option(int level, int name, size_t *note)
{
	size_t i, at = NOTE_OPTIONS;

	for (i = 0; i < REMEMBERED; i++) {
		if (remembered[i].level == level && remembered[i].name == name) {
			*note = at;
			return &remembered[i];
		}
		at += remembered[i].size / 4;
	}
	return NULL;
}

static bool get(int fd, const struct option *option, union value *value)
{
	socklen_t len = option->size;

	memset(value, 0, sizeof(*value));
	return real()->getsockopt(fd, option->level, option->name, value, &len) == 0;
}

static bool is_buffer_size(const struct option *option)
{
	return option->level == SOL_SOCKET &&
	       (option->name == SO_RCVBUF || option->name == SO_SNDBUF);
}

/* Sets a value where it is not yet so; one that may not be set is left. */
static void set_if_other(int fd, const struct option *option, union value *value)
{
	union value before;

	if (!get(fd, option, &before) || memcmp(&before, value, option->size) == 0)
		return;
	/* The kernel doubles what it is given (socket(7)). */
	if (is_buffer_size(option))
		value->number /= 2;
	real()->setsockopt(fd, option->level, option->name, value, option->size);
}

/* AF_UNIX puts time stamps on datagrams only where one of the older options asks for them, too. */
static void stamp_for(int fd)
{
	const int wanted = shim_get_int(fd, SOL_SOCKET, SO_TIMESTAMPING, 0), on = 1;
	int domain = shim_get_int(fd, SOL_SOCKET, SO_DOMAIN, AF_UNSPEC);

	if ((wanted & STAMPS_OF_RECEIPT) == STAMPS_OF_RECEIPT && domain == AF_UNIX &&
	    !shim_get_int(fd, SOL_SOCKET, SO_TIMESTAMP, 0))
		real()->setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
}

static void carry_native(int from, int to)
{
	union value value;
	size_t i;

	for (i = 0; i < sizeof(native) / sizeof(native[0]); i++) {
		if (get(from, &native[i], &value))
			set_if_other(to, &native[i], &value);
	}
	stamp_for(to);
}

static void carry_status_flags(int from, int to)
{
	struct f_owner_ex owner;
	int flags = real()->fcntl(from, F_GETFL);
	int signal = real()->fcntl(from, F_GETSIG);

	/* A granted descriptor may come with O_NONBLOCK: that is no wish of the program. */
	if (!(flags & O_ASYNC)) {
		real()->fcntl(to, F_SETFL, flags & O_NONBLOCK);
		return;
	}
	if (real()->fcntl(from, F_GETOWN_EX, &owner) == 0 && owner.pid)
		real()->fcntl(to, F_SETOWN_EX, &owner);
	if (signal > 0)
		real()->fcntl(to, F_SETSIG, signal);
	real()->fcntl(to, F_SETFL, flags & (O_NONBLOCK | O_ASYNC));
}

static int fresh_socket(int family, int type)
{
	return (int)syscall(SYS_socket, family, type | SOCK_CLOEXEC, 0);
}

/**
 * shim_options_carry() - give a flow what the program has set on the socket that it replaces
 * @from:	the program's socket: an internet socket, or an earlier flow
 * @to:		the new flow
 * @notes:	the remembered options are filled in; NOTE_OPTIONS and above
 *
 * errno is left alone.
 */
void shim_options_carry(int from, int to, struct notes *notes)
{
	struct notes before;
	union value value;
	int saved = errno;
	size_t i, at = NOTE_OPTIONS;

	if (shim_notes_read(from, &before)) {
		memcpy(notes->value + at, before.value + at, (NOTE_MAX - at) * sizeof(uint32_t));
	} else {
		for (i = 0; i < REMEMBERED; at += remembered[i++].size / 4) {
			get(from, &remembered[i], &value);
			memcpy(notes->value + at, value.word, remembered[i].size);
		}
	}
	carry_native(from, to);
	carry_status_flags(from, to);
	errno = saved;
}

/**
 * shim_options_restore() - give an internet socket what the program has set on the flow it replaces
 * @from:	the flow
 * @to:		the internet socket
 *
 * errno is left alone.
 */
void shim_options_restore(int from, int to)
{
	struct notes notes;
	union value value;
	int saved = errno;
	size_t i, at = NOTE_OPTIONS;

	if (shim_notes_read(from, &notes)) {
		for (i = 0; i < REMEMBERED; at += remembered[i++].size / 4) {
			memset(&value, 0, sizeof(value));
			memcpy(value.word, notes.value + at, remembered[i].size);
			set_if_other(to, &remembered[i], &value);
		}
	}
	carry_native(from, to);
	carry_status_flags(from, to);
	errno = saved;
}

/**
 * shim_option() - a remembered option, or its first four bytes
 */
uint32_t shim_option(const struct notes *notes, int level, int name)
{
	size_t note;

	return find_option(level, name, &note) ? notes->value[note] : 0;
}

/* shim_keep_alive() - after how many seconds of silence is the far end to be asked? 0: never */
uint32_t shim_keep_alive(int fd)
{
	struct notes notes;

	if (!shim_get_int(fd, SOL_SOCKET, SO_KEEPALIVE, 0))
		return 0;
	if (shim_notes_read(fd, &notes))
		return shim_option(&notes, IPPROTO_TCP, TCP_KEEPIDLE);
	return (uint32_t)shim_get_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, 0);
}

/* Hands a value to the program as the kernel does: cut to what it has room for. */
static int give_value(void *to, socklen_t *len, const void *from, size_t size)
{
	if ((int)*len < 0)
		return fail(EINVAL);
	if (*len > size)
		*len = (socklen_t)size;
	memcpy(to, from, *len);
	return 0;
}

static int answer_int(void *to, socklen_t *len, int value)
{
	return give_value(to, len, &value, sizeof(value));
}

/* @native_error is what the kernel had to say, and has forgotten now. */
static int answer_error(int fd, const struct eswrap_name *flow, void *to, socklen_t *len,
			int native_error)
{
	struct notes notes;
	int error = flow->type == SOCK_STREAM ? shim_outcome_error(fd) : 0;

	if (!error)
		error = native_error;
	else if (shim_notes_read(fd, &notes) ? !shim_take_unreported(fd, UNREPORTED_ERROR)
					     : !native_error)
		error = 0;
	return answer_int(to, len, error);
}

static int answer_tcp_info(int fd, void *to, socklen_t *len)
{
	struct tcp_info info = { .tcpi_snd_mss = DATAGRAM_MAX,
				 .tcpi_rcv_mss = DATAGRAM_MAX,
				 .tcpi_advmss = DATAGRAM_MAX,
				 .tcpi_pmtu = 1500 };
	struct eswrap_name outcome;

	switch (eswrap_outcome(fd, &outcome)) {
	case OUTCOME_NONE:
		info.tcpi_state = TCP_SYN_SENT;
		break;
	case OUTCOME_KNOWN:
		info.tcpi_state = outcome.error ? TCP_CLOSE : TCP_ESTABLISHED;
		break;
	case OUTCOME_ORPHAN:
		info.tcpi_state = TCP_CLOSE;
		break;
	}
	return give_value(to, len, &info, sizeof(info));
}

static int answer_remembered(int fd, int level, int name, void *to, socklen_t *len)
{
	const struct option *option;
	struct notes notes;
	size_t note;

	option = find_option(level, name, &note);
	if (!option)
		return fail(ENOPROTOOPT);
	shim_notes_read(fd, &notes);
	return give_value(to, len, notes.value + note, option->size);
}

/* What a packet has beside the data that the module takes at once, bytes. */
#define IPV4_HEADER 20
#define IPV6_HEADER 40

static int header_of(const struct eswrap_name *flow)
{
	return flow->type == SOCK_STREAM ? (int)sizeof(struct tcphdr) : (int)sizeof(struct udphdr);
}

/* getsockopt() of a flow, for all that is not native. */
static int get_of_flow(int fd, const struct eswrap_name *flow, int level, int name, void *to,
		       socklen_t *len)
{
	static const struct {
		int pid, uid, gid;
	} nobody = { 0, -1, -1 };

	if (level == SOL_SOCKET && name == SO_DOMAIN)
		return answer_int(to, len, flow->family);
	if (level == SOL_SOCKET && name == SO_PROTOCOL)
		return answer_int(to, len, flow->type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP);
	if (level == SOL_SOCKET && name == SO_PEERCRED)
		return give_value(to, len, &nobody, sizeof(nobody));
	if (level == IPPROTO_IPV6 && flow->family != AF_INET6)
		return fail(EOPNOTSUPP);
	if (level == IPPROTO_TCP && flow->type != SOCK_STREAM)
		return fail(EOPNOTSUPP);
	if (level == IPPROTO_TCP && name == TCP_INFO)
		return answer_tcp_info(fd, to, len);
	if (level == IPPROTO_TCP && name == TCP_MAXSEG)
		return answer_int(to, len, DATAGRAM_MAX);
	if (level == IPPROTO_IP && name == IP_MTU)
		return answer_int(to, len, DATAGRAM_MAX + IPV4_HEADER + header_of(flow));
	if (level == IPPROTO_IPV6 && name == IPV6_MTU)
		return answer_int(to, len, DATAGRAM_MAX + IPV6_HEADER + header_of(flow));
	return answer_remembered(fd, level, name, to, len);
}

/* Is the kernel's own answer for an AF_UNIX socket a wrong one for a flow? */
static bool answered_by_us(int name)
{
	switch (name) {
	case SO_DOMAIN:
	case SO_PROTOCOL:
	case SO_PEERCRED:
	case SO_SNDBUF:
	case SO_REUSEPORT:
	case SO_GET_FILTER:
	case SO_PEERSEC:
	case SO_PASSCRED:
	case SO_ZEROCOPY:
		return true;
	default:
		return false;
	}
}

typedef int (*get_call)(int, int, int, void *, socklen_t *);
typedef int (*set_call)(int, int, int, const void *, socklen_t);

static int get_option(get_call call, int fd, int level, int name, void *to, socklen_t *len)
{
	struct eswrap_name flow;
	int saved = errno;
	socklen_t room;
	int result, value = 0;

	if (LIKELY(!shim_may_have_flows()))
		return call(fd, level, name, to, len);
	room = len ? *len : 0;
	result = call(fd, level, name, to, len);
	if (level == SOL_SOCKET && name == SO_ERROR) {
		if (result != 0 || *len < sizeof(value))
			return result;
		memcpy(&value, to, sizeof(value));
		if ((value && value != ECONNRESET) || !shim_flow(fd, &flow))
			return result;
		return answer_error(fd, &flow, to, len, value);
	}
	if (level == SOL_SOCKET ? !answered_by_us(name) : result == 0 || errno != EOPNOTSUPP)
		return result;
	if (!len || !shim_flow(fd, &flow))
		return result;
	*len = room;
	errno = saved;
	return get_of_flow(fd, &flow, level, name, to, len);
}

/* Does setting it natively harm a flow? */
static bool kept_from_kernel(int name)
{
	switch (name) {
	case SO_SNDBUF:
	case SO_SNDBUFFORCE:
	case SO_REUSEPORT:
	case SO_ATTACH_FILTER:
	case SO_DETACH_FILTER:
	case SO_ATTACH_BPF:
	case SO_LOCK_FILTER:
	case SO_PASSCRED:
	case SO_PASSSEC:
	case SO_PEEK_OFF:
	case SO_ZEROCOPY:
		return true;
	default:
		return false;
	}
}

/* Has the kernel taken an option that is not done with that on a flow? */
static bool is_followed_up(int name)
{
	return name == SO_TIMESTAMPING || name == SO_TIMESTAMPING_NEW || name == SO_KEEPALIVE;
}

static void follow_up(int fd, const struct eswrap_name *flow, int name)
{
	int saved = errno;

	if (name != SO_KEEPALIVE)
		stamp_for(fd);
	else if (flow->type == SOCK_STREAM)
		shim_tell_keep_alive(flow, shim_keep_alive(fd));
	errno = saved;
}

static int set_of_flow(set_call call, int fd, const struct eswrap_name *flow, int level, int name,
		       const void *from, socklen_t len)
{
	const struct option *option;
	struct notes notes;
	union value value;
	size_t note;
	int probe, result;

	if (level == SOL_SOCKET && name == SO_SNDBUFFORCE)
		name = SO_SNDBUF;
	option = find_option(level, name, &note);
	if (!option && !(level == IPPROTO_TCP && name == TCP_MAXSEG))
		return fail(ENOPROTOOPT);
	probe = fresh_socket(flow->family, flow->type);
	if (probe < 0)
		return -1;
	result = call(probe, level, name, from, len);
	if (result == 0 && option && get(probe, option, &value)) {
		shim_notes_read(fd, &notes);
		memcpy(notes.value + note, value.word, option->size);
		shim_notes_write(fd, &notes);
		if (level == IPPROTO_TCP && name == TCP_KEEPIDLE)
			shim_tell_keep_alive(flow, shim_keep_alive(fd));
	}
	syscall(SYS_close, probe);
	return result;
}

static int set_option(set_call call, int fd, int level, int name, const void *from, socklen_t len)
{
	struct eswrap_name flow;
	int saved = errno;
	int result;

	if (level == SOL_SOCKET && LIKELY(!kept_from_kernel(name))) {
		result = call(fd, level, name, from, len);
		if (result == 0 && is_followed_up(name) && shim_flow(fd, &flow))
			follow_up(fd, &flow, name);
		return result;
	}
	if (level == SOL_SOCKET) {
		if (!shim_flow(fd, &flow))
			return call(fd, level, name, from, len);
	} else {
		result = call(fd, level, name, from, len);
		if (result == 0 || errno != EOPNOTSUPP || !shim_flow(fd, &flow))
			return result;
	}
	errno = saved;
	return set_of_flow(call, fd, &flow, level, name, from, len);
}

EXPORT int getsockopt(int fd, int level, int name, void *to, socklen_t *len)
{
	return get_option(real()->getsockopt, fd, level, name, to, len);
}

EXPORT int setsockopt(int fd, int level, int name, const void *from, socklen_t len)
{
	return set_option(real()->setsockopt, fd, level, name, from, len);
}

#if __TIMESIZE == 32
int __getsockopt64(int fd, int level, int name, void *to, socklen_t *len);
int __setsockopt64(int fd, int level, int name, const void *from, socklen_t len);

EXPORT int __getsockopt64(int fd, int level, int name, void *to, socklen_t *len)
{
	return get_option(real()->__getsockopt64, fd, level, name, to, len);
}

EXPORT int __setsockopt64(int fd, int level, int name, const void *from, socklen_t len)
{
	return set_option(real()->__setsockopt64, fd, level, name, from, len);
}
#endif
