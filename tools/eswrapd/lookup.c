// SPDX-License-Identifier: MIT
/*
 * Names looked up by the module.
 *
 * DOC: Theory of operation
 *
 * One look-up per name is under way at a time, whoever asks for it. Each waits in the queue of the
 * user who asked first, and the users take turns: one look-up at a time is a job of the scheduler.
 * When the module is lost meanwhile the look-up starts again. Each asker has its own deadline. A
 * look-up that nobody waits for any more is not begun; one that is under way runs to its end, and
 * its answer is kept.
 */
#include "eswrapd/lookup.h"

#include <errno.h>

#include "eswrapd/account.h"
#include "eswrapd/sched.h"
#include "loop/timer.h"

/* Shorter than what resolvers take for a dead server: 2 attempts of 5 s for 3 servers. */
#define LOOKUP_TIMEOUT_S 20
/* A name that existed a few minutes ago does; connects look it up anew anyway. */
#define LOOKUP_KEEP	(5 * G_TIME_SPAN_MINUTE)
#define LOOKUP_KEEP_MAX 4096 /* names */

enum lookup_state {
	LOOKUP_WAITING, /* in its user's queue */
	LOOKUP_QUEUED,	/* the job is the scheduler's, and has not been started */
	LOOKUP_STARTED,
};

/* struct user - one whose look-ups wait; `link` is his place among them */
struct user {
	uid_t uid;
	GQueue waiting; /* struct lookup */
	GList link;
};

struct lookup {
	struct lookups *lookups;
	struct sched_job job;
	enum lookup_state state;
	uid_t uid;
	char *name;
	GPtrArray *askers;
	GList link; /* in the queue of its user */
};

struct lookup_asker {
	struct lookup *lookup;
	uid_t uid;
	lookup_done done;
	gpointer user;
	struct timer deadline;
};

struct lookups {
	struct sched *sched;
	struct accounts *accounts;
	struct timers *timers;
	GQueue users;	       /* struct user; the next to be served first */
	struct lookup *served; /* QUEUED or STARTED */
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

struct lookups *lookups_new(struct sched *sched, struct accounts *accounts, struct timers *timers)
{
	struct lookups *lookups = g_new0(struct lookups, 1);

	lookups->sched = sched;
	lookups->accounts = accounts;
	lookups->timers = timers;
	g_queue_init(&lookups->users);
	lookups->under_way = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, lookup_free);
	lookups->found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return lookups;
}

static void user_free(struct lookups *lookups, struct user *user)
{
	g_queue_unlink(&lookups->users, &user->link);
	g_free(user);
}

static struct user *user_of(struct lookups *lookups, uid_t uid)
{
	struct user *user;
	GList *link;

	for (link = lookups->users.head; link; link = link->next) {
		user = link->data;
		if (user->uid == uid)
			return user;
	}
	user = g_new0(struct user, 1);
	user->uid = uid;
	user->link.data = user;
	g_queue_init(&user->waiting);
	g_queue_push_tail_link(&lookups->users, &user->link);
	return user;
}

/* The users take turns. */
static void serve_next(struct lookups *lookups)
{
	struct user *user;
	struct lookup *lookup;

	if (lookups->served || !lookups->users.head)
		return;
	user = g_queue_pop_head_link(&lookups->users)->data;
	g_queue_push_tail_link(&lookups->users, &user->link);
	lookup = g_queue_pop_head_link(&user->waiting)->data;
	if (!user->waiting.head)
		user_free(lookups, user);
	lookups->served = lookup;
	lookup->state = LOOKUP_QUEUED;
	sched_run(lookups->sched, &lookup->job);
}

static void wait_for_turn(struct lookup *lookup)
{
	lookup->state = LOOKUP_WAITING;
	g_queue_push_tail_link(&user_of(lookup->lookups, lookup->uid)->waiting, &lookup->link);
	serve_next(lookup->lookups);
}

static void stop_waiting(struct lookup *lookup)
{
	struct user *user = user_of(lookup->lookups, lookup->uid);

	g_queue_unlink(&user->waiting, &lookup->link);
	if (!user->waiting.head)
		user_free(lookup->lookups, user);
}

void lookups_free(struct lookups *lookups)
{
	if (!lookups)
		return;
	while (lookups->users.head)
		user_free(lookups, lookups->users.head->data);
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
	gint64 now = timers_now(lookups->timers), until = now + LOOKUP_KEEP;

	if (g_hash_table_size(lookups->found) >= LOOKUP_KEEP_MAX)
		g_hash_table_foreach_remove(lookups->found, is_stale, &now);
	if (g_hash_table_size(lookups->found) >= LOOKUP_KEEP_MAX)
		g_hash_table_remove_all(lookups->found);
	g_hash_table_replace(lookups->found, g_strdup(name), g_memdup2(&until, sizeof(until)));
}

static bool is_kept(struct lookups *lookups, const char *name)
{
	const gint64 *until = g_hash_table_lookup(lookups->found, name);

	return until && *until >= timers_now(lookups->timers);
}

static void asker_end(struct lookup_asker *asker)
{
	struct lookup *lookup = asker->lookup;
	struct lookups *lookups = lookup->lookups;

	timer_clear(&asker->deadline);
	g_ptr_array_remove_fast(lookup->askers, asker);
	account_give(lookups->accounts, asker->uid, LIMIT_LOOKUPS);
	g_free(asker);
	if (lookup->askers->len || lookup->state == LOOKUP_STARTED)
		return;
	if (lookup->state == LOOKUP_WAITING) {
		stop_waiting(lookup);
	} else {
		sched_cancel(lookups->sched, &lookup->job);
		lookups->served = NULL;
	}
	g_hash_table_remove(lookups->under_way, lookup->name);
	serve_next(lookups);
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

static void deadline_passed(gpointer user)
{
	struct lookup_asker *asker = user;

	g_message("look-up of %s: no answer within %d s", asker->lookup->name, LOOKUP_TIMEOUT_S);
	tell(asker, LOOKUP_AGAIN);
}

static void lookup_end(struct lookup *lookup, enum lookup_result result)
{
	/* Out of the table first: an asker may ask again from within its callback. */
	lookup->lookups->served = NULL;
	g_hash_table_steal(lookup->lookups->under_way, lookup->name);
	while (lookup->askers->len)
		tell(lookup->askers->pdata[0], result);
	serve_next(lookup->lookups);
	lookup_free(lookup);
}

static void lookup_answered(struct eswifi_module *module G_GNUC_UNUSED, int result,
			    const char *text, gpointer user)
{
	struct lookup *lookup = user;
	struct sched *sched = lookup->lookups->sched;

	sched_job_done(sched, result < 0);
	if (result == 0) {
		g_debug("look-up of %s: %s", lookup->name, text);
		keep(lookup->lookups, lookup->name);
		lookup_end(lookup, LOOKUP_FOUND);
	} else if (result == -ENOENT || result == -EINVAL) {
		g_info("look-up of %s: no such name", lookup->name);
		lookup_end(lookup, LOOKUP_UNKNOWN);
	} else if (lookup->askers->len) {
		lookup->lookups->served = NULL;
		wait_for_turn(lookup);
	} else {
		lookup_end(lookup, LOOKUP_AGAIN);
	}
}

static int lookup_start(struct sched_job *job, struct eswifi_module *module, int socket)
{
	struct lookup *lookup = (gpointer)((char *)job - offsetof(struct lookup, job));
	int result;

	lookup->state = LOOKUP_STARTED;
	result = eswifi_lookup(module, (guint)socket, lookup->name, lookup_answered, lookup);
	if (result < 0)
		lookup_end(lookup, result == -EINVAL ? LOOKUP_UNKNOWN : LOOKUP_AGAIN);
	return result;
}

enum lookup_result lookup_ask(struct lookups *lookups, uid_t uid, const char *name,
			      lookup_done done, gpointer user, struct lookup_asker **asker)
{
	struct lookup *lookup = g_hash_table_lookup(lookups->under_way, name);

	if (is_kept(lookups, name))
		return LOOKUP_FOUND;
	if (!account_take(lookups->accounts, uid, LIMIT_LOOKUPS))
		return LOOKUP_AGAIN;
	*asker = g_new0(struct lookup_asker, 1);
	(*asker)->uid = uid;
	(*asker)->done = done;
	(*asker)->user = user;
	timer_init(&(*asker)->deadline, lookups->timers, deadline_passed, *asker);
	timer_start(&(*asker)->deadline, LOOKUP_TIMEOUT_S * G_TIME_SPAN_SECOND);
	if (lookup) {
		(*asker)->lookup = lookup;
		g_ptr_array_add(lookup->askers, *asker);
		return LOOKUP_PENDING;
	}
	lookup = g_new0(struct lookup, 1);
	lookup->lookups = lookups;
	lookup->uid = uid;
	lookup->link.data = lookup;
	lookup->name = g_strdup(name);
	lookup->askers = g_ptr_array_new();
	lookup->job.uid = uid;
	lookup->job.needs_socket = lookup->job.waits = true;
	lookup->job.start = lookup_start;
	(*asker)->lookup = lookup;
	g_ptr_array_add(lookup->askers, *asker);
	g_hash_table_insert(lookups->under_way, lookup->name, lookup);
	wait_for_turn(lookup);
	return LOOKUP_PENDING;
}
