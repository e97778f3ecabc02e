/* SPDX-License-Identifier: MIT */
/*
 * The protocol between the front ends and the broker: the messages on the control socket, the names
 * of sockets, the published policy. Version 2. What is done with them in C is in lib/wire.
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
 *	broker's end	\0eswrap/o/ID/TAG/ERRNO/A/ADDRESS/PORT	how the connect ended, and the local
 *								address; bound only once it is known,
 *								with a TAG that nobody can know before
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
 * the flow's two sides know. What strangers send to the program's end is dropped in their own call: a
 * filter there (SO_ATTACH_FILTER) takes a datagram only where it ends in a secret of the broker's, and
 * cuts that off. Whoever attaches another filter to the program's end puts this one before it.
 *
 * The policy. Most connects of most programs are none of ours, and a question costs more than they
 * do. So the broker publishes what it would answer DIRECT to, whoever asks, in a file beside the
 * control socket that the shim maps: struct eswrap_policy. What the policy does not say is asked.
 * It counts until it is taken back (magic 0): by the broker when it leaves, or, where that was killed,
 * by the next one. So what is direct needs no broker at all.
 *
 * Counting it. Each rule says with which number what it lets go out directly is counted, and each user has
 * a page of such counts (ESWRAP_COUNT), which the broker reads: a memfd that is sealed to its size, so
 * that no user can harm it. The launcher leaves it open to the program, and says with which number
 * (ESWRAP_COUNTS_ENV); others get it when they have something to count and ask a question anyway. What a
 * user writes there changes what is said of him and of nobody else.
 *
 * Whom a request is for. The kernel says who asks (SO_PEERCRED), and that is whom it is for, unless
 * a front end asks for another process: it then names that one's pid and uid. The uid is believed
 * from root and from the broker's own user; anybody else asks for himself, whatever the request says.
 *
 * The program's own socket. It goes along with a question (SCM_RIGHTS) where it has a mark, which only
 * the kernel can vouch for, and where the destination is a name server: of what is sent to port 53, by
 * datagram or by stream, the broker answers what is asked for flagged names, and sends the rest on by
 * that socket. Who sends none along is told that what is direct does not exist. It goes along with
 * ASSOCIATE as well: what the flow then sends to direct destinations goes out by it.
 *
 * Versions. The magic ends in the version. A broker answers version 1 as well, with its magic:
 * programs outlive an upgrade of the package, and with them the shim that they were started with.
 * Version 1's request ends before @pid. Any other magic is answered with EPROTO.
 *
 * All numbers but addresses are in the host's byte order.
 */
#ifndef ESWRAP_WIRE_H
#define ESWRAP_WIRE_H

#include <stdint.h>

/* The system broker's control socket, where ESWRAP_SOCKET is not set. */
#define ESWRAP_SOCKET_DEFAULT "/run/eswrap/eswrapd.sock"
/* Environment of a wrapped program, set by the launcher. */
#define ESWRAP_SOCKET_ENV   "ESWRAP_SOCKET"   /* path of the control socket */
#define ESWRAP_ROUTE_ENV    "ESWRAP_ROUTE"    /* -r: the route that every connection takes */
#define ESWRAP_FALLBACK_ENV "ESWRAP_FALLBACK" /* "direct": without a broker, connect natively */
#define ESWRAP_COUNTS_ENV   "ESWRAP_COUNTS"   /* descriptor of a struct eswrap_counts */

#define ESWRAP_MAGIC	      0x65737702u
#define ESWRAP_MAGIC_1	      0x65737701u
#define ESWRAP_REQUEST_1_SIZE 624 /* bytes of version 1's struct eswrap_request */

#define ESWRAP_NAME_MAX	   253 /* a host name in text, RFC 1035 (without the last dot) */
#define ESWRAP_PROGRAM_MAX 255 /* NAME_MAX: the last component of a program's path */
#define ESWRAP_ROUTE_MAX   63  /* longest NAME in [route NAME] */
/* A SEQPACKET message of an administrative request or reply, header included, bytes. */
#define ESWRAP_ADMIN_MAX 65536

enum eswrap_request_type {
	ESWRAP_CONNECT =
		1, /* connect() of a stream socket: dest, family -> DIRECT, REFUSED, GRANTED + fd */
	ESWRAP_RESOLVE, /* host name -> DIRECT, REFUSED (resolve_error), GRANTED (v4, v6) */
	/*
	 * dest is an address -> GRANTED (name), where it is a stand-in; REFUSED (NAME_UNKNOWN) where
	 * it goes through the module or is refused; DIRECT
	 */
	ESWRAP_REVERSE,
	ESWRAP_ASSOCIATE, /* first flagged datagram of a socket: dest, family -> as CONNECT */
	ESWRAP_PEER,	  /* one more destination of datagram flow id -> REFUSED, GRANTED (no fd) */
	/*
	 * The launcher's: -> GRANTED (no fd), or REFUSED with EINVAL when route is none of the
	 * configuration's. A private broker stays while this connection is open; the answer tells a
	 * broker that will stay from one that was on its way out.
	 */
	ESWRAP_HOLD,
	ESWRAP_ADMIN, /* eswrapctl's: a GVariant follows the header, see eswrap/admin.h */
	/*
	 * Would CONNECT, ASSOCIATE be DIRECT, REFUSED or GRANTED? The same answer, but nothing is
	 * begun, and there is no id and no descriptor.
	 */
	ESWRAP_ASK_STREAM,
	ESWRAP_ASK_DATAGRAM,
	ESWRAP_KEEP_ALIVE, /* of the asker's open flow id, from now on -> GRANTED, REFUSED */
	ESWRAP_COUNT,	   /* -> GRANTED + fd of the asker's struct eswrap_counts, REFUSED */
};

/*
 * In the id of a RESOLVE: the asker's machine knows this name by itself (its own name, /etc/hosts,
 * the local network). DIRECT, unless the `host` of a route names it.
 */
#define ESWRAP_RESOLVE_LOCAL 1

/*
 * In the id of an ASSOCIATE: the socket has a port of its own by now. Whoever sends to that goes on to be
 * heard.
 */
#define ESWRAP_ASSOCIATE_SERVES 1

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

/* What is to become of a program that preloading does not reach; the launcher does it. */
enum eswrap_unreachable {
	ESWRAP_UNREACHABLE_REFUSE, /* not started */
	ESWRAP_UNREACHABLE_ISOLATE,
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
 * @id:		PEER: the datagram flow; KEEP_ALIVE: the flow; RESOLVE, ASSOCIATE: see above
 * @mark:	SO_MARK of the socket, 0 when it has none
 * @dest:	CONNECT, ASSOCIATE, PEER, REVERSE
 * @program:	program_invocation_short_name, NUL-terminated; advisory, for `program =`
 * @route:	value of ESWRAP_ROUTE, or empty
 * @name:	RESOLVE: the name as the program gave it, NUL-terminated, unchecked
 * @pid:	the process that it is asked for, or the asker's own where only @uid is known; 0: it is
 *		the asker's own question, and @uid does not count
 * @uid:	the user of @pid; believed from root and the broker's own user
 * @keep_alive:	CONNECT, KEEP_ALIVE: s between TCP keep-alive probes; 0: the program asked for none
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
	int32_t pid;
	uint32_t uid;
	uint32_t keep_alive;
};

/**
 * struct eswrap_reply - broker to shim, one packet, with a descriptor beside it where one is
 * granted
 * @magic:	the request's
 * @verdict:	enum eswrap_verdict
 * @error:	REFUSED: an errno, or for RESOLVE an enum eswrap_resolve_error; GRANTED HOLD: enum
 *		eswrap_unreachable
 * @id:		GRANTED CONNECT, ASSOCIATE: the flow
 * @tag:	GRANTED PEER: of the peer's name
 * @key:	GRANTED ASSOCIATE
 * @v4, @v6:	GRANTED RESOLVE: the stand-in addresses, port 0; ASSOCIATE, @v4: the module's own address
 *		(family 0: not known yet)
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
/* Where name servers are asked, whatever their address. */
#define ESWRAP_PORT_NAMES 53

/* As many rules as leave the file within a page; what they cannot say is asked. */
#define ESWRAP_POLICY_RULES 140

#define ESWRAP_DOOR_MAX 32 /* bytes of the other socket's name, NUL included */

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
 * @counter:		DIRECT: which of struct eswrap_counts has one more
 */
struct eswrap_policy_rule {
	uint8_t address[16];
	uint8_t prefix;
	uint8_t flags;
	uint16_t first_port;
	uint16_t last_port;
	uint16_t counter;
};

/**
 * struct eswrap_policy - what needs not be asked; a file of another size is of another version, and none
 * @magic:	ESWRAP_MAGIC; 0 once it is withdrawn
 * @count:	rules that count
 * @door:	an abstract socket name, without the NUL before it, on which the broker answers as well:
 *		for programs that cannot see the path of the control socket. It has a random word, and
 *		whoever connects looks at SO_PEERCRED. Empty: there is none
 */
struct eswrap_policy {
	uint32_t magic;
	uint32_t count;
	char door[ESWRAP_DOOR_MAX];
	struct eswrap_policy_rule rules[ESWRAP_POLICY_RULES];
};

/* As many routes as are counted each; those that come later share the last. */
#define ESWRAP_COUNTERS 255

/**
 * struct eswrap_counts - what has gone out directly without a question, by one user
 * @magic:	ESWRAP_MAGIC
 * @direct:	connects, and datagrams with an address; they wrap around
 */
struct eswrap_counts {
	uint32_t magic;
	uint32_t direct[ESWRAP_COUNTERS];
};

/* The kinds of socket names, as they stand between "\0eswrap/" and the ID. */
enum eswrap_name_kind {
	ESWRAP_NAME_FLOW = 'f',
	ESWRAP_NAME_OUTCOME = 'o',
	ESWRAP_NAME_DATAGRAM_PEER = 'd',
};

#endif
