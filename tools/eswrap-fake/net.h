/* SPDX-License-Identifier: MIT */
/* The module's four transport sockets, on real ones of this machine. */
#ifndef FAKE_NET_H
#define FAKE_NET_H

#include "eswrap-fake/loop.h"
#include "eswrap-fake/tls.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/types.h>

#define SOCKET_COUNT  4	    /* [Inventek, multi-accept page] */
#define PAYLOAD_MAX   1460  /* bytes of one S3 or R0 [Inventek, "How to send data"] */
#define NAME_LEN_MAX  63    /* characters of D0 [UM] */
#define LOCAL_PORT    5024  /* P2, */
#define REMOTE_PORT   5025  /* and P4, until they are set [UM] */
#define READ_WAIT_MS  5000  /* R2, */
#define WRITE_WAIT_MS 5000  /* and S2, until they are set [UM] */
#define WAIT_MS_MAX   30000 /* R2 and S2 [ST] */

enum protocol { /* values of P1 [product note, ST] */
		PROTOCOL_TCP,
		PROTOCOL_UDP,
		PROTOCOL_UDP_LITE,
		PROTOCOL_TLS,
		PROTOCOL_MQTT,
};

/* How a socket came to be closed. */
enum ending {
	END_NEVER,  /* it was not open since the start */
	END_HERE,   /* P6=0 or P5=0 */
	END_CLOSED, /* the other side has ended */
	END_RESET,  /* the connection broke */
	END_WIFI,   /* the association is gone */
};

/**
 * struct socket - one transport socket: what was set, and what is open
 * @protocol, @local_port, @remote, @remote_port, @verify:	P1, P2, D0 or P3, P4, P9
 * @name:	what D0 was given, "" for an address
 * @read_max, @read_wait_ms, @read_mode:	R1, R2 (0: for ever), R3
 * @at_once:	R0 returns as soon as something is there
 * @write_wait_ms:	S2
 * @call_ms:	PY, 0: not set
 * @keep_alive, @keep_alive_ms:	PK
 * @write_size:	S1
 * @backlog, @accept_loop:	P8; P7=1 or P5=11
 * @fd:		-1: not open; of a server: the client that was accepted
 * @open_as:	what it was opened as
 * @own_port:	the module's own port while it is open: no port of this machine
 * @ending:	how it came to be closed
 * @stopped:	P6=0 came since the last P6=1
 * @stalled_until:	the network moves nothing of it before then, CLOCK_MONOTONIC in ns
 * @tls:	with PROTOCOL_TLS
 * @gone:	the other side has ended, all its data was read
 * @listen_fd:	of a TCP server that runs, otherwise -1
 * @accepting:	it waits for a client
 * @udp_server:	a UDP server runs: anybody may talk to it
 * @anybody:	a UDP client whose local port is not its own: it hears whoever sends there
 * @announced:	its first datagram was told of
 * @unsent:	a TLS record that the line has not taken yet; @unsent_size bytes of payload
 */
struct socket {
	enum protocol protocol;
	uint16_t local_port, remote_port;
	struct in_addr remote;
	char name[NAME_LEN_MAX + 1];
	enum verify verify;
	unsigned int read_max, read_wait_ms, write_wait_ms, write_size, call_ms;
	unsigned int read_mode;
	bool at_once;
	bool keep_alive;
	unsigned int keep_alive_ms;
	unsigned int backlog;
	bool accept_loop;

	int fd;
	enum protocol open_as;
	uint16_t own_port;
	struct tls *tls;
	bool gone, stopped;
	enum ending ending;
	int64_t stalled_until;
	int listen_fd;
	bool accepting, udp_server, anybody, announced;
	uint8_t unsent[PAYLOAD_MAX];
	size_t unsent_size;
};

/* socket_reset() - factory settings; it must not be open */
void socket_reset(struct socket *sock);

/**
 * struct socket_start - what P6=1 needs to know
 * @tls:	for a TLS client; its verify, name and address are the socket's
 * @anybody:	see struct socket
 * @same_port:	an open UDP socket whose local port this one gets, too; NULL: a port of its own
 * @connect_ns:	how long to try, ns
 */
struct socket_start {
	struct tls_setup tls;
	bool anybody;
	const struct socket *same_port;
	int64_t connect_ns;
};

/**
 * socket_open() - P6=1
 * @failure:	on failure, what failed
 * @why:	on failure, the reason in words; a string of g_strdup()
 *
 * Return: true when it is open.
 */
bool socket_open(struct socket *sock, struct loop *loop, const struct socket_start *start,
		 enum tls_failure *failure, char **why);

/* socket_set_keep_alive() - do as @keep_alive and @keep_alive_ms say; it is open */
void socket_set_keep_alive(const struct socket *sock);

/* socket_close() - P6=0; nothing if it is not open */
void socket_close(struct socket *sock);

/* socket_abort() - the connection breaks, and the other side is told so by a reset */
void socket_abort(struct socket *sock, enum ending ending);

/**
 * socket_listen() - P5=1 with P1=0
 * @port:	the port of this machine where it can be reached: P2's, if that is free
 *
 * Return: 0, or a negative errno.
 */
int socket_listen(struct socket *sock, uint16_t *port);

/**
 * socket_accept() - take the next client of a server into @fd
 *
 * Return: false when there is none.
 */
bool socket_accept(struct socket *sock);

/**
 * socket_serve_datagrams() - P5=1 with P1=1
 * @port:	as with socket_listen()
 *
 * Return: 0, or a negative errno.
 */
int socket_serve_datagrams(struct socket *sock, uint16_t *port);

/**
 * socket_peek() - whom the first datagram that waits is from
 *
 * Return: false when none waits.
 */
bool socket_peek(const struct socket *sock, struct in_addr *address);

/**
 * socket_read() - R0
 * @data:	room for PAYLOAD_MAX
 *
 * Return: the number of bytes, 0: nothing there within R2, -EPIPE: gone and all read, -EINTR.
 */
ssize_t socket_read(struct socket *sock, struct loop *loop, uint8_t *data);

/**
 * socket_write() - S3
 *
 * Return: how many bytes were accepted within S2, -EPIPE: gone, -EINTR.
 */
ssize_t socket_write(struct socket *sock, struct loop *loop, const uint8_t *data, size_t size);

/* socket_is_open() - a client, a server, or a client of a server */
static inline bool socket_is_open(const struct socket *sock)
{
	return sock->fd >= 0 || sock->listen_fd >= 0;
}

#endif
