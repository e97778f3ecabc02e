/* SPDX-License-Identifier: MIT */
/*
 * The driver as blocking calls: each starts one operation and runs the main loop until it is over.
 */
#ifndef TESTS_DRIVE_H
#define TESTS_DRIVE_H

#include "eswifi/eswifi.h"

/* No wait takes longer, s. */
#define DRIVE_DEADLINE_S 60

/**
 * struct drive - a driver and what it has reported
 * @settings:	change them between drive_prepare() and drive_start()
 * @lost:	how often ops.lost was called
 * @data:	what the last drive_read() got
 * @text:	what the last operation's @text said
 * @why:	the reason of the last state
 */
struct drive {
	struct eswifi_settings settings;
	struct eswifi_module *module;
	guint lost;
	guint8 data[ESWIFI_PAYLOAD_MAX];
	char *text, *why;
	/* Only drive.c looks at these. */
	GMainContext *context;
	bool done, timed_out;
	int result;
};

/* drive_prepare() - settings for @device and the harness's access point; starts nothing */
void drive_prepare(struct drive *d, const char *device);
/* drive_start() - start the driver, which must be accepted */
void drive_start(struct drive *d);
/* drive_ready() - prepare, start, and wait until the module is ready */
void drive_ready(struct drive *d, const char *device);
void drive_free(struct drive *d);

/* drive_await_state() - run the main loop until the driver is in @state */
void drive_await_state(struct drive *d, enum eswifi_state state);
/* drive_await_why() - until the reason of the state has @words in it */
void drive_await_why(struct drive *d, const char *words);
/* drive_await_lost() - until ops.lost has been called @count times in all */
void drive_await_lost(struct drive *d, guint count);

/* Each waits for the operation's end and returns its result. */
int drive_lookup(struct drive *d, guint socket, const char *host);
int drive_open(struct drive *d, guint socket, const struct eswifi_target *target);
int drive_open_tcp(struct drive *d, guint socket, guint16 port); /* on 127.0.0.1 */
int drive_send(struct drive *d, guint socket, const void *data, gsize size);
int drive_read(struct drive *d, guint socket, guint wait_ms);
int drive_keep_alive(struct drive *d, guint socket, guint ms);
int drive_close(struct drive *d, guint socket);
/* @peer: port of a server of this machine that greets, 0: none */
int drive_probe(struct drive *d, guint socket, guint16 peer);
int drive_ask(struct drive *d, enum eswifi_question question, const char *argument);
int drive_credential(struct drive *d, guint set, enum eswifi_item item, const char *data);

/* drive_send_all() - send in pieces; fails the test when one is refused */
void drive_send_all(struct drive *d, guint socket, const void *data, gsize size);
/**
 * drive_read_all() - read until @size bytes have come, or the end
 *
 * Return: what came; free with g_byte_array_unref(). The last result is in @end.
 */
GByteArray *drive_read_all(struct drive *d, guint socket, gsize size, int *end);

#endif
