// SPDX-License-Identifier: MIT
/* eswrapctl credentials program: burn a set into the module. */
#include "eswrapctl/write.h"

static const char burnt[] = "What is burnt can never be changed or cleared, but by flashing a "
			    "complete firmware.";
static const char rewritten[] = "What the set holds now is written over; it can be written again.";

int ctl_credentials_program(struct ctl *ctl, int argc, char **argv)
{
	struct set_options options = { NULL };
	gboolean yes = FALSE, replace = FALSE;
	const GOptionEntry entries[] = {
		{ "replace", 0, 0, G_OPTION_ARG_NONE, &replace,
		  "write over what set " G_STRINGIFY(ESWIFI_SET_REWRITABLE) " holds", NULL },
		{ "yes", 0, 0, G_OPTION_ARG_NONE, &yes, "do not ask for confirmation", NULL },
		{ NULL },
	};
	const struct ctl_usage usage = {
		.words = "eswrapctl credentials program",
		.arguments = "SET",
		.summary = "Burns the files of a [credentials] group (SET is its number or name), "
			   "or those of --ca,\n--certificate and --key, into the module. They are "
			   "checked first. Safe to run again after\nan interruption: what is burnt "
			   "already is compared.",
		.entries = entries,
		.group = set_option_group(&options),
	};
	int status = CTL_USAGE;

	if (ctl_parse(ctl, &usage, &argc, &argv)) {
		if (argc != 2)
			ctl_error(ctl, "program takes one set");
		else
			status = set_find(ctl, argv[1], argv + 2, &options);
		if (status == CTL_OK)
			status = write_set(ctl, &options,
					   replace ? CREDENTIAL_REPLACE : CREDENTIAL_PROGRAM, yes,
					   options.set == ESWIFI_SET_REWRITABLE ? rewritten : burnt,
					   "is programmed");
	}
	set_options_clear(&options);
	return status;
}
