// SPDX-License-Identifier: MIT
/*
 * eswrapctl wrap and unwrap: a service under eswrap, by a drop-in of systemd's.
 *
 * The drop-in repeats the unit's ExecStart= with eswrap in front, as its files have it: what
 * `systemctl show` says of it has lost its quotes. Where the unit's sandbox would keep the library
 * from the broker, the drop-in opens it just so far, or nothing is written and it is said why.
 *
 * With --isolate nothing of that is needed: the unit joins the network namespace of
 * eswrap-tunnel.service, whose only way out is the module, and is started as ever.
 */
#include "eswrapctl/wrap.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DROP_IN	       "50-eswrap.conf"
#define UNIT_DIRECTORY "/etc/systemd/system"
#define TUNNEL_UNIT    "eswrap-tunnel.service"

/* What the shim calls that a service may do without. */
static const char *const needed_calls[] = { "connect", "sendto", "recvmsg", "dup3", "fcntl" };

/**
 * struct wrapping - one service
 * @unit:	its whole name
 * @directory:	of drop-ins, for this unit
 * @root:	--directory
 * @starts:	its ExecStart= lines, as they are written
 * @sandbox:	lines for the drop-in, and what they do: pairs
 */
struct wrapping {
	const struct ctl *ctl;
	char *unit, *directory, *root;
	GPtrArray *starts, *sandbox;
	gboolean isolate, seal;
};

static void wrapping_clear(struct wrapping *wrapping)
{
	g_free(wrapping->unit);
	g_free(wrapping->directory);
	g_free(wrapping->root);
	g_ptr_array_unref(wrapping->starts);
	g_ptr_array_unref(wrapping->sandbox);
}

/* One property of the unit; "" where it has none. */
static char *property(const struct wrapping *wrapping, const char *name)
{
	g_autofree char *option = g_strdup_printf("--property=%s", name);
	const char *const command[] = {
		"systemctl", "show", "--value", option, wrapping->unit, NULL
	};
	char *value = service_run(command);

	return value ? value : g_strdup("");
}

static bool has_word(const char *list, const char *word)
{
	g_auto(GStrv) words = g_strsplit(list, " ", 0);

	return g_strv_contains((const char *const *)words, word);
}

static void add(struct wrapping *wrapping, const char *line, const char *why)
{
	g_ptr_array_add(wrapping->sandbox, g_strdup(line));
	g_ptr_array_add(wrapping->sandbox, g_strdup(why));
}

/* A line of the unit's files, whole. An empty ExecStart= takes back those before it. */
static void take_line(struct wrapping *wrapping, const char *line)
{
	static const char key[] = "ExecStart=";

	if (!g_str_has_prefix(line, key))
		return;
	if (!line[strlen(key)])
		g_ptr_array_set_size(wrapping->starts, 0);
	else
		g_ptr_array_add(wrapping->starts, g_strdup(line + strlen(key)));
}

/* All of its files, one behind the other; but for what an earlier `wrap` has written. */
static void take_files(struct wrapping *wrapping, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
	g_autoptr(GString) whole = g_string_new(NULL);
	bool ours = false;
	char **line;

	for (line = lines; *line; line++) {
		if (g_str_has_prefix(*line, "# /"))
			ours = g_str_has_suffix(*line, "/" DROP_IN);
		if (ours || (!whole->len && (**line == '#' || **line == ';')))
			continue;
		g_string_append(whole, *line);
		if (whole->len && whole->str[whole->len - 1] == '\\') {
			whole->str[whole->len - 1] = ' ';
			continue;
		}
		take_line(wrapping, g_strstrip(whole->str));
		g_string_truncate(whole, 0);
	}
}

/* Return: a sentence, where it cannot be wrapped */
static const char *find_starts(struct wrapping *wrapping)
{
	const char *const command[] = { "systemctl", "cat", wrapping->unit, NULL };
	g_autofree char *text = service_run(command);
	guint i;

	if (!text)
		return "systemd knows no such unit";
	take_files(wrapping, text);
	if (!wrapping->starts->len)
		return "the unit starts no program (it has no ExecStart=)";
	for (i = 0; i < wrapping->starts->len; i++)
		if (strchr((char *)wrapping->starts->pdata[i], '@') &&
		    strcspn(wrapping->starts->pdata[i], "@") <
			    strcspn(wrapping->starts->pdata[i], "/"))
			return "its ExecStart= gives the program another name (@), which eswrap "
			       "cannot do; write a drop-in by hand";
	return NULL;
}

static const char *check_families(struct wrapping *wrapping)
{
	g_autofree char *families = property(wrapping, "RestrictAddressFamilies");

	if (*families == '~')
		return has_word(families + 1, "AF_UNIX")
			       ? "its RestrictAddressFamilies=~AF_UNIX keeps the library from the "
				 "broker; take AF_UNIX out of it"
			       : NULL;
	if (*families && strcmp(families, "none") && !has_word(families, "AF_UNIX"))
		add(wrapping, "RestrictAddressFamilies=AF_UNIX",
		    "its sandbox allows no AF_UNIX sockets, by which the broker is asked");
	return NULL;
}

/* "~connect sendto": forbidden ones; else allowed ones, expanded. */
static const char *check_calls(struct wrapping *wrapping)
{
	g_autofree char *calls = property(wrapping, "SystemCallFilter");
	g_autoptr(GString) line = g_string_new("SystemCallFilter=");
	gsize start = line->len, i;

	for (i = 0; *calls && i < G_N_ELEMENTS(needed_calls); i++) {
		if (*calls == '~' && has_word(calls + 1, needed_calls[i]))
			return "its SystemCallFilter= forbids system calls that the library makes "
			       "(connect, sendto, recvmsg, dup3, fcntl)";
		if (*calls != '~' && !has_word(calls, needed_calls[i]))
			g_string_append_printf(line, "%s%s", line->len > start ? " " : "",
					       needed_calls[i]);
	}
	if (line->len > start)
		add(wrapping, line->str, "its sandbox allows too few system calls");
	return NULL;
}

/* Is the control socket's directory hidden by this list of paths? */
static bool hides(const char *list)
{
	static const char *const above[] = { "/", "/run", "/run/eswrap" };
	g_auto(GStrv) words = g_strsplit(list, " ", 0);
	gsize i;
	int j;

	for (j = 0; words[j]; j++) {
		g_auto(GStrv) parts = g_strsplit(words[j], ":", 2);
		const char *path = parts[0] ? parts[0] + strspn(parts[0], "-+") : "";

		for (i = 0; i < G_N_ELEMENTS(above); i++)
			if (!strcmp(path, above[i]))
				return true;
	}
	return false;
}

static const char *check_paths(struct wrapping *wrapping)
{
	g_autofree char *hidden = property(wrapping, "InaccessiblePaths");
	g_autofree char *temporary = property(wrapping, "TemporaryFileSystem");
	g_autofree char *root = property(wrapping, "RootDirectory");
	g_autofree char *image = property(wrapping, "RootImage");

	if (*root || *image)
		return "it has a root directory of its own, in which eswrap and the broker's "
		       "socket are not";
	if (hides(hidden))
		return "its InaccessiblePaths= hides /run/eswrap, where the broker's socket is";
	if (hides(temporary))
		add(wrapping, "BindPaths=/run/eswrap",
		    "its sandbox has a /run of its own, without the broker's socket");
	return NULL;
}

static const char *check_network(struct wrapping *wrapping)
{
	g_autofree char *path = property(wrapping, "NetworkNamespacePath");
	g_autofree char *joined = property(wrapping, "JoinsNamespaceOf");

	if (*path)
		return "it has a network namespace of its own (NetworkNamespacePath=), and can be "
		       "in "
		       "one only";
	if (*joined && strcmp(joined, TUNNEL_UNIT) != 0)
		return "it shares a namespace with another unit (JoinsNamespaceOf=), and can be in "
		       "one only";
	return NULL;
}

/* Prefixes such as "-" and "!" stay in front: "-/usr/sbin/x -f" */
static void add_start(const char *start, GString *to)
{
	gsize prefix = strspn(start, "-:+!");

	g_string_append_printf(to, "ExecStart=%.*s" BINDIR "/eswrap -- %s\n", (int)prefix, start,
			       start + prefix);
}

#define WRITTEN "# Written by `eswrapctl wrap`; `eswrapctl unwrap` removes it.\n"

static char *drop_in_isolated(void)
{
	return g_strdup(WRITTEN "[Unit]\nRequires=" TUNNEL_UNIT "\nAfter=" TUNNEL_UNIT
				"\nJoinsNamespaceOf=" TUNNEL_UNIT
				"\n\n[Service]\nPrivateNetwork=yes\n");
}

static char *drop_in(const struct wrapping *wrapping)
{
	GString *text =
		g_string_new(WRITTEN "[Unit]\nWants=eswrapd.socket\nAfter=eswrapd.socket\n\n"
				     "[Service]\nExecStart=\n");
	guint i;

	for (i = 0; i < wrapping->starts->len; i++)
		add_start(wrapping->starts->pdata[i], text);
	for (i = 0; i < wrapping->sandbox->len; i += 2)
		g_string_append_printf(text, "# %s\n%s\n", (char *)wrapping->sandbox->pdata[i + 1],
				       (char *)wrapping->sandbox->pdata[i]);
	return g_string_free(text, FALSE);
}

static void print_result(const struct wrapping *wrapping, const char *path, const char *text)
{
	GVariantDict dict;

	if (wrapping->ctl->json) {
		g_variant_dict_init(&dict, NULL);
		g_variant_dict_insert(&dict, "unit", "s", wrapping->unit);
		g_variant_dict_insert(&dict, "path", "s", path);
		g_variant_dict_insert(&dict, "text", "s", text);
		ctl_print_json(g_variant_dict_end(&dict));
		return;
	}
	printf("%s now holds:\n\n%s\n`systemctl restart %s` makes it take effect\n", path, text,
	       wrapping->unit);
}

/* All units are read again, which takes a small machine several seconds. */
#define RELOAD_TIMEOUT "90"

static bool reload_systemd(void)
{
	const char *const command[] = { "systemctl", "daemon-reload", NULL };
	g_autofree char *said = service_run_within(RELOAD_TIMEOUT, command);

	return said != NULL;
}

static int write_drop_in(struct wrapping *wrapping)
{
	g_autofree char *path = g_build_filename(wrapping->directory, DROP_IN, NULL);
	g_autofree char *text = wrapping->isolate ? drop_in_isolated() : drop_in(wrapping);
	g_autoptr(GError) error = NULL;

	if (g_mkdir_with_parents(wrapping->directory, 0755) < 0) {
		ctl_error(wrapping->ctl, "%s: %s", wrapping->directory, g_strerror(errno));
		return CTL_FAILED;
	}
	if (!g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0644,
				      &error)) {
		ctl_error(wrapping->ctl, "%s", error->message);
		return CTL_FAILED;
	}
	print_result(wrapping, path, text);
	if (reload_systemd())
		return CTL_OK;
	ctl_error(wrapping->ctl, "`systemctl daemon-reload` failed; run it by hand");
	return CTL_FAILED;
}

/* Return: a sentence, where it cannot be wrapped */
static const char *find_obstacle(struct wrapping *wrapping)
{
	const char *(*const preloading[])(struct wrapping *) = { find_starts, check_families,
								 check_calls, check_paths, NULL };
	const char *(*const isolating[])(struct wrapping *) = { find_starts, check_network, NULL };
	const char *(*const *check)(struct wrapping *) = wrapping->isolate ? isolating : preloading;
	const char *why = NULL;

	for (; *check && !why; check++)
		why = (*check)(wrapping);
	return why;
}

static int wrap(struct wrapping *wrapping)
{
	const char *why = find_obstacle(wrapping);

	if (why) {
		ctl_error(wrapping->ctl, "%s: %s", wrapping->unit, why);
		return CTL_FAILED;
	}
	/* In a namespace of its own nothing gets out anyway, and the rule would cut off the tunnel. */
	if (wrapping->seal && !wrapping->isolate)
		add(wrapping, "IPAddressDeny=any",
		    "what does not go through the module stays in (--seal)");
	return write_drop_in(wrapping);
}

static int unwrap(struct wrapping *wrapping)
{
	g_autofree char *path = g_build_filename(wrapping->directory, DROP_IN, NULL);

	if (g_unlink(path) < 0) {
		ctl_error(wrapping->ctl, "%s: %s", path,
			  errno == ENOENT ? "is not there; `wrap` has not been used for this unit"
					  : g_strerror(errno));
		return CTL_FAILED;
	}
	/* It may hold drop-ins of others. */
	g_rmdir(wrapping->directory);
	if (!wrapping->ctl->json)
		printf("%s is removed; `systemctl restart %s` makes it take effect\n", path,
		       wrapping->unit);
	if (reload_systemd())
		return CTL_OK;
	ctl_error(wrapping->ctl, "`systemctl daemon-reload` failed; run it by hand");
	return CTL_FAILED;
}

/* "mosquitto" is mosquitto.service. Return: false after a message */
static bool name_unit(struct wrapping *wrapping, const char *name)
{
	g_autofree char *directory = NULL;

	if (!*name || strchr(name, '/') ||
	    (strchr(name, '.') && !g_str_has_suffix(name, ".service"))) {
		ctl_error(wrapping->ctl, "\"%s\" is not the name of a service", name);
		return false;
	}
	wrapping->unit = g_str_has_suffix(name, ".service") ? g_strdup(name)
							    : g_strdup_printf("%s.service", name);
	directory = g_strdup_printf("%s.d", wrapping->unit);
	wrapping->directory =
		g_build_filename(wrapping->root ? wrapping->root : UNIT_DIRECTORY, directory, NULL);
	return true;
}

/* "ExecStart=/usr/bin/eswrap -- PROGRAM", however it was written. */
static bool starts_eswrap(const struct wrapping *wrapping)
{
	g_autofree char *start = property(wrapping, "ExecStart");

	return strstr(start, "path=" BINDIR "/eswrap ") || strstr(start, "path=/usr/bin/eswrap ");
}

bool wrap_look(const struct ctl *ctl, const char *unit, struct wrap_look *look)
{
	struct wrapping wrapping = { .ctl = ctl };
	g_autofree char *joined = NULL;
	bool named;

	wrapping.starts = g_ptr_array_new_with_free_func(g_free);
	wrapping.sandbox = g_ptr_array_new_with_free_func(g_free);
	memset(look, 0, sizeof(*look));
	named = name_unit(&wrapping, unit);
	if (named) {
		joined = property(&wrapping, "JoinsNamespaceOf");
		look->isolated = has_word(joined, TUNNEL_UNIT);
		look->started = starts_eswrap(&wrapping);
		if (!look->isolated)
			look->why = find_obstacle(&wrapping);
	}
	look->needs = g_ptr_array_ref(wrapping.sandbox);
	wrapping_clear(&wrapping);
	return named;
}

void wrap_look_clear(struct wrap_look *look)
{
	g_ptr_array_unref(look->needs);
}

static int run(struct ctl *ctl, const struct ctl_usage *usage, struct wrapping *wrapping,
	       int (*what)(struct wrapping *), int argc, char **argv)
{
	int status = CTL_USAGE;

	wrapping->ctl = ctl;
	wrapping->starts = g_ptr_array_new_with_free_func(g_free);
	wrapping->sandbox = g_ptr_array_new_with_free_func(g_free);
	if (ctl_parse(ctl, usage, &argc, &argv)) {
		if (argc != 2)
			ctl_error(ctl, "%s takes one unit", argv[0]);
		else if (name_unit(wrapping, argv[1]))
			status = what(wrapping);
	}
	wrapping_clear(wrapping);
	return status;
}

int ctl_wrap(struct ctl *ctl, int argc, char **argv)
{
	struct wrapping wrapping = { NULL };
	const GOptionEntry entries[] = {
		{ "isolate", 0, 0, G_OPTION_ARG_NONE, &wrapping.isolate,
		  "in the network of " TUNNEL_UNIT ", without a launcher", NULL },
		{ "seal", 0, 0, G_OPTION_ARG_NONE, &wrapping.seal,
		  "let nothing out that does not go through the module (IPAddressDeny=any)", NULL },
		{ "directory", 0, 0, G_OPTION_ARG_FILENAME, &wrapping.root,
		  "of units, instead of " UNIT_DIRECTORY, "DIR" },
		{ NULL },
	};
	const struct ctl_usage usage = {
		.words = "eswrapctl wrap",
		.arguments = "UNIT",
		.summary = "Writes a drop-in by which an existing service runs under eswrap, after "
			   "checking that its\nsandbox lets the library through, and says what it "
			   "has written.",
		.entries = entries,
	};

	return run(ctl, &usage, &wrapping, wrap, argc, argv);
}

int ctl_unwrap(struct ctl *ctl, int argc, char **argv)
{
	struct wrapping wrapping = { NULL };
	const GOptionEntry entries[] = {
		{ "directory", 0, 0, G_OPTION_ARG_FILENAME, &wrapping.root,
		  "of units, instead of " UNIT_DIRECTORY, "DIR" },
		{ NULL },
	};
	const struct ctl_usage usage = {
		.words = "eswrapctl unwrap",
		.arguments = "UNIT",
		.summary = "Removes what `wrap` has written.",
		.entries = entries,
	};

	return run(ctl, &usage, &wrapping, unwrap, argc, argv);
}
