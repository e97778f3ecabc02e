// SPDX-License-Identifier: MIT
#include <stdio.h>

#include "eswrapctl/write.h"

static int confirm_and_run(const struct ctl *ctl, struct write_plan *plan, bool yes)
{
	int status = write_prepare(ctl, plan);

	if (status != CTL_OK)
		return status;
	if (write_burns(plan) && !yes &&
	    !terminal_confirm(ctl, "An item that is blank will be BURNT by this comparison.",
			      plan->options->set))
		return CTL_USAGE;
	status = write_run(ctl, plan);
	if (status == CTL_OK && !ctl->json)
		printf("set %u of module %s holds these bytes\n", plan->options->set,
		       plan->known->module);
	return status;
}

static int verify(const struct ctl *ctl, struct set_options *options, bool blank, bool yes)
{
	struct write_plan plan = {
		.options = options,
		.intent = blank ? CREDENTIAL_VERIFY_EVEN_IF_BLANK : CREDENTIAL_VERIFY,
	};
	struct known known;
	int status;

	plan.set = set_load(ctl, options, !blank);
	if (!plan.set)
		return CTL_BAD_INPUT;
	status = known_get(ctl, true, &known);
	plan.known = &known;
	if (status == CTL_OK) {
		status = confirm_and_run(ctl, &plan, yes);
		known_clear(&known);
	}
	credential_set_free(plan.set);
	return status;
}

int ctl_credentials_verify(struct ctl *ctl, int argc, char **argv)
{
	struct set_options options = { NULL };
	gboolean yes = FALSE, blank = FALSE;
	const GOptionEntry entries[] = {
		SET_OPTION_ENTRIES(options),
		{ "even-if-blank", 0, 0, G_OPTION_ARG_NONE, &blank,
		  "also items that the ledger does not hold as burnt: BURNS the blank ones", NULL },
		{ "yes", 0, 0, G_OPTION_ARG_NONE, &yes, "do not ask to confirm", NULL },
		{ NULL },
	};
	int status = CTL_USAGE;

	if (ctl_parse(ctl, "eswrapctl credentials verify", "SET [ca] [certificate] [key]",
		      "Writes the same bytes again, which the module answers with a match or an "
		      "error. Writing to\na blank item would burn it, so only items that the "
		      "ledger holds as burnt are compared.",
		      entries, false, &argc, &argv)) {
		if (argc < 2)
			ctl_error(ctl, "verify takes a set");
		else
			status = set_find(ctl, argv[1], argv + 2, &options);
		if (status == CTL_OK)
			status = verify(ctl, &options, blank, yes);
	}
	set_options_clear(&options);
	return status;
}
