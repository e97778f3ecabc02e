// SPDX-License-Identifier: MIT
/*
 * Any bytes as the ledger: as they are, or behind a header that fits them, so that the entries are
 * reached. What can be read can be changed, and read again.
 */
#include "fuzz/fuzz.h"
#include "ledger/ledger.h"

#define MAC "c4:7f:51:00:00:01"

static void write_ledger(const char *text, size_t size, bool with_header)
{
	g_autofree char *body = g_strndup(text, size);
	g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, body, -1);
	g_autofree char *whole = g_strdup_printf("[ledger]\nversion=1\nsum=%s\n\n%s", sum, body);

	g_free(with_header ? fuzz_write(LEDGER_FILE, whole, strlen(whole))
			   : fuzz_write(LEDGER_FILE, text, size));
}

static void look(const struct ledger *ledger)
{
	g_auto(GStrv) modules = ledger_modules(ledger);
	struct ledger_entry entry;
	guint i, set, item;

	for (i = 0; modules[i]; i++) {
		if (strlen(modules[i]) != strlen(MAC))
			abort();
		for (set = 0; set < ESWIFI_SETS; set++)
			for (item = 0; item < LEDGER_ITEMS; item++) {
				ledger_get(ledger, modules[i], set, (enum eswifi_item)item, &entry);
				if (!entry.subject || !ledger_text_is_good(entry.subject))
					abort();
			}
	}
}

static void put(const struct ledger_entry *entry)
{
	g_autoptr(GError) error = NULL;
	struct ledger_entry got;
	struct ledger *ledger;

	if (!ledger_put(fuzz_directory(), MAC, 1, ESWIFI_ITEM_KEY, entry, &error))
		return;
	ledger = ledger_read(fuzz_directory(), &error);
	if (!ledger)
		abort();
	ledger_get(ledger, MAC, 1, ESWIFI_ITEM_KEY, &got);
	if (got.state != entry->state || strcmp(got.subject, entry->subject) != 0)
		abort();
	ledger_free(ledger);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ledger_entry entry = { .state = LEDGER_BLANK, .subject = "" };
	g_autoptr(GError) error = NULL;
	enum ledger_state state;
	struct ledger *ledger;

	if (size < 1)
		return 0;
	write_ledger((const char *)data + 1, size - 1, data[0] & 1);
	ledger = ledger_read(fuzz_directory(), &error);
	if (!ledger && !error)
		abort();
	if (ledger) {
		look(ledger);
		ledger_free(ledger);
		put(&entry);
		state = data[0] & 2 ? LEDGER_UNCERTAIN : LEDGER_BURNT;
		entry = (struct ledger_entry){ .state = state, .subject = "CN=x", .when = 1 };
		entry.until = data[0] & 4 ? 2000000000 : 0;
		entry.reason = data[0] & 8 ? "why" : NULL;
		memset(entry.sha256, 'a', LEDGER_SHA256_HEX);
		put(&entry);
		if (!ledger_state_parse(ledger_state_name(state), &state))
			abort();
	}
	return 0;
}
