// SPDX-License-Identifier: MIT
/* eswrapctl reload: the configuration again, while connections go on. */
#include <stdio.h>

#include "eswrapctl/ctl.h"

static void print_list(FILE *to, GVariant *reply, const char *key, const char *before,
		       const char *after)
{
	g_autofree const char **texts = NULL;
	guint i;

	g_variant_lookup(reply, key, "^a&s", &texts);
	for (i = 0; texts && texts[i]; i++)
		fprintf(to, "%s%s%s\n", before, texts[i], after);
}

int ctl_reload(struct ctl *ctl, int argc, char **argv)
{
	const struct ctl_usage usage = {
		.words = "eswrapctl reload",
		.summary = "Has the broker read its configuration again. Routes, credentials "
			   "groups and time-outs change;\nwhat is connected stays. What needs a "
			   "restart is said. A file with mistakes changes nothing.",
	};
	g_autoptr(GVariant) reply = NULL;
	int status = client_command(ctl, &usage, argc, argv, &reply);

	if (reply) {
		printf("%s was read again\n", ctl_text(reply, "config"));
		print_list(stdout, reply, "restart", "",
			   " has changed: `systemctl restart eswrapd` makes it take effect");
		fflush(stdout);
		print_list(stderr, reply, "warnings", "warning: ", "");
	}
	return status;
}
