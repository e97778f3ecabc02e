// SPDX-License-Identifier: MIT
/* The line without a module. */
#include "unit/fake-line.h"

#include <errno.h>
#include <string.h>

#include "eswrapd/sched.h"
#include "support/suite.h"

struct fake_line fake;

gint64 fake_now(void)
{
	return fake.now;
}

static gint64 line_now(struct line *line G_GNUC_UNUSED)
{
	return fake.now;
}

static void line_kick(struct line *line G_GNUC_UNUSED)
{
	fake.kicked = true;
}

static void line_wake(struct line *line G_GNUC_UNUSED, gint64 when)
{
	fake.wake = when;
}

static int begin(enum what what, guint socket, line_done done, gpointer user)
{
	if (fake.what)
		return -EBUSY;
	fake.what = what;
	fake.socket = socket;
	fake.done = done;
	fake.user = user;
	return 0;
}

static int line_open(struct line *line G_GNUC_UNUSED, guint socket,
		     const struct eswifi_target *target, line_done done, gpointer user)
{
	g_strlcpy(fake.host, target->host, sizeof(fake.host));
	fake.patience_ms = target->patience_ms;
	return begin(OPEN, socket, done, user);
}

static int line_send(struct line *line G_GNUC_UNUSED, guint socket, const guint8 *data, gsize size,
		     line_done done, gpointer user)
{
	memcpy(fake.sent, data, size);
	fake.size = size;
	return begin(SEND, socket, done, user);
}

static int line_read(struct line *line G_GNUC_UNUSED, guint socket, guint wait_ms,
		     line_read_done done, gpointer user)
{
	fake.wait_ms = wait_ms;
	fake.read_done = done;
	return begin(READ, socket, NULL, user);
}

static int line_close(struct line *line G_GNUC_UNUSED, guint socket, line_done done, gpointer user)
{
	return begin(CLOSE, socket, done, user);
}

static int line_keep_alive(struct line *line G_GNUC_UNUSED, guint socket, guint ms, line_done done,
			   gpointer user)
{
	fake.keep_alive_ms = ms;
	return begin(KEEP_ALIVE, socket, done, user);
}

static bool line_empty_is_dear(struct line *line G_GNUC_UNUSED)
{
	return fake.empty_is_dear;
}

static const struct line_ops ops = {
	.now = line_now,
	.empty_is_dear = line_empty_is_dear,
	.kick = line_kick,
	.wake = line_wake,
	.open = line_open,
	.send = line_send,
	.read = line_read,
	.close = line_close,
	.keep_alive = line_keep_alive,
};

void fake_line_init(struct sched *sched)
{
	memset(&fake, 0, sizeof(fake));
	fake.line.ops = &ops;
	fake.sched = sched;
	fake.now = 1000 * MS;
	fake.wake = -1;
	sched_set_line(sched, &fake.line);
}

enum what next(void)
{
	if (!fake.what)
		sched_next(fake.sched);
	return fake.what;
}

/* Return: what it was. */
static enum what over(void)
{
	enum what what = fake.what;

	ck_assert_int_ne(what, NOTHING);
	fake.what = NOTHING;
	return what;
}

void end(int result, gint64 took)
{
	static const guint8 bytes[ESWIFI_PAYLOAD_MAX];

	fake.now += took;
	if (over() == READ)
		fake.read_done(result, bytes, fake.user);
	else
		fake.done(result, "", fake.user);
}

void end_with(int result, const char *text)
{
	ck_assert_int_ne(over(), READ);
	fake.done(result, text, fake.user);
}

void end_read(const void *data, gsize size)
{
	ck_assert_int_eq(over(), READ);
	fake.read_done((int)size, data, fake.user);
}

void until(enum what what)
{
	int i;

	for (i = 0; next() != what; i++) {
		ck_assert_int_lt(i, 10000);
		if (fake.what == NOTHING)
			fake.now = fake.wake;
		else
			end(fake.what == SEND ? (int)fake.size : 0, 1 * MS);
	}
}
