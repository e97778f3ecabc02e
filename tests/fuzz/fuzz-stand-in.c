// SPDX-License-Identifier: MIT
/*
 * Any bytes as the file of stand-in addresses, and as host names. Whoever asks for a name finds it
 * behind its addresses, and nobody else does.
 */
#include <sys/socket.h>

#include "eswrapd/stand-in.h"
#include "fuzz/fuzz.h"

#define USERS	 3
#define PER_USER 20

static void ask(struct names *names, uid_t uid, const char *name)
{
	struct eswrap_endpoint v4, v6;
	const char *found;

	names_get(names, uid, name, &v4, &v6);
	if (!names_find(names, uid, &v4, &found) || g_strcmp0(found, name) != 0 ||
	    !names_find(names, uid, &v6, &found) || g_strcmp0(found, name) != 0)
		abort();
	if (!names_find(names, uid + USERS, &v4, &found) || found)
		abort();
}

static void ask_for_line(struct names *names, const char *line, uid_t uid)
{
	char clean[ESWRAP_NAME_MAX + 1];

	if (name_clean(line, clean) && !name_is_numeric(clean))
		ask(names, uid, clean);
	name_is_local(clean);
	name_is_numeric(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct eswrap_endpoint any = { .family = AF_INET };
	g_autofree char *path = NULL, *text = NULL;
	g_auto(GStrv) lines = NULL;
	struct address_block block;
	struct names *names;
	const char *found;
	guint i;

	if (size < 1)
		return 0;
	if (!address_block_parse(data[0] & 1 ? "198.18.0.0/24" : "10.0.0.0/8", &block, NULL))
		abort();
	path = fuzz_write("stand-ins", data + 1, size - 1);
	names = names_new(&block, PER_USER, path);
	memcpy(any.address, data + 1, MIN(size - 1, 4));
	names_find(names, 0, &any, &found);
	text = g_strndup((const char *)data + 1, size - 1);
	lines = g_strsplit(text, "\n", 300);
	for (i = 0; lines[i]; i++)
		ask_for_line(names, lines[i], i % USERS);
	/* Enough to fill a small block, and to have the file written anew. */
	for (i = 0; data[0] & 2 && i < 2 * PER_USER; i++) {
		g_autofree char *name = g_strdup_printf("n%u.x", i);

		ask(names, i % USERS, name);
	}
	names_free(names);
	names_free(names_new(&block, PER_USER, path));
	return 0;
}
