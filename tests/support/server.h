/* SPDX-License-Identifier: MIT */
/* Small servers of our own, in a process each, on loopback ports that the kernel picks. */
#ifndef TESTS_SERVER_H
#define TESTS_SERVER_H

#include "support/harness.h"

enum server_kind {
	SERVER_ECHO,	 /* every byte comes back until the client closes */
	SERVER_SOURCE,	 /* sends @size bytes of the pattern, closes */
	SERVER_SINK,	 /* takes @size bytes, answers "good\n" or "bad at OFFSET\n", closes */
	SERVER_HOLD,	 /* accepts, says nothing, stays until the client closes */
	SERVER_ABORT,	 /* sends @size bytes of the pattern, resets the connection */
	SERVER_UDP_ECHO, /* every datagram comes back to its sender */
	SERVER_OWN,	 /* @serve is called; when it returns the connection is closed */
};

struct server_connection;

/**
 * struct server - what to start
 * @kind:	what it does with each connection; any number at once
 * @size:	bytes, where the kind says so
 * @tls:	speak TLS with server.pem
 * @client_certificate:	with @tls: require a certificate that ca.pem signed
 * @ipv6:	listen on ::1 and not on 127.0.0.1
 * @anywhere:	listen on all addresses of IPv4
 * @serve:	SERVER_OWN: one connection, in a process of its own
 * @user:	for @serve; what it changes must be in memory that is shared
 */
struct server {
	enum server_kind kind;
	gsize size;
	bool tls;
	bool client_certificate;
	bool ipv6;
	bool anywhere;
	void (*serve)(struct server_connection *c, gpointer user);
	gpointer user;
};

/**
 * server_start() - start a server; it listens when this returns
 *
 * Return: its port.
 */
guint16 server_start(struct harness *h, const struct server *what);

/*
 * server_take(), server_give() - read() and write() on a connection, which may be TLS
 *
 * Return: as read() and write() do; -1 with errno EAGAIN on a connection that was made non-blocking
 * and can not go on now.
 */
ssize_t server_take(struct server_connection *c, void *buffer, size_t size);
ssize_t server_give(struct server_connection *c, const void *buffer, size_t size);
/* server_put() - all of it. Return: false when it could not be */
bool server_put(struct server_connection *c, const void *buffer, size_t size);
/* server_fd() - for poll() and socket options */
int server_fd(const struct server_connection *c);
/* server_reset() - end the connection with a reset, and not with a close */
void server_reset(struct server_connection *c);

/**
 * server_pattern() - byte number @offset of what SERVER_SOURCE sends and SERVER_SINK expects
 *
 * The period is a prime above the payload of a command, so that a piece that was lost, doubled or
 * moved shows. All 256 values occur, and among them "\r\nOK\r\n> ".
 */
guint8 server_pattern(gsize offset);

#endif
