// SPDX-License-Identifier: MIT
/* The theory of operation is in living.h. */
#include "eswrapd/living.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

struct living {
	int epoll;
};

struct living *living_new(void)
{
	struct living *living = g_new0(struct living, 1);

	living->epoll = epoll_create1(EPOLL_CLOEXEC);
	return living;
}

void living_free(struct living *living)
{
	if (!living)
		return;
	if (living->epoll >= 0)
		close(living->epoll);
	g_free(living);
}

int living_add(struct living *living, int fd, guint64 id)
{
	struct epoll_event event = { .events = 0, .data.u64 = id };

	return epoll_ctl(living->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

GHashTable *living_now(const struct living *living)
{
	g_autofree char *path = g_strdup_printf("/proc/self/fdinfo/%d", living->epoll);
	GHashTable *ids;
	g_autofree char *text = NULL;
	const char *data = text;
	guint64 id;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return NULL;
	ids = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	/* "tfd: 7 events: 18 data: 5e1f..." for each. */
	for (data = text; (data = strstr(data, "data:")); data++) {
		id = g_ascii_strtoull(data + strlen("data:"), NULL, 16);
		g_hash_table_add(ids, g_memdup2(&id, sizeof(id)));
	}
	return ids;
}

bool living_has(const struct living *living, guint64 id)
{
	g_autoptr(GHashTable) ids = living_now(living);

	return !ids || g_hash_table_contains(ids, &id);
}
