// SPDX-License-Identifier: MIT
/* Lines of the log by user: a bucket that drips. */
#include "eswrapd/chatter.h"

#define PAUSE_US (CHATTER_PAUSE_S * G_USEC_PER_SEC)

/**
 * struct talker - what a user has said
 * @empty:	when all his lines are his again
 * @left_out:	lines since he has had none left; 0: he has
 */
struct talker {
	gint64 empty;
	guint left_out;
};

static struct talker *find(uid_t uid)
{
	static GHashTable *talkers;
	struct talker *talker;

	if (!talkers)
		talkers = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	talker = g_hash_table_lookup(talkers, GUINT_TO_POINTER(uid));
	if (!talker) {
		talker = g_new0(struct talker, 1);
		g_hash_table_insert(talkers, GUINT_TO_POINTER(uid), talker);
	}
	return talker;
}

bool chatter_allows(uid_t uid)
{
	struct talker *talker = find(uid);
	gint64 now = g_get_monotonic_time(), behind = MAX(talker->empty - now, 0);
	gint64 most = (talker->left_out ? CHATTER_BURST / 2 : CHATTER_BURST) * PAUSE_US;

	if (behind + PAUSE_US > most) {
		if (talker->left_out++ == 0)
			g_warning("user %u fills the log: lines of his are left out", (guint)uid);
		return false;
	}
	if (talker->left_out)
		g_warning("%u lines of user %u were left out", talker->left_out, (guint)uid);
	talker->left_out = 0;
	talker->empty = now + behind + PAUSE_US;
	return true;
}
