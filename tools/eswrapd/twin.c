// SPDX-License-Identifier: MIT
/* Twins. The theory of operation is in twin.h. */
#include "eswrapd/twin.h"

#include <netinet/in.h>

#include "eswrapd/place.h"
#include "wire/endpoint.h"

#define TWIN_HOLD_US (TWIN_HOLD_S * G_TIME_SPAN_SECOND)

/**
 * struct failure - an attempt that has failed
 * @what, @ipv6:	as in struct attempt; @what NULL: none
 * @error:	errno
 * @when:	us
 */
struct failure {
	char *what;
	bool ipv6;
	int error;
	gint64 when;
};

struct twins {
	GHashTable *all; /* struct attempt, a set */
	struct failure last;
};

struct twins *twins_new(void)
{
	struct twins *twins = g_new0(struct twins, 1);

	twins->all = g_hash_table_new(NULL, NULL);
	return twins;
}

void twins_free(struct twins *twins)
{
	g_hash_table_destroy(twins->all);
	g_free(twins->last.what);
	g_free(twins);
}

static bool is_over_ipv6(const struct flow_request *request)
{
	guint8 mapped[16];

	eswrap_map_address(&request->dest, mapped);
	return !IN6_IS_ADDR_V4MAPPED((struct in6_addr *)mapped);
}

void attempt_init(struct attempt *attempt, const struct flow_request *request)
{
	const struct asker *asker = &request->asker;

	*attempt = (struct attempt){ .ipv6 = is_over_ipv6(request) };
	if (request->name && asker->pid)
		attempt->what =
			g_strdup_printf("%d %u %s %s %u", (int)asker->pid, (guint)asker->uid,
					request->route->name, request->name, request->dest.port);
}

void attempt_clear(struct attempt *attempt)
{
	g_clear_pointer(&attempt->what, g_free);
}

static bool has_just_failed(const struct failure *last, const struct attempt *attempt, gint64 now)
{
	return g_strcmp0(last->what, attempt->what) == 0 && last->ipv6 != attempt->ipv6 &&
	       now - last->when <= TWIN_HOLD_US;
}

/* May the program have made the second of these connects because the first was slow? */
static bool may_be_twins(const struct attempt *attempt, const struct attempt *other)
{
	return other->ipv6 != attempt->ipv6 && !other->ahead && !other->behind &&
	       (other->state == ATTEMPT_CONNECTING ||
		attempt->began - other->connected < TWIN_HOLD_US);
}

/* A program with several connects under way will have made their twins in the same order. */
static bool is_likelier_twin(const struct attempt *attempt, const struct attempt *than)
{
	bool connecting = attempt->state == ATTEMPT_CONNECTING;

	if (connecting != (than->state == ATTEMPT_CONNECTING))
		return connecting;
	return attempt->began < than->began;
}

/* Return: the one that is abandoned, else the likeliest twin, or NULL. */
static struct attempt *find(const struct attempt *attempt)
{
	struct attempt *other, *twin = NULL;
	GHashTableIter iter;

	g_hash_table_iter_init(&iter, attempt->twins->all);
	while (g_hash_table_iter_next(&iter, (gpointer *)&other, NULL)) {
		if (other == attempt || g_strcmp0(other->what, attempt->what) != 0)
			continue;
		if (other->state == ATTEMPT_ABANDONED)
			return other;
		if (may_be_twins(attempt, other) && (!twin || is_likelier_twin(other, twin)))
			twin = other;
	}
	return twin;
}

enum twin_step twin_join(struct twins *twins, struct attempt *attempt, gint64 now,
			 struct attempt **other, int *error)
{
	struct attempt *twin;

	attempt->twins = twins;
	attempt->began = now;
	g_hash_table_add(twins->all, attempt);
	if (!attempt->what)
		return TWIN_GO;
	if (has_just_failed(&twins->last, attempt, now)) {
		*error = twins->last.error;
		/* The next is a new attempt. */
		g_clear_pointer(&twins->last.what, g_free);
		return TWIN_FAILED;
	}
	twin = find(attempt);
	if (!twin)
		return TWIN_GO;
	if (twin->state == ATTEMPT_ABANDONED) {
		*other = twin;
		return TWIN_TAKE_OVER;
	}
	if (twin->state == ATTEMPT_CONNECTED)
		return TWIN_HOLD;
	attempt->ahead = twin;
	twin->behind = attempt;
	return TWIN_WAIT;
}

/* Return: the one that was behind it. */
static struct attempt *part(struct attempt *attempt)
{
	struct attempt *behind = attempt->behind;

	if (behind)
		behind->ahead = NULL;
	if (attempt->ahead)
		attempt->ahead->behind = NULL;
	attempt->ahead = attempt->behind = NULL;
	return behind;
}

struct attempt *twin_connected(struct attempt *attempt, gint64 now)
{
	attempt->state = ATTEMPT_CONNECTED;
	attempt->connected = now;
	return part(attempt);
}

struct attempt *twin_failed(struct attempt *attempt, int error, gint64 now)
{
	struct failure *last = &attempt->twins->last;

	g_free(last->what);
	last->what = g_strdup(attempt->what);
	last->ipv6 = attempt->ipv6;
	last->error = error;
	last->when = now;
	return part(attempt);
}

struct attempt *twin_abandon(struct attempt *attempt)
{
	attempt->state = ATTEMPT_ABANDONED;
	return part(attempt);
}

struct attempt *twin_leave(struct attempt *attempt)
{
	struct attempt *behind = part(attempt);

	if (attempt->twins)
		g_hash_table_remove(attempt->twins->all, attempt);
	attempt->twins = NULL;
	return behind;
}
