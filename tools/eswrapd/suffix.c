// SPDX-License-Identifier: MIT
/* resolv.conf(5), as far as it says what is put behind names. */
#include "eswrapd/suffix.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* HOST_NAME_MAX of Linux is 64. */
#define HOST_MAX 256

/**
 * struct suffixes - the domains, and of which file
 * @changed, @inode:	of the file that was read last
 */
struct suffixes {
	char *path;
	struct timespec changed;
	ino_t inode;
	GPtrArray *domains;
};

static bool is_domain(const char *text)
{
	return *text && strcmp(text, ".") != 0;
}

static void add(GPtrArray *domains, const char *text)
{
	if (is_domain(text))
		g_ptr_array_add(domains, g_strdup(text + (*text == '.')));
}

/* The last of these lines counts. */
static void take_line(GPtrArray *domains, const char *line)
{
	g_auto(GStrv) words = g_strsplit_set(line, " \t\r", 0);
	int i;

	if (g_strcmp0(words[0], "search") != 0 && g_strcmp0(words[0], "domain") != 0)
		return;
	g_ptr_array_set_size(domains, 0);
	for (i = 1; words[i]; i++)
		add(domains, words[i]);
}

/* Where no line names one it is what follows the first dot of the machine's own name. */
static void add_own(GPtrArray *domains)
{
	char host[HOST_MAX] = "";
	const char *dot;

	gethostname(host, sizeof(host) - 1);
	dot = strchr(host, '.');
	if (dot)
		add(domains, dot + 1);
}

static void read_file(struct suffixes *suffixes)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;
	int i;

	g_ptr_array_set_size(suffixes->domains, 0);
	if (g_file_get_contents(suffixes->path, &text, NULL, NULL))
		lines = g_strsplit(text, "\n", 0);
	for (i = 0; lines && lines[i]; i++)
		take_line(suffixes->domains, lines[i]);
	if (!suffixes->domains->len)
		add_own(suffixes->domains);
}

static void read_changed(struct suffixes *suffixes)
{
	struct stat status;

	if (stat(suffixes->path, &status) < 0)
		memset(&status, 0, sizeof(status));
	if (status.st_ino == suffixes->inode &&
	    memcmp(&status.st_mtim, &suffixes->changed, sizeof(suffixes->changed)) == 0)
		return;
	suffixes->inode = status.st_ino;
	suffixes->changed = status.st_mtim;
	read_file(suffixes);
}

struct suffixes *suffixes_new(const char *path)
{
	struct suffixes *suffixes = g_new0(struct suffixes, 1);

	suffixes->path = g_strdup(path);
	suffixes->domains = g_ptr_array_new_with_free_func(g_free);
	add_own(suffixes->domains);
	return suffixes;
}

void suffixes_free(struct suffixes *suffixes)
{
	if (!suffixes)
		return;
	g_ptr_array_unref(suffixes->domains);
	g_free(suffixes->path);
	g_free(suffixes);
}

/* Return: @name without a dot and @domain behind it, to be freed; NULL: it does not end so. */
static char *strip(const char *name, const char *domain)
{
	gsize len = strlen(name), tail = strlen(domain);

	if (tail && domain[tail - 1] == '.')
		tail--;
	if (!tail || len < tail + 2 || name[len - tail - 1] != '.' ||
	    g_ascii_strncasecmp(name + len - tail, domain, tail) != 0)
		return NULL;
	return g_strndup(name, len - tail - 1);
}

bool suffixes_any(struct suffixes *suffixes, const char *name, suffix_test test, gpointer user)
{
	guint i;

	read_changed(suffixes);
	for (i = 0; i < suffixes->domains->len; i++) {
		g_autofree char *bare = strip(name, suffixes->domains->pdata[i]);

		if (bare && test(bare, user))
			return true;
	}
	return false;
}
