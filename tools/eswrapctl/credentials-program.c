// SPDX-License-Identifier: MIT
#include "eswrapctl/write.h"

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
			status = write_set(ctl, &options, CREDENTIAL_PROGRAM, yes,
					   "What is burnt can never be changed or cleared, but by "
					   "flashing a complete firmware.",
					   "is programmed");
	}
	set_options_clear(&options);
	return status;
}
