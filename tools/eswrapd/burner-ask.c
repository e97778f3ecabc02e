// SPDX-License-Identifier: MIT
/* PE for one set after the other: a job of the scheduler each, so that connections go on between. */
#include "eswrapd/burner-ask.h"

#include "eswrapd/sched.h"
#include "loop/timer.h"

/* A list is wanted now: on a line that is busy for longer it comes without the module's word. */
#define ASK_TIMEOUT_S 5

/**
 * struct burner_ask - one round of questions
 * @set:	the one that is asked about
 * @timeout:	until it ends with what is known
 * @under_way:	its PE has been sent
 * @over:	nobody waits for it any more; freed when the PE that is under way ends
 * @all:	where it stands as long as it is there
 */
struct burner_ask {
	struct sched_job job;
	struct sched *sched;
	burner_asked asked;
	gpointer user;
	struct burner_words words;
	GPtrArray *all;
	guint set, sets;
	struct timer timeout;
	bool under_way, over;
};

static void ask_free(struct burner_ask *ask)
{
	g_ptr_array_remove_fast(ask->all, ask);
	g_free(ask);
}

/* It ends, with what is known. */
static void finish(gpointer user)
{
	struct burner_ask *ask = user;
	const struct burner_words words = ask->words;
	burner_asked asked = ask->asked;
	gpointer asker = ask->user;

	burner_ask_cancel(ask);
	asked(&words, asker);
}

static void listed(struct eswifi_module *module G_GNUC_UNUSED, int result,
		   const char *text G_GNUC_UNUSED, gpointer user)
{
	struct burner_ask *ask = user;
	guint item;

	ask->under_way = false;
	sched_job_done(ask->sched, false);
	if (ask->over) {
		ask_free(ask);
		return;
	}
	for (item = 0; result >= 0 && item < LEDGER_ITEMS; item++)
		ask->words.word[ask->set][item] =
			result & 1 << item ? CREDENTIAL_USED : CREDENTIAL_BLANK;
	if (result >= 0 && ++ask->set < ask->sets)
		sched_run(ask->sched, &ask->job);
	else
		finish(ask);
}

static int start(struct sched_job *job, struct eswifi_module *module, int socket G_GNUC_UNUSED)
{
	struct burner_ask *ask = (gpointer)((char *)job - offsetof(struct burner_ask, job));
	int result = eswifi_credential_list(module, ask->set, listed, ask);

	ask->under_way = result == 0;
	/* Not from within the scheduler: who is told may begin something else. */
	if (result != 0)
		timer_start(&ask->timeout, 0);
	return result;
}

struct burner_ask *burner_ask_begin(struct sched *sched, struct timers *timers, GPtrArray *all,
				    guint sets, burner_asked asked, gpointer user)
{
	struct burner_ask *ask = g_new0(struct burner_ask, 1);

	ask->job.start = start;
	ask->sched = sched;
	ask->all = all;
	g_ptr_array_add(all, ask);
	ask->sets = sets;
	ask->asked = asked;
	ask->user = user;
	timer_init(&ask->timeout, timers, finish, ask);
	timer_start(&ask->timeout, ASK_TIMEOUT_S * G_TIME_SPAN_SECOND);
	sched_run(sched, &ask->job);
	return ask;
}

void burner_ask_cancel(struct burner_ask *ask)
{
	if (!ask)
		return;
	timer_clear(&ask->timeout);
	ask->over = true;
	if (ask->under_way)
		return;
	sched_cancel(ask->sched, &ask->job);
	ask_free(ask);
}

void burner_ask_drop_all(GPtrArray *all)
{
	struct burner_ask *ask;

	while (all->len) {
		ask = g_ptr_array_index(all, 0);
		ask->under_way = false;
		burner_ask_cancel(ask);
	}
}
