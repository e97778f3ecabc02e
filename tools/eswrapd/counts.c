// SPDX-License-Identifier: MIT
/* Users' pages of counts. The theory of operation is in counts.h. */
#include "eswrapd/counts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "eswrap/wire.h"
#include "eswrapd/tally.h"

/* A page of memory and a descriptor for each user; more users than this are not counted. */
#define USERS_MAX 64

/* Who has the page may write to it, and nothing else. */
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

/* struct page - one user's; @seen: what was there when it was looked at last */
struct page {
	int fd;
	struct eswrap_counts *counts;
	guint32 seen[ESWRAP_COUNTERS];
};

struct counts {
	GPtrArray *names;  /* char *, by number */
	GHashTable *pages; /* uid -> struct page */
};

static void page_free(gpointer data)
{
	struct page *page = data;

	munmap(page->counts, sizeof(*page->counts));
	close(page->fd);
	g_free(page);
}

struct counts *counts_new(void)
{
	struct counts *counts = g_new0(struct counts, 1);

	counts->names = g_ptr_array_new_with_free_func(g_free);
	counts->pages = g_hash_table_new_full(NULL, NULL, NULL, page_free);
	return counts;
}

void counts_free(struct counts *counts)
{
	if (!counts)
		return;
	g_hash_table_unref(counts->pages);
	g_ptr_array_unref(counts->names);
	g_free(counts);
}

guint16 counts_number(struct counts *counts, const char *route)
{
	guint at;

	if (!counts)
		return 0;
	if (g_ptr_array_find_with_equal_func(counts->names, route, g_str_equal, &at))
		return (guint16)at;
	if (counts->names->len == ESWRAP_COUNTERS)
		return ESWRAP_COUNTERS - 1;
	g_ptr_array_add(counts->names, g_strdup(route));
	return (guint16)(counts->names->len - 1);
}

/* Return: 0 or a negative errno. */
static int make_page(struct page *page)
{
	void *map;

	page->fd = memfd_create("eswrap-counts", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (page->fd < 0)
		return -errno;
	if (ftruncate(page->fd, sizeof(*page->counts)) < 0 ||
	    fcntl(page->fd, F_ADD_SEALS, SEALS) < 0)
		return -errno;
	map = mmap(NULL, sizeof(*page->counts), PROT_READ | PROT_WRITE, MAP_SHARED, page->fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	page->counts = map;
	page->counts->magic = ESWRAP_MAGIC;
	return 0;
}

int counts_page(struct counts *counts, uid_t uid)
{
	struct page *page = g_hash_table_lookup(counts->pages, GUINT_TO_POINTER(uid));
	int fd;

	if (!page) {
		struct page fresh = { .fd = -1 };
		int result =
			g_hash_table_size(counts->pages) < USERS_MAX ? make_page(&fresh) : -ENOBUFS;

		if (result < 0) {
			if (fresh.fd >= 0)
				close(fresh.fd);
			return result;
		}
		page = g_memdup2(&fresh, sizeof(fresh));
		g_hash_table_insert(counts->pages, GUINT_TO_POINTER(uid), page);
	}
	fd = fcntl(page->fd, F_DUPFD_CLOEXEC, 0);
	return fd < 0 ? -errno : fd;
}

void counts_collect(struct counts *counts, struct tallies *tallies)
{
	GHashTableIter iter;
	gpointer value;
	guint i;

	g_hash_table_iter_init(&iter, counts->pages);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct page *page = value;

		for (i = 0; i < counts->names->len; i++) {
			guint32 now = __atomic_load_n(&page->counts->direct[i], __ATOMIC_RELAXED);

			tallies_add_many(tallies, TALLY_DIRECT, counts->names->pdata[i],
					 (guint32)(now - page->seen[i]));
			page->seen[i] = now;
		}
	}
}
