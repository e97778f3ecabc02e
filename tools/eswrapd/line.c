// SPDX-License-Identifier: MIT
/*
 * The line of a real module: the driver's operations, the loop's clock, and a timer.
 */
#include "eswrapd/line.h"

#include "loop/timer.h"

/**
 * struct module_line - a module's line
 * @done, @read_done, @user:	of the operation under way; there is one at a time
 */
struct module_line {
	struct line line;
	struct eswifi_module *module;
	struct timers *timers;
	struct timer timer; /* when to look for work again */
	line_done done;
	line_read_done read_done;
	gpointer user;
};

static struct module_line *self_of(struct line *line)
{
	return (struct module_line *)line;
}

static gint64 line_now(struct line *line)
{
	return timers_now(self_of(line)->timers);
}

static void line_kick(struct line *line)
{
	eswifi_module_kick(self_of(line)->module);
}

static void line_wake(struct line *line, gint64 when)
{
	if (when < 0)
		timer_stop(&self_of(line)->timer);
	else
		timer_set(&self_of(line)->timer, when);
}

static bool line_empty_is_dear(struct line *line)
{
	return !eswifi_module_identity(self_of(line)->module)->counted;
}

static void on_done(struct eswifi_module *module G_GNUC_UNUSED, int result, const char *text,
		    gpointer user)
{
	struct module_line *self = user;

	self->done(result, text, self->user);
}

static void on_read_done(struct eswifi_module *module G_GNUC_UNUSED, int result, const guint8 *data,
			 gpointer user)
{
	struct module_line *self = user;

	self->read_done(result, data, self->user);
}

/* Notes whom the end of the operation is to be told. An operation under way keeps its own. */
static int begun(struct module_line *self, int result, line_done done, gpointer user)
{
	if (result == 0) {
		self->done = done;
		self->user = user;
	}
	return result;
}

static int line_open(struct line *line, guint socket, const struct eswifi_target *target,
		     line_done done, gpointer user)
{
	struct module_line *self = self_of(line);

	return begun(self, eswifi_open(self->module, socket, target, on_done, self), done, user);
}

static int line_send(struct line *line, guint socket, const guint8 *data, gsize size,
		     line_done done, gpointer user)
{
	struct module_line *self = self_of(line);

	return begun(self, eswifi_send(self->module, socket, data, size, on_done, self), done,
		     user);
}

static int line_read(struct line *line, guint socket, guint wait_ms, line_read_done done,
		     gpointer user)
{
	struct module_line *self = self_of(line);
	int result = eswifi_read(self->module, socket, wait_ms, on_read_done, self);

	if (result == 0) {
		self->read_done = done;
		self->user = user;
	}
	return result;
}

static int line_close(struct line *line, guint socket, line_done done, gpointer user)
{
	struct module_line *self = self_of(line);

	return begun(self, eswifi_close(self->module, socket, on_done, self), done, user);
}

static int line_keep_alive(struct line *line, guint socket, guint ms, line_done done, gpointer user)
{
	struct module_line *self = self_of(line);

	return begun(self, eswifi_keep_alive(self->module, socket, ms, on_done, self), done, user);
}

static const struct line_ops module_line_ops = {
	.now = line_now,
	.kick = line_kick,
	.wake = line_wake,
	.empty_is_dear = line_empty_is_dear,
	.open = line_open,
	.send = line_send,
	.read = line_read,
	.close = line_close,
	.keep_alive = line_keep_alive,
};

static void look_for_work(gpointer user)
{
	eswifi_module_kick(user);
}

struct line *line_new(struct eswifi_module *module, struct timers *timers)
{
	struct module_line *self = g_new0(struct module_line, 1);

	self->line.ops = &module_line_ops;
	self->module = module;
	self->timers = timers;
	timer_init(&self->timer, timers, look_for_work, module);
	return &self->line;
}

void line_free(struct line *line)
{
	struct module_line *self = (struct module_line *)line;

	if (!self)
		return;
	timer_clear(&self->timer);
	g_free(self);
}
