// SPDX-License-Identifier: MIT
/*
 * The verbs about the module: each question is a job of the scheduler, between what programs want.
 */
#include "eswrapd/verb-module.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "eswifi/eswifi.h"
#include "eswrapd/call.h"
#include "eswrapd/sched.h"
#include "eswrapd/stand-in.h"
#include "loop/timer.h"

/* The line, or a socket of the module, does not become free for so long. */
#define TURN_TIMEOUT_S 30
/* The same after a reset: it joins again first. */
#define RESET_TIMEOUT_S 120
/* The same, and a scan or some pings may take as long once more. */
#define ASKED_TIMEOUT_S 60

struct module_verbs {
	struct sched *sched;
	struct eswifi_module *module;
	struct timers *timers;
	GPtrArray *questions;  /* struct question * */
	struct call *asked;    /* whose answer eswifi_ask() brings; NULL: nobody's */
	struct timer patience; /* set while it waits */
};

/**
 * struct question - one that is under way
 * @name:	to look up; "": the module is probed
 * @peer, @port: a probe's server that greets; "": none
 * @turn:	set while it waits for its turn
 * @patience_s:	how long it waits
 * @began:	when it was sent, us
 */
struct question {
	struct sched_job job;
	struct module_verbs *verbs;
	struct call *call;
	char name[ESWRAP_NAME_MAX + 1];
	char peer[16];
	guint16 port;
	struct timer turn;
	guint patience_s;
	gint64 began;
};

static struct call *take_asked(struct module_verbs *verbs)
{
	timer_stop(&verbs->patience);
	return g_steal_pointer(&verbs->asked);
}

static void asked_failed(struct module_verbs *verbs, const char *why)
{
	call_fail(take_asked(verbs), EXIT_FAILURE, "%s", why);
}

static void answer_missed(gpointer user)
{
	struct module_verbs *verbs = user;

	eswifi_ask_cancel(verbs->module);
	asked_failed(verbs, "the module is not ready, or its line was not free within " G_STRINGIFY(
				    ASKED_TIMEOUT_S) " s");
}

struct module_verbs *module_verbs_new(struct sched *sched, struct eswifi_module *module,
				      struct timers *timers)
{
	struct module_verbs *verbs = g_new0(struct module_verbs, 1);

	verbs->sched = sched;
	verbs->module = module;
	verbs->timers = timers;
	verbs->questions = g_ptr_array_new();
	timer_init(&verbs->patience, timers, answer_missed, verbs);
	return verbs;
}

/* Its call has ended, or is about to. */
static void question_end(struct question *question)
{
	timer_clear(&question->turn);
	g_ptr_array_remove_fast(question->verbs->questions, question);
	g_free(question);
}

void module_verbs_free(struct module_verbs *verbs)
{
	struct question *question;

	if (!verbs)
		return;
	if (verbs->asked) {
		eswifi_ask_cancel(verbs->module);
		asked_failed(verbs, "the broker is leaving");
	}
	while (verbs->questions->len) {
		question = g_ptr_array_index(verbs->questions, 0);
		sched_cancel(verbs->sched, &question->job);
		call_fail(question->call, EXIT_FAILURE, "the broker is leaving");
		question_end(question);
	}
	timer_clear(&verbs->patience);
	g_ptr_array_unref(verbs->questions);
	g_free(verbs);
}

static void resolved(struct eswifi_module *module G_GNUC_UNUSED, int result, const char *text,
		     gpointer user)
{
	struct question *question = user;
	GVariantDict reply;

	sched_job_done(question->verbs->sched, false);
	if (result == 0) {
		g_variant_dict_init(&reply, NULL);
		g_variant_dict_insert(&reply, "address", "s", text);
		g_variant_dict_insert(
			&reply, "milliseconds", "u",
			(guint)((timers_now(question->verbs->timers) - question->began) / 1000));
		call_finish(question->call, g_variant_dict_end(&reply));
	} else {
		call_fail(question->call, EXIT_FAILURE, "%s: %s%s%s", question->name,
			  result == -ENOENT ? "the module finds no such name" : g_strerror(-result),
			  *text ? ": " : "", text);
	}
	question_end(question);
}

/* The report of a probe, also one that ends early: then the last question has no answer. */
static void probed(struct eswifi_module *module G_GNUC_UNUSED, int result, const char *text,
		   gpointer user)
{
	struct question *question = user;
	GVariantDict reply;

	sched_job_done(question->verbs->sched, false);
	if (*text && (result == 0 || strchr(text, '\t'))) {
		g_variant_dict_init(&reply, NULL);
		g_variant_dict_insert(&reply, "report", "s", text);
		g_variant_dict_insert(&reply, "whole", "b", result == 0);
		call_finish(question->call, g_variant_dict_end(&reply));
	} else {
		call_fail(question->call, EXIT_FAILURE, "the module cannot be asked: %s",
			  g_strerror(-result));
	}
	question_end(question);
}

static void tell_begun(struct call *call)
{
	GVariantDict progress;

	g_variant_dict_init(&progress, NULL);
	g_variant_dict_insert(&progress, "begun", "b", TRUE);
	call_progress(call, g_variant_dict_end(&progress));
}

static int begin_question(struct sched_job *job, struct eswifi_module *module, int socket)
{
	struct question *question = (gpointer)((char *)job - offsetof(struct question, job));
	int result = -EAGAIN;

	timer_stop(&question->turn);
	question->began = timers_now(question->verbs->timers);
	if (socket >= 0 && !*question->name) {
		tell_begun(question->call);
		result =
			eswifi_probe(module, (guint)socket, *question->peer ? question->peer : NULL,
				     question->port, probed, question);
	} else if (socket >= 0) {
		result = eswifi_lookup(module, (guint)socket, question->name, resolved, question);
	}
	if (result < 0) {
		call_fail(question->call, EXIT_FAILURE, "%s",
			  socket < 0 ? "all sockets of the module are in use"
				     : g_strerror(-result));
		question_end(question);
	}
	return result;
}

static void turn_missed(gpointer user)
{
	struct question *question = user;

	sched_cancel(question->verbs->sched, &question->job);
	call_fail(question->call, EXIT_FAILURE,
		  "the module is not ready, or its line was not free within %u s",
		  question->patience_s);
	question_end(question);
}

static struct question *new_question(struct module_verbs *verbs, struct call *call,
				     const char *name)
{
	struct question *question = g_new0(struct question, 1);

	question->verbs = verbs;
	question->call = call;
	g_strlcpy(question->name, name, sizeof(question->name));
	question->job.needs_socket = true;
	question->job.start = begin_question;
	question->patience_s = TURN_TIMEOUT_S;
	timer_init(&question->turn, verbs->timers, turn_missed, question);
	g_ptr_array_add(verbs->questions, question);
	return question;
}

static void queue_question(struct question *question)
{
	timer_start(&question->turn, question->patience_s * G_TIME_SPAN_SECOND);
	sched_run(question->verbs->sched, &question->job);
}

void verb_module_resolve(struct call *call, const struct caller *caller G_GNUC_UNUSED,
			 GVariant *arguments, gpointer user)
{
	struct module_verbs *verbs = user;
	char clean[ESWRAP_NAME_MAX + 1];
	const char *name;

	/* It becomes part of a command: nothing but a host name may. */
	if (!g_variant_lookup(arguments, "name", "&s", &name) || !name_clean(name, clean)) {
		call_fail(call, EX_USAGE, "that is no host name");
		return;
	}
	queue_question(new_question(verbs, call, clean));
}

static bool take_peer(struct question *question, const char *peer, guint16 port)
{
	struct in_addr address;

	if (inet_pton(AF_INET, peer, &address) != 1 || !port)
		return false;
	g_strlcpy(question->peer, peer, sizeof(question->peer));
	question->port = port;
	return true;
}

void verb_module_probe(struct call *call, const struct caller *caller, GVariant *arguments,
		       gpointer user)
{
	struct module_verbs *verbs = user;
	struct question *question = new_question(verbs, call, "");
	gboolean reset = FALSE;
	const char *peer;
	guint16 port = 0;

	if (g_variant_lookup(arguments, "peer", "&s", &peer) &&
	    (!g_variant_lookup(arguments, "port", "q", &port) ||
	     !take_peer(question, peer, port))) {
		call_fail(call, EX_USAGE, "the peer is not an IPv4 address and a port");
		question_end(question);
		return;
	}
	if (g_variant_lookup(arguments, "reset", "b", &reset) && reset) {
		g_message("the module is reset for a probe, as user %u has asked",
			  (guint)caller->uid);
		question->patience_s = RESET_TIMEOUT_S;
		eswifi_watch_reset(verbs->module);
		eswifi_module_reset(verbs->module, "an administrator has asked for it");
	}
	queue_question(question);
}

void verb_module_reset(struct call *call, const struct caller *caller,
		       GVariant *arguments G_GNUC_UNUSED, gpointer user)
{
	struct module_verbs *verbs = user;

	g_message("the module is reset, as user %u has asked", (guint)caller->uid);
	eswifi_module_reset(verbs->module, "an administrator has asked for it");
	call_finish(call, NULL);
}

void verb_wifi_leave(struct call *call, const struct caller *caller,
		     GVariant *arguments G_GNUC_UNUSED, gpointer user)
{
	struct module_verbs *verbs = user;

	g_message("the module leaves the Wi-Fi network, as user %u has asked", (guint)caller->uid);
	eswifi_leave(verbs->module);
	call_finish(call, NULL);
}

void verb_wifi_join(struct call *call, const struct caller *caller,
		    GVariant *arguments G_GNUC_UNUSED, gpointer user)
{
	struct module_verbs *verbs = user;

	g_message("the module joins the Wi-Fi network, as user %u has asked", (guint)caller->uid);
	eswifi_join(verbs->module);
	call_finish(call, NULL);
}

static void answered(struct eswifi_module *module G_GNUC_UNUSED, int result, const char *text,
		     gpointer user)
{
	g_autofree char *why = NULL;
	struct module_verbs *verbs = user;
	GVariantDict reply;

	if (result) {
		why = g_strdup_printf("the module does not do it: %s",
				      *text ? text : g_strerror(-result));
		asked_failed(verbs, why);
		return;
	}
	g_variant_dict_init(&reply, NULL);
	g_variant_dict_insert(&reply, "lines", "s", text);
	call_finish(take_asked(verbs), g_variant_dict_end(&reply));
}

static void ask_module(struct module_verbs *verbs, struct call *call, enum eswifi_question question,
		       const char *argument)
{
	int result = verbs->asked ? -EBUSY
				  : eswifi_ask(verbs->module, question, argument, answered, verbs);

	if (result == -EINVAL) {
		call_fail(call, EX_USAGE, "that is no IPv4 address");
	} else if (result) {
		call_fail(call, EX_TEMPFAIL, "somebody else asks just now; try again");
	} else {
		verbs->asked = call;
		timer_start(&verbs->patience, ASKED_TIMEOUT_S * G_TIME_SPAN_SECOND);
	}
}

void verb_wifi_scan(struct call *call, const struct caller *caller G_GNUC_UNUSED,
		    GVariant *arguments G_GNUC_UNUSED, gpointer user)
{
	ask_module(user, call, ESWIFI_SCAN, NULL);
}

void verb_module_time(struct call *call, const struct caller *caller G_GNUC_UNUSED,
		      GVariant *arguments G_GNUC_UNUSED, gpointer user)
{
	ask_module(user, call, ESWIFI_TIME, NULL);
}

void verb_module_ping(struct call *call, const struct caller *caller G_GNUC_UNUSED,
		      GVariant *arguments, gpointer user)
{
	const char *address = "";

	g_variant_lookup(arguments, "address", "&s", &address);
	ask_module(user, call, ESWIFI_PING, address);
}
