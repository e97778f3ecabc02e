/* SPDX-License-Identifier: MIT */
/*
 * The engine behind the tunnel device, and what its files share.
 *
 * DOC: Theory of Operation
 *
 *	program -- kernel TCP --> tun --> engine -- same packet, other addresses --> tun --> listener
 *	                                    |                                                  | accept()
 *	                                    +-- CONNECT to the broker -- flow <-- bytes --> socket
 *
 * Both ends of a program's TCP connection are the namespace's kernel, so nothing of TCP is imitated.
 * The engine holds the program's first SYN (nat.h), asks the broker for a flow as the shim does, and
 * lets the SYN through to its own listener only when the module has connected; or answers it with a
 * RST or an ICMP error. From then on it changes addresses, and copies bytes between the socket that it
 * has accepted and the flow.
 *
 * What packets do not say is asked of the namespace's kernel (diag.c): whether the program still waits
 * for its connect (a close() while the SYN is held sends nothing), and whether a FIN was a close() or a
 * shutdown() (the module cannot close one half; a connection that is only thought to be half closed
 * would keep one of its four sockets). That is asked while something is held or half closed, and not
 * otherwise: an idle engine sleeps.
 *
 * Name servers are the broker, whatever their address: it answers what comes to port 53. The namespace
 * has a loopback of its own, so where resolv.conf names a server on 127/8 the engine listens there.
 *
 * Nothing is direct here: what no route takes is refused. So nothing leaves by accident.
 *
 * The sockets that it accepts reset when they are closed without a FIN (SO_LINGER 0): also when the
 * engine is killed. Its keeper, a second process that holds the tunnel device and the table, then sees
 * that those resets get through. Each of the two looks after the other: a keeper that was killed is
 * replaced.
 */
#ifndef TUNNEL_ENGINE_H
#define TUNNEL_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "eswrap-tunnel/nat.h"
#include "eswrap-tunnel/space.h"
#include "eswrap/wire.h"

/* How often the kernel is asked about what is held or half closed, ms; at first, and from then on. */
#define CHECK_FIRST_MS 10
#define CHECK_MS       250
/*
 * No answer from the broker for this long is "network is down", ms: a stopped one must not hang us. Less
 * than resolvers wait.
 */
#define ANSWER_MS 4000

/* What a descriptor in the epoll set is; the lower half of the data is a number of its own. */
enum watched {
	WATCHED_TUN,
	WATCHED_LISTENER,
	WATCHED_LIFE,
	WATCHED_KEEPER,
	WATCHED_LEND, /* lend.h: the service's socket, who asks there, and what became of it */
	WATCHED_ASKING,
	WATCHED_LENDER,
	WATCHED_PORT, /* a listed port of the caller's loopback */
	WATCHED_NEAR,
	WATCHED_FAR,
	WATCHED_SESSION,
	WATCHED_NAME, /* a name server's address on the loopback, for datagrams */
	WATCHED_NAME_STREAM,
};

struct connection;
struct question;
struct session;

/**
 * struct engine - all of it
 * @space:	what was made in the namespace
 * @nat, @questions:	shared with the keeper
 * @poll:	the epoll set
 * @keeper:	its pidfd
 * @now:	ms, at the beginning of this turn of the loop
 * @checks:	connections that the kernel is to be asked about
 * @check_at:	ms: when the first of them is due; nothing where there are none
 * @waiting:	datagram sessions that wait for the broker, or for an answer to a question
 */
struct engine {
	struct space space;
	struct nat *nat;
	struct question *questions;
	int poll, keeper;
	int64_t now;
	unsigned int checks, waiting;
	int64_t check_at;
	struct connection *connections;
	struct session *sessions;
};

/* engine_write() - a packet into the namespace; one that does not fit is lost, as on any line */
void engine_write(const struct engine *engine, const void *packet, size_t len);
/* engine_watch() - wait for these events of a descriptor; 0: for none */
void engine_watch(const struct engine *engine, int fd, uint32_t before, uint32_t events,
		  enum watched what, unsigned int number);

/**
 * engine_deliver() - a datagram to who sent from @tuple, as from whom it went to
 * @socket:	of the loopback, to which that came; -1: it came through the device
 */
void engine_deliver(const struct engine *engine, int socket, const struct tuple *tuple,
		    const void *data, size_t len);
/* engine_close_others() - all descriptors but these, in any order, and the first three */
void engine_close_others(int *keep, unsigned int count);

/* far.c */

/* far_control_path() - of the broker's control socket */
const char *far_control_path(void);
/* far_is_trustworthy() - does root, we, or the owner of its directory listen at @path? */
bool far_is_trustworthy(int connected, const char *path);

/**
 * far_ask() - begin a question to the broker, without waiting
 * @type:	ESWRAP_CONNECT or ESWRAP_ASSOCIATE
 * @inode:	of the program's socket, 0: not known
 *
 * Return: the connection on which the answer comes, or a negative errno: -EAGAIN: too many ask.
 */
int far_ask(enum eswrap_request_type type, const struct tuple *program, uint32_t uid,
	    uint32_t inode);
/**
 * far_take() - the answer
 *
 * Return: the flow, or a negative errno: -EAGAIN: not yet; -ENETUNREACH also for what is direct.
 */
int far_take(int ask, struct eswrap_reply *reply);

/* diag.c */

enum holder {
	HOLDER_NONE, /* no such socket, or nobody holds it any more */
	HOLDER_THERE,
};

/* diag_holder() - does a program hold the socket that sends this? @protocol: IPPROTO_TCP or _UDP */
enum holder diag_holder(int diag, int protocol, const struct tuple *program, uint32_t *uid,
			uint32_t *inode);

/* who.c */

/* who_holds() - the process that has this socket. Return: its pid, 0: not found */
int who_holds(uint32_t inode, char *program, size_t size);

/* tcp.c */

void tcp_packet(struct engine *engine, struct packet *packet);
void tcp_event(struct engine *engine, enum watched what, unsigned int number, uint32_t events);
void tcp_accept(struct engine *engine);
void tcp_accept_port(struct engine *engine, unsigned int number);
/* tcp_accept_name() - a connection to a name server's address on the loopback */
void tcp_accept_name(struct engine *engine, unsigned int number);
void tcp_check(struct engine *engine);
struct connection *tcp_new(void);

/* udp.c */

void udp_packet(struct engine *engine, struct packet *packet);
/* udp_take_name() - a question has come to a name server's address on the loopback */
void udp_take_name(struct engine *engine, unsigned int number);
void udp_event(struct engine *engine, unsigned int number);
void udp_check(struct engine *engine);
struct session *udp_new(void);

/* question.c */

struct question *question_new(void);
/* question_keep() - one is on its way; @socket: as for engine_deliver() */
void question_keep(struct engine *engine, int socket, const struct tuple *tuple, const void *data,
		   size_t len);
/* question_answered() - by this datagram */
void question_answered(struct engine *engine, const struct tuple *tuple, const void *answer,
		       size_t len);
/* question_fail() - there will be no answer to those of @tuple, NULL: to any */
void question_fail(struct engine *engine, const struct tuple *tuple);

/* life.c */

/* life_find() - a process of the namespace. Return: a pidfd, or -1: nobody is left */
int life_find(const char *space);

/* keeper.c */

/* keeper_start() - the second process. Return: false when it could not be made */
bool keeper_start(struct engine *engine);
/* keeper_ended() - it was killed: there is to be another, or nobody ends connections when we are */
void keeper_ended(struct engine *engine);

#endif
