// SPDX-License-Identifier: MIT
/* What is said to a question for a name. */
#include "eswrapd/resolve.h"

#include <string.h>
#include <sys/socket.h>

#include "eswifi/eswifi.h"
#include "eswrapd/chatter.h"
#include "eswrapd/lookup.h"
#include "eswrapd/stand-in.h"
#include "wire/endpoint.h"

/* A look-up that somebody waits for. */
struct resolving {
	struct names *names;
	struct lookup_asker *asker;
	resolve_done done;
	gpointer user;
	uid_t uid;
	char name[ESWRAP_NAME_MAX + 1];
};

static void refuse(struct eswrap_reply *reply, enum eswrap_resolve_error error)
{
	reply->verdict = ESWRAP_REFUSED;
	reply->error = (uint16_t)error;
}

static void tell(struct names *names, uid_t uid, const char *name, enum lookup_result result,
		 struct eswrap_reply *reply)
{
	switch (result) {
	case LOOKUP_FOUND:
		reply->verdict = ESWRAP_GRANTED;
		names_get(names, uid, name, &reply->v4, &reply->v6);
		break;
	case LOOKUP_UNKNOWN:
		refuse(reply, ESWRAP_NAME_UNKNOWN);
		break;
	case LOOKUP_AGAIN:
	case LOOKUP_PENDING:
		refuse(reply, ESWRAP_NAME_AGAIN);
		break;
	}
}

static void lookup_ended(enum lookup_result result, gpointer user)
{
	struct resolving *resolving = user;
	struct eswrap_reply reply = { 0 };

	tell(resolving->names, resolving->uid, resolving->name, result, &reply);
	resolving->done(&reply, resolving->user);
	g_free(resolving);
}

void resolve_cancel(struct resolving *resolving)
{
	lookup_cancel(resolving->asker);
	g_free(resolving);
}

void resolve_at_once(struct resolving *resolving, struct eswrap_reply *reply)
{
	tell(resolving->names, resolving->uid, resolving->name, LOOKUP_FOUND, reply);
}

static struct resolving *look_up_name(const struct resolve_parts *parts, uid_t uid,
				      const char *name, struct eswrap_reply *reply,
				      resolve_done done, gpointer user)
{
	struct resolving *resolving = g_new0(struct resolving, 1);
	enum lookup_result result;

	resolving->names = parts->names;
	resolving->done = done;
	resolving->user = user;
	resolving->uid = uid;
	g_strlcpy(resolving->name, name, sizeof(resolving->name));
	result = lookup_ask(parts->lookups, uid, resolving->name, lookup_ended, resolving,
			    &resolving->asker);
	if (result == LOOKUP_PENDING) {
		reply->verdict = 0;
		return resolving;
	}
	g_free(resolving);
	tell(parts->names, uid, name, result, reply);
	return NULL;
}

/* @name: as name_clean() leaves it, host name or not */
static enum name_fate fate_of(const struct settings *settings,
			      const struct resolve_question *question, const char *name,
			      const struct route **by)
{
	enum name_fate fate = route_name_fate(settings, &question->asker, name, by);
	struct asker asker = question->asker;
	const struct route *forced;

	if (!*question->route || (fate == NAME_REFUSED && *by != settings->fallback))
		return fate;
	forced = route_find(settings, question->route);
	/* A reload may have taken it away. */
	if (!forced)
		return NAME_REFUSED;
	*by = forced;
	/* A look-up has no mark; the connect that follows is asked for it. */
	asker.mark = forced->mark;
	if (!route_admits(forced, &asker))
		return NAME_REFUSED;
	switch (forced->through) {
	case ROUTE_DIRECT:
		return NAME_DIRECT;
	case ROUTE_REFUSE:
		return NAME_REFUSED;
	case ROUTE_TLS:
	case ROUTE_TCP:
	case ROUTE_UDP:
		break;
	}
	return NAME_FLAGGED;
}

bool resolve_is_nobodys(const char *name)
{
	char clean[ESWRAP_NAME_MAX + 1];

	name_clean(name, clean);
	return name_is_numeric(name) || name_is_local(clean);
}

struct resolving *resolve_ask(const struct resolve_parts *parts,
			      const struct resolve_question *question, struct eswrap_reply *reply,
			      resolve_done done, gpointer user)
{
	const struct asker *asker = &question->asker;
	g_autofree char *shown = NULL;
	char clean[ESWRAP_NAME_MAX + 1];
	bool good = name_clean(question->name, clean);
	const struct route *by;
	enum name_fate fate;

	reply->verdict = ESWRAP_DIRECT;
	if (resolve_is_nobodys(question->name))
		return NULL;
	fate = fate_of(parts->settings, question, clean, &by);
	/* What the asker's machine knows by itself needs nobody's help. */
	if (fate == NAME_DIRECT || (question->local && !route_names_host(by, clean)))
		return NULL;
	if (fate == NAME_REFUSED) {
		if (chatter_allows(asker->uid))
			g_message("%s (uid %u): look-up of %s refused by %s", asker->program,
				  (guint)asker->uid, good ? clean : "a name", by->name);
		refuse(reply, ESWRAP_NAME_FAIL);
		return NULL;
	}
	if (good && strlen(clean) <= ESWIFI_HOST_MAX)
		return look_up_name(parts, asker->uid, clean, reply, done, user);
	shown = g_strescape(question->name, NULL);
	if (chatter_allows(asker->uid))
		g_message("%s (uid %u): \"%s\" is %s; not looked up", asker->program,
			  (guint)asker->uid, shown,
			  good ? "longer than the " G_STRINGIFY(
					 ESWIFI_HOST_MAX) " characters that the "
							  "module takes"
			       : "not a host name");
	refuse(reply, ESWRAP_NAME_FAIL);
	return NULL;
}

bool resolve_is_direct(const struct resolve_parts *parts, const struct resolve_question *question)
{
	char clean[ESWRAP_NAME_MAX + 1];
	const struct route *by;

	name_clean(question->name, clean);
	return resolve_is_nobodys(question->name) ||
	       fate_of(parts->settings, question, clean, &by) == NAME_DIRECT;
}

/* May name servers be told that somebody is interested in this address? */
static bool may_be_told(const struct resolve_parts *parts, const struct resolve_question *question,
			const struct eswrap_endpoint *endpoint)
{
	const struct route *forced = route_find(parts->settings, question->route);
	guint8 address[16];

	eswrap_map_address(endpoint, address);
	if (*question->route)
		return (forced && forced->through == ROUTE_DIRECT) || eswrap_is_loopback(address);
	return route_address_is_direct(parts->settings, &question->asker, address);
}

void resolve_address(const struct resolve_parts *parts, const struct resolve_question *question,
		     const struct eswrap_endpoint *address, struct eswrap_reply *reply)
{
	const char *name;

	if (!names_find(parts->names, question->asker.uid, address, &name)) {
		if (may_be_told(parts, question, address))
			reply->verdict = ESWRAP_DIRECT;
		else
			refuse(reply, ESWRAP_NAME_UNKNOWN);
	} else if (!name) {
		refuse(reply, ESWRAP_NAME_UNKNOWN);
	} else {
		reply->verdict = ESWRAP_GRANTED;
		g_strlcpy(reply->name, name, sizeof(reply->name));
	}
}
