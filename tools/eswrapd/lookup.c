// SPDX-License-Identifier: MIT
/*
 * Names looked up by the module.
 *
 * DOC: Theory of operation
 *
 * One look-up per name is under way at a time, whoever asks for it. It is a job of the scheduler.
 * When the module is lost meanwhile the look-up starts again. Each asker has its own deadline. A
 * look-up that nobody waits for any more is not begun; one that is under way runs to its end, and
 * its answer is kept.
 */
#include "eswrapd/lookup.h"

#include <errno.h>

#include "eswrapd/sched.h"

/* Shorter than what resolvers take for a dead server: 2 attempts of 5 s for 3 servers. */
#define LOOKUP_TIMEOUT_S 20
/* A name that existed a few minutes ago does; connects look it up anew anyway. */
#define LOOKUP_KEEP	(5 * G_TIME_SPAN_MINUTE)
#define LOOKUP_KEEP_MAX 4096 /* names */

struct lookup {
	struct lookups *lookups;
	struct sched_job job;
	bool queued; /* the job has not been started */
	char *name;
	GPtrArray *askers;
};

struct lookup_asker {
	struct lookup *lookup;
	lookup_done done;
	gpointer user;
	guint deadline; /* GSource id */
};

struct lookups {
	struct sched *sched;
	GHashTable *under_way; /* name -> struct lookup */
	GHashTable *found;     /* name -> gint64, monotonic time until which it is kept */
};

static void lookup_free(gpointer data)
{
	struct lookup *lookup = data;

	g_ptr_array_free(lookup->askers, TRUE);
	g_free(lookup->name);
	g_free(lookup);
}

struct lookups *lookups_new(struct sched *sched)
{
	struct lookups *lookups = g_new0(struct lookups, 1);

	lookups->sched = sched;
	lookups->under_way = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, lookup_free);
	lookups->found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return lookups;
}

void lookups_free(struct lookups *lookups)
{
	if (!lookups)
		return;
	g_hash_table_destroy(lookups->under_way);
	g_hash_table_destroy(lookups->found);
	g_free(lookups);
}

static gboolean is_stale(gpointer name G_GNUC_UNUSED, gpointer until, gpointer now)
{
	return *(gint64 *)until < *(gint64 *)now;
}

static void keep(struct lookups *lookups, const char *name)
{
	gint64 now = g_get_monotonic_time(), until = now + LOOKUP_KEEP;

	if (g_hash_table_size(lookups->found) >= LOOKUP_KEEP_MAX)
		g_hash_table_foreach_remove(lookups->found, is_stale, &now);
	if (g_hash_table_size(lookups->found) >= LOOKUP_KEEP_MAX)
		g_hash_table_remove_all(lookups->found);
	g_hash_table_replace(lookups->found, g_strdup(name), g_memdup2(&until, sizeof(until)));
}

static bool is_kept(struct lookups *lookups, const char *name)
{
	const gint64 *until = g_hash_table_lookup(lookups->found, name);

	return until && *until >= g_get_monotonic_time();
}

static void asker_end(struct lookup_asker *asker)
{
	struct lookup *lookup = asker->lookup;

	g_source_remove(asker->deadline);
	g_ptr_array_remove_fast(lookup->askers, asker);
	g_free(asker);
	if (lookup->askers->len || !lookup->queued)
		return;
	sched_cancel(lookup->lookups->sched, &lookup->job);
	g_hash_table_remove(lookup->lookups->under_way, lookup->name);
}

static void tell(struct lookup_asker *asker, enum lookup_result result)
{
	lookup_done done = asker->done;
	gpointer user = asker->user;

	asker_end(asker);
	done(result, user);
}

void lookup_cancel(struct lookup_asker *asker)
{
	asker_end(asker);
}

static gboolean deadline_passed(gpointer user)
{
	struct lookup_asker *asker = user;

	g_message("look-up of %s: no answer within %d s", asker->lookup->name, LOOKUP_TIMEOUT_S);
	tell(asker, LOOKUP_AGAIN);
	return G_SOURCE_REMOVE;
}

static void lookup_end(struct lookup *lookup, enum lookup_result result)
{
	/* Out of the table first: an asker may ask again from within its callback. */
	g_hash_table_steal(lookup->lookups->under_way, lookup->name);
	while (lookup->askers->len)
		tell(lookup->askers->pdata[0], result);
	lookup_free(lookup);
}

static void lookup_answered(struct eswifi_module *module G_GNUC_UNUSED, int result,
			    const char *text, gpointer user)
{
	struct lookup *lookup = user;
	struct sched *sched = lookup->lookups->sched;

	sched_job_done(sched);
	if (result == 0) {
		g_debug("look-up of %s: %s", lookup->name, text);
		keep(lookup->lookups, lookup->name);
		lookup_end(lookup, LOOKUP_FOUND);
	} else if (result == -ENOENT || result == -EINVAL) {
		g_info("look-up of %s: no such name", lookup->name);
		lookup_end(lookup, LOOKUP_UNKNOWN);
	} else if (lookup->askers->len) {
		lookup->queued = true;
		sched_run(sched, &lookup->job);
	} else {
		lookup_end(lookup, LOOKUP_AGAIN);
	}
}

static int lookup_start(struct sched_job *job, struct eswifi_module *module, int socket)
{
	struct lookup *lookup = (gpointer)((char *)job - offsetof(struct lookup, job));
	int result;

	lookup->queued = false;
	if (socket < 0) {
		lookup_end(lookup, LOOKUP_FOUND); /* see lookup_ask() */
		return -EAGAIN;
	}
	result = eswifi_lookup(module, (guint)socket, lookup->name, lookup_answered, lookup);
	if (result < 0)
		lookup_end(lookup, result == -EINVAL ? LOOKUP_UNKNOWN : LOOKUP_AGAIN);
	return result;
}

enum lookup_result lookup_ask(struct lookups *lookups, const char *name, lookup_done done,
			      gpointer user, struct lookup_asker **asker)
{
	struct lookup *lookup = g_hash_table_lookup(lookups->under_way, name);

	if (is_kept(lookups, name) || sched_free_sockets(lookups->sched) == 0)
		return LOOKUP_FOUND;
	*asker = g_new0(struct lookup_asker, 1);
	(*asker)->done = done;
	(*asker)->user = user;
	(*asker)->deadline = g_timeout_add_seconds(LOOKUP_TIMEOUT_S, deadline_passed, *asker);
	if (lookup) {
		(*asker)->lookup = lookup;
		g_ptr_array_add(lookup->askers, *asker);
		return LOOKUP_PENDING;
	}
	lookup = g_new0(struct lookup, 1);
	lookup->lookups = lookups;
	lookup->name = g_strdup(name);
	lookup->askers = g_ptr_array_new();
	lookup->job.needs_socket = true;
	lookup->job.start = lookup_start;
	(*asker)->lookup = lookup;
	g_ptr_array_add(lookup->askers, *asker);
	g_hash_table_insert(lookups->under_way, lookup->name, lookup);
	lookup->queued = true;
	sched_run(lookups->sched, &lookup->job);
	return LOOKUP_PENDING;
}
