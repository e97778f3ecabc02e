// SPDX-License-Identifier: MIT
#include <string.h>

#include "ledger/rule.h"
#include "support/suite.h"

#define W CREDENTIAL_WRITE
#define C CREDENTIAL_COMPARE
#define R CREDENTIAL_REFUSE

/* As the table in credential-rule.h has it; columns: program, verify, verify even if blank. */
static const struct row {
	enum ledger_state state;
	bool same;
	enum credential_decision decisions[3];
} rows[] = {
	{ LEDGER_BLANK, false, { W, R, W } },	  { LEDGER_UNCERTAIN, true, { W, R, W } },
	{ LEDGER_UNCERTAIN, false, { R, R, W } }, { LEDGER_BURNT, true, { C, C, C } },
	{ LEDGER_BURNT, false, { R, R, R } },	  { LEDGER_ELSEWHERE, true, { W, R, W } },
	{ LEDGER_ELSEWHERE, false, { R, R, W } },
};

START_TEST(what_may_be_sent_is_as_the_table_says)
{
	const struct row *row = &rows[_i];
	int intent;

	for (intent = CREDENTIAL_PROGRAM; intent <= CREDENTIAL_VERIFY_EVEN_IF_BLANK; intent++)
		ck_assert_int_eq(credential_decide(0, row->state, row->same,
						   (enum credential_intent)intent,
						   CREDENTIAL_NO_WORD),
				 row->decisions[intent]);
}
END_TEST

/* What the module says counts more; columns as above. */
static const struct told {
	enum credential_word word;
	enum ledger_state state;
	bool same;
	enum credential_decision decisions[3];
} told[] = {
	{ CREDENTIAL_BLANK, LEDGER_BLANK, false, { W, R, W } },
	{ CREDENTIAL_BLANK, LEDGER_UNCERTAIN, true, { W, R, W } },
	{ CREDENTIAL_BLANK, LEDGER_UNCERTAIN, false, { W, R, W } },
	{ CREDENTIAL_BLANK, LEDGER_BURNT, true, { R, R, R } },
	{ CREDENTIAL_BLANK, LEDGER_ELSEWHERE, true, { R, R, R } },
	{ CREDENTIAL_USED, LEDGER_BLANK, false, { C, C, C } },
	{ CREDENTIAL_USED, LEDGER_UNCERTAIN, false, { C, C, C } },
	{ CREDENTIAL_USED, LEDGER_BURNT, true, { C, C, C } },
	{ CREDENTIAL_USED, LEDGER_BURNT, false, { R, R, R } },
	{ CREDENTIAL_USED, LEDGER_ELSEWHERE, false, { C, C, C } },
};

START_TEST(what_the_module_says_counts_more_than_the_ledger)
{
	const struct told *row = &told[_i];
	int intent;

	for (intent = CREDENTIAL_PROGRAM; intent <= CREDENTIAL_VERIFY_EVEN_IF_BLANK; intent++)
		ck_assert_int_eq(credential_decide(0, row->state, row->same,
						   (enum credential_intent)intent, row->word),
				 row->decisions[intent]);
}
END_TEST

START_TEST(the_set_that_can_be_written_again_is_replaced_only_when_that_is_said)
{
	static const struct {
		enum credential_word word;
		enum ledger_state state;
		bool same;
		enum credential_decision decisions[4];
	} cases[] = {
		{ CREDENTIAL_BLANK, LEDGER_BLANK, false, { W, R, R, W } },
		{ CREDENTIAL_BLANK, LEDGER_BURNT, true, { W, R, R, W } },
		{ CREDENTIAL_USED, LEDGER_BLANK, false, { R, R, R, W } },
		{ CREDENTIAL_USED, LEDGER_UNCERTAIN, false, { W, R, R, W } },
		{ CREDENTIAL_USED, LEDGER_BURNT, true, { C, C, C, W } },
		{ CREDENTIAL_USED, LEDGER_BURNT, false, { R, R, R, W } },
		{ CREDENTIAL_USED, LEDGER_ELSEWHERE, true, { R, R, R, W } },
		{ CREDENTIAL_NO_WORD, LEDGER_BLANK, false, { W, R, R, W } },
	};
	int intent;
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(cases); i++)
		for (intent = CREDENTIAL_PROGRAM; intent <= CREDENTIAL_REPLACE; intent++)
			ck_assert_int_eq(credential_decide(ESWIFI_SET_REWRITABLE, cases[i].state,
							   cases[i].same,
							   (enum credential_intent)intent,
							   cases[i].word),
					 cases[i].decisions[intent]);
	/* The others never are. */
	ck_assert_int_eq(
		credential_decide(0, LEDGER_BLANK, false, CREDENTIAL_REPLACE, CREDENTIAL_BLANK), R);
}
END_TEST

START_TEST(each_refusal_names_set_item_and_remedy)
{
	static const char *const remedies[] = {
		[LEDGER_BLANK] = "--even-if-blank",
		[LEDGER_UNCERTAIN] = "forget-ledger 1 certificate",
		[LEDGER_BURNT] = "it cannot be changed",
		[LEDGER_ELSEWHERE] = "forget-ledger 1 certificate",
	};
	struct ledger_entry entry = { .state = (enum ledger_state)_i, .subject = "CN=x" };
	enum credential_intent intent = _i == LEDGER_BLANK ? CREDENTIAL_VERIFY : CREDENTIAL_PROGRAM;
	char *text =
		credential_refusal(&entry, intent, CREDENTIAL_NO_WORD, 1, ESWIFI_ITEM_CERTIFICATE);

	ck_assert_msg(strstr(text, "the certificate of set 1"), "%s", text);
	ck_assert_msg(strstr(text, remedies[_i]), "%s", text);
	g_free(text);
}
END_TEST

START_TEST(intents_come_back_from_their_names)
{
	enum credential_intent intent;
	int i;

	for (i = CREDENTIAL_PROGRAM; i <= CREDENTIAL_REPLACE; i++) {
		ck_assert(credential_intent_parse(credential_intent_name((enum credential_intent)i),
						  &intent));
		ck_assert_int_eq(intent, i);
	}
	ck_assert(!credential_intent_parse("burn", &intent));
	ck_assert(!credential_intent_parse("", &intent));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("credential-rule");
	TCase *rule = tcase_create("rule");

	tcase_add_loop_test(rule, what_may_be_sent_is_as_the_table_says, 0, G_N_ELEMENTS(rows));
	tcase_add_loop_test(rule, what_the_module_says_counts_more_than_the_ledger, 0,
			    G_N_ELEMENTS(told));
	tcase_add_loop_test(rule, each_refusal_names_set_item_and_remedy, LEDGER_BLANK,
			    LEDGER_ELSEWHERE + 1);
	tcase_add_test(rule, the_set_that_can_be_written_again_is_replaced_only_when_that_is_said);
	tcase_add_test(rule, intents_come_back_from_their_names);
	suite_add_tcase(suite, rule);
	return suite_run(suite);
}
