// SPDX-License-Identifier: MIT
/* The ledger's file: read whole and checked, changed by replacing it. */
#include "ledger/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER_GROUP "ledger"
#define VERSION	     "1"
#define NEW_FILE     LEDGER_FILE ".new"
#define MAC_LENGTH   17
#define FILE_MAX     (1024 * 1024) /* bytes; a few hundred modules */

static const char *const state_names[] = {
	[LEDGER_BLANK] = "blank",
	[LEDGER_UNCERTAIN] = "uncertain",
	[LEDGER_BURNT] = "burnt",
	[LEDGER_ELSEWHERE] = "elsewhere",
};

static const char *const item_names[] = {
	[ESWIFI_ITEM_CA] = "ca",
	[ESWIFI_ITEM_CERTIFICATE] = "certificate",
	[ESWIFI_ITEM_KEY] = "key",
};

static const char *const entry_keys[] = { "state", "sha256", "subject", "when", "until", "reason" };

/**
 * struct ledger - the file, checked
 * @path:	for messages
 * @file:	without the header group
 * @strings:	what ledger_get() has given out
 */
struct ledger {
	char *path;
	GKeyFile *file;
	GStringChunk *strings;
};

const char *ledger_state_name(enum ledger_state state)
{
	return state_names[state];
}

const char *ledger_item_name(enum eswifi_item item)
{
	return item_names[item];
}

bool ledger_text_is_good(const char *text)
{
	gsize length = strlen(text);
	gsize i;

	for (i = 0; i < length; i++)
		if (!g_ascii_isprint(text[i]))
			return false;
	return length <= LEDGER_TEXT_MAX;
}

static bool index_of(const char *const *names, guint count, const char *name, guint *to)
{
	guint i;

	for (i = 0; i < count; i++) {
		if (!g_strcmp0(names[i], name)) {
			*to = i;
			return true;
		}
	}
	return false;
}

bool ledger_state_parse(const char *name, enum ledger_state *state)
{
	guint value;

	if (!index_of(state_names, G_N_ELEMENTS(state_names), name, &value))
		return false;
	*state = (enum ledger_state)value;
	return true;
}

static bool is_hex(const char *text, gsize length)
{
	return strlen(text) == length && strspn(text, "0123456789abcdef") == length;
}

static bool is_mac(const char *text)
{
	guint i;

	for (i = 0; i < MAC_LENGTH; i++)
		if (i % 3 == 2 ? text[i] != ':' : !strchr("0123456789abcdef", text[i]) || !text[i])
			return false;
	return true;
}

static char *group_name(const char *mac, guint set, enum eswifi_item item)
{
	char *lower = g_ascii_strdown(mac, -1);
	char *name = g_strdup_printf("%s %u %s", lower, set, item_names[item]);

	g_free(lower);
	return name;
}

static bool group_is_good(const char *name)
{
	guint item;

	return is_mac(name) && name[MAC_LENGTH] == ' ' && name[MAC_LENGTH + 1] >= '0' &&
	       name[MAC_LENGTH + 1] < '0' + ESWIFI_SETS && name[MAC_LENGTH + 2] == ' ' &&
	       index_of(item_names, G_N_ELEMENTS(item_names), name + MAC_LENGTH + 3, &item);
}

static gint64 parse_time(const char *text)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(text, NULL);

	return time ? g_date_time_to_unix(time) : -1;
}

static char *format_time(gint64 when)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(when);

	return time ? g_date_time_format(time, "%Y-%m-%dT%H:%M:%SZ") : NULL;
}

static bool entry_is_good(GKeyFile *file, const char *group)
{
	g_autofree char *state = g_key_file_get_string(file, group, "state", NULL);
	g_autofree char *sha256 = g_key_file_get_string(file, group, "sha256", NULL);
	g_autofree char *subject = g_key_file_get_string(file, group, "subject", NULL);
	g_autofree char *when = g_key_file_get_string(file, group, "when", NULL);
	g_autofree char *until = g_key_file_get_string(file, group, "until", NULL);
	g_auto(GStrv) keys = g_key_file_get_keys(file, group, NULL, NULL);
	guint value, i;
	bool good;

	good = state && sha256 && subject && when &&
	       index_of(state_names, G_N_ELEMENTS(state_names), state, &value) &&
	       value != LEDGER_BLANK && ledger_text_is_good(subject) && parse_time(when) >= 0 &&
	       (!until || parse_time(until) >= 0) &&
	       (is_hex(sha256, LEDGER_SHA256_HEX) || (value == LEDGER_ELSEWHERE && !*sha256));
	for (i = 0; good && keys[i]; i++)
		good = index_of(entry_keys, G_N_ELEMENTS(entry_keys), keys[i], &value);
	return good;
}

static bool damaged(const char *path, const char *what, GError **error)
{
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
		    "%s: is damaged (%s); it is the only record of what is burnt, so nothing is "
		    "programmed until it is restored from a backup, or moved away and written anew "
		    "with `eswrapctl credentials adopt`",
		    path, what);
	return false;
}

/* The header's sum must be that of the body, which starts behind the first blank line. */
static bool check_sum(struct ledger *ledger, const char *text, GError **error)
{
	char *version = g_key_file_get_string(ledger->file, HEADER_GROUP, "version", NULL);
	char *sum = g_key_file_get_string(ledger->file, HEADER_GROUP, "sum", NULL);
	const char *body = strstr(text, "\n\n");
	char *real = body ? g_compute_checksum_for_string(G_CHECKSUM_SHA256, body + 2, -1) : NULL;
	bool good = false;

	if (!version || !sum || !body)
		damaged(ledger->path, "its header is missing", error);
	else if (strcmp(version, VERSION))
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "%s: has version %s; this eswrap knows version " VERSION, ledger->path,
			    version);
	else if (strcmp(sum, real))
		damaged(ledger->path, "its sum does not fit its contents", error);
	else
		good = true;
	g_free(version);
	g_free(sum);
	g_free(real);
	return good;
}

static bool check_groups(struct ledger *ledger, GError **error)
{
	char **groups = g_key_file_get_groups(ledger->file, NULL);
	bool good = true;
	char *what;
	guint i;

	for (i = 0; good && groups[i]; i++) {
		if (group_is_good(groups[i]) && entry_is_good(ledger->file, groups[i]))
			continue;
		what = g_strdup_printf("group [%s] is invalid", groups[i]);
		good = damaged(ledger->path, what, error);
		g_free(what);
	}
	g_strfreev(groups);
	return good;
}

static bool parse_ledger(struct ledger *ledger, const char *text, gsize size, GError **error)
{
	GError *inner = NULL;

	if (strlen(text) != size)
		return damaged(ledger->path, "it holds NUL bytes", error);
	if (!g_key_file_load_from_data(ledger->file, text, size, G_KEY_FILE_NONE, &inner)) {
		damaged(ledger->path, size ? inner->message : "it is empty", error);
		g_error_free(inner);
		return false;
	}
	if (!check_sum(ledger, text, error))
		return false;
	g_key_file_remove_group(ledger->file, HEADER_GROUP, NULL);
	return check_groups(ledger, error);
}

static struct ledger *ledger_new(const char *dir)
{
	struct ledger *ledger = g_new0(struct ledger, 1);

	ledger->path = g_build_filename(dir, LEDGER_FILE, NULL);
	ledger->file = g_key_file_new();
	ledger->strings = g_string_chunk_new(256);
	return ledger;
}

void ledger_free(struct ledger *ledger)
{
	if (!ledger)
		return;
	g_key_file_free(ledger->file);
	g_string_chunk_free(ledger->strings);
	g_free(ledger->path);
	g_free(ledger);
}

struct ledger *ledger_read(const char *dir, GError **error)
{
	struct ledger *ledger = ledger_new(dir);
	GError *inner = NULL;
	bool good = true;
	struct stat st;
	char *text;
	gsize size;

	if (stat(ledger->path, &st) == 0 && st.st_size > FILE_MAX) {
		good = damaged(ledger->path, "it is far too large", error);
	} else if (g_file_get_contents(ledger->path, &text, &size, &inner)) {
		good = parse_ledger(ledger, text, size, error);
		g_free(text);
	} else if (!g_error_matches(inner, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
		good = false;
		g_propagate_error(error, g_steal_pointer(&inner));
	}
	g_clear_error(&inner);
	if (good)
		return ledger;
	ledger_free(ledger);
	return NULL;
}

static const char *get_text(const struct ledger *ledger, const char *group, const char *key)
{
	char *value = g_key_file_get_string(ledger->file, group, key, NULL);
	const char *kept = value ? g_string_chunk_insert_const(ledger->strings, value) : NULL;

	g_free(value);
	return kept;
}

void ledger_get(const struct ledger *ledger, const char *mac, guint set, enum eswifi_item item,
		struct ledger_entry *to)
{
	char *group = group_name(mac, set, item);
	guint state = LEDGER_BLANK;
	const char *until;

	memset(to, 0, sizeof(*to));
	to->subject = "";
	if (g_key_file_has_group(ledger->file, group)) {
		index_of(state_names, G_N_ELEMENTS(state_names), get_text(ledger, group, "state"),
			 &state);
		to->state = (enum ledger_state)state;
		g_strlcpy(to->sha256, get_text(ledger, group, "sha256"), sizeof(to->sha256));
		to->subject = get_text(ledger, group, "subject");
		to->when = parse_time(get_text(ledger, group, "when"));
		until = get_text(ledger, group, "until");
		to->until = until ? parse_time(until) : 0;
		to->reason = get_text(ledger, group, "reason");
	}
	g_free(group);
}

char **ledger_modules(const struct ledger *ledger)
{
	GPtrArray *modules = g_ptr_array_new();
	char **groups = g_key_file_get_groups(ledger->file, NULL);
	guint i;

	for (i = 0; groups[i]; i++) {
		groups[i][MAC_LENGTH] = '\0';
		if (!g_ptr_array_find_with_equal_func(modules, groups[i], g_str_equal, NULL))
			g_ptr_array_add(modules, g_strdup(groups[i]));
	}
	g_strfreev(groups);
	g_ptr_array_add(modules, NULL);
	return (char **)g_ptr_array_free(modules, FALSE);
}

static bool failed(const char *dir, const char *what, GError **error)
{
	int code = errno;

	g_set_error(error, G_IO_ERROR, (int)g_io_error_from_errno(code), "%s/%s: %s: %s", dir,
		    LEDGER_FILE, what, g_strerror(code));
	return false;
}

static bool write_all(int fd, const char *text, gsize size)
{
	gssize n;

	while (size > 0) {
		n = write(fd, text, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text += n;
		size -= (gsize)n;
	}
	return true;
}

/* What root writes into the service's directory must stay the service's. */
static bool keep_owner(int dirfd, int fd)
{
	struct stat st;

	if (geteuid() != 0)
		return true;
	return fstat(dirfd, &st) == 0 && fchown(fd, st.st_uid, st.st_gid) == 0;
}

/* Old or new, never anything between, whatever happens to this machine meanwhile. */
static bool replace(int dirfd, const char *dir, const char *text, GError **error)
{
	int fd = openat(dirfd, NEW_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
			0600);
	bool good;

	if (fd < 0)
		return failed(dir, "cannot be written", error);
	good = keep_owner(dirfd, fd) && write_all(fd, text, strlen(text)) && fsync(fd) == 0;
	if (!good)
		failed(dir, "cannot be written", error);
	if (close(fd) < 0 && good)
		good = failed(dir, "cannot be written", error);
	if (!good)
		return false;
	if (renameat(dirfd, NEW_FILE, dirfd, LEDGER_FILE) < 0)
		return failed(dir, "cannot be replaced", error);
	if (fsync(dirfd) < 0)
		return failed(dir, "cannot be made durable", error);
	return true;
}

static void change(struct ledger *ledger, const char *group, const struct ledger_entry *entry)
{
	g_autofree char *when = format_time(entry->when);
	g_autofree char *until = entry->until ? format_time(entry->until) : NULL;

	g_key_file_remove_group(ledger->file, group, NULL);
	if (entry->state != LEDGER_BLANK) {
		g_key_file_set_string(ledger->file, group, "state", state_names[entry->state]);
		g_key_file_set_string(ledger->file, group, "sha256", entry->sha256);
		g_key_file_set_string(ledger->file, group, "subject", entry->subject);
		g_key_file_set_string(ledger->file, group, "when", when);
		if (until)
			g_key_file_set_string(ledger->file, group, "until", until);
		if (entry->reason)
			g_key_file_set_string(ledger->file, group, "reason", entry->reason);
	}
}

static char *serialise(const struct ledger *ledger)
{
	char *body = g_key_file_to_data(ledger->file, NULL, NULL);
	char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, body, -1);
	char *text =
		g_strdup_printf("# What is burnt into the modules' one-time credentials sets.\n"
				"# eswrapd keeps this file; `eswrapctl credentials` changes "
				"it. Back it up.\n"
				"[" HEADER_GROUP "]\nversion=" VERSION "\nsum=%s\n\n%s",
				sum, body);

	g_free(body);
	g_free(sum);
	return text;
}

bool ledger_put(const char *dir, const char *mac, guint set, enum eswifi_item item,
		const struct ledger_entry *entry, GError **error)
{
	char *group = group_name(mac, set, item);
	struct ledger *ledger = NULL;
	char *text = NULL;
	bool good = false;
	int dirfd = -1;

	if (!group_is_good(group)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    "[%s] names no item of a module", group);
		goto out;
	}
	if (g_mkdir_with_parents(dir, 0700) < 0) {
		failed(dir, "its directory cannot be made", error);
		goto out;
	}
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0 || flock(dirfd, LOCK_EX) < 0) {
		failed(dir, "its directory cannot be locked", error);
		goto out;
	}
	ledger = ledger_read(dir, error);
	if (!ledger)
		goto out;
	change(ledger, group, entry);
	text = serialise(ledger);
	good = replace(dirfd, dir, text, error);
out:
	if (dirfd >= 0)
		close(dirfd);
	ledger_free(ledger);
	g_free(text);
	g_free(group);
	return good;
}
