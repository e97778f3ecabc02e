// SPDX-License-Identifier: MIT
/* Counters by a word each. Words are routes' names and errnos, and so few. */
#include "eswrapd/tally.h"

struct tallies {
	GHashTable *counts[TALLIES]; /* word to guint64 */
};

struct tallies *tallies_new(void)
{
	struct tallies *tallies = g_new0(struct tallies, 1);
	guint i;

	for (i = 0; i < TALLIES; i++)
		tallies->counts[i] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return tallies;
}

void tallies_free(struct tallies *tallies)
{
	guint i;

	for (i = 0; tallies && i < TALLIES; i++)
		g_hash_table_unref(tallies->counts[i]);
	g_free(tallies);
}

void tallies_add(struct tallies *tallies, enum tally what, const char *word)
{
	tallies_add_many(tallies, what, word, 1);
}

void tallies_add_many(struct tallies *tallies, enum tally what, const char *word, guint more)
{
	guint64 *count;

	if (!tallies || !more)
		return;
	count = g_hash_table_lookup(tallies->counts[what], word);
	if (!count) {
		count = g_new0(guint64, 1);
		g_hash_table_insert(tallies->counts[what], g_strdup(word), count);
	}
	*count += more;
}

GVariant *tallies_get(const struct tallies *tallies, enum tally what)
{
	GVariantBuilder builder;
	GHashTableIter iter;
	gpointer word, count;

	g_variant_builder_init(&builder, G_VARIANT_TYPE("a{st}"));
	g_hash_table_iter_init(&iter, tallies->counts[what]);
	while (g_hash_table_iter_next(&iter, &word, &count))
		g_variant_builder_add(&builder, "{st}", (const char *)word, *(guint64 *)count);
	return g_variant_builder_end(&builder);
}
