/* SPDX-License-Identifier: MIT */
/*
 * A module without a driver: those functions of eswifi/eswifi.h that the broker's verbs ask, for a
 * test that answers as the module. A program that is linked with this has nothing of the driver.
 */
#ifndef TESTS_FAKE_MODULE_H
#define TESTS_FAKE_MODULE_H

#include "eswifi/eswifi.h"

#define FAKE_MAC "c4:7f:51:00:00:01"

enum asked { ASKED_NOTHING, ASKED_LIST, ASKED_WRITE, ASKED_LOOKUP, ASKED_PROBE, ASKED_QUESTION };

/**
 * struct eswifi_module - the only one
 * @state, @why, @identity:	the test's to change
 * @refusal:	what the next operation is refused with at once, a negative errno; 0: none is
 * @asked:	what is under way, and what it is about: @socket; @set, @item and @data; or @question
 *		and @data
 * @watched:	its next reset is to be in a report
 * @resets, @leaves, @joins:	how often it was told to
 * @tap, @tap_user:	who looks at the line
 */
extern struct eswifi_module {
	enum eswifi_state state;
	const char *why;
	struct eswifi_identity identity;
	int refusal;
	enum asked asked;
	guint socket, set;
	enum eswifi_item item;
	enum eswifi_question question;
	GString *data;
	bool watched;
	guint resets, leaves, joins;
	eswifi_done done;
	gpointer user;
	eswifi_tap tap;
	gpointer tap_user;
} module;

/* fake_module_init() - READY, and nothing under way; its firmware says which items are blank */
void fake_module_init(void);
void fake_module_clear(void);

/* module_asked() - Return: what is under way, after the scheduler of fake-line.h was asked if nothing was */
enum asked module_asked(void);
/* module_ends() - what is under way ends, with the driver's result and text */
void module_ends(int result, const char *text);

#endif
