// SPDX-License-Identifier: MIT
/* --isolate: the rest is eswrap-tunnel's. */
#include "isolate.h"

#include <errno.h>
#include <glib.h>
#include <unistd.h>

/* As env(1), timeout(1) and nohup(1) have it: they failed, not the program. */
#define STATUS_OWN_FAILURE 125

int isolate_become(const char *tunnel, const char *ports, char **argv)
{
	g_auto(GStrv) list = g_strsplit(ports ? ports : "", ",", 0);
	g_autoptr(GPtrArray) arguments = g_ptr_array_new();
	int i;

	g_ptr_array_add(arguments, (gpointer)tunnel);
	for (i = 0; list[i]; i++) {
		g_ptr_array_add(arguments, (gpointer) "--port");
		g_ptr_array_add(arguments, list[i]);
	}
	g_ptr_array_add(arguments, (gpointer) "--");
	for (i = 0; argv[i]; i++)
		g_ptr_array_add(arguments, argv[i]);
	g_ptr_array_add(arguments, NULL);
	execv(tunnel, (char **)arguments->pdata);
	g_printerr("eswrap: %s: %s; is the package eswrap-tunnel installed?\n", tunnel,
		   g_strerror(errno));
	return STATUS_OWN_FAILURE;
}
