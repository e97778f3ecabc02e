// SPDX-License-Identifier: MIT
/* eswrapctl credentials: the table of its subcommands. */
#include "eswrapctl/ctl.h"

static const struct ctl_command commands[] = {
	{ "list", ctl_credentials_list, "what the ledger says of each set and item" },
	{ "check", ctl_credentials_check, "check the files of a set; sends nothing" },
	{ "program", ctl_credentials_program, "burn a set into the module, for good" },
	{ "verify", ctl_credentials_verify, "compare files with what is burnt" },
	{ "adopt", ctl_credentials_adopt, "note in the ledger what another tool has programmed" },
	{ "expires", ctl_credentials_expires, "certificates that end soon" },
	{ "forget-ledger", ctl_credentials_forget, "after a complete firmware was flashed" },
	{ NULL },
};

int ctl_credentials(struct ctl *ctl, int argc, char **argv)
{
	return ctl_dispatch(ctl, "eswrapctl credentials", commands, argc, argv);
}
