// SPDX-License-Identifier: MIT
/* Whether anybody still needs a private broker: a count, processes that are watched, and a timer. */
#include "eswrapd/presence.h"

#include <glib-unix.h>
#include <sys/syscall.h>
#include <unistd.h>

struct presence {
	const struct presence_ops *ops;
	gpointer user;
	guint look_ms;
	guint in;	    /* who has entered, processes too */
	guint look;	    /* the timer's GSource id, 0 while OCCUPIED and when LEFT */
	bool empty;	    /* at the last look */
	GPtrArray *watched; /* struct process */
};

struct process {
	struct presence *presence;
	int fd;
	guint watch;
};

static void process_free(gpointer data)
{
	struct process *process = data;

	g_clear_handle_id(&process->watch, g_source_remove);
	close(process->fd);
	g_free(process);
}

static gboolean look(gpointer user)
{
	struct presence *presence = user;
	bool empty = !presence->ops->seen(presence->user);
	bool twice = empty && presence->empty;

	presence->empty = empty;
	if (!twice)
		return G_SOURCE_CONTINUE;
	presence->look = 0;
	presence->ops->nobody(presence->user);
	return G_SOURCE_REMOVE;
}

static void begin_to_look(struct presence *presence)
{
	presence->empty = false;
	presence->look = g_timeout_add(presence->look_ms, look, presence);
}

struct presence *presence_new(const struct presence_ops *ops, gpointer user, guint look_ms)
{
	struct presence *presence = g_new0(struct presence, 1);

	presence->ops = ops;
	presence->user = user;
	presence->look_ms = look_ms;
	presence->watched = g_ptr_array_new_with_free_func(process_free);
	begin_to_look(presence);
	return presence;
}

void presence_free(struct presence *presence)
{
	if (!presence)
		return;
	g_clear_handle_id(&presence->look, g_source_remove);
	g_ptr_array_unref(presence->watched);
	g_free(presence);
}

void presence_enter(struct presence *presence)
{
	if (!presence)
		return;
	presence->in++;
	g_clear_handle_id(&presence->look, g_source_remove);
}

void presence_leave(struct presence *presence)
{
	if (!presence)
		return;
	if (--presence->in == 0)
		begin_to_look(presence);
}

static gboolean process_ended(gint fd G_GNUC_UNUSED, GIOCondition condition G_GNUC_UNUSED,
			      gpointer user)
{
	struct process *process = user;
	struct presence *presence = process->presence;

	process->watch = 0;
	g_ptr_array_remove_fast(presence->watched, process);
	presence_leave(presence);
	return G_SOURCE_REMOVE;
}

void presence_enter_process(struct presence *presence, pid_t pid)
{
	struct process *process;
	int fd;

	if (!presence || pid <= 0)
		return;
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return;
	process = g_new0(struct process, 1);
	process->presence = presence;
	process->fd = fd;
	process->watch = g_unix_fd_add(fd, G_IO_IN, process_ended, process);
	g_ptr_array_add(presence->watched, process);
	presence_enter(presence);
}
