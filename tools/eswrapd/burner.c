// SPDX-License-Identifier: MIT
/* Items on their way to the module, one at a time. The theory of operation is in burner.h. */
#include "eswrapd/burner.h"

#include <errno.h>
#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "eswrapd/burner-ask.h"
#include "eswrapd/burner-list.h"
#include "eswrapd/presence.h"
#include "eswrapd/sched.h"
#include "ledger/missing.h"
#include "ledger/rule.h"
#include "loop/timer.h"
#include "secret/secret.h"

/* eswrapctl's exit statuses, eswrapctl(8) */
#define STATUS_FAILED	 EXIT_FAILURE
#define STATUS_UNCERTAIN EX_TEMPFAIL

/* The line is busy for seconds at most (a TLS handshake); a module that is lost may take longer. */
#define TURN_TIMEOUT_S 60

/* A private broker has just been started: until its module has joined. */
#define READY_TIMEOUT_S 60

enum write_step { WRITE_ASKING, WRITE_WRITING, WRITE_COMPARING };

/**
 * struct write - one item on its way to the module
 * @data:	wiped with the rest
 * @before:	what the ledger said; its strings belong to @ledger
 * @mine:	what it is to say; its strings belong to @subject and to whoever changes it
 * @intent:	what eswrapctl asked for
 * @word:	what the module says of the item
 * @turn:	set while it waits for its turn
 */
struct write {
	struct sched_job job;
	struct burner *burner;
	struct call *call;
	char mac[18];
	guint set;
	enum eswifi_item item;
	guint8 *data;
	gsize size;
	char *subject;
	struct ledger *ledger;
	struct ledger_entry before, mine;
	enum credential_intent intent;
	enum credential_word word;
	enum credential_decision decision;
	enum write_step step;
	struct timer turn;
};

/**
 * struct waiter - somebody who wants the list
 * @timeout:	set while the module is not ready
 * @ask:	while it is asked what is blank
 */
struct waiter {
	struct burner *burner;
	struct call *call;
	struct timer timeout;
	struct burner_ask *ask;
};

/**
 * struct burner - all that is under way
 * @write:	NULL: nothing is
 * @queue:	struct write *, behind it: a second eswrapctl, after the first was interrupted
 * @waiters:	struct waiter *
 * @asks:	struct burner_ask *, also those that nobody waits for any more
 */
struct burner {
	struct burner_parts parts;
	struct write *write;
	GQueue queue;
	GPtrArray *waiters, *asks;
	char mac[18]; /* whose warnings were logged */
};

struct burner *burner_new(const struct burner_parts *parts)
{
	struct burner *burner = g_new0(struct burner, 1);

	burner->parts = *parts;
	burner->waiters = g_ptr_array_new();
	burner->asks = g_ptr_array_new();
	g_queue_init(&burner->queue);
	return burner;
}

static void write_free(struct write *write)
{
	timer_clear(&write->turn);
	secret_free(write->data);
	g_free(write->subject);
	ledger_free(write->ledger);
	g_free(write);
}

static void waiter_end(struct waiter *waiter)
{
	timer_clear(&waiter->timeout);
	g_ptr_array_remove_fast(waiter->burner->waiters, waiter);
	g_free(waiter);
}

static void answer_words(const struct burner_words *words, gpointer user)
{
	struct waiter *waiter = user;
	struct call *call = waiter->call;
	struct burner *burner = waiter->burner;

	waiter_end(waiter);
	burner_answer_list(&burner->parts, words, call);
}

/* With the module's word, if it is there to be asked. */
static void ask_and_answer(struct waiter *waiter)
{
	static const struct burner_words none;
	struct burner *burner = waiter->burner;

	timer_stop(&waiter->timeout);
	if (eswifi_module_state(burner->parts.module) == ESWIFI_READY)
		waiter->ask =
			burner_ask_begin(burner->parts.sched, burner->parts.timers, burner->asks,
					 burner_sets(&burner->parts), answer_words, waiter);
	else
		answer_words(&none, waiter);
}

static void ready_missed(gpointer user)
{
	ask_and_answer(user);
}

void burner_list(struct call *call, const struct caller *caller G_GNUC_UNUSED, GVariant *arguments,
		 gpointer user)
{
	struct burner *burner = user;
	struct waiter *waiter;
	gboolean wait = FALSE;

	g_variant_lookup(arguments, "wait", "b", &wait);
	waiter = g_new0(struct waiter, 1);
	waiter->burner = burner;
	waiter->call = call;
	timer_init(&waiter->timeout, burner->parts.timers, ready_missed, waiter);
	g_ptr_array_add(burner->waiters, waiter);
	if (!wait || eswifi_module_state(burner->parts.module) == ESWIFI_READY)
		ask_and_answer(waiter);
	else
		timer_start(&waiter->timeout, READY_TIMEOUT_S * G_TIME_SPAN_SECOND);
}

void burner_free(struct burner *burner)
{
	static const struct burner_words none;
	struct waiter *waiter;
	struct write *write;

	if (!burner)
		return;
	burner_ask_drop_all(burner->asks);
	while (burner->waiters->len) {
		waiter = g_ptr_array_index(burner->waiters, 0);
		answer_words(&none, waiter);
	}
	g_ptr_array_unref(burner->waiters);
	g_ptr_array_unref(burner->asks);
	while ((write = g_queue_pop_head(&burner->queue))) {
		call_fail(write->call, STATUS_FAILED, "the broker is leaving; nothing was sent");
		write_free(write);
	}
	if (burner->write) {
		sched_cancel(burner->parts.sched, &burner->write->job);
		call_fail(burner->write->call, STATUS_UNCERTAIN, "the broker is leaving");
		write_free(burner->write);
	}
	g_free(burner);
}

static void serve_queue(struct burner *burner);

static bool put(struct write *write, const struct ledger_entry *entry, GError **error)
{
	return ledger_put(write->burner->parts.settings->state_dir, write->mac, write->set,
			  write->item, entry, error);
}

/* Before PG: what cannot be noted is not sent. */
static bool put_uncertain(struct write *write, GError **error)
{
	write->mine.state = LEDGER_UNCERTAIN;
	write->mine.when = g_get_real_time() / G_USEC_PER_SEC;
	write->mine.reason = "it was being written";
	return put(write, &write->mine, error);
}

/* @matched: the module said so, and did not only accept the bytes once more */
static void end_good(struct write *write, bool matched)
{
	g_autoptr(GError) error = NULL;
	GVariantDict reply;

	write->mine.state = LEDGER_BURNT;
	write->mine.reason = NULL;
	write->mine.when = g_get_real_time() / G_USEC_PER_SEC;
	/* What another tool has burnt, and is equal, is known from now on. */
	if ((write->decision == CREDENTIAL_WRITE || write->before.state != LEDGER_BURNT) &&
	    !put(write, &write->mine, &error)) {
		call_fail(write->call, STATUS_UNCERTAIN,
			  "the item is burnt, but the ledger could not be told: %s",
			  error->message);
		return;
	}
	g_message("set %u, %s: %s (%s)", write->set, ledger_item_name(write->item),
		  write->decision == CREDENTIAL_WRITE ? "burnt" : "compared, equal",
		  write->mine.subject);
	g_variant_dict_init(&reply, NULL);
	g_variant_dict_insert(&reply, "before", "s", ledger_state_name(write->before.state));
	g_variant_dict_insert(&reply, "state", "s", ledger_state_name(LEDGER_BURNT));
	g_variant_dict_insert(&reply, "sha256", "s", write->mine.sha256);
	g_variant_dict_insert(&reply, "matched", "b", (gboolean)matched);
	call_finish(write->call, g_variant_dict_end(&reply));
}

/* Is the module's ERROR to the first write proof that nothing was changed? */
static bool may_restore(const struct write *write)
{
	return write->step == WRITE_WRITING &&
	       (write->before.state == LEDGER_UNCERTAIN ||
		write->before.state == LEDGER_ELSEWHERE) &&
	       strcmp(write->before.sha256, write->mine.sha256);
}

/* It was used before we came, and not with these bytes. */
static void end_foreign(struct write *write, const char *text)
{
	const struct ledger_entry foreign = { .state = LEDGER_ELSEWHERE,
					      .subject = "bytes unknown",
					      .when = g_get_real_time() / G_USEC_PER_SEC };
	const char *name = ledger_item_name(write->item);
	g_autoptr(GError) error = NULL;

	put(write, &foreign, &error);
	g_warning("set %u, %s: holds other bytes (%s)", write->set, name, text);
	call_fail(write->call, STATUS_FAILED,
		  "the %s of set %u holds other bytes (%s), which another tool has programmed; "
		  "nothing has changed%s%s",
		  name, write->set, text, error ? "; and the ledger: " : "",
		  error ? error->message : "");
}

/* The module answered, and it was no. */
static void end_refused(struct write *write, const char *text)
{
	const char *name = ledger_item_name(write->item);
	g_autoptr(GError) error = NULL;

	if (write->decision == CREDENTIAL_COMPARE && write->before.state != LEDGER_BURNT) {
		end_foreign(write, text);
		return;
	}
	write->mine.state = LEDGER_UNCERTAIN;
	write->mine.when = g_get_real_time() / G_USEC_PER_SEC;
	write->mine.reason = write->step == WRITE_WRITING
				     ? "the module refused these bytes: it holds others"
				     : "the module holds other bytes than these";
	put(write, may_restore(write) ? &write->before : &write->mine, &error);
	g_warning("set %u, %s: the module answered ERROR (%s)", write->set, name, text);
	if (write->step == WRITE_WRITING)
		call_fail(write->call, STATUS_FAILED,
			  "the module refused the %s of set %u (%s): the item holds other bytes, "
			  "which another tool has programmed%s%s",
			  name, write->set, text, error ? "; and the ledger: " : "",
			  error ? error->message : "");
	else
		call_fail(write->call, STATUS_UNCERTAIN,
			  "the module says that the %s of set %u is not equal to what was sent "
			  "(%s): it holds other bytes%s%s",
			  name, write->set, text, error ? "; and the ledger: " : "",
			  error ? error->message : "");
}

/* No answer, or none that can be trusted. */
static void end_uncertain(struct write *write, int result)
{
	const char *name = ledger_item_name(write->item);
	g_autofree char *reason =
		g_strdup_printf("%s while it was being %s", g_strerror(-result),
				write->step == WRITE_WRITING ? "written" : "compared");
	bool burnt = write->decision == CREDENTIAL_COMPARE;
	g_autoptr(GError) error = NULL;

	write->mine.state = LEDGER_UNCERTAIN;
	write->mine.reason = reason;
	if (!burnt)
		put(write, &write->mine, &error);
	g_warning("set %u, %s: %s", write->set, name, reason);
	call_fail(write->call, burnt ? STATUS_FAILED : STATUS_UNCERTAIN,
		  "the %s of set %u: %s; %s%s%s", name, write->set, reason,
		  burnt ? "it is as burnt as it was; try again"
			: "whether it is burnt is uncertain; run `program` again with the same "
			  "files to find out",
		  error ? "; and the ledger: " : "", error ? error->message : "");
}

static void end_write(struct write *write)
{
	struct burner *burner = write->burner;

	burner->write = NULL;
	write_free(write);
	serve_queue(burner);
	presence_leave(burner->parts.presence);
}

/* Each of the two commands waits anew: between them the module may be lost. */
static void await_turn(struct write *write)
{
	timer_start(&write->turn, TURN_TIMEOUT_S * G_TIME_SPAN_SECOND);
	sched_run(write->burner->parts.sched, &write->job);
}

static void write_done(struct eswifi_module *module G_GNUC_UNUSED, int result, const char *text,
		       gpointer user)
{
	struct write *write = user;

	sched_job_done(write->burner->parts.sched, false);
	if (result >= 0 && write->step == WRITE_WRITING) {
		write->step = WRITE_COMPARING;
		await_turn(write);
		return;
	}
	/* Before anybody hears that it is done. */
	explicit_bzero(write->data, write->size);
	if (result >= 0)
		end_good(write, result == ESWIFI_MATCHED);
	else if (result == -EACCES)
		end_refused(write, text);
	else
		end_uncertain(write, result);
	end_write(write);
}

static void tell_step(struct write *write)
{
	GVariantDict reply;

	g_variant_dict_init(&reply, NULL);
	g_variant_dict_insert(&reply, "step", "s",
			      write->step == WRITE_WRITING ? "writing" : "comparing");
	call_progress(write->call, g_variant_dict_end(&reply));
}

/* It is the right module, and it takes credentials in a dialect that is known for sure. */
static bool module_is_good(const struct burner *burner, const char *mac, char **why)
{
	const struct eswifi_module *module = burner->parts.module;
	const struct eswifi_identity *identity = eswifi_module_identity(module);

	*why = NULL;
	if (eswifi_module_state(module) != ESWIFI_READY)
		*why = g_strdup_printf("the module is not ready (%s: %s)",
				       eswifi_state_name(eswifi_module_state(module)),
				       eswifi_module_why(module));
	else if (g_ascii_strcasecmp(identity->mac, mac))
		*why = g_strdup_printf("the module is %s now, no longer %s", identity->mac, mac);
	else if (identity->dialect == ESWIFI_FIRMWARE_AUTO)
		*why = g_strdup_printf("it is not certain which dialect firmware %s of %s speaks, "
				       "and a guess could burn the wrong bytes; set firmware = "
				       "note or firmware = st in [module]",
				       identity->firmware, identity->product);
	return !*why;
}

/* By the ledger, and by what the module says. */
static void decide(struct write *write)
{
	bool same = !strcmp(write->before.sha256, write->mine.sha256);
	g_autofree char *why = NULL;

	write->decision = credential_decide(write->set, write->before.state, same, write->intent,
					    write->word);
	if (write->decision != CREDENTIAL_REFUSE) {
		write->step = write->decision == CREDENTIAL_WRITE ? WRITE_WRITING : WRITE_COMPARING;
		await_turn(write);
		return;
	}
	why = credential_refusal(&write->before, write->intent, write->word, write->set,
				 write->item);
	call_fail(write->call, STATUS_FAILED, "%s", why);
	end_write(write);
}

static void asked(struct eswifi_module *module G_GNUC_UNUSED, int result, const char *text,
		  gpointer user)
{
	struct write *write = user;

	sched_job_done(write->burner->parts.sched, false);
	if (result >= 0) {
		write->word = result & 1 << write->item ? CREDENTIAL_USED : CREDENTIAL_BLANK;
	} else if (result != -ENOTSUP) {
		call_fail(write->call, STATUS_FAILED,
			  "the module did not say what is blank (%s); nothing was sent", text);
		end_write(write);
		return;
	}
	decide(write);
}

/* Return: 0: the module has been asked; or a negative errno, with @why set, to be freed */
static int begin_step(struct write *write, struct eswifi_module *module, char **why)
{
	g_autoptr(GError) error = NULL;
	int result;

	/* It may have been lost and come back as another one since it was asked. */
	if (!module_is_good(write->burner, write->mac, why))
		return -EIO;
	if (write->step == WRITE_WRITING && !put_uncertain(write, &error)) {
		*why = g_strdup(error->message);
		return -EIO;
	}
	if (write->step == WRITE_ASKING)
		result = eswifi_credential_list(module, write->set, asked, write);
	else
		result = eswifi_credential_write(module, write->set, write->item, write->data,
						 write->size, write_done, write);
	if (result == 0)
		return 0;
	*why = g_strdup_printf("nothing was sent: %s", g_strerror(-result));
	if (write->step == WRITE_WRITING)
		put(write, &write->before, NULL);
	return result;
}

static int write_start(struct sched_job *job, struct eswifi_module *module,
		       int socket G_GNUC_UNUSED)
{
	struct write *write = (gpointer)((char *)job - offsetof(struct write, job));
	g_autofree char *why = NULL;
	int result;

	timer_stop(&write->turn);
	result = begin_step(write, module, &why);
	if (result == 0) {
		if (write->step != WRITE_ASKING)
			tell_step(write);
		return 0;
	}
	call_fail(write->call,
		  write->step == WRITE_COMPARING && write->decision == CREDENTIAL_WRITE
			  ? STATUS_UNCERTAIN
			  : STATUS_FAILED,
		  "%s", why);
	end_write(write);
	return result;
}

static void turn_missed(gpointer user)
{
	struct write *write = user;

	sched_cancel(write->burner->parts.sched, &write->job);
	if (write->step == WRITE_COMPARING)
		end_uncertain(write, -ETIMEDOUT);
	else
		call_fail(write->call, STATUS_FAILED,
			  "the line to the module did not become free within %d s; nothing was "
			  "sent",
			  TURN_TIMEOUT_S);
	end_write(write);
}

/*
 * A last look at what eswrapctl has checked well: is it PEM with its NUL, which the module's TLS
 * library wants, and not the wrong item's?
 */
static bool data_is_plausible(enum eswifi_item item, const guint8 *data, gsize size)
{
	static const char certificate[] = "-----BEGIN CERTIFICATE-----\n";
	static const char begin[] = "-----BEGIN ", key[] = "PRIVATE KEY-----\n";
	const guint8 *end;

	if (size < 2 || size > ESWIFI_CREDENTIAL_MAX || data[size - 2] != '\n' ||
	    memchr(data, '\0', size) != data + size - 1)
		return false;
	if (item != ESWIFI_ITEM_KEY)
		return size > strlen(certificate) &&
		       !memcmp(data, certificate, strlen(certificate));
	end = memchr(data, '\n', size);
	return (gsize)(end + 1 - data) >= strlen(begin) + strlen(key) &&
	       !memcmp(data, begin, strlen(begin)) &&
	       !memcmp(end + 1 - strlen(key), key, strlen(key));
}

/* What is common to one item's write and to its adoption. Return: false after call_fail() */
static bool parse_item(struct call *call, GVariant *arguments, const char **mac, guint *set,
		       enum eswifi_item *item, const char **subject)
{
	guint number;

	if (!g_variant_lookup(arguments, "module", "&s", mac) ||
	    !g_variant_lookup(arguments, "set", "u", set) || *set >= ESWIFI_SETS ||
	    !g_variant_lookup(arguments, "item", "u", &number) || number >= LEDGER_ITEMS ||
	    !g_variant_lookup(arguments, "subject", "&s", subject) ||
	    !ledger_text_is_good(*subject)) {
		call_fail(call, STATUS_FAILED, "invalid request; nothing was sent");
		return false;
	}
	*item = (enum eswifi_item)number;
	return true;
}

/* It keeps the last bytes that it was given, which may be a key's: others take their place. */
static void forget_last(GChecksum *sum)
{
	static const guint8 nothing[63]; /* what it keeps is not yet a block */

	g_checksum_reset(sum);
	g_checksum_update(sum, nothing, sizeof(nothing));
}

static void digest(const guint8 *data, gsize size, char *to)
{
	GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);

	g_checksum_update(sum, data, (gssize)size);
	g_strlcpy(to, g_checksum_get_string(sum), LEDGER_SHA256_HEX + 1);
	forget_last(sum);
	g_checksum_free(sum);
}

/* Connections that use the set end first: what they verify with is about to change. */
static char *still_in_use(const struct write *write)
{
	const struct burner_parts *parts = &write->burner->parts;
	guint count;

	if (write->set != ESWIFI_SET_REWRITABLE || !parts->in_use)
		return NULL;
	count = parts->in_use(write->set, parts->user);
	if (!count)
		return NULL;
	return g_strdup_printf("%u connections use set %u at this moment; end them first "
			       "(`eswrapctl flows` shows them); nothing was sent",
			       count, write->set);
}

/* Take it in, when it can be read what is known. Return: why not, to be freed; NULL: it waits for its turn */
static char *accept(struct write *write)
{
	struct burner *burner = write->burner;
	g_autoptr(GError) error = NULL;
	char *why;

	if (!module_is_good(burner, write->mac, &why))
		return why;
	if (write->set >= burner_sets(&burner->parts))
		return g_strdup_printf("the module's firmware has no set %u", write->set);
	why = still_in_use(write);
	if (why)
		return why;
	write->ledger = ledger_read(burner->parts.settings->state_dir, &error);
	if (!write->ledger)
		return g_strdup(error->message);
	ledger_get(write->ledger, write->mac, write->set, write->item, &write->before);
	digest(write->data, write->size, write->mine.sha256);
	write->mine.subject = write->subject;
	write->job.start = write_start;
	timer_init(&write->turn, burner->parts.timers, turn_missed, write);
	burner->write = write;
	presence_enter(burner->parts.presence);
	await_turn(write);
	return NULL;
}

/* One item at a time; what the ledger says of the next is only known when the last has ended. */
static void serve_queue(struct burner *burner)
{
	struct write *write;

	while (!burner->write && (write = g_queue_pop_head(&burner->queue))) {
		g_autofree char *why = accept(write);

		if (!why)
			continue;
		call_fail(write->call, STATUS_FAILED, "%s", why);
		write_free(write);
	}
}

void burner_write(struct call *call, const struct caller *caller G_GNUC_UNUSED, GVariant *arguments,
		  gpointer user)
{
	struct burner *burner = user;
	const char *mac, *subject, *intent_name;
	enum credential_intent intent;
	struct write *write;
	enum eswifi_item item;
	const guint8 *data;
	g_autoptr(GVariant) bytes = NULL;
	gsize size;
	guint set;

	if (!parse_item(call, arguments, &mac, &set, &item, &subject))
		return;
	bytes = g_variant_lookup_value(arguments, "data", G_VARIANT_TYPE_BYTESTRING);
	data = bytes ? g_variant_get_fixed_array(bytes, &size, 1) : NULL;
	if (!data || !data_is_plausible(item, data, size) ||
	    !g_variant_lookup(arguments, "intent", "&s", &intent_name) ||
	    !credential_intent_parse(intent_name, &intent)) {
		call_fail(call, STATUS_FAILED, "invalid request; nothing was sent");
		return;
	}
	write = g_new0(struct write, 1);
	write->burner = burner;
	write->call = call;
	g_strlcpy(write->mac, mac, sizeof(write->mac));
	write->set = set;
	write->item = item;
	write->data = memcpy(secret_new(size), data, size);
	write->size = size;
	write->subject = g_strdup(subject);
	g_variant_lookup(arguments, "until", "x", &write->mine.until);
	write->intent = intent;
	g_queue_push_tail(&burner->queue, write);
	serve_queue(burner);
}

/* One that is burnt, by us, is not adopted: that would forget what is known. */
static void adopt(const struct burner *burner, struct call *call, const char *mac, guint set,
		  enum eswifi_item item, const struct ledger_entry *entry)
{
	const char *dir = burner->parts.settings->state_dir;
	struct ledger_entry before;
	g_autoptr(GError) error = NULL;
	struct ledger *ledger = ledger_read(dir, &error);

	if (ledger) {
		ledger_get(ledger, mac, set, item, &before);
		if (before.state == LEDGER_BURNT)
			call_fail(call, STATUS_FAILED,
				  "the ledger says that the %s of set %u was burnt from here (%s); "
				  "there is nothing to adopt",
				  ledger_item_name(item), set, before.subject);
		else if (ledger_put(dir, mac, set, item, entry, &error))
			call_finish(call, NULL);
	}
	if (error)
		call_fail(call, STATUS_FAILED, "%s", error->message);
	ledger_free(ledger);
}

void burner_adopt(struct call *call, const struct caller *caller G_GNUC_UNUSED, GVariant *arguments,
		  gpointer user)
{
	struct burner *burner = user;
	struct ledger_entry entry = { .state = LEDGER_ELSEWHERE };
	const char *mac, *sha256;
	enum eswifi_item item;
	guint set;

	if (!parse_item(call, arguments, &mac, &set, &item, &entry.subject))
		return;
	if (!g_variant_lookup(arguments, "sha256", "&s", &sha256) ||
	    (*sha256 && (strlen(sha256) != LEDGER_SHA256_HEX ||
			 strspn(sha256, "0123456789abcdef") != LEDGER_SHA256_HEX))) {
		call_fail(call, STATUS_FAILED, "invalid request");
		return;
	}
	g_strlcpy(entry.sha256, sha256, sizeof(entry.sha256));
	g_variant_lookup(arguments, "until", "x", &entry.until);
	entry.when = g_get_real_time() / G_USEC_PER_SEC;
	adopt(burner, call, mac, set, item, &entry);
}

/* Return: how many items were forgotten, or -1 with @error set. */
static int forget(const char *dir, const char *mac, guint set, guint item, GError **error)
{
	static const struct ledger_entry blank = { .state = LEDGER_BLANK };
	struct ledger *ledger = ledger_read(dir, error);
	struct ledger_entry entry;
	int count = 0;
	guint s, i;

	if (!ledger)
		return -1;
	for (s = 0; s < ESWIFI_SETS && count >= 0; s++) {
		for (i = 0; i < LEDGER_ITEMS && count >= 0; i++) {
			ledger_get(ledger, mac, s, (enum eswifi_item)i, &entry);
			if (entry.state == LEDGER_BLANK || (set != G_MAXUINT && s != set) ||
			    (item != G_MAXUINT && i != item))
				continue;
			count = ledger_put(dir, mac, s, (enum eswifi_item)i, &blank, error)
					? count + 1
					: -1;
		}
	}
	ledger_free(ledger);
	return count;
}

void burner_forget(struct call *call, const struct caller *caller G_GNUC_UNUSED,
		   GVariant *arguments, gpointer user)
{
	struct burner *burner = user;
	guint set = G_MAXUINT, item = G_MAXUINT;
	g_autoptr(GError) error = NULL;
	GVariantDict reply;
	const char *mac;
	int count;

	if (!g_variant_lookup(arguments, "module", "&s", &mac)) {
		call_fail(call, STATUS_FAILED, "invalid request");
		return;
	}
	if (burner->write) {
		call_fail(call, STATUS_FAILED, "an item is being written at this moment");
		return;
	}
	g_variant_lookup(arguments, "set", "u", &set);
	g_variant_lookup(arguments, "item", "u", &item);
	count = forget(burner->parts.settings->state_dir, mac, set, item, &error);
	if (count < 0) {
		call_fail(call, STATUS_FAILED, "%s", error->message);
		return;
	}
	g_message("the ledger's entries of %s: %d forgotten", mac, count);
	g_variant_dict_init(&reply, NULL);
	g_variant_dict_insert(&reply, "forgotten", "u", (guint)count);
	call_finish(call, g_variant_dict_end(&reply));
}

static void log_missing(struct burner *burner)
{
	const char *mac = eswifi_module_identity(burner->parts.module)->mac;
	g_autoptr(GPtrArray) warnings = NULL;
	guint i;

	if (!strcmp(burner->mac, mac))
		return;
	g_strlcpy(burner->mac, mac, sizeof(burner->mac));
	warnings = g_ptr_array_new_with_free_func(g_free);
	missing_add_warnings(burner->parts.settings, mac, warnings);
	for (i = 0; i < warnings->len; i++)
		g_warning("%s", (const char *)g_ptr_array_index(warnings, i));
}

void burner_ready(struct burner *burner)
{
	struct waiter *waiter;
	guint i;

	log_missing(burner);
	/* None of them is answered from within here: the module is asked first. */
	for (i = 0; i < burner->waiters->len; i++) {
		waiter = g_ptr_array_index(burner->waiters, i);
		if (!waiter->ask)
			ask_and_answer(waiter);
	}
}
