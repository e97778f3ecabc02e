// SPDX-License-Identifier: MIT
/*
 * The line of a real module: the driver's operations, the monotonic clock, and a timer.
 */
#include "eswrapd/line.h"

/*
 * struct timer - when to look for work again
 * @due:	monotonic, us; -1: never
 *
 * Not g_source_set_ready_time(), which wakes the main loop that it is called from: two system calls
 * and a turn of the loop for every command.
 */
struct timer {
	GSource source;
	struct eswifi_module *module;
	gint64 due;
};

/**
 * struct module_line - a module's line
 * @done, @read_done, @user:	of the operation under way; there is one at a time
 */
struct module_line {
	struct line line;
	struct eswifi_module *module;
	struct timer *timer;
	line_done done;
	line_read_done read_done;
	gpointer user;
};

static gboolean timer_is_due(const struct timer *timer)
{
	return timer->due >= 0 && timer->due <= g_get_monotonic_time();
}

static gboolean timer_prepare(GSource *source, gint *timeout_ms)
{
	const struct timer *timer = (struct timer *)source;
	gint64 left = timer->due - g_get_monotonic_time();

	*timeout_ms = timer->due < 0 ? -1 : (gint)((MAX(left, 0) + 999) / 1000);
	return timer_is_due(timer);
}

static gboolean timer_check(GSource *source)
{
	return timer_is_due((struct timer *)source);
}

static gboolean timer_dispatch(GSource *source, GSourceFunc callback G_GNUC_UNUSED,
			       gpointer user G_GNUC_UNUSED)
{
	struct timer *timer = (struct timer *)source;

	timer->due = -1;
	eswifi_module_kick(timer->module);
	return G_SOURCE_CONTINUE;
}

static GSourceFuncs timer_funcs = { .prepare = timer_prepare,
				    .check = timer_check,
				    .dispatch = timer_dispatch };

static struct module_line *self_of(struct line *line)
{
	return (struct module_line *)line;
}

static gint64 line_now(struct line *line G_GNUC_UNUSED)
{
	return g_get_monotonic_time();
}

static void line_kick(struct line *line)
{
	eswifi_module_kick(self_of(line)->module);
}

static void line_wake(struct line *line, gint64 when)
{
	self_of(line)->timer->due = when;
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

static const struct line_ops module_line_ops = {
	.now = line_now,
	.kick = line_kick,
	.wake = line_wake,
	.open = line_open,
	.send = line_send,
	.read = line_read,
	.close = line_close,
};

struct line *line_new(struct eswifi_module *module)
{
	struct module_line *self = g_new0(struct module_line, 1);

	self->line.ops = &module_line_ops;
	self->module = module;
	self->timer = (struct timer *)g_source_new(&timer_funcs, sizeof(*self->timer));
	self->timer->module = module;
	self->timer->due = -1;
	g_source_attach(&self->timer->source, NULL);
	return &self->line;
}

void line_free(struct line *line)
{
	struct module_line *self = (struct module_line *)line;

	if (!self)
		return;
	g_source_destroy(&self->timer->source);
	g_source_unref(&self->timer->source);
	g_free(self);
}
