// SPDX-License-Identifier: MIT
/* Items on their way to the module: the plan, the question, and what became of each. */
#include "eswrapctl/write.h"

#include <stdio.h>
#include <string.h>

#define SHA256_SHOWN 16 /* hexadecimal digits; --json has all 64 */

/**
 * struct write_plan - what is to happen to each item of one set
 * @options:	which set
 * @set:	the files, checked; each key is wiped when it has been sent
 * @known:	the module and its ledger
 * @intent:	what the user asked for
 * @decision:	by item; only those that @set holds count
 * @result:	by item: what has become of it; NULL: nothing yet
 */
struct write_plan {
	const struct set_options *options;
	struct credential_set *set;
	const struct known *known;
	enum credential_intent intent;
	enum credential_decision decision[CREDENTIAL_ITEMS];
	const char *result[CREDENTIAL_ITEMS];
};

/* One item while the broker works on it. */
struct progress {
	const char *item;
	bool terminal;
};

static bool is_there(const struct write_plan *plan, int item)
{
	return plan->set->item[item].pem.data != NULL;
}

static const char *intention(const struct write_plan *plan, int item)
{
	switch (plan->decision[item]) {
	case CREDENTIAL_WRITE:
		return known_item(plan->known, plan->options->set, (enum eswifi_item)item).says[0]
			       ? "will be BURNT"
			       : "will be BURNT, or compared where it is burnt already";
	case CREDENTIAL_COMPARE:
		return "will be compared";
	case CREDENTIAL_REFUSE:
		return "cannot be sent";
	}
	return "";
}

static void print_state_of(const struct write_plan *plan, enum eswifi_item item, const char *what)
{
	struct known_item known = known_item(plan->known, plan->options->set, item);

	printf("  %-11s  ledger: %s%s%s; %s\n", "", known.state, *known.says ? ", module: " : "",
	       known.says, what);
}

static void print_plan(const struct write_plan *plan)
{
	int i;

	printf("module %s (%s), set %u", plan->known->module, plan->known->product,
	       plan->options->set);
	if (plan->options->name)
		printf(", [credentials %s]", plan->options->name);
	printf("\n");
	for (i = 0; i < CREDENTIAL_ITEMS; i++) {
		const struct credential_item *item = &plan->set->item[i];

		if (!is_there(plan, i))
			continue;
		printf("  %-11s  %s, %zu bytes, SHA-256 %.*s...\n", pem_item_name(item->pem.item),
		       item->subject, item->pem.size, SHA256_SHOWN, item->sha256);
		printf("  %-11s  from %s\n", "", item->pem.path);
		print_state_of(plan, item->pem.item, intention(plan, i));
	}
	fflush(stdout);
}

static void print_warnings(const struct ctl *ctl, const struct write_plan *plan)
{
	GPtrArray *warnings = plan->set->warnings;
	guint i;

	for (i = 0; !ctl->json && i < warnings->len; i++)
		fprintf(stderr, "warning: %s\n", (const char *)g_ptr_array_index(warnings, i));
}

/* The broker decides again; but what it would refuse is better known before the user confirms. */
static char *decide(struct write_plan *plan, int i)
{
	const struct credential_item *item = &plan->set->item[i];
	struct known_item known = known_item(plan->known, plan->options->set, item->pem.item);
	struct ledger_entry entry = { .subject = known.subject };
	enum credential_word word = !strcmp(known.says, "used")	   ? CREDENTIAL_USED
				    : !strcmp(known.says, "blank") ? CREDENTIAL_BLANK
								   : CREDENTIAL_NO_WORD;

	if (!ledger_state_parse(known.state, &entry.state))
		return g_strdup_printf("the broker knows a state \"%s\" that eswrapctl does not",
				       known.state);
	plan->decision[i] =
		credential_decide(plan->options->set, entry.state,
				  !strcmp(known.sha256, item->sha256), plan->intent, word);
	if (plan->decision[i] != CREDENTIAL_REFUSE)
		return NULL;
	return credential_refusal(&entry, plan->intent, word, plan->options->set, item->pem.item);
}

/*
 * Decides on each item, and shows the plan.
 * Return: CTL_OK; else a status after the reasons, and nothing may be sent.
 */
static int prepare(const struct ctl *ctl, struct write_plan *plan)
{
	g_autoptr(GPtrArray) refusals = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *all = NULL;
	guint i;

	if (!*plan->known->module) {
		ctl_error(ctl, "no module has answered yet; see `eswrapctl status`");
		return CTL_FAILED;
	}
	for (i = 0; i < CREDENTIAL_ITEMS; i++) {
		char *why = is_there(plan, (int)i) ? decide(plan, (int)i) : NULL;

		if (why)
			g_ptr_array_add(refusals, why);
	}
	if (!ctl->json)
		print_plan(plan);
	print_warnings(ctl, plan);
	if (!refusals->len)
		return CTL_OK;
	g_ptr_array_add(refusals, NULL);
	all = g_strjoinv("\neswrapctl: ", (char **)refusals->pdata);
	ctl_error(ctl, "%s", all);
	return CTL_FAILED;
}

/* Does the plan hold an item that may be burnt by it? */
static bool burns(const struct write_plan *plan)
{
	int i;

	for (i = 0; i < CREDENTIAL_ITEMS; i++)
		if (is_there(plan, i) && plan->decision[i] == CREDENTIAL_WRITE)
			return true;
	return false;
}

static void show_step(GVariant *reply, gpointer user)
{
	struct progress *progress = user;
	const char *step;

	if (!g_variant_lookup(reply, "step", "&s", &step) || !progress->terminal)
		return;
	printf("\r  %-11s  %s...\033[K", progress->item, step);
	fflush(stdout);
}

/* @data is referred to and not copied: its owner wipes it. */
static GVariant *arguments_of(const struct write_plan *plan, const struct credential_item *item)
{
	g_autoptr(GBytes) data = g_bytes_new_static(item->pem.data, item->pem.size);
	GVariantDict dict;

	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "module", "s", plan->known->module);
	g_variant_dict_insert(&dict, "set", "u", plan->options->set);
	g_variant_dict_insert(&dict, "item", "u", (guint)item->pem.item);
	g_variant_dict_insert(&dict, "intent", "s", credential_intent_name(plan->intent));
	g_variant_dict_insert(&dict, "subject", "s", item->subject);
	g_variant_dict_insert(&dict, "until", "x", item->until);
	g_variant_dict_insert_value(
		&dict, "data", g_variant_new_from_bytes(G_VARIANT_TYPE_BYTESTRING, data, TRUE));
	return g_variant_dict_end(&dict);
}

static const char *result_of(enum credential_decision decision, GVariant *reply)
{
	gboolean matched = FALSE;

	g_variant_lookup(reply, "matched", "b", &matched);
	if (decision == CREDENTIAL_COMPARE)
		return matched ? "equal (the module says so)" : "equal (accepted again)";
	/* Without a word of it, the second write only was not refused. */
	return matched ? "burnt, and compared" : "burnt, and accepted again";
}

static int send_item(const struct ctl *ctl, struct write_plan *plan, int i, GError **error)
{
	struct credential_item *item = &plan->set->item[i];
	struct progress progress = { pem_item_name(item->pem.item),
				     !ctl->json && terminal_is_ours() };
	g_autoptr(GVariant) reply = NULL;
	int status = client_call(ctl, "credential-write", arguments_of(plan, item), show_step,
				 &progress, &reply, error);

	/* No longer than it is needed. */
	if (item->pem.item == ESWIFI_ITEM_KEY)
		pem_clear(&item->pem);
	if (status == CTL_OK)
		plan->result[i] = result_of(plan->decision[i], reply);
	else
		plan->result[i] = status == CTL_UNCERTAIN || !reply ? "uncertain" : "not sent";
	if (!ctl->json)
		printf("%s  %-11s  %s\n", progress.terminal ? "\r\033[K" : "", progress.item,
		       status == CTL_OK ? plan->result[i] : "FAILED");
	fflush(stdout);
	return status == CTL_UNREACHABLE ? CTL_UNCERTAIN : status;
}

static void print_json(const struct write_plan *plan, const bool there[CREDENTIAL_ITEMS],
		       const GError *error)
{
	GVariantBuilder items;
	GVariantDict dict, item;
	guint i;

	g_variant_builder_init(&items, G_VARIANT_TYPE("aa{sv}"));
	for (i = 0; i < CREDENTIAL_ITEMS; i++) {
		if (!there[i])
			continue;
		g_variant_dict_init(&item, NULL);
		g_variant_dict_insert(&item, "item", "s", pem_item_name((enum eswifi_item)i));
		g_variant_dict_insert(&item, "subject", "s", plan->set->item[i].subject);
		g_variant_dict_insert(&item, "sha256", "s", plan->set->item[i].sha256);
		g_variant_dict_insert(&item, "result", "s",
				      plan->result[i] ? plan->result[i] : "not sent");
		g_variant_builder_add_value(&items, g_variant_dict_end(&item));
	}
	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "module", "s", plan->known->module);
	g_variant_dict_insert(&dict, "set", "u", plan->options->set);
	g_variant_dict_insert_value(&dict, "items", g_variant_builder_end(&items));
	g_variant_dict_insert_value(
		&dict, "warnings",
		g_variant_new_strv((const char *const *)plan->set->warnings->pdata,
				   plan->set->warnings->len));
	if (error)
		g_variant_dict_insert(&dict, "error", "s", error->message);
	ctl_print_json(g_variant_dict_end(&dict));
}

/* After the first error: what is burnt now, as the ledger has it. */
static void print_state(const struct ctl *ctl, const struct write_plan *plan,
			const bool there[CREDENTIAL_ITEMS])
{
	struct known now;
	guint i;

	if (known_get(ctl, false, &now) != CTL_OK)
		return;
	fprintf(stderr, "set %u now, as the ledger has it:\n", plan->options->set);
	for (i = 0; i < CREDENTIAL_ITEMS; i++)
		if (there[i])
			fprintf(stderr, "  %-11s  %s\n", pem_item_name((enum eswifi_item)i),
				known_item(&now, plan->options->set, (enum eswifi_item)i).state);
	known_clear(&now);
}

/* Return: CTL_OK, or the status of the first item that failed. */
static int send_items(const struct ctl *ctl, struct write_plan *plan)
{
	bool there[CREDENTIAL_ITEMS];
	g_autoptr(GError) error = NULL;
	int status = CTL_OK;
	int i;

	for (i = 0; i < CREDENTIAL_ITEMS; i++)
		there[i] = is_there(plan, i);
	for (i = 0; i < CREDENTIAL_ITEMS && status == CTL_OK; i++)
		if (there[i])
			status = send_item(ctl, plan, i, &error);
	if (ctl->json)
		print_json(plan, there, error);
	else if (error)
		ctl_error(ctl, "%s", error->message);
	if (error && !ctl->json)
		print_state(ctl, plan, there);
	return status;
}

static int confirm_and_send(const struct ctl *ctl, struct write_plan *plan, bool yes,
			    const char *warning, const char *done)
{
	int status = prepare(ctl, plan);
	char number[SET_NUMBER_SIZE];

	if (status != CTL_OK)
		return status;
	g_snprintf(number, sizeof(number), "%u", plan->options->set);
	if (burns(plan) && !yes && !terminal_confirm(ctl, warning, "the set's number", number))
		return CTL_USAGE;
	status = send_items(ctl, plan);
	if (status == CTL_OK && !ctl->json)
		printf("set %u of module %s %s\n", plan->options->set, plan->known->module, done);
	return status;
}

int write_set(const struct ctl *ctl, const struct set_options *options,
	      enum credential_intent intent, bool yes, const char *warning, const char *done)
{
	struct write_plan plan = { .options = options, .intent = intent };
	struct known known;
	int status;

	plan.set = set_load(ctl, options, intent == CREDENTIAL_VERIFY);
	if (!plan.set)
		return CTL_BAD_INPUT;
	status = known_get(ctl, true, &known);
	plan.known = &known;
	if (status == CTL_OK) {
		status = confirm_and_send(ctl, &plan, yes, warning, done);
		known_clear(&known);
	}
	credential_set_free(plan.set);
	return status;
}
