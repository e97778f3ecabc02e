// SPDX-License-Identifier: MIT
/* Stand-in addresses, whose they are, and the file that keeps them. See stand-in.h. */
#include "eswrapd/stand-in.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file of more than this was not written here: three lines for each address of a /15 are 20 MB. */
#define FILE_MAX ((goffset)64 << 20)
/* Lines that say nothing new, beyond which the file is written anew. */
#define STALE_MAX 4096

/**
 * struct stand_in - one pair
 * @address:	host byte order
 * @uses:	struct use, by whom it was asked for; one that nobody has asked for does not exist
 */
struct stand_in {
	char *name;
	guint32 address;
	GPtrArray *uses;
};

/* struct use - a user who has asked for a name; `link` is its place in his order of use */
struct use {
	struct stand_in *pair;
	struct owner *owner;
	GList link;
};

/* struct owner - a user; the name that he used least recently comes first */
struct owner {
	uid_t uid;
	GQueue order;
};

struct names {
	guint32 first, count; /* of the addresses that may be given out */
	guint per_user;
	GHashTable *by_name, *by_address;
	GHashTable *owners; /* uid -> struct owner */
	char *path;
	int file;	   /* open for appending, or -1 */
	guint lines, uses; /* in the file; that there should be */
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

static void pair_free(struct names *names, struct stand_in *pair)
{
	g_hash_table_remove(names->by_name, pair->name);
	g_hash_table_remove(names->by_address, GUINT_TO_POINTER(pair->address));
	g_ptr_array_unref(pair->uses);
	g_free(pair->name);
	g_free(pair);
}

static void use_free(struct names *names, struct use *use)
{
	struct stand_in *pair = use->pair;

	g_queue_unlink(&use->owner->order, &use->link);
	g_ptr_array_remove_fast(pair->uses, use);
	names->uses--;
	if (pair->uses->len == 0)
		pair_free(names, pair);
	g_free(use);
}

static void forget(struct names *names, struct stand_in *pair)
{
	guint left = pair->uses->len;

	for (; left > 0; left--)
		use_free(names, g_ptr_array_index(pair->uses, left - 1));
}

static struct stand_in *remember(struct names *names, const char *name, guint32 address)
{
	struct stand_in *pair = g_new0(struct stand_in, 1);

	pair->name = g_strdup(name);
	pair->address = address;
	pair->uses = g_ptr_array_new();
	g_hash_table_insert(names->by_name, pair->name, pair);
	g_hash_table_insert(names->by_address, GUINT_TO_POINTER(address), pair);
	return pair;
}

static struct owner *owner_of(struct names *names, uid_t uid)
{
	struct owner *owner = g_hash_table_lookup(names->owners, GUINT_TO_POINTER(uid));

	if (owner)
		return owner;
	owner = g_new0(struct owner, 1);
	owner->uid = uid;
	g_queue_init(&owner->order);
	g_hash_table_insert(names->owners, GUINT_TO_POINTER(uid), owner);
	return owner;
}

static struct use *use_of(const struct stand_in *pair, uid_t uid)
{
	guint i;

	for (i = 0; i < pair->uses->len; i++) {
		struct use *use = g_ptr_array_index(pair->uses, i);

		if (use->owner->uid == uid)
			return use;
	}
	return NULL;
}

static void add_use(struct names *names, struct stand_in *pair, struct owner *owner)
{
	struct use *use = g_new0(struct use, 1);

	use->pair = pair;
	use->owner = owner;
	use->link.data = use;
	g_queue_push_tail_link(&owner->order, &use->link);
	g_ptr_array_add(pair->uses, use);
	names->uses++;
}

static void touch(struct use *use)
{
	g_queue_unlink(&use->owner->order, &use->link);
	g_queue_push_tail_link(&use->owner->order, &use->link);
}

/* The table is full: who has most of it gives up what he used least recently. */
static void make_room(struct names *names)
{
	struct owner *most = NULL;
	GHashTableIter iter;
	gpointer owner;

	g_hash_table_iter_init(&iter, names->owners);
	while (g_hash_table_iter_next(&iter, NULL, &owner))
		if (!most || ((struct owner *)owner)->order.length > most->order.length)
			most = owner;
	if (most && most->order.head)
		use_free(names, most->order.head->data);
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

	while (g_hash_table_size(names->by_address) >= names->count)
		make_room(names);
	while (g_hash_table_contains(names->by_address, GUINT_TO_POINTER(names->first + i)))
		i = (i + 1) % names->count;
	return names->first + i;
}

static char *line_of(const struct use *use)
{
	struct in_addr address = { htonl(use->pair->address) };
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &address, text, sizeof(text));
	return g_strdup_printf("%s %s %u\n", text, use->pair->name, (guint)use->owner->uid);
}

static void open_file(struct names *names)
{
	names->file =
		open(names->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (names->file < 0)
		g_warning("%s: %s; stand-in addresses will not be known after a restart",
			  names->path, g_strerror(errno));
}

/* Writes the file anew, with one line for each use. */
static void rewrite(struct names *names)
{
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	GHashTableIter iter;
	gpointer owner;
	GList *link;

	g_hash_table_iter_init(&iter, names->owners);
	while (g_hash_table_iter_next(&iter, NULL, &owner)) {
		for (link = ((struct owner *)owner)->order.head; link; link = link->next) {
			g_autofree char *line = line_of(link->data);

			g_string_append(text, line);
		}
	}
	if (g_file_set_contents_full(names->path, text->str, (gssize)text->len,
				     G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error))
		names->lines = names->uses;
	else
		g_warning("%s", error->message);
}

/* One write, so that a line is never half there for a reader. */
static void save(struct names *names, const struct use *use)
{
	g_autofree char *line = NULL;
	size_t len;

	if (names->file < 0)
		return;
	if (names->lines > 2 * names->uses + STALE_MAX) {
		close(names->file);
		rewrite(names);
		open_file(names);
		return;
	}
	line = line_of(use);
	len = strlen(line);
	if (write(names->file, line, len) == (ssize_t)len) {
		names->lines++;
		return;
	}
	g_warning("%s: %s; stand-in addresses may not be known after a restart", names->path,
		  g_strerror(errno));
	/* Tried again with the next one: a full disk does not stay full. */
	names->lines = G_MAXUINT / 2;
}

/* "ADDRESS NAME UID"; version 0.1.0 wrote no UID, and root is then the one who may have asked. */
static void load_line(struct names *names, char *line)
{
	g_auto(GStrv) words = g_strsplit(line, " ", 4);
	guint count = g_strv_length(words);
	char clean[ESWRAP_NAME_MAX + 1];
	struct stand_in *pair, *other;
	struct in_addr in;
	guint32 address;
	guint64 uid = 0;

	if (count < 2 || count > 3 || inet_pton(AF_INET, words[0], &in) != 1 ||
	    !name_clean(words[1], clean) || strcmp(clean, words[1]) != 0 ||
	    (count == 3 &&
	     !g_ascii_string_to_unsigned(words[2], 10, 0, G_MAXUINT32 - 1, &uid, NULL)))
		return;
	address = ntohl(in.s_addr);
	/* Another block may have been configured then. */
	if (address < names->first || address - names->first >= names->count)
		return;
	/* Later lines win: an address changes hands when the block is full. */
	pair = g_hash_table_lookup(names->by_name, clean);
	if (pair && pair->address != address) {
		forget(names, pair);
		pair = NULL;
	}
	other = g_hash_table_lookup(names->by_address, GUINT_TO_POINTER(address));
	if (other && other != pair)
		forget(names, other);
	if (!pair)
		pair = remember(names, clean, address);
	if (!use_of(pair, (uid_t)uid))
		add_use(names, pair, owner_of(names, (uid_t)uid));
}

/* Return: the file's text; NULL where there is none that may be believed. */
static char *read_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;
	char *text = NULL;

	if (fd < 0)
		return NULL; /* none yet; what else is wrong shows when it is opened for writing */
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
	    (status.st_uid != 0 && status.st_uid != geteuid()) || (status.st_mode & 022)) {
		g_warning("%s: not a file that only its owner can write; the stand-in addresses in "
			  "it are not used",
			  path);
	} else if (status.st_size > FILE_MAX) {
		g_warning("%s: larger than %u MiB; the stand-in addresses in it are not used", path,
			  (guint)(FILE_MAX >> 20));
	} else {
		gsize got = 0;
		ssize_t n = 1;

		text = g_malloc((gsize)status.st_size + 1);
		while (n > 0 && got < (gsize)status.st_size) {
			n = read(fd, text + got, (gsize)status.st_size - got);
			got += n > 0 ? (gsize)n : 0;
		}
		text[got] = '\0';
	}
	close(fd);
	return text;
}

/* Return: whether the file is as it would be written anew. */
static bool load(struct names *names)
{
	g_autofree char *text = read_file(names->path);
	g_auto(GStrv) lines = text ? g_strsplit(text, "\n", -1) : NULL;
	guint i;

	if (!lines)
		return access(names->path, F_OK) < 0;
	/* Behind the last newline stands nothing, or what a crash has left of a line. */
	for (i = 0; lines[i] && lines[i + 1]; i++)
		load_line(names, lines[i]);
	names->lines = i;
	return i == names->uses && (!lines[i] || *lines[i] == '\0');
}

struct names *names_new(const struct address_block *block, guint per_user, const char *path)
{
	struct names *names = g_new0(struct names, 1);

	/* Without the block's first and last address: some programs take them for broadcasts. */
	names->first = get_be32(block->address + 12) + 1;
	names->count = (1u << (128 - block->prefix)) - 2;
	names->per_user = per_user;
	names->by_name = g_hash_table_new(g_str_hash, g_str_equal);
	names->by_address = g_hash_table_new(NULL, NULL);
	names->owners = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	names->file = -1;
	if (!path)
		return names;
	names->path = g_strdup(path);
	if (!load(names))
		rewrite(names);
	open_file(names);
	return names;
}

void names_free(struct names *names)
{
	g_autoptr(GList) pairs = NULL;
	GList *link;

	if (!names)
		return;
	pairs = g_hash_table_get_values(names->by_name);
	for (link = pairs; link; link = link->next)
		forget(names, link->data);
	g_hash_table_destroy(names->by_name);
	g_hash_table_destroy(names->by_address);
	g_hash_table_destroy(names->owners);
	if (names->file >= 0)
		close(names->file);
	g_free(names->path);
	g_free(names);
}

void names_get(struct names *names, uid_t uid, const char *name, struct eswrap_endpoint *v4,
	       struct eswrap_endpoint *v6)
{
	struct stand_in *pair = g_hash_table_lookup(names->by_name, name);
	struct owner *owner = owner_of(names, uid);
	struct use *use = pair ? use_of(pair, uid) : NULL;

	if (use) {
		touch(use);
	} else {
		/* His own least recent, and nobody else's, makes room for one more of his. */
		if (owner->order.length >= names->per_user)
			use_free(names, owner->order.head->data);
		pair = g_hash_table_lookup(names->by_name, name);
		if (!pair)
			pair = remember(names, name, choose_address(names, name));
		add_use(names, pair, owner);
		save(names, use_of(pair, uid));
	}
	memset(v4, 0, sizeof(*v4));
	v4->family = AF_INET;
	put_be32(v4->address, pair->address);
	memset(v6, 0, sizeof(*v6));
	v6->family = AF_INET6;
	memcpy(v6->address, twin_prefix, sizeof(twin_prefix));
	put_be32(v6->address + 12, pair->address);
}

bool names_find(struct names *names, uid_t uid, const struct eswrap_endpoint *endpoint,
		const char **name)
{
	static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff };
	const guint8 *address = endpoint->address;
	struct stand_in *pair;
	struct use *use;
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
	use = pair ? use_of(pair, uid) : NULL;
	if (use) {
		touch(use);
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
	g_autofree char *host = g_strndup(name, strcspn(name, "%"));
	struct in6_addr v6;
	struct in_addr v4;

	return inet_aton(name, &v4) == 1 || inet_pton(AF_INET6, host, &v6) == 1;
}

bool name_is_local(const char *name)
{
	return strcmp(name, "localhost") == 0 || g_str_has_suffix(name, ".localhost");
}
