// SPDX-License-Identifier: MIT
/* What the module is doing, for people who do not ask. */
#include "eswrapd/news.h"

#include <string.h>

#include "eswrapd/notify.h"

/* More causes than these are none that a person tells apart: the rest are in `eswrapctl status`. */
#define TOLD_MAX 16

/**
 * struct news - what has been told
 * @told:	char *, the causes since the module was ready last, without their numbers
 * @state:	the latest; -1 before the first
 */
struct news {
	GPtrArray *told;
	int state;
};

struct news *news_new(void)
{
	struct news *news = g_new0(struct news, 1);

	news->told = g_ptr_array_new_with_free_func(g_free);
	news->state = -1;
	return news;
}

void news_free(struct news *news)
{
	if (!news)
		return;
	g_ptr_array_unref(news->told);
	g_free(news);
}

static char *without_numbers(const char *text)
{
	char *copy = g_strdup(text), *to = copy;

	for (; *text; text++)
		if (!g_ascii_isdigit(*text))
			*to++ = *text;
	*to = '\0';
	return copy;
}

/* Is this cause to be told? From now on it is not. */
static bool is_new(struct news *news, const char *why)
{
	g_autofree char *cause = without_numbers(why);

	if (news->told->len >= TOLD_MAX ||
	    g_ptr_array_find_with_equal_func(news->told, cause, g_str_equal, NULL))
		return false;
	g_ptr_array_add(news->told, g_steal_pointer(&cause));
	return true;
}

/* On the way up each state is come to once without trouble: what comes again has failed. */
static bool is_trouble(const struct news *news, enum eswifi_state state)
{
	switch (state) {
	case ESWIFI_READY:
		return false;
	case ESWIFI_SYNCING:
	case ESWIFI_JOINING:
		return news->state == (int)state;
	default:
		return true;
	}
}

void news_state(struct news *news, enum eswifi_state state, const struct eswifi_identity *identity,
		const char *why)
{
	const char *name = eswifi_state_name(state);

	notify("STATUS=Module %s: %s", name, why);
	if (state == ESWIFI_READY) {
		g_message("module ready: %s, firmware %s, %u bit/s; %s", identity->product,
			  identity->firmware, identity->baud, why);
		g_ptr_array_set_size(news->told, 0);
	} else if (*why && is_trouble(news, state) && is_new(news, why)) {
		g_warning("module %s: %s", name, why);
	}
	news->state = (int)state;
}

void news_lost(struct news *news, const char *why)
{
	is_new(news, why);
	g_warning("the module's sockets are gone: %s", why);
}
