// SPDX-License-Identifier: MIT
/* The module without a driver. */
#include "unit/fake-module.h"

#include <errno.h>
#include <stdlib.h>

#include "eswrapd/sched.h"
#include "support/suite.h"
#include "unit/fake-line.h"

struct eswifi_module module;

void fake_module_init(void)
{
	module = (struct eswifi_module){
		.state = ESWIFI_READY,
		.why = "joined",
		.identity = { .product = "ISM43362",
			      .firmware = "C3.5.2.5",
			      .mac = FAKE_MAC,
			      .address = "192.0.2.7",
			      .dialect = ESWIFI_FIRMWARE_NOTE },
		.data = g_string_new(NULL),
	};
}

void fake_module_clear(void)
{
	g_string_free(module.data, TRUE);
}

enum asked module_asked(void)
{
	if (!module.asked)
		next();
	return module.asked;
}

void module_ends(int result, const char *text)
{
	ck_assert_int_ne(module.asked, ASKED_NOTHING);
	module.asked = ASKED_NOTHING;
	module.done(&module, result, text, module.user);
}

/* The scheduler knows only its line, and so hands no module on: there is one. Return: 0: it is under way */
static int begin(enum asked asked, eswifi_done done, gpointer user)
{
	int refusal = module.refusal;

	module.refusal = 0;
	if (refusal)
		return refusal;
	ck_assert_int_eq(module.asked, ASKED_NOTHING);
	module.asked = asked;
	module.done = done;
	module.user = user;
	return 0;
}

int eswifi_credential_list(struct eswifi_module *self G_GNUC_UNUSED, guint set, eswifi_done done,
			   gpointer user)
{
	module.set = set;
	return begin(ASKED_LIST, done, user);
}

int eswifi_credential_write(struct eswifi_module *self G_GNUC_UNUSED, guint set,
			    enum eswifi_item item, const guint8 *data, gsize size, eswifi_done done,
			    gpointer user)
{
	module.set = set;
	module.item = item;
	g_string_truncate(module.data, 0);
	g_string_append_len(module.data, (const char *)data, (gssize)size);
	return begin(ASKED_WRITE, done, user);
}

int eswifi_lookup(struct eswifi_module *self G_GNUC_UNUSED, guint socket, const char *host,
		  eswifi_done done, gpointer user)
{
	module.socket = socket;
	g_string_assign(module.data, host);
	return begin(ASKED_LOOKUP, done, user);
}

int eswifi_probe(struct eswifi_module *self G_GNUC_UNUSED, guint socket, const char *peer,
		 guint16 port, eswifi_done done, gpointer user)
{
	module.socket = socket;
	g_string_printf(module.data, "%s:%u", peer ? peer : "", port);
	return begin(ASKED_PROBE, done, user);
}

void eswifi_watch_reset(struct eswifi_module *self G_GNUC_UNUSED)
{
	module.watched = true;
}

int eswifi_ask(struct eswifi_module *self G_GNUC_UNUSED, enum eswifi_question question,
	       const char *argument, eswifi_done done, gpointer user)
{
	module.question = question;
	g_string_assign(module.data, argument ? argument : "");
	return begin(ASKED_QUESTION, done, user);
}

void eswifi_ask_cancel(struct eswifi_module *self G_GNUC_UNUSED)
{
	module.asked = ASKED_NOTHING;
}

enum eswifi_state eswifi_module_state(const struct eswifi_module *self G_GNUC_UNUSED)
{
	return module.state;
}

const char *eswifi_state_name(enum eswifi_state state)
{
	return state == ESWIFI_READY ? "ready" : "recovering";
}

const char *eswifi_module_why(const struct eswifi_module *self G_GNUC_UNUSED)
{
	return module.why;
}

const struct eswifi_identity *eswifi_module_identity(const struct eswifi_module *self G_GNUC_UNUSED)
{
	return &module.identity;
}

void eswifi_module_reset(struct eswifi_module *self G_GNUC_UNUSED, const char *why G_GNUC_UNUSED)
{
	module.resets++;
}

void eswifi_leave(struct eswifi_module *self G_GNUC_UNUSED)
{
	module.leaves++;
}

void eswifi_join(struct eswifi_module *self G_GNUC_UNUSED)
{
	module.joins++;
}

void eswifi_module_tap(struct eswifi_module *self G_GNUC_UNUSED, eswifi_tap tap, gpointer user)
{
	module.tap = tap;
	module.tap_user = user;
}

/* The scheduler's line is that of fake-line.h: none is made for this module. */
struct line *line_new(struct eswifi_module *self G_GNUC_UNUSED, struct timers *timers G_GNUC_UNUSED)
{
	abort();
}

void line_free(struct line *line G_GNUC_UNUSED)
{
}
