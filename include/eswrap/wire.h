/* SPDX-License-Identifier: MIT */
/*
 * What the shim and the broker share: the messages on the control socket and the names of sockets.
 *
 * DOC: Theory of Operation
 *
 * The control socket is AF_UNIX, SOCK_SEQPACKET: one request is one packet, one reply is one
 * packet, and the shim opens a connection for each question, so that it has no state to keep. A
 * granted stream connection comes back as a descriptor (SCM_RIGHTS): the *program's end* of a
 * socketpair whose other end, the *broker's end*, stays with the broker.
 *
 * Everything that the shim must know of a flow later on stands in the names that the broker binds
 * the two ends to, in the abstract namespace, and the kernel keeps it for us across dup, fork and
 * exec:
 *
 *	program's end	\0eswrap/f/ID/TFA/ADDRESS/PORT/SCOPE	what it is and where it leads
 *	broker's end	\0eswrap/o/ID/ERRNO/A/ADDRESS/PORT	how the connect ended, and the local
 *								address; bound only once it is known
 *	datagram peer	\0eswrap/d/ID/TAG/TFA/ADDRESS/PORT/SCOPE	one destination of a datagram flow
 *
 * ID and TAG are 16 hexadecimal digits, T is 's' (stream) or 'd' (datagram), F is '4' or '6' (the family of
 * the program's socket), A is '4' or '6' (the family of ADDRESS; in an outcome also '0': not
 * known), ADDRESS is 32 hexadecimal digits (an IPv4 address in its first 8, the rest 0), PORT 4,
 * SCOPE 8 and ERRNO 4 hexadecimal digits. All fields have fixed widths.
 *
 * Connecting. The broker fills the program's end until poll() no longer says POLLOUT before it
 * hands the end over. When the module has answered it binds the broker's end to the outcome and
 * drains all but the last byte: POLLOUT comes when it should.
 *
 * The anchor. At least one byte that was already dealt with always stays in the receive queue of
 * the broker's end. The kernel answers ECONNRESET, and not a clean end of file, to the peer of a
 * stream socket that was closed with unread bytes (unix(7), unix_release_sock()). So closing the
 * broker's end is an abort, also when the broker is killed, and a clean end has to be said:
 * shutdown(SHUT_WR) on the broker's end, which then stays open until the program closes. A cut
 * stream can therefore never look complete, whatever call the program reads with.
 *
 * Datagrams. The program's end is an unconnected SOCK_DGRAM socket bound to its flow name. For each
 * destination the broker binds one socket to a datagram peer name and connects it to the program's
 * end: sendto() a destination is sendto() that name, and the name that recvfrom() reports is the
 * source. ECONNREFUSED from the kernel means that no such peer exists yet: ask with ESWRAP_PEER.
 * Anybody can read the names that are bound (/proc/net/unix) and bind others; so that nobody can take
 * one before the broker does, or send from one that it never bound, TAG depends on a key that only
 * the flow's two sides know.
 *
 * The policy. Most connects of most programs are none of ours, and a question costs more than they
 * do. So the broker publishes what it would answer DIRECT to, whoever asks, in a file beside the
 * control socket that the shim maps: struct eswrap_policy. What the policy does not say is asked.
 * It counts only while the broker lives: it is withdrawn (magic 0) when the broker leaves, and the
 * shim looks whether the process is there.
 *
 * Only libc types here, and functions that are safe in a signal handler.
 */
#ifndef ESWRAP_WIRE_H
#define ESWRAP_WIRE_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* The system broker's control socket, where ESWRAP_SOCKET is not set. */
#define ESWRAP_SOCKET_DEFAULT "/run/eswrap/eswrapd.sock"
/* Environment of a wrapped program, set by the launcher. */
#define ESWRAP_SOCKET_ENV   "ESWRAP_SOCKET"   /* path of the control socket */
#define ESWRAP_ROUTE_ENV    "ESWRAP_ROUTE"    /* -r: the route that every connection takes */
#define ESWRAP_FALLBACK_ENV "ESWRAP_FALLBACK" /* "direct": without a broker, connect natively */

/* Version 1 of this header; a broker answers any other with EPROTO. */
#define ESWRAP_MAGIC 0x65737701u

#define ESWRAP_NAME_MAX	   253 /* a host name in text, RFC 1035 (without the last dot) */
#define ESWRAP_PROGRAM_MAX 255 /* NAME_MAX: the last component of a program's path */
#define ESWRAP_ROUTE_MAX   63  /* longest NAME in [route NAME] */
/* A SEQPACKET message of an administrative request or reply, header included, bytes. */
#define ESWRAP_ADMIN_MAX 65536

enum eswrap_request_type {
	ESWRAP_CONNECT =
		1, /* connect() of a stream socket: dest, family -> DIRECT, REFUSED, GRANTED + fd */
	ESWRAP_RESOLVE,	  /* host name -> DIRECT, REFUSED (resolve_error), GRANTED (v4, v6) */
	ESWRAP_REVERSE,	  /* dest is an address -> DIRECT (no stand-in), GRANTED (name) */
	ESWRAP_ASSOCIATE, /* first flagged datagram of a socket: dest, family -> as CONNECT */
	ESWRAP_PEER,	  /* one more destination of datagram flow id -> REFUSED, GRANTED (no fd) */
	/*
	 * The launcher's: -> GRANTED (no fd), or REFUSED with EINVAL when route is none of the
	 * configuration's. A private broker stays while this connection is open; the answer tells a
	 * broker that will stay from one that was on its way out.
	 */
	ESWRAP_HOLD,
	ESWRAP_ADMIN, /* eswrapctl's: a GVariant follows the header, see eswrapd/admin.h */
};

enum eswrap_verdict {
	ESWRAP_DIRECT = 1, /* not ours: do what libc would do without us */
	ESWRAP_REFUSED,	   /* fail the call; error says with what */
	ESWRAP_GRANTED,
};

/* Why a name was refused; the shim turns these into EAI_* and h_errno. */
enum eswrap_resolve_error {
	ESWRAP_NAME_UNKNOWN = 1, /* EAI_NONAME, HOST_NOT_FOUND */
	ESWRAP_NAME_AGAIN,	 /* EAI_AGAIN, TRY_AGAIN: the module did not answer in time */
	ESWRAP_NAME_FAIL,	 /* EAI_FAIL, NO_RECOVERY: a name that must not reach the port */
};

/**
 * struct eswrap_endpoint - an internet address and port
 * @family:	AF_INET or AF_INET6; 0 where there is none
 * @port:	host byte order
 * @scope:	sin6_scope_id, 0 for AF_INET
 * @address:	network byte order; AF_INET uses the first 4 bytes, the rest are 0
 */
struct eswrap_endpoint {
	uint16_t family;
	uint16_t port;
	uint32_t scope;
	uint8_t address[16];
};

/* struct eswrap_key - a datagram flow's, random; see eswrap_peer_tag() */
struct eswrap_key {
	uint32_t word[4];
};

/**
 * struct eswrap_request - shim to broker, one packet
 * @magic:	ESWRAP_MAGIC
 * @type:	enum eswrap_request_type
 * @family:	AF_INET or AF_INET6: family of the program's socket, which may differ from dest's
 *		for v4-mapped addresses (dest is then AF_INET6 as the program gave it)
 * @id:		PEER: the datagram flow
 * @mark:	SO_MARK of the socket, 0 when it has none
 * @dest:	CONNECT, ASSOCIATE, PEER, REVERSE
 * @program:	program_invocation_short_name, NUL-terminated; advisory, for `program =`
 * @route:	value of ESWRAP_ROUTE, or empty
 * @name:	RESOLVE: the name as the program gave it, NUL-terminated, unchecked
 *
 * Fields that a type does not use are 0.
 */
struct eswrap_request {
	uint32_t magic;
	uint16_t type;
	uint16_t family;
	uint64_t id;
	uint32_t mark;
	struct eswrap_endpoint dest;
	char program[ESWRAP_PROGRAM_MAX + 1];
	char route[ESWRAP_ROUTE_MAX + 1];
	char name[ESWRAP_NAME_MAX + 1];
};

/**
 * struct eswrap_reply - broker to shim, one packet, with a descriptor beside it where one is
 * granted
 * @magic:	ESWRAP_MAGIC
 * @verdict:	enum eswrap_verdict
 * @error:	REFUSED: an errno, or for RESOLVE an enum eswrap_resolve_error
 * @id:		GRANTED CONNECT, ASSOCIATE: the flow
 * @tag:	GRANTED PEER: of the peer's name
 * @key:	GRANTED ASSOCIATE
 * @v4, @v6:	GRANTED RESOLVE: the stand-in addresses, port 0
 * @name:	GRANTED REVERSE: the host name
 */
struct eswrap_reply {
	uint32_t magic;
	uint16_t verdict;
	uint16_t error;
	uint64_t id;
	uint64_t tag;
	struct eswrap_key key;
	struct eswrap_endpoint v4;
	struct eswrap_endpoint v6;
	char name[ESWRAP_NAME_MAX + 1];
};

/* The policy's file is the control socket's path with this behind it. */
#define ESWRAP_POLICY_SUFFIX ".policy"
/* As many rules as leave the file within a page; what they cannot say is asked. */
#define ESWRAP_POLICY_RULES 140

enum eswrap_policy_flag {
	ESWRAP_POLICY_STREAM = 1,
	ESWRAP_POLICY_DATAGRAM = 2,
	ESWRAP_POLICY_DIRECT = 4,	/* the answer is DIRECT; without it: ask */
	ESWRAP_POLICY_NOT_LOOPBACK = 8, /* does not match loopback or the wildcard address */
};

/**
 * struct eswrap_policy_rule - one row; the first that matches counts
 * @address:		network byte order, IPv4 v4-mapped
 * @prefix:		bits of @address that must be equal, 0..128
 * @flags:		enum eswrap_policy_flag
 * @first_port, @last_port:	inclusive
 */
struct eswrap_policy_rule {
	uint8_t address[16];
	uint8_t prefix;
	uint8_t flags;
	uint16_t first_port;
	uint16_t last_port;
};

/**
 * struct eswrap_policy - what needs not be asked
 * @magic:	ESWRAP_MAGIC; 0 once it is withdrawn
 * @pid:	the broker's
 * @count:	rules that count
 */
struct eswrap_policy {
	uint32_t magic;
	int32_t pid;
	uint32_t count;
	struct eswrap_policy_rule rules[ESWRAP_POLICY_RULES];
};

/* eswrap_map_address() - 16 bytes that compare equal for an IPv4 address and its v4-mapped form */
static inline void eswrap_map_address(const struct eswrap_endpoint *from, uint8_t to[16])
{
	if (from->family == AF_INET6) {
		memcpy(to, from->address, 16);
	} else {
		memset(to, 0, 10);
		to[10] = to[11] = 0xff;
		memcpy(to + 12, from->address, 4);
	}
}

/* eswrap_is_loopback() - 127/8, ::1 and the wildcard addresses, which connect to this machine too
 */
static inline bool eswrap_is_loopback(const uint8_t mapped[16])
{
	static const uint8_t zero[16];
	static const uint8_t v4_prefix[12] = { [10] = 0xff, [11] = 0xff };

	if (memcmp(mapped, v4_prefix, sizeof(v4_prefix)) == 0)
		return mapped[12] == 127 || memcmp(mapped + 12, zero, 4) == 0;
	return memcmp(mapped, zero, 15) == 0 && mapped[15] <= 1;
}

static inline bool eswrap_rule_matches(const struct eswrap_policy_rule *rule,
				       const uint8_t mapped[16], uint16_t port, int type)
{
	unsigned int whole = rule->prefix / 8, rest = rule->prefix % 8;

	if (!(rule->flags &
	      (type == SOCK_STREAM ? ESWRAP_POLICY_STREAM : ESWRAP_POLICY_DATAGRAM)) ||
	    port < rule->first_port || port > rule->last_port || rule->prefix > 128 ||
	    memcmp(rule->address, mapped, whole) != 0 ||
	    (rest && (rule->address[whole] ^ mapped[whole]) >> (8 - rest)))
		return false;
	return !(rule->flags & ESWRAP_POLICY_NOT_LOOPBACK) || !eswrap_is_loopback(mapped);
}

/**
 * eswrap_policy_is_direct() - is the answer to this destination DIRECT, whoever asks?
 * @policy:	as mapped
 * @to:		the destination
 * @type:	SOCK_STREAM or SOCK_DGRAM
 *
 * Return: true when it is; false when the broker is to be asked.
 */
static inline bool eswrap_policy_is_direct(const struct eswrap_policy *policy,
					   const struct eswrap_endpoint *to, int type)
{
	uint8_t mapped[16];
	uint32_t i;

	if (policy->count > ESWRAP_POLICY_RULES)
		return false;
	eswrap_map_address(to, mapped);
	for (i = 0; i < policy->count; i++) {
		if (eswrap_rule_matches(&policy->rules[i], mapped, to->port, type))
			return policy->rules[i].flags & ESWRAP_POLICY_DIRECT;
	}
	return false;
}

/* The kinds of socket names, as they stand between "\0eswrap/" and the ID. */
enum eswrap_name_kind {
	ESWRAP_NAME_FLOW = 'f',
	ESWRAP_NAME_OUTCOME = 'o',
	ESWRAP_NAME_DATAGRAM_PEER = 'd',
};

/**
 * struct eswrap_name - a parsed socket name
 * @kind:	enum eswrap_name_kind
 * @id:		the flow
 * @tag:	datagram peer: eswrap_peer_tag()
 * @type:	SOCK_STREAM or SOCK_DGRAM; 0 in an outcome
 * @family:	family of the program's socket; 0 in an outcome
 * @error:	outcome: 0 (connected) or the errno of the failed connect, at most 0xffff
 * @endpoint:	flow, datagram peer: the destination as the program gave it;
 *		outcome: the local address that getsockname() reports (family 0: not known)
 */
struct eswrap_name {
	char kind;
	uint64_t id;
	uint64_t tag;
	int type;
	int family;
	int error;
	struct eswrap_endpoint endpoint;
};

static inline uint64_t eswrap_rotate(uint64_t word, int bits)
{
	return word << bits | word >> (64 - bits);
}

static inline void eswrap_sip_rounds(uint64_t v[4], int rounds)
{
	for (; rounds > 0; rounds--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = eswrap_rotate(v[1], 13) ^ v[0];
		v[3] = eswrap_rotate(v[3], 16) ^ v[2];
		v[0] = eswrap_rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = eswrap_rotate(v[1], 17) ^ v[2];
		v[3] = eswrap_rotate(v[3], 21) ^ v[0];
		v[2] = eswrap_rotate(v[2], 32);
	}
}

/* SipHash-2-4 [Aumasson and Bernstein, 2012] of whole words; a word is 8 bytes, the lowest first. */
static inline uint64_t eswrap_siphash(const uint64_t key[2], const uint64_t *words, int count)
{
	uint64_t v[4] = { key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
			  key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u };
	uint64_t last = (uint64_t)(count * 8) << 56, word;
	int i;

	for (i = 0; i <= count; i++) {
		word = i < count ? words[i] : last;
		v[3] ^= word;
		eswrap_sip_rounds(v, 2);
		v[0] ^= word;
	}
	v[2] ^= 0xff;
	eswrap_sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/**
 * eswrap_peer_tag() - what makes the name of a destination one that nobody else can say
 * @key:	the flow's
 * @family:	of the program's socket
 * @to:		the destination as the program gave it
 */
static inline uint64_t eswrap_peer_tag(const struct eswrap_key *key, int family,
				       const struct eswrap_endpoint *to)
{
	const uint64_t keys[2] = { (uint64_t)key->word[1] << 32 | key->word[0],
				   (uint64_t)key->word[3] << 32 | key->word[2] };
	uint64_t words[4];

	words[0] = (uint64_t)to->scope << 32 | (uint64_t)to->port << 16 | to->family;
	memcpy(words + 1, to->address, sizeof(to->address));
	words[3] = (uint64_t)family;
	return eswrap_siphash(keys, words, 4);
}

#define ESWRAP_NAME_PREFIX     "eswrap/"
#define ESWRAP_NAME_PREFIX_LEN 7

static inline char *eswrap_put_hex(char *to, uint64_t value, int digits)
{
	int i;

	for (i = digits - 1; i >= 0; i--, value >>= 4)
		to[i] = "0123456789abcdef"[value & 15];
	return to + digits;
}

static inline bool eswrap_get_hex(const char **from, const char *end, int digits, uint64_t *value)
{
	const char *p = *from;

	if (end - p < digits)
		return false;
	for (*value = 0; digits > 0; digits--, p++) {
		if (*p >= '0' && *p <= '9')
			*value = *value << 4 | (uint64_t)(*p - '0');
		else if (*p >= 'a' && *p <= 'f')
			*value = *value << 4 | (uint64_t)(*p - 'a' + 10);
		else
			return false;
	}
	*from = p;
	return true;
}

/**
 * eswrap_name_format() - the abstract socket address for a name
 * @name:	what to say
 * @to:		filled in; every byte that counts is written
 *
 * Return: the length for bind(), connect() or sendto().
 */
static inline socklen_t eswrap_name_format(const struct eswrap_name *name, struct sockaddr_un *to)
{
	const uint8_t *address = name->endpoint.address;
	char *p = to->sun_path;
	int i;

	to->sun_family = AF_UNIX;
	*p++ = '\0';
	memcpy(p, ESWRAP_NAME_PREFIX, ESWRAP_NAME_PREFIX_LEN);
	p += ESWRAP_NAME_PREFIX_LEN;
	*p++ = name->kind;
	*p++ = '/';
	p = eswrap_put_hex(p, name->id, 16);
	*p++ = '/';
	if (name->kind == ESWRAP_NAME_DATAGRAM_PEER) {
		p = eswrap_put_hex(p, name->tag, 16);
		*p++ = '/';
	}
	if (name->kind == ESWRAP_NAME_OUTCOME) {
		p = eswrap_put_hex(p, (uint64_t)name->error, 4);
		*p++ = '/';
		*p++ = name->endpoint.family == AF_INET	   ? '4'
		       : name->endpoint.family == AF_INET6 ? '6'
							   : '0';
	} else {
		*p++ = name->type == SOCK_DGRAM ? 'd' : 's';
		*p++ = name->family == AF_INET6 ? '6' : '4';
		*p++ = name->endpoint.family == AF_INET6 ? '6' : '4';
	}
	*p++ = '/';
	for (i = 0; i < 16; i++)
		p = eswrap_put_hex(p, address[i], 2);
	*p++ = '/';
	p = eswrap_put_hex(p, name->endpoint.port, 4);
	if (name->kind != ESWRAP_NAME_OUTCOME) {
		*p++ = '/';
		p = eswrap_put_hex(p, name->endpoint.scope, 8);
	}
	return (socklen_t)(p - (char *)to);
}

static inline bool eswrap_get_char(const char **from, const char *end, char *c)
{
	if (*from >= end)
		return false;
	*c = *(*from)++;
	return true;
}

/**
 * eswrap_name_parse() - is this the name of one of ours, and what does it say?
 * @from:	as getsockname(), getpeername() or recvfrom() filled it in
 * @len:	its length, as reported
 * @name:	filled in when true is returned
 *
 * Return: true when the address is a well-formed name of ours, false for anything else.
 */
static inline bool eswrap_name_parse(const struct sockaddr_un *from, socklen_t len,
				     struct eswrap_name *name)
{
	const char *p = from->sun_path;
	const char *end = (const char *)from + len;
	char type = 0, family = 0, version, slash;
	uint64_t value;
	int i;

	if (len < offsetof(struct sockaddr_un, sun_path) + 1 + ESWRAP_NAME_PREFIX_LEN + 2 ||
	    len > sizeof(*from) || from->sun_family != AF_UNIX || *p != '\0' ||
	    memcmp(p + 1, ESWRAP_NAME_PREFIX, ESWRAP_NAME_PREFIX_LEN) != 0)
		return false;
	p += 1 + ESWRAP_NAME_PREFIX_LEN;
	memset(name, 0, sizeof(*name));
	name->kind = *p++;
	if ((name->kind != ESWRAP_NAME_FLOW && name->kind != ESWRAP_NAME_OUTCOME &&
	     name->kind != ESWRAP_NAME_DATAGRAM_PEER) ||
	    *p++ != '/' || !eswrap_get_hex(&p, end, 16, &name->id) ||
	    !eswrap_get_char(&p, end, &slash) || slash != '/')
		return false;
	if (name->kind == ESWRAP_NAME_DATAGRAM_PEER &&
	    (!eswrap_get_hex(&p, end, 16, &name->tag) || !eswrap_get_char(&p, end, &slash) ||
	     slash != '/'))
		return false;
	if (name->kind == ESWRAP_NAME_OUTCOME) {
		if (!eswrap_get_hex(&p, end, 4, &value) || !eswrap_get_char(&p, end, &slash) ||
		    slash != '/')
			return false;
		name->error = (int)value;
	} else {
		if (!eswrap_get_char(&p, end, &type) || (type != 's' && type != 'd') ||
		    !eswrap_get_char(&p, end, &family) || (family != '4' && family != '6'))
			return false;
		name->type = type == 'd' ? SOCK_DGRAM : SOCK_STREAM;
		name->family = family == '6' ? AF_INET6 : AF_INET;
	}
	if (!eswrap_get_char(&p, end, &version) ||
	    (version != '4' && version != '6' &&
	     !(version == '0' && name->kind == ESWRAP_NAME_OUTCOME)))
		return false;
	name->endpoint.family = version == '4' ? AF_INET : version == '6' ? AF_INET6 : 0;
	if (!eswrap_get_char(&p, end, &slash) || slash != '/')
		return false;
	for (i = 0; i < 16; i++) {
		if (!eswrap_get_hex(&p, end, 2, &value))
			return false;
		name->endpoint.address[i] = (uint8_t)value;
	}
	if (!eswrap_get_char(&p, end, &slash) || slash != '/' ||
	    !eswrap_get_hex(&p, end, 4, &value))
		return false;
	name->endpoint.port = (uint16_t)value;
	if (name->kind != ESWRAP_NAME_OUTCOME) {
		if (!eswrap_get_char(&p, end, &slash) || slash != '/' ||
		    !eswrap_get_hex(&p, end, 8, &value))
			return false;
		name->endpoint.scope = (uint32_t)value;
	}
	return p == end;
}

/**
 * eswrap_endpoint_from_sockaddr() - take address and port from what a program passed
 * @to:		filled in when true is returned
 * @from:	any socket address
 * @len:	its length, as passed
 *
 * Return: false when it is not an AF_INET or AF_INET6 address of sufficient length.
 */
static inline bool eswrap_endpoint_from_sockaddr(struct eswrap_endpoint *to,
						 const struct sockaddr *from, socklen_t len)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	memset(to, 0, sizeof(*to));
	if (len >= sizeof(in) && from->sa_family == AF_INET) {
		memcpy(&in, from, sizeof(in));
		to->port = ntohs(in.sin_port);
		memcpy(to->address, &in.sin_addr, sizeof(in.sin_addr));
	} else if (len >= sizeof(in6) && from->sa_family == AF_INET6) {
		memcpy(&in6, from, sizeof(in6));
		to->port = ntohs(in6.sin6_port);
		to->scope = in6.sin6_scope_id;
		memcpy(to->address, &in6.sin6_addr, sizeof(in6.sin6_addr));
	} else {
		return false;
	}
	to->family = from->sa_family;
	return true;
}

/**
 * eswrap_endpoint_to_sockaddr() - the socket address of an endpoint, in a family of the caller's
 * choice
 * @from:	the endpoint; family 0 gives the wildcard address with its port
 * @family:	AF_INET or AF_INET6; an IPv4 endpoint becomes v4-mapped for AF_INET6
 * @to:		filled in
 *
 * Return: the length that is valid in @to.
 */
static inline socklen_t eswrap_endpoint_to_sockaddr(const struct eswrap_endpoint *from, int family,
						    struct sockaddr_storage *to)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in = { .sin_family = AF_INET };

	memset(to, 0, sizeof(*to));
	if (family != AF_INET6) {
		in.sin_port = htons(from->port);
		/* A v4-mapped address has its IPv4 part at the end. */
		memcpy(&in.sin_addr, from->address + (from->family == AF_INET6 ? 12 : 0), 4);
		memcpy(to, &in, sizeof(in));
		return sizeof(in);
	}
	in6.sin6_port = htons(from->port);
	in6.sin6_scope_id = from->scope;
	if (from->family == AF_INET) {
		in6.sin6_addr.s6_addr[10] = in6.sin6_addr.s6_addr[11] = 0xff;
		memcpy(in6.sin6_addr.s6_addr + 12, from->address, 4);
	} else {
		memcpy(&in6.sin6_addr, from->address, 16);
	}
	memcpy(to, &in6, sizeof(in6));
	return sizeof(in6);
}

#endif
