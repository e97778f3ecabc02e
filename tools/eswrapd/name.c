// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "eswrapd/name.h"

/* One pair; `link` is its place in the order of use, least recent first. */
struct stand_in {
	char *name;
	guint32 address; /* host byte order */
	GList link;
};

struct names {
	guint32 first, count; /* of the addresses that may be given out */
	GHashTable *by_name, *by_address;
	GQueue order;
	int file; /* open for appending, or -1 */
};

static const guint8 twin_prefix[12] = { 0x20, 0x01, 0x00, 0x02 };

void names_twin(const struct address_block *block, struct address_block *twin)
{
	*twin = *block;
	memcpy(twin->address, twin_prefix, sizeof(twin_prefix));
}

static guint32 get_be32(const guint8 *from)
{
	guint32 value;

	memcpy(&value, from, sizeof(value));
	return ntohl(value);
}

static void put_be32(guint8 *to, guint32 value)
{
	value = htonl(value);
	memcpy(to, &value, sizeof(value));
}

static void forget(struct names *names, struct stand_in *pair)
{
	g_queue_unlink(&names->order, &pair->link);
	g_hash_table_remove(names->by_name, pair->name);
	g_hash_table_remove(names->by_address, GUINT_TO_POINTER(pair->address));
	g_free(pair->name);
	g_free(pair);
}

static struct stand_in *remember(struct names *names, const char *name, guint32 address)
{
	struct stand_in *pair = g_new0(struct stand_in, 1);

	pair->name = g_strdup(name);
	pair->address = address;
	pair->link.data = pair;
	g_queue_push_tail_link(&names->order, &pair->link);
	g_hash_table_insert(names->by_name, pair->name, pair);
	g_hash_table_insert(names->by_address, GUINT_TO_POINTER(address), pair);
	return pair;
}

/* FNV-1a: written down here, because the address must not change with a library's idea of a hash.
 */
static guint32 hash(const char *name)
{
	guint64 h = 0xcbf29ce484222325;

	for (; *name; name++)
		h = (h ^ (guint8)*name) * 0x100000001b3;
	return (guint32)(h ^ h >> 32);
}

static guint32 choose_address(struct names *names, const char *name)
{
	guint32 i = hash(name) % names->count;

	if (g_hash_table_size(names->by_address) >= names->count)
		forget(names, names->order.head->data);
	while (g_hash_table_contains(names->by_address, GUINT_TO_POINTER(names->first + i)))
		i = (i + 1) % names->count;
	return names->first + i;
}

static char *line_of(const struct stand_in *pair)
{
	struct in_addr address = { htonl(pair->address) };
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &address, text, sizeof(text));
	return g_strdup_printf("%s %s\n", text, pair->name);
}

/* One write, so that a line is never half there for a reader. */
static void save(struct names *names, const struct stand_in *pair)
{
	char *line;
	size_t len;

	if (names->file < 0)
		return;
	line = line_of(pair);
	len = strlen(line);
	if (write(names->file, line, len) != (ssize_t)len) {
		g_warning("cannot keep stand-in addresses across restarts: %s", g_strerror(errno));
		close(names->file);
		names->file = -1;
	}
	g_free(line);
}

static void load_line(struct names *names, char *line)
{
	char *space = strchr(line, ' '), clean[ESWRAP_NAME_MAX + 1];
	struct stand_in *old;
	struct in_addr in;
	guint32 address;

	if (!space)
		return;
	*space = '\0';
	if (inet_pton(AF_INET, line, &in) != 1 || !name_clean(space + 1, clean) ||
	    strcmp(clean, space + 1) != 0)
		return;
	address = ntohl(in.s_addr);
	/* Another block may have been configured then. */
	if (address < names->first || address - names->first >= names->count)
		return;
	/* Later lines win: an address changes hands when the block is full. */
	old = g_hash_table_lookup(names->by_address, GUINT_TO_POINTER(address));
	if (old)
		forget(names, old);
	old = g_hash_table_lookup(names->by_name, clean);
	if (old)
		forget(names, old);
	remember(names, clean, address);
}

/* Return: whether the file is as it would be written anew. */
static bool load(struct names *names, const char *path)
{
	char *text, **lines;
	bool clean;
	guint i;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return true; /* none yet; what else is wrong shows when it is opened for writing */
	lines = g_strsplit(text, "\n", -1);
	/* Behind the last newline stands nothing, or what a crash has left of a line. */
	for (i = 0; lines[i] && lines[i + 1]; i++)
		load_line(names, lines[i]);
	clean = i == g_hash_table_size(names->by_name) && (!lines[i] || *lines[i] == '\0');
	g_strfreev(lines);
	g_free(text);
	return clean;
}

static void rewrite(struct names *names, const char *path)
{
	GString *text = g_string_new(NULL);
	GError *error = NULL;
	GList *link;

	for (link = names->order.head; link; link = link->next) {
		char *line = line_of(link->data);

		g_string_append(text, line);
		g_free(line);
	}
	if (!g_file_set_contents_full(path, text->str, (gssize)text->len,
				      G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error)) {
		g_warning("%s", error->message);
		g_error_free(error);
	}
	g_string_free(text, TRUE);
}

struct names *names_new(const struct address_block *block, const char *path)
{
	struct names *names = g_new0(struct names, 1);

	/* Without the block's first and last address: some programs take them for broadcasts. */
	names->first = get_be32(block->address + 12) + 1;
	names->count = (1u << (128 - block->prefix)) - 2;
	names->by_name = g_hash_table_new(g_str_hash, g_str_equal);
	names->by_address = g_hash_table_new(NULL, NULL);
	g_queue_init(&names->order);
	names->file = -1;
	if (!path)
		return names;
	if (!load(names, path))
		rewrite(names, path);
	names->file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (names->file < 0)
		g_warning("%s: %s; stand-in addresses will not be known after a restart", path,
			  g_strerror(errno));
	return names;
}

void names_free(struct names *names)
{
	if (!names)
		return;
	while (names->order.head)
		forget(names, names->order.head->data);
	g_hash_table_destroy(names->by_name);
	g_hash_table_destroy(names->by_address);
	if (names->file >= 0)
		close(names->file);
	g_free(names);
}

static void use(struct names *names, struct stand_in *pair)
{
	g_queue_unlink(&names->order, &pair->link);
	g_queue_push_tail_link(&names->order, &pair->link);
}

void names_get(struct names *names, const char *name, struct eswrap_endpoint *v4,
	       struct eswrap_endpoint *v6)
{
	struct stand_in *pair = g_hash_table_lookup(names->by_name, name);

	if (pair) {
		use(names, pair);
	} else {
		pair = remember(names, name, choose_address(names, name));
		save(names, pair);
	}
	memset(v4, 0, sizeof(*v4));
	v4->family = AF_INET;
	put_be32(v4->address, pair->address);
	memset(v6, 0, sizeof(*v6));
	v6->family = AF_INET6;
	memcpy(v6->address, twin_prefix, sizeof(twin_prefix));
	put_be32(v6->address + 12, pair->address);
}

bool names_find(struct names *names, const struct eswrap_endpoint *endpoint, const char **name)
{
	static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff };
	const guint8 *address = endpoint->address;
	struct stand_in *pair;
	guint32 v4;

	*name = NULL;
	if (endpoint->family == AF_INET6) {
		if (memcmp(address, mapped, 12) != 0 && memcmp(address, twin_prefix, 12) != 0)
			return false;
		address += 12;
	}
	v4 = get_be32(address);
	if (v4 < names->first || v4 - names->first >= names->count)
		return false;
	pair = g_hash_table_lookup(names->by_address, GUINT_TO_POINTER(v4));
	if (pair) {
		use(names, pair);
		*name = pair->name;
	}
	return true;
}

bool name_clean(const char *given, char clean[ESWRAP_NAME_MAX + 1])
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t len = strlen(given), i;
	const char *label;

	if (len && given[len - 1] == '.')
		len--;
	for (i = 0; i < MIN(len, (size_t)ESWRAP_NAME_MAX); i++)
		clean[i] = g_ascii_tolower(given[i]);
	clean[i] = '\0';
	if (len == 0 || len > ESWRAP_NAME_MAX)
		return false;
	for (label = clean;; label += len + 1) {
		len = strspn(label, allowed);
		if (len < 1 || len > 63 || label[0] == '-' || label[len - 1] == '-')
			return false;
		if (label[len] == '\0')
			return true;
		if (label[len] != '.')
			return false;
	}
}

bool name_is_numeric(const char *name)
{
	char *host = g_strndup(name, strcspn(name, "%"));
	struct in6_addr v6;
	struct in_addr v4;
	bool numeric = inet_aton(name, &v4) == 1 || inet_pton(AF_INET6, host, &v6) == 1;

	g_free(host);
	return numeric;
}

bool name_is_local(const char *name)
{
	return strcmp(name, "localhost") == 0 || g_str_has_suffix(name, ".localhost");
}
