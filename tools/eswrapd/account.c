// SPDX-License-Identifier: MIT
/* Counters by user, and their limits. */
#include "eswrapd/account.h"

#include "eswrapd/log.h"

struct account {
	uid_t uid;
	guint count[LIMITS];
	bool told[LIMITS]; /* the log has said that he is at this limit */
};

struct accounts {
	guint limits[LIMITS];
	GHashTable *by_uid; /* struct account */
};

struct accounts *accounts_new(const guint *limits)
{
	struct accounts *accounts = g_new0(struct accounts, 1);

	accounts_set_limits(accounts, limits);
	accounts->by_uid = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	return accounts;
}

void accounts_free(struct accounts *accounts)
{
	if (!accounts)
		return;
	g_hash_table_unref(accounts->by_uid);
	g_free(accounts);
}

void accounts_set_limits(struct accounts *accounts, const guint *limits)
{
	guint i;

	for (i = 0; i < LIMITS; i++)
		accounts->limits[i] = limits[i];
}

static struct account *find(const struct accounts *accounts, uid_t uid)
{
	return g_hash_table_lookup(accounts->by_uid, GUINT_TO_POINTER(uid));
}

bool account_take(struct accounts *accounts, uid_t uid, enum limit what)
{
	struct account *account = find(accounts, uid);

	if (!account) {
		account = g_new0(struct account, 1);
		account->uid = uid;
		g_hash_table_insert(accounts->by_uid, GUINT_TO_POINTER(uid), account);
	}
	if (account->count[what] < accounts->limits[what]) {
		account->count[what]++;
		return true;
	}
	if (!account->told[what])
		log_event(G_LOG_LEVEL_WARNING, &(struct log_about){ .route = "", .uid = uid },
			  "user %u has as much as he may: %s = %u; more is refused", (guint)uid,
			  limit_names[what], accounts->limits[what]);
	account->told[what] = true;
	return false;
}

static bool has_nothing(const struct account *account)
{
	guint i;

	for (i = 0; i < LIMITS; i++)
		if (account->count[i])
			return false;
	return true;
}

void account_give(struct accounts *accounts, uid_t uid, enum limit what)
{
	struct account *account = find(accounts, uid);

	account->count[what]--;
	if (account->count[what] <= accounts->limits[what] / 2)
		account->told[what] = false;
	if (has_nothing(account))
		g_hash_table_remove(accounts->by_uid, GUINT_TO_POINTER(uid));
}

guint account_count(const struct accounts *accounts, uid_t uid, enum limit what)
{
	const struct account *account = find(accounts, uid);

	return account ? account->count[what] : 0;
}

static void add(GVariantBuilder *list, const struct account *account)
{
	guint i;

	g_variant_builder_open(list, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(list, "{sv}", "uid", g_variant_new_uint32(account->uid));
	for (i = 0; i < LIMITS; i++)
		g_variant_builder_add(list, "{sv}", limit_names[i],
				      g_variant_new_uint32(account->count[i]));
	g_variant_builder_close(list);
}

void account_list(const struct accounts *accounts, const uid_t *only, GVariantBuilder *list)
{
	GHashTableIter iter;
	gpointer item;

	g_hash_table_iter_init(&iter, accounts->by_uid);
	while (g_hash_table_iter_next(&iter, NULL, &item)) {
		const struct account *account = item;

		if (!only || *only == account->uid)
			add(list, account);
	}
}
