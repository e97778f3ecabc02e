// SPDX-License-Identifier: MIT
#include <stdio.h>

#include "eswrapctl/write.h"

static int confirm_and_run(const struct ctl *ctl, struct write_plan *plan, bool yes)
{
	int status = write_prepare(ctl, plan);

	if (status != CTL_OK)
		return status;
	if (write_burns(plan) && !yes &&
	    !terminal_confirm(ctl,
			      "What is burnt can never be changed or cleared, but by flashing a "
			      "complete firmware.",
			      plan->options->set))
		return CTL_USAGE;
	status = write_run(ctl, plan);
	if (status == CTL_OK && !ctl->json)
		printf("set %u of module %s is programmed\n", plan->options->set,
		       plan->known->module);
	return status;
}

static int program(const struct ctl *ctl, struct set_options *options, bool yes)
{
	struct write_plan plan = { .options = options, .intent = CREDENTIAL_PROGRAM };
	struct known known;
	int status;

	plan.set = set_load(ctl, options, false);
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

int ctl_credentials_program(struct ctl *ctl, int argc, char **argv)
{
	struct set_options options = { NULL };
	gboolean yes = FALSE;
	const GOptionEntry entries[] = {
		SET_OPTION_ENTRIES(options),
		{ "yes", 0, 0, G_OPTION_ARG_NONE, &yes, "do not ask to confirm", NULL },
		{ NULL },
	};
	int status = CTL_USAGE;

	if (ctl_parse(ctl, "eswrapctl credentials program", "SET",
		      "Burns the files of a [credentials] group (SET is its number or name), or "
		      "those of --ca,\n--certificate and --key, into the module. They are checked "
		      "first. Safe to run again after\nan interruption: what is burnt already is "
		      "compared.",
		      entries, false, &argc, &argv)) {
		if (argc != 2)
			ctl_error(ctl, "program takes one set");
		else
			status = set_find(ctl, argv[1], argv + 2, &options);
		if (status == CTL_OK)
			status = program(ctl, &options, yes);
	}
	set_options_clear(&options);
	return status;
}
