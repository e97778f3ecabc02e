// SPDX-License-Identifier: MIT
/*
 * Why does the system's broker not answer? systemd and the journal know: a broker that ends as soon
 * as it is started leaves a socket on which systemd still listens and nobody answers.
 *
 * Both are asked through their own commands, which any user may run; where they are not there, or
 * say nothing within a few seconds, nothing is known.
 */
#include <stdlib.h>
#include <string.h>

#include "eswrapctl/ctl.h"

#define COMMAND_TIMEOUT "3" /* seconds; systemd itself may be what hangs */

/* What `systemctl show` says of the two units that matters here. */
struct unit {
	char *listen, *active, *sub, *result, *restarts, *status;
};

char *service_run(const char *const *command)
{
	return service_run_within(COMMAND_TIMEOUT, command);
}

char *service_run_within(const char *seconds, const char *const *command)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autofree char *out = NULL;
	int status;

	g_ptr_array_add(argv, (gpointer) "timeout");
	g_ptr_array_add(argv, (gpointer)seconds);
	for (; *command; command++)
		g_ptr_array_add(argv, (gpointer)*command);
	g_ptr_array_add(argv, NULL);
	if (!g_spawn_sync(NULL, (char **)argv->pdata, NULL,
			  G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &out, NULL,
			  &status, NULL) ||
	    status != 0)
		return NULL;
	return g_strstrip(g_steal_pointer(&out));
}

static void unit_clear(struct unit *unit)
{
	g_free(unit->listen);
	g_free(unit->active);
	g_free(unit->sub);
	g_free(unit->result);
	g_free(unit->restarts);
	g_free(unit->status);
	memset(unit, 0, sizeof(*unit));
}

static void take_property(struct unit *unit, const char *line)
{
	const struct {
		const char *name;
		char **to;
	} wanted[] = {
		{ "Listen=", &unit->listen },	   { "ActiveState=", &unit->active },
		{ "SubState=", &unit->sub },	   { "Result=", &unit->result },
		{ "NRestarts=", &unit->restarts }, { "ExecMainStatus=", &unit->status },
	};
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(wanted); i++) {
		if (!g_str_has_prefix(line, wanted[i].name))
			continue;
		g_free(*wanted[i].to);
		*wanted[i].to = g_strdup(line + strlen(wanted[i].name));
	}
}

/* Return: false where systemd does not know the unit. */
static bool unit_ask(const char *name, struct unit *unit)
{
	const char *const command[] = { "systemctl", "show", name,
					"--property=Listen,ActiveState,SubState,Result,NRestarts,"
					"ExecMainStatus",
					NULL };
	g_autofree char *said = service_run(command);
	g_auto(GStrv) lines = g_strsplit(said ? said : "", "\n", 0);
	char **line;

	for (line = lines; *line; line++)
		take_property(unit, *line);
	return unit->active && unit->sub && unit->result;
}

/* "/run/eswrap/eswrapd.sock (SequentialPacket)" */
static bool is_listener(const struct unit *unit, const char *path)
{
	return unit->listen && g_str_has_prefix(unit->listen, path) &&
	       unit->listen[strlen(path)] == ' ';
}

static void add_state(GString *text, const char *name, const struct unit *unit)
{
	g_string_append_printf(text, "\n  %s is %s (%s)", name, unit->active, unit->sub);
	if (strcmp(unit->result, "success"))
		g_string_append_printf(text, ", %s", unit->result);
	if (unit->status && strcmp(unit->status, "0"))
		g_string_append_printf(text, ", exit status %s", unit->status);
	if (unit->restarts && strcmp(unit->restarts, "0"))
		g_string_append_printf(text, ", restarted %s times", unit->restarts);
}

static void add_journal(GString *text)
{
	const char *const command[] = { "journalctl", "--unit=eswrapd.service",
					"--lines=1",  "--output=cat",
					"--quiet",    "--no-pager",
					NULL };
	g_autofree char *line = service_run(command);

	if (line && *line)
		g_string_append_printf(text, "\n  its last line in the journal: %s", line);
}

static const char *remedy(const struct unit *listener, const struct unit *service)
{
	if (service->status && atoi(service->status) == CTL_CONFIG)
		return "`eswrapctl check-config` names the mistakes in the configuration; then "
		       "`systemctl restart eswrapd.socket`";
	if (!strcmp(listener->active, "failed"))
		return "`journalctl -u eswrapd` says why; then `systemctl restart eswrapd.socket`";
	if (strcmp(listener->active, "active"))
		return "`systemctl start eswrapd.socket` starts it";
	return "`journalctl -u eswrapd` shows more";
}

char *service_explain(const char *path)
{
	struct unit listener = { NULL }, service = { NULL };
	GString *text = NULL;

	if (unit_ask("eswrapd.socket", &listener) && is_listener(&listener, path) &&
	    unit_ask("eswrapd.service", &service)) {
		text = g_string_new(NULL);
		add_state(text, "eswrapd.socket", &listener);
		add_state(text, "eswrapd.service", &service);
		add_journal(text);
		g_string_append_printf(text, "\n  %s", remedy(&listener, &service));
	}
	unit_clear(&listener);
	unit_clear(&service);
	return text ? g_string_free(text, FALSE) : NULL;
}
