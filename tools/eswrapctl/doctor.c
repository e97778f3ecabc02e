// SPDX-License-Identifier: MIT
/*
 * eswrapctl doctor: what keeps connections from going through the module?
 *
 * The way of a connection is gone from its beginning: the configuration, the broker, the port, the
 * module, the Wi-Fi, the clock, and a server. At the first step that fails it is said what to do.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config/load.h"
#include "eswrapctl/doctor-port.h"
#include "eswrapctl/doctor-program.h"
#include "eswrapctl/doctor-server.h"

#define SERVICE_USER "eswrap"
/* A clock before it was never set, as set-check.c has it. */
#define CLOCK_FLOOR G_GINT64_CONSTANT(1767225600)

/* dBm: below it connections break and are slow */
#define SIGNAL_WEAK (-75)

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

/* What its firmware can do that others cannot. */
static char *abilities_of(GVariant *reply)
{
	static const struct {
		const char *key, *has, *lacks;
	} abilities[] = {
		{ "counted", "counts what it reads", "does not count what it reads" },
		{ "lists-items", "says which items are blank",
		  "does not say which items are blank" },
		{ "rewritable", "has set 3", "has no set 3" },
	};
	GString *text = g_string_new(NULL);
	gboolean able;
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(abilities); i++)
		if (g_variant_lookup(reply, abilities[i].key, "b", &able))
			g_string_append_printf(text, "%s, ",
					       able ? abilities[i].has : abilities[i].lacks);
	g_string_append_printf(text, "%u TLS connections at a time",
			       (guint)ctl_number(reply, "tls-sockets"));
	return g_string_free(text, FALSE);
}

static bool check_module(struct doctor *doctor)
{
	g_autofree char *abilities = NULL;
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
	abilities = abilities_of(doctor->reply);
	return doctor_good(doctor, "module", "%s, firmware %s (%s), %u bit/s",
			   ctl_text(doctor->reply, "product"), ctl_text(doctor->reply, "firmware"),
			   abilities, (guint)ctl_number(doctor->reply, "baud"));
}

static bool check_signal(struct doctor *doctor, const char *ssid)
{
	const char *address = ctl_text(doctor->reply, "address");
	g_autofree char *text = NULL;
	gint32 signal = 0;

	g_variant_lookup(doctor->reply, "signal", "i", &signal);
	if (!signal)
		return doctor_good(doctor, "wifi", "%s, address %s", ssid, address);
	if (signal >= SIGNAL_WEAK)
		return doctor_good(doctor, "wifi", "%s, address %s, signal %d dBm", ssid, address,
				   signal);
	text = g_strdup_printf("%s, address %s, signal %d dBm: weak", ssid, address, signal);
	return doctor_mind(
		doctor, "wifi", text,
		"another place for the module or its antenna, or an access point that is "
		"nearer: `eswrapctl wifi scan`");
}

static bool check_wifi(struct doctor *doctor)
{
	const char *ssid = ctl_text(doctor->reply, "ssid");
	g_autofree char *text = NULL;
	gboolean away = FALSE;

	if (!strcmp(ctl_text(doctor->reply, "state"), "ready"))
		return check_signal(doctor, ssid);
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

/* Return: why the file cannot be read by whoever will program it; 0: it can */
static int unreadable(const struct doctor *doctor, const char *path)
{
	int error;

	if (doctor->user != (uid_t)-1 && !rights_take(doctor->user, NULL))
		return 0;
	error = faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) < 0 ? errno : 0;
	rights_restore();
	return error;
}

/* What is burnt needs its file no more. */
static bool is_burnt(const struct known *known, guint set, enum eswifi_item item)
{
	return !strcmp(known_item(known, set, item).state, "burnt");
}

static bool check_file(struct doctor *doctor, const struct credentials *credentials,
		       enum eswifi_item item, const char *path)
{
	int error = path ? unreadable(doctor, path) : 0;
	g_autofree char *text = NULL, *remedy = NULL;

	if (!error)
		return true;
	text = g_strdup_printf("[credentials %s]: %s is not programmed yet, and its file %s cannot "
			       "be read: %s",
			       credentials->name, pem_item_name(item), path, g_strerror(error));
	remedy = error == EACCES
			 ? g_strdup_printf("sudo chgrp eswrap %s && sudo chmod 640 %s, and its "
					   "directory must let the group eswrap in; then "
					   "`eswrapctl credentials program %s`",
					   path, path, credentials->name)
			 : g_strdup_printf("correct %s = there, or bring the file; then `eswrapctl "
					   "credentials program %s`",
					   pem_item_name(item), credentials->name);
	return doctor_bad(doctor, "credentials", text, remedy);
}

static bool check_files(struct doctor *doctor)
{
	g_autoptr(GVariant) reply = NULL;
	struct known known = { NULL };
	const struct credentials *each;
	bool good = true;
	guint i, item;

	/* The module may not be known yet; then nothing is known to be burnt. */
	if (client_call(doctor->ctl, "credential-list", NULL, NULL, NULL, &reply, NULL) == CTL_OK)
		known.reply = reply;
	for (i = 0; known.reply && good && i < doctor->settings->credentials->len; i++) {
		each = doctor->settings->credentials->pdata[i];
		for (item = 0; good && item < CREDENTIAL_ITEMS; item++)
			good = is_burnt(&known, each->set, item) ||
			       check_file(doctor, each, item,
					  item == ESWIFI_ITEM_CA	    ? each->ca
					  : item == ESWIFI_ITEM_CERTIFICATE ? each->certificate
									    : each->key);
	}
	return good;
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

/* eswrap beside this program, in the build tree, or where it is installed. */
static char *launcher_path(const char *self)
{
	g_autofree char *directory = g_path_get_dirname(self);

	if (g_str_has_suffix(self, "/tools/eswrapctl/eswrapctl"))
		return g_build_filename(directory, "../eswrap/eswrap", NULL);
	return g_strdup(BINDIR "/eswrap");
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

/**
 * struct complaint - what is to be looked at beside what is always
 * @root:	--root; "": this system
 * @unit, @program:	NULL: none
 * @place:	@host is NULL: none
 */
struct complaint {
	char *root, *unit, *program;
	struct doctor_place place;
};

static void complaint_clear(struct complaint *complaint)
{
	g_free(complaint->root);
	g_free(complaint->unit);
	g_free(complaint->program);
	g_free(complaint->place.scheme);
	g_free(complaint->place.host);
	g_free(complaint->place.port);
}

/* The programs, and what they connect to. */
static bool check_programs(struct doctor *doctor, const struct complaint *complaint)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *launcher = launcher_path(self ? self : "");

	return doctor_preload(doctor) && doctor_cron(doctor, launcher) && doctor_sudo(doctor) &&
	       doctor_double_tls(doctor) &&
	       (!complaint->unit || doctor_unit(doctor, complaint->unit)) &&
	       (!complaint->program || doctor_program(doctor, launcher, complaint->program)) &&
	       (!complaint->place.host || doctor_server(doctor, &complaint->place, launcher, self));
}

static int consult(struct ctl *ctl, const struct complaint *complaint)
{
	struct doctor doctor = { .ctl = ctl,
				 .root = complaint->root ? complaint->root : "",
				 .user = (uid_t)-1 };
	const struct passwd *service = getpwnam(SERVICE_USER);
	g_autofree char *why = NULL;
	bool good;
	int status;

	doctor.findings = g_ptr_array_new_with_free_func((GDestroyNotify)g_variant_unref);
	ask_broker(&doctor, &why);
	if (service && geteuid() == 0 && !strcmp(config_path(&doctor), ESWRAP_CONFIG))
		doctor.user = service->pw_uid;
	good = check_config(&doctor) && doctor_port(&doctor) && check_broker(&doctor, why) &&
	       check_module(&doctor) && doctor_rate(&doctor) && check_wifi(&doctor) &&
	       check_clock(&doctor) && check_files(&doctor) && check_warnings(&doctor) &&
	       check_programs(&doctor, complaint);
	status = conclude(&doctor, good);
	settings_free(doctor.settings);
	g_clear_pointer(&doctor.reply, g_variant_unref);
	g_ptr_array_unref(doctor.findings);
	return status;
}

/* "https://a.example:8443/x" and "HOST PORT". Return: false after a message */
static bool take_place(const struct ctl *ctl, struct doctor_place *place, int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	int port = -1;

	if (argc == 1)
		return true;
	if (argc == 3) {
		place->host = g_strdup(argv[1]);
		place->port = g_strdup(argv[2]);
		return true;
	}
	if (argc != 2 || !strstr(argv[1], "://")) {
		ctl_error(ctl, "doctor takes a host and a port, a URL, or nothing");
		return false;
	}
	if (!g_uri_split_network(argv[1], G_URI_FLAGS_SCHEME_NORMALIZE, &place->scheme,
				 &place->host, &port, &error)) {
		ctl_error(ctl, "%s", error->message);
		return false;
	}
	if (port <= 0) {
		ctl_error(ctl, "%s: which port is that? Write it behind the host, %s://%s:PORT/",
			  argv[1], place->scheme, place->host);
		return false;
	}
	place->port = g_strdup_printf("%d", port);
	return true;
}

int ctl_doctor(struct ctl *ctl, int argc, char **argv)
{
	struct complaint complaint = { NULL };
	g_autofree char *why = NULL;
	gboolean connect_only = FALSE;
	const GOptionEntry entries[] = {
		{ "unit", 0, 0, G_OPTION_ARG_STRING, &complaint.unit,
		  "whether this service of systemd's is under eswrap", "UNIT" },
		{ "program", 0, 0, G_OPTION_ARG_FILENAME, &complaint.program,
		  "whether preloading reaches this program", "PROGRAM" },
		{ "root", 0, 0, G_OPTION_ARG_FILENAME, &complaint.root,
		  "where the files of /proc, /sys, /boot, /etc and /var are", "DIR" },
		{ "connect", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &connect_only, NULL,
		  NULL },
		{ NULL },
	};
	const struct ctl_usage usage = {
		.words = "eswrapctl doctor",
		.arguments = "[HOST PORT|URL]",
		.summary = "Goes the way of a connection from its beginning, and says at the first "
			   "thing that is wrong what\nto do. With HOST and PORT, or a URL, it ends "
			   "with a connection there. As root it sees most.",
		.entries = entries,
	};
	int status = CTL_USAGE;

	if (ctl_parse(ctl, &usage, &argc, &argv) && take_place(ctl, &complaint.place, argc, argv)) {
		if (!connect_only) {
			status = consult(ctl, &complaint);
		} else {
			why = argc == 3 ? doctor_connect(argv[1], argv[2])
					: g_strdup("no server is named");
			if (why)
				fprintf(stderr, "%s\n", why);
			status = why ? CTL_FAILED : CTL_OK;
		}
	}
	complaint_clear(&complaint);
	return status;
}
