// SPDX-License-Identifier: MIT
/* eswrapctl doctor: the programs. Are they under eswrap, and do they speak what their route wants? */
#include "eswrapctl/doctor-program.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "eswrapctl/wrap.h"

/* Where cron looks for a command [crontab(5)]. */
#define CRON_PATH "/usr/bin:/bin"

/* Each of the directories is looked through, and the file. */
static const char *const crontabs[] = { "/etc/crontab", "/etc/cron.d", "/var/spool/cron/crontabs" };

static char *read_system(const struct doctor *doctor, const char *path)
{
	g_autofree char *whole = g_strconcat(doctor->root, path, NULL);
	char *text = NULL;

	g_file_get_contents(whole, &text, NULL, NULL);
	return text;
}

bool doctor_preload(struct doctor *doctor)
{
	g_autofree char *text = read_system(doctor, "/etc/ld.so.preload");
	g_auto(GStrv) words = g_strsplit_set(text ? text : "", " \t\n:", 0);
	int i;

	for (i = 0; words[i]; i++) {
		g_autofree char *said = NULL;

		if (!g_str_has_suffix(words[i], "/libeswrap.so"))
			continue;
		said = g_strdup_printf("/etc/ld.so.preload has %s in it: every program of this "
				       "machine asks the broker, and the broker's own are among "
				       "them; static programs are not reached",
				       words[i]);
		return doctor_bad(doctor, "programs", said,
				  "take the line out of /etc/ld.so.preload; start what is meant "
				  "with eswrap, and services with `sudo eswrapctl wrap UNIT`");
	}
	return true;
}

/* Is @word there as a word of its own, as a command's name is? */
static bool has_command(const char *line, const char *word)
{
	const char *at = line;

	for (; (at = strstr(at, word)); at++)
		if ((at == line || strchr(" \t;&|(\"'", at[-1])) &&
		    (!at[strlen(word)] || isspace((guchar)at[strlen(word)])))
			return true;
	return false;
}

/* PATH=... of a crontab; without quotes, NULL: the line is none. */
static const char *path_of(char *line)
{
	if (!g_str_has_prefix(line, "PATH=") && !g_str_has_prefix(line, "PATH ="))
		return NULL;
	return g_strstrip(g_strdelimit(strchr(line, '=') + 1, "\"'", ' '));
}

static bool names_directory(const char *path, const char *directory)
{
	g_auto(GStrv) each = g_strsplit(path, ":", 0);

	return g_strv_contains((const char *const *)each, directory);
}

/* Return: false after doctor_bad(). */
static bool look_at_crontab(struct doctor *doctor, const char *file, const char *launcher)
{
	g_autofree char *text = read_system(doctor, file);
	g_autofree char *directory = g_path_get_dirname(launcher);
	g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", 0);
	g_autofree char *said = NULL, *remedy = NULL;
	const char *path = CRON_PATH, *other;
	int i;

	for (i = 0; lines[i]; i++) {
		if (*g_strchug(lines[i]) == '#')
			continue;
		other = path_of(lines[i]);
		path = other ? other : path;
		if (other || !has_command(lines[i], "eswrap") || names_directory(path, directory))
			continue;
		said = g_strdup_printf("%s:%d: cron does not find eswrap, which is in %s: it looks "
				       "in %s",
				       file, i + 1, directory, path);
		remedy = g_strdup_printf("write %s there, or PATH=%s:%s above it", launcher,
					 directory, path);
		return doctor_bad(doctor, "programs", said, remedy);
	}
	return true;
}

bool doctor_cron(struct doctor *doctor, const char *launcher)
{
	const char *name;
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(crontabs); i++) {
		g_autofree char *whole = g_strconcat(doctor->root, crontabs[i], NULL);
		g_autoptr(GDir) directory = g_dir_open(whole, 0, NULL);

		if (!directory && !look_at_crontab(doctor, crontabs[i], launcher))
			return false;
		while (directory && (name = g_dir_read_name(directory))) {
			g_autofree char *file = g_build_filename(crontabs[i], name, NULL);

			if (!look_at_crontab(doctor, file, launcher))
				return false;
		}
	}
	return true;
}

static bool is_for(const struct route *route, uid_t user)
{
	guint i;

	for (i = 0; i < route->users->len; i++)
		if (g_array_index(route->users, uid_t, i) == user)
			return true;
	return !route->users->len;
}

bool doctor_sudo(struct doctor *doctor)
{
	const char *user = g_getenv("SUDO_USER");
	const struct route *route;
	guint i;

	if (geteuid() != 0 || !user)
		return true;
	for (i = 0; i < doctor->settings->routes->len; i++) {
		g_autofree char *said = NULL;

		route = doctor->settings->routes->pdata[i];
		if (is_for(route, 0))
			continue;
		said = g_strdup_printf("[route %s] has user =, and what `sudo eswrap` starts is "
				       "root's, not %s's: that route does not take it",
				       route->name, user);
		return doctor_mind(
			doctor, "programs", said,
			"start eswrap without sudo; or as that user: sudo -u USER eswrap "
			"PROGRAM");
	}
	return true;
}

bool doctor_program(struct doctor *doctor, const char *launcher, const char *program)
{
	char check[] = "--check";
	char *argv[] = { (char *)launcher, check, (char *)program, NULL };
	g_autofree char *said = NULL, *text = NULL;
	int status = -1;

	if (g_spawn_sync(NULL, argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &said,
			 &status, NULL) &&
	    status == 0)
		return doctor_good(doctor, "program", "%s can be reached", program);
	/* "eswrap: PROGRAM: why; what to do" */
	text = said && *said ? g_strchomp(g_steal_pointer(&said))
			     : g_strdup_printf("%s cannot be run", launcher);
	return doctor_bad(doctor, "program",
			  g_str_has_prefix(text, "eswrap: ") ? text + strlen("eswrap: ") : text,
			  "eswrap --isolate reaches every program; `unreachable = isolate` in "
			  "[broker] has it do so by itself");
}

bool doctor_unit(struct doctor *doctor, const char *unit)
{
	struct wrap_look look;
	g_autofree char *text = NULL, *remedy = g_strdup_printf("sudo eswrapctl wrap %s", unit);
	bool good = false;

	if (!wrap_look(doctor->ctl, unit, &look)) {
		good = doctor_bad(doctor, "unit", unit, "name a service of systemd's");
	} else if (look.isolated) {
		good = doctor_good(doctor, "unit", "%s is in the tunnel's network", unit);
	} else if (look.why) {
		text = g_strdup_printf("%s: %s", unit, look.why);
		good = doctor_bad(doctor, "unit", text,
				  "where that cannot be changed: sudo eswrapctl wrap --isolate");
	} else if (!look.started) {
		text = g_strdup_printf("%s is not started by eswrap", unit);
		good = doctor_bad(doctor, "unit", text, remedy);
	} else if (look.needs->len) {
		text = g_strdup_printf("%s: %s (%s is not there)", unit,
				       (char *)look.needs->pdata[1], (char *)look.needs->pdata[0]);
		good = doctor_bad(doctor, "unit", text, remedy);
	} else {
		good = doctor_good(doctor, "unit",
				   "%s is started by eswrap, and its sandbox lets it", unit);
	}
	wrap_look_clear(&look);
	return good;
}

bool doctor_double_tls(struct doctor *doctor)
{
	g_autoptr(GVariant) counts =
		g_variant_lookup_value(doctor->reply, "tls-in-tls", G_VARIANT_TYPE("a{st}"));
	GVariantIter iter;
	const char *route;
	guint64 count;

	if (!counts)
		return true;
	g_variant_iter_init(&iter, counts);
	while (g_variant_iter_next(&iter, "{&st}", &route, &count)) {
		g_autofree char *text =
			g_strdup_printf("on [route %s] %" G_GUINT64_FORMAT " programs spoke TLS "
					"themselves, inside the module's",
					route, count);

		doctor_mind(doctor, "programs", text,
			    "through = tcp there, for programs with certificates of their own; or "
			    "have them speak plain text: http:// instead of https://, a port that "
			    "they do not take for TLS with port = and to-port =");
	}
	return true;
}
