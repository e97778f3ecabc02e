/* SPDX-License-Identifier: MIT */
/* The module's four transport sockets, on real ones of this machine. */
#ifndef FAKE_NET_H
#define FAKE_NET_H

#include "eswrap-fake/loop.h"
#include "eswrap-fake/tls.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/types.h>

#define SOCKET_COUNT 4	  /* [Inventek, multi-accept page] */
#define PAYLOAD_MAX  1460 /* bytes of one S3 or R0 [Inventek, "How to send data"] */
#define NAME_LEN_MAX 253
#define WAIT_MS_MAX  30000 /* R2 and S2 [ST] */

enum protocol { /* values of P1 [product note, ST] */
		PROTOCOL_TCP,
		PROTOCOL_UDP,
		PROTOCOL_UDP_LITE,
		PROTOCOL_TLS,
		PROTOCOL_MQTT,
};

/**
 * struct socket - one transport socket: what was set, and what is open
 * @protocol, @local_port, @remote, @remote_port, @verify:	P1, P2, D0 or P3, P4, P9
 * @name:	what D0 was given, "" for an address
 * @read_max, @read_wait_ms, @read_at_once:	R1, R2, R3
 * @write_wait_ms:	S2
 * @keep_alive, @keep_alive_ms:	PK
 * @write_size:	S1
 * @backlog, @accept_loop:	P8; P7=1 or P5=11
 * @fd:		-1: not open; of a server: the client that was accepted
 * @open_as:	what it was opened as
 * @tls:	with PROTOCOL_TLS
 * @gone:	the other side has ended, all its data was read
 * @listen_fd:	of a TCP server that runs, otherwise -1
 * @accepting:	it waits for a client
 * @udp_server:	a UDP server runs: anybody may talk to it
 * @unsent:	a TLS record that the line has not taken yet; @unsent_size bytes of payload
 */
struct socket {
	enum protocol protocol;
	uint16_t local_port, remote_port;
	struct in_addr remote;
	char name[NAME_LEN_MAX + 1];
	enum verify verify;
	unsigned int read_max, read_wait_ms, write_wait_ms, write_size;
	bool read_at_once;
	bool keep_alive;
	unsigned int keep_alive_ms;
	unsigned int backlog;
	bool accept_loop;

	int fd;
	enum protocol open_as;
	struct tls *tls;
	bool gone;
	int listen_fd;
	bool accepting, udp_server;
	uint8_t unsent[PAYLOAD_MAX];
	size_t unsent_size;
};

/* socket_reset() - factory settings; it must not be open */
void socket_reset(struct socket *sock);

/**
 * socket_open() - P6=1
 * @items:	the active credentials set
 * @check_names, @tls13:	see struct tls_setup
 * @connect_ns:	how long to try, ns
 * @why:	on failure, the reason in words; a string of g_strdup()
 *
 * Return: true when it is open.
 */
bool socket_open(struct socket *sock, struct loop *loop, GBytes *const *items, bool check_names,
		 bool tls13, int64_t connect_ns, char **why);

/* socket_close() - P6=0; nothing if it is not open */
void socket_close(struct socket *sock);

/* socket_abort() - the connection breaks, and the other side is told so by a reset */
void socket_abort(struct socket *sock);

/**
 * socket_listen() - P5=1 with P1=0
 *
 * Return: 0, or a negative errno.
 */
int socket_listen(struct socket *sock);

/**
 * socket_accept() - take the next client of a server into @fd
 *
 * Return: false when there is none.
 */
bool socket_accept(struct socket *sock);

/**
 * socket_serve_datagrams() - P5=1 with P1=1
 *
 * Return: 0, or a negative errno.
 */
int socket_serve_datagrams(struct socket *sock);

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

/* socket_local_port() - the port it really has, or the one that was set */
uint16_t socket_local_port(const struct socket *sock);

#endif
