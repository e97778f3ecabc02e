/* SPDX-License-Identifier: MIT */
/*
 * Drives eswrap-fake as a stranger would: raw bytes over its socket or its pseudo-terminal. Nothing
 * here knows lib/eswifi or the sources of eswrap-fake.
 */
#ifndef TESTS_FAKE_HARNESS_H
#define TESTS_FAKE_HARNESS_H

#include "support/suite.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define OK	   "\r\n\r\nOK\r\n> "
#define PROMPT	   "\r\n> "
#define DATA(text) "\r\n" text "\r\nOK\r\n> "
#define MAC	   "c4:7f:51:00:00:01"
/* The good P6=1 of fake_open(). */
#define CONNECTING DATA("[TCP  RC] Connecting to 127.0.0.1")
/* A failure of @command, in words until MT=1. */
#define UNKNOWN		       "\r\nERROR: Unknown Command\r\n> "
#define FAILED(command, usage) "\r\nERROR: Unknown Error\r\nUsage: " command " " usage "\r\n> "
#define SIMPLE		       "\r\nERROR\r\n> "
/* R0 of a connection that is gone. */
#define GONE "\r\n-1" FAILED("R0", "")
/* What is right however slow the machine is; a time-out here is a failure. */
#define PATIENCE_MS 20000

/* The firmware that is known; the first is the default. */
enum profile { C3525, C3523, C621, NOTE, PROFILES };

/**
 * struct fake - one simulated module, and the host's end of its line
 * @pid:	the process, 0: not running
 * @fd:		the line
 * @dir:	a directory of its own; the socket, the link and the flash are in it
 * @path:	of the socket or the link
 * @pty:	the line is a pseudo-terminal
 */
struct fake {
	pid_t pid;
	int fd;
	char *dir, *path;
	bool pty;
};

/**
 * fake_start() - start a module with more options and connect to it
 * @options:	as in a shell, "" for none; %s in it stands for its directory
 */
struct fake *fake_start(const char *options);
/* fake_start_as() - the same as one of the profiles */
struct fake *fake_start_as(enum profile profile, const char *options);
/* fake_start_pty() - the same over a pseudo-terminal set to @rate bit/s */
struct fake *fake_start_pty(unsigned int rate, const char *options);
/* fake_restart() - the same directory again, after fake_kill() or fake_stop_process() */
void fake_restart(struct fake *fake, const char *options);
/* fake_connect() - another host's end of the line */
int fake_connect(const struct fake *fake);
/* fake_kill() - kill -9 */
void fake_kill(struct fake *fake);
/* fake_stop_process() - SIGTERM; it must exit cleanly and take its socket or link away */
void fake_stop_process(struct fake *fake);
/* fake_stop() - the same, and removes the directory */
void fake_stop(struct fake *fake);

/**
 * fake_refuses() - run it with options that it must not accept
 *
 * Return: what it says on standard error; it must exit with 1. Free with g_free().
 */
char *fake_refuses(const char *options);

void fake_send(struct fake *fake, const void *data, size_t size);
void fake_text(struct fake *fake, const char *text);
/* fake_expect() - the next bytes on the line are these */
void fake_expect(struct fake *fake, const void *data, size_t size);
void fake_expect_text(struct fake *fake, const char *text);
/* fake_receive() - take exactly @size bytes */
void fake_receive(struct fake *fake, void *data, size_t size);
/* fake_quiet() - nothing comes for @ms */
void fake_quiet(struct fake *fake, unsigned int ms);
/* fake_says() - a command, and its whole answer byte for byte */
void fake_says(struct fake *fake, const char *command, const char *answer);
/* fake_ask() - a command; its answer up to the prompt, in text. Free with g_free() */
char *fake_ask(struct fake *fake, const char *command);
/* fake_usage() - a command whose answer says what is wrong with its argument, and its usage */
void fake_usage(struct fake *fake, const char *command);
/* fake_why() - the last reason that the trace has for a failure. Free with g_free() */
char *fake_why(const struct fake *fake);
/* fake_fails() - a command that is answered with ERROR; the reason in the trace holds @words */
void fake_fails(struct fake *fake, const char *command, const char *words);
/* fake_join() - C1, C2, C3, C0 with the access point that is there by default */
void fake_join(struct fake *fake);

/* peer_listen() - a TCP port of the loopback interface that is ours. Return: the socket */
int peer_listen(uint16_t *port);
/* peer_accept(), peer_take(), peer_give(): with PATIENCE_MS */
int peer_accept(int listen_fd);
void peer_take(int fd, const void *data, size_t size);
void peer_give(int fd, const void *data, size_t size);
/* peer_ended() - the other side has ended; what is left comes first */
void peer_ended(int fd);
/* fake_target() - P0=@socket, P1=@protocol, P3=127.0.0.1, P4=@port */
void fake_target(struct fake *fake, unsigned int socket, unsigned int protocol, uint16_t port);
/* fake_open() - the same, and P6=1 */
void fake_open(struct fake *fake, unsigned int socket, unsigned int protocol, uint16_t port);
/* monotonic_ms() - a clock */
int64_t monotonic_ms(void);

#endif
