// SPDX-License-Identifier: MIT
/*
 * eswrapctl doctor: what keeps connections from going through the module?
 *
 * The way of a connection is gone from its beginning: the configuration, the broker, the port, the
 * module, the Wi-Fi, the clock, and a server. At the first step that fails it is said what to do.
 */
#include <errno.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "config/load.h"
#include "eswrap/wire.h"
#include "eswrapctl/doctor-port.h"

#define SERVICE_USER "eswrap"
/* A clock before it was never set, as set-check.c has it. */
#define CLOCK_FLOOR G_GINT64_CONSTANT(1767225600)

static void ask_broker(struct doctor *doctor, char **why)
{
	g_autoptr(GError) error = NULL;

	if (client_call(doctor->ctl, "status", NULL, NULL, NULL, &doctor->reply, &error) != CTL_OK)
		*why = g_strdup(error->message);
}

/* The file that the broker has read, or that it is going to. */
static const char *config_path(const struct doctor *doctor)
{
	const char *path = doctor->reply ? ctl_text(doctor->reply, "config") : "";

	if (doctor->ctl->config)
		return doctor->ctl->config;
	return *path ? path : ESWRAP_CONFIG;
}

static bool check_config(struct doctor *doctor)
{
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) error = NULL;
	const char *path = config_path(doctor);
	guint i;

	if (doctor->user != (uid_t)-1 && !rights_take(doctor->user, &error))
		return doctor_bad(doctor, "configuration", error->message, "run it as root");
	doctor->settings = settings_load(path, warnings, &error);
	rights_restore();
	if (!doctor->settings)
		return doctor_bad(doctor, "configuration", error->message,
				  "correct it; eswrap.conf(5) has all keys, and `eswrapctl "
				  "check-config` tries it");
	for (i = 0; i < warnings->len; i++)
		doctor_mind(doctor, "configuration", warnings->pdata[i], "");
	return doctor_good(doctor, "configuration", "%s", path);
}

static bool check_broker(struct doctor *doctor, const char *why)
{
	if (doctor->reply)
		return doctor_good(doctor, "broker", "version %s answers",
				   ctl_text(doctor->reply, "version"));
	/* Where systemd knows more, it has been said. */
	return doctor_bad(
		doctor, "broker", why,
		strstr(why, "systemctl") || strstr(why, "journalctl")
			? ""
			: "sudo systemctl enable --now eswrapd.socket eswrapd.service, or "
			  "eswrap -c FILE for a private one");
}

static bool check_module(struct doctor *doctor)
{
	const char *state = ctl_text(doctor->reply, "state"), *why = ctl_text(doctor->reply, "why");
	g_autofree char *text = g_strdup_printf("%s: %s", state, why);

	if (!strcmp(state, "closed"))
		return doctor_bad(doctor, "module", text, "the reason says what to do");
	if (!strcmp(state, "syncing"))
		return doctor_bad(
			doctor, "module", text,
			"no answer at any rate: check TX to RX and RX to TX, ground, 3.3 V "
			"levels, the module's power and WAKEUP (high); a module that was left "
			"at an odd rate needs its power cut");
	if (!*ctl_text(doctor->reply, "firmware"))
		return doctor_bad(doctor, "module", text, "wait a moment, and ask again");
	return doctor_good(doctor, "module", "%s, firmware %s, %u bit/s",
			   ctl_text(doctor->reply, "product"), ctl_text(doctor->reply, "firmware"),
			   (guint)ctl_number(doctor->reply, "baud"));
}

static bool check_wifi(struct doctor *doctor)
{
	const char *ssid = ctl_text(doctor->reply, "ssid");
	g_autofree char *text = NULL;
	gboolean away = FALSE;

	if (!strcmp(ctl_text(doctor->reply, "state"), "ready"))
		return doctor_good(doctor, "wifi", "%s, address %s", ssid,
				   ctl_text(doctor->reply, "address"));
	text = g_strdup_printf("not joined to \"%s\": %s", ssid, ctl_text(doctor->reply, "why"));
	if (g_variant_lookup(doctor->reply, "away", "b", &away) && away)
		return doctor_bad(doctor, "wifi", text, "`eswrapctl wifi join` has it join again");
	return doctor_bad(doctor, "wifi", text,
			  "check ssid (its capitals; no quotes), passphrase-file and security in "
			  "[wifi]; the network must be on 2.4 GHz unless the module does 5, and in "
			  "range of its antenna");
}

static bool check_clock(struct doctor *doctor)
{
	if (time(NULL) >= CLOCK_FLOOR)
		return doctor_good(doctor, "clock", "is set");
	return doctor_mind(doctor, "clock", "this machine's clock is not set",
			   "certificates cannot be judged by their dates, and logs mislead: let it "
			   "ask a time server");
}

static bool check_warnings(struct doctor *doctor)
{
	g_autofree const char **warnings = NULL;
	guint i;

	g_variant_lookup(doctor->reply, "warnings", "^a&s", &warnings);
	/* The file's own have been said. */
	for (i = 0; warnings && warnings[i]; i++)
		if (g_str_has_prefix(warnings[i], "[route "))
			doctor_mind(doctor, "credentials", warnings[i], "");
	return true;
}

/* Under eswrap: this goes where a program's connection would. Return: why not; NULL: it does */
static char *try_server(const char *host, const char *port)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list, *each;
	int error = getaddrinfo(host, port, &hints, &list), fd, result = -1;

	if (error)
		return g_strdup_printf("its name: %s", gai_strerror(error));
	for (each = list; each && result < 0; each = each->ai_next) {
		fd = socket(each->ai_family, each->ai_socktype | SOCK_CLOEXEC, 0);
		result = connect(fd, each->ai_addr, each->ai_addrlen);
		if (result < 0)
			error = errno;
		close(fd);
	}
	freeaddrinfo(list);
	return result < 0 ? g_strdup(g_strerror(error)) : NULL;
}

/* eswrap beside this program, in the build tree, or where it is installed. */
static char *launcher_path(const char *self)
{
	g_autofree char *directory = g_path_get_dirname(self);

	if (g_str_has_suffix(self, "/tools/eswrapctl/eswrapctl"))
		return g_build_filename(directory, "../eswrap/eswrap", NULL);
	return g_strdup(BINDIR "/eswrap");
}

/* A program of our own under eswrap connects there. */
static bool check_server(struct doctor *doctor, char *host, char *port)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *launcher = launcher_path(self ? self : ""), *said = NULL, *text = NULL;
	/* Longer than any connect-timeout that is likely. */
	char limit[] = "timeout", seconds[] = "300", option[] = "--connect", command[] = "doctor";
	char *argv[] = { limit, seconds, launcher, self, command, option, host, port, NULL };
	int status = -1;

	if (doctor->ctl->socket)
		g_setenv(ESWRAP_SOCKET_ENV, doctor->ctl->socket, TRUE);
	if (g_spawn_sync(NULL, argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, &said, &status,
			 NULL) &&
	    status == 0)
		return doctor_good(doctor, "server", "%s port %s takes connections", host, port);
	text = g_strdup_printf("%s port %s: %s", host, port,
			       said && *said ? g_strchomp(said) : "cannot be tried");
	return doctor_bad(doctor, "server", text,
			  "`eswrapctl route HOST PORT` says which route it takes, "
			  "`journalctl -u eswrapd` what the module answered; ERRORS in "
			  "eswrap(1) has what each error can mean");
}

static int conclude(struct doctor *doctor, bool good)
{
	GVariantBuilder findings;
	GVariantDict dict;
	guint i;

	if (doctor->ctl->json) {
		g_variant_builder_init(&findings, G_VARIANT_TYPE("aa{sv}"));
		for (i = 0; i < doctor->findings->len; i++)
			g_variant_builder_add_value(&findings, doctor->findings->pdata[i]);
		g_variant_dict_init(&dict, NULL);
		g_variant_dict_insert(&dict, "good", "b", (gboolean)good);
		g_variant_dict_insert_value(&dict, "findings", g_variant_builder_end(&findings));
		ctl_print_json(g_variant_dict_end(&dict));
	}
	return good ? CTL_OK : CTL_FAILED;
}

static int consult(struct ctl *ctl, const char *root, char **server)
{
	struct doctor doctor = { .ctl = ctl, .root = root, .user = (uid_t)-1 };
	const struct passwd *service = getpwnam(SERVICE_USER);
	g_autofree char *why = NULL;
	bool good;
	int status;

	doctor.findings = g_ptr_array_new_with_free_func((GDestroyNotify)g_variant_unref);
	ask_broker(&doctor, &why);
	if (service && geteuid() == 0 && !strcmp(config_path(&doctor), ESWRAP_CONFIG))
		doctor.user = service->pw_uid;
	good = check_config(&doctor) && doctor_port(&doctor) && check_broker(&doctor, why) &&
	       check_module(&doctor) && check_wifi(&doctor) && check_clock(&doctor) &&
	       check_warnings(&doctor) &&
	       (!server[0] || check_server(&doctor, server[0], server[1]));
	status = conclude(&doctor, good);
	settings_free(doctor.settings);
	g_clear_pointer(&doctor.reply, g_variant_unref);
	g_ptr_array_unref(doctor.findings);
	return status;
}

int ctl_doctor(struct ctl *ctl, int argc, char **argv)
{
	g_autofree char *root = NULL, *why = NULL;
	gboolean connect_only = FALSE;
	const GOptionEntry entries[] = {
		{ "root", 0, 0, G_OPTION_ARG_FILENAME, &root,
		  "where the files of /proc, /sys and /boot are", "DIR" },
		{ "connect", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &connect_only, NULL,
		  NULL },
		{ NULL },
	};
	const struct ctl_usage usage = {
		.words = "eswrapctl doctor",
		.arguments = "[HOST PORT]",
		.summary = "Goes the way of a connection from its beginning, and says at the first "
			   "thing that is wrong what\nto do. With HOST and PORT it ends with a "
			   "connection there. As root it sees most.",
		.entries = entries,
	};

	if (!ctl_parse(ctl, &usage, &argc, &argv))
		return CTL_USAGE;
	if (argc != 1 && argc != 3) {
		ctl_error(ctl, "doctor takes a host and a port, or nothing");
		return CTL_USAGE;
	}
	if (!connect_only)
		return consult(ctl, root ? root : "", argv + 1);
	why = argc == 3 ? try_server(argv[1], argv[2]) : g_strdup("no server is named");
	if (why)
		fprintf(stderr, "%s\n", why);
	return why ? CTL_FAILED : CTL_OK;
}
