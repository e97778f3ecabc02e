// SPDX-License-Identifier: MIT
/* eswrapctl credentials verify: compare files with what is burnt. */
#include "eswrapctl/write.h"

int ctl_credentials_verify(struct ctl *ctl, int argc, char **argv)
{
	struct set_options options = { NULL };
	gboolean yes = FALSE, blank = FALSE;
	const GOptionEntry entries[] = {
		{ "even-if-blank", 0, 0, G_OPTION_ARG_NONE, &blank,
		  "also items that the ledger does not hold as burnt: BURNS the blank ones", NULL },
		{ "yes", 0, 0, G_OPTION_ARG_NONE, &yes, "do not ask for confirmation", NULL },
		{ NULL },
	};
	const struct ctl_usage usage = {
		.words = "eswrapctl credentials verify",
		.arguments = "SET [ca] [certificate] [key]",
		.summary = "Writes the same bytes again, which the module answers with a match or "
			   "an error. Writing to\na blank item would burn it, so only items that "
			   "the ledger holds as burnt are compared.",
		.entries = entries,
		.group = set_option_group(&options),
	};
	int status = CTL_USAGE;

	if (ctl_parse(ctl, &usage, &argc, &argv)) {
		if (argc < 2)
			ctl_error(ctl, "verify takes a set");
		else
			status = set_find(ctl, argv[1], argv + 2, &options);
		if (status == CTL_OK)
			status = write_set(
				ctl, &options,
				blank ? CREDENTIAL_VERIFY_EVEN_IF_BLANK : CREDENTIAL_VERIFY, yes,
				"An item that is blank will be BURNT by this comparison.",
				"holds these bytes");
	}
	set_options_clear(&options);
	return status;
}
