// SPDX-License-Identifier: MIT
#include "driver/drive.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "support/harness.h"

static void on_state(struct eswifi_module *module, enum eswifi_state state, const char *why,
		     gpointer user)
{
	struct drive *d = user;

	(void)module;
	(void)state;
	g_free(d->why);
	d->why = g_strdup(why);
}

static void on_next(struct eswifi_module *module, gpointer user)
{
	(void)module;
	(void)user;
}

static void on_lost(struct eswifi_module *module, const char *why, gpointer user)
{
	struct drive *d = user;

	(void)module;
	(void)why;
	d->lost++;
}

static const struct eswifi_ops ops = { .state = on_state, .next = on_next, .lost = on_lost };

static gboolean on_deadline(gpointer user)
{
	struct drive *d = user;

	d->timed_out = true;
	return G_SOURCE_REMOVE;
}

static void turn(struct drive *d, guint deadline)
{
	g_main_context_iteration(d->context, TRUE);
	if (d->timed_out)
		ck_abort_msg("the driver is %s (%s) after %u s",
			     eswifi_state_name(eswifi_module_state(d->module)),
			     d->why ? d->why : "", deadline);
}

static guint deadline_begin(struct drive *d)
{
	d->timed_out = false;
	return g_timeout_add_seconds(DRIVE_DEADLINE_S, on_deadline, d);
}

void drive_prepare(struct drive *d, const char *device)
{
	memset(d, 0, sizeof(*d));
	d->settings = (struct eswifi_settings){
		.device = device,
		.baud = 115200,
		.ssid = HARNESS_SSID,
		.passphrase = HARNESS_PASSPHRASE,
		.security = ESWIFI_SECURITY_WPA2,
	};
}

void drive_start(struct drive *d)
{
	GError *error = NULL;

	d->module = eswifi_module_new(&d->settings, &ops, d, &error);
	ck_assert_msg(d->module != NULL, "%s", error ? error->message : "");
	eswifi_module_start(d->module);
}

void drive_ready(struct drive *d, const char *device)
{
	drive_prepare(d, device);
	drive_start(d);
	drive_await_state(d, ESWIFI_READY);
}

void drive_free(struct drive *d)
{
	eswifi_module_free(d->module);
	g_free(d->text);
	g_free(d->why);
}

void drive_await_state(struct drive *d, enum eswifi_state state)
{
	guint deadline = deadline_begin(d);

	while (eswifi_module_state(d->module) != state)
		turn(d, DRIVE_DEADLINE_S);
	g_source_remove(deadline);
}

void drive_await_why(struct drive *d, const char *words)
{
	guint deadline = deadline_begin(d);

	while (!d->why || !strstr(d->why, words))
		turn(d, DRIVE_DEADLINE_S);
	g_source_remove(deadline);
}

void drive_await_lost(struct drive *d, guint count)
{
	guint deadline = deadline_begin(d);

	while (d->lost < count)
		turn(d, DRIVE_DEADLINE_S);
	g_source_remove(deadline);
}

static void on_done(struct eswifi_module *module, int result, const char *text, gpointer user)
{
	struct drive *d = user;

	(void)module;
	g_free(d->text);
	d->text = g_strdup(text);
	d->result = result;
	d->done = true;
}

static void on_read(struct eswifi_module *module, int result, const guint8 *data, gpointer user)
{
	struct drive *d = user;

	(void)module;
	ck_assert_int_le(result, ESWIFI_PAYLOAD_MAX);
	if (result > 0)
		memcpy(d->data, data, (gsize)result);
	d->result = result;
	d->done = true;
}

/*
 * Before an operation: the driver may be asking the module whether it is still joined, which
 * nothing but -EBUSY tells. No operation is started by a socket number that is out of range.
 */
static void begin(struct drive *d)
{
	guint deadline = deadline_begin(d);

	while (eswifi_module_state(d->module) == ESWIFI_READY &&
	       eswifi_close(d->module, ESWIFI_SOCKETS, NULL, NULL) == -EBUSY)
		turn(d, DRIVE_DEADLINE_S);
	g_source_remove(deadline);
	d->done = false;
}

/* @started is what the driver said to the call. */
static int finish(struct drive *d, int started)
{
	guint deadline;

	if (started)
		return started;
	/* The callback must not run within the call that started the operation. */
	ck_assert(!d->done);
	deadline = deadline_begin(d);
	while (!d->done)
		turn(d, DRIVE_DEADLINE_S);
	g_source_remove(deadline);
	return d->result;
}

int drive_lookup(struct drive *d, guint socket, const char *host)
{
	begin(d);
	return finish(d, eswifi_lookup(d->module, socket, host, on_done, d));
}

int drive_open(struct drive *d, guint socket, const struct eswifi_target *target)
{
	begin(d);
	return finish(d, eswifi_open(d->module, socket, target, on_done, d));
}

int drive_open_tcp(struct drive *d, guint socket, guint16 port)
{
	struct eswifi_target target = { .protocol = ESWIFI_TCP, .host = "127.0.0.1", .port = port };

	return drive_open(d, socket, &target);
}

int drive_send(struct drive *d, guint socket, const void *data, gsize size)
{
	begin(d);
	return finish(d, eswifi_send(d->module, socket, data, size, on_done, d));
}

int drive_read(struct drive *d, guint socket, guint wait_ms)
{
	begin(d);
	return finish(d, eswifi_read(d->module, socket, wait_ms, on_read, d));
}

int drive_keep_alive(struct drive *d, guint socket, guint ms)
{
	begin(d);
	return finish(d, eswifi_keep_alive(d->module, socket, ms, on_done, d));
}

int drive_close(struct drive *d, guint socket)
{
	begin(d);
	return finish(d, eswifi_close(d->module, socket, on_done, d));
}

int drive_probe(struct drive *d, guint socket, guint16 peer)
{
	begin(d);
	return finish(d,
		      eswifi_probe(d->module, socket, peer ? "127.0.0.1" : NULL, peer, on_done, d));
}

int drive_ask(struct drive *d, enum eswifi_question question, const char *argument)
{
	begin(d);
	return finish(d, eswifi_ask(d->module, question, argument, on_done, d));
}

int drive_credential(struct drive *d, guint set, enum eswifi_item item, const char *data)
{
	begin(d);
	return finish(d, eswifi_credential_write(d->module, set, item, (const guint8 *)data,
						 strlen(data), on_done, d));
}

void drive_send_all(struct drive *d, guint socket, const void *data, gsize size)
{
	const guint8 *at = data;
	int n;

	while (size) {
		n = drive_send(d, socket, at, MIN(size, ESWIFI_PAYLOAD_MAX));
		ck_assert_int_ge(n, 0);
		at += n;
		size -= (gsize)n;
	}
}

GByteArray *drive_read_all(struct drive *d, guint socket, gsize size, int *end)
{
	GByteArray *all = g_byte_array_new();
	int n = 0;

	while (all->len < size) {
		n = drive_read(d, socket, 2);
		if (n < 0)
			break;
		g_byte_array_append(all, d->data, (guint)n);
	}
	*end = n;
	return all;
}
