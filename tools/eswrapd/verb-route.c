// SPDX-License-Identifier: MIT
/* The verb route: the same code that decides on a program's connect, asked for its reasons. */
#include "eswrapd/verb-route.h"

#include <arpa/inet.h>
#include <string.h>
#include <sysexits.h>

#include "config/route.h"
#include "config/settings.h"
#include "eswrapd/call.h"
#include "wire/endpoint.h"

/* A question, taken apart; the strings are the arguments'. */
struct question {
	struct asker asker;
	struct destination to;
	char *name;
};

static bool parse_address(const char *text, guint8 address[16])
{
	static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff };

	memcpy(address, mapped, sizeof(mapped));
	return inet_pton(AF_INET, text, address + 12) == 1 ||
	       inet_pton(AF_INET6, text, address) == 1;
}

/* Return: false where the arguments are no question */
static bool parse_question(GVariant *arguments, const struct caller *caller,
			   struct question *question)
{
	const char *host = NULL, *program = "a program";
	gboolean datagram = FALSE;
	guint32 port = 0, uid = caller->uid, mark = 0;

	memset(question, 0, sizeof(*question));
	g_variant_lookup(arguments, "program", "&s", &program);
	g_variant_lookup(arguments, "uid", "u", &uid);
	g_variant_lookup(arguments, "mark", "u", &mark);
	g_variant_lookup(arguments, "datagram", "b", &datagram);
	if (!g_variant_lookup(arguments, "host", "&s", &host) || !*host ||
	    !g_variant_lookup(arguments, "port", "u", &port) || port < 1 || port > G_MAXUINT16)
		return false;
	question->asker = (struct asker){ .uid = uid, .program = program, .mark = mark };
	question->to.type = datagram ? SOCK_DGRAM : SOCK_STREAM;
	question->to.port = (guint16)port;
	if (!parse_address(host, question->to.address)) {
		question->name = g_ascii_strdown(host, -1);
		if (g_str_has_suffix(question->name, "."))
			question->name[strlen(question->name) - 1] = '\0';
		question->to.name = question->name;
	}
	return true;
}

static void explain(const struct settings *settings, const struct question *question,
		    const struct route *taken, GVariantBuilder *steps)
{
	guint i;

	for (i = 0; i < settings->routes->len; i++) {
		const struct route *route = settings->routes->pdata[i];
		g_autofree char *why = route_misses(route, &question->asker, &question->to);
		g_autofree char *step =
			why ? g_strdup_printf("[route %s]: no, %s", route->name, why)
			    : g_strdup_printf("[route %s]: all of its conditions hold",
					      route->name);

		g_variant_builder_add(steps, "s", step);
		if (route == taken)
			return;
	}
	if (taken)
		g_variant_builder_add(steps, "s", "[default]: no route takes it");
	else if (!question->to.name && eswrap_is_loopback(question->to.address))
		g_variant_builder_add(steps, "s",
				      "loopback addresses take only a route that names them in "
				      "address =, not even [default]");
	else
		g_variant_builder_add(steps, "s",
				      "[default]: no, it does not take sockets of this type");
}

static const char *fate_in_words(enum name_fate fate)
{
	switch (fate) {
	case NAME_DIRECT:
		return "looked up as without eswrap";
	case NAME_FLAGGED:
		return "looked up by the module; programs get a stand-in address";
	case NAME_REFUSED:
		return "not looked up at all";
	}
	return "";
}

static const char *name_in_words(const struct settings *settings, const struct question *question)
{
	const struct route *by;

	if (!question->name)
		return "";
	return fate_in_words(route_name_fate(settings, &question->asker, question->name, &by));
}

void verb_route(struct call *call, const struct caller *caller, GVariant *arguments, gpointer user)
{
	const struct settings *settings = user;
	struct question question;
	const struct route *taken;
	GVariantBuilder steps;
	GVariantDict reply;

	if (!parse_question(arguments, caller, &question)) {
		call_fail(call, EX_USAGE,
			  "invalid request: a host and a port, 1 to 65535, are "
			  "needed");
		return;
	}
	taken = route_match(settings, &question.asker, &question.to);
	g_variant_builder_init(&steps, G_VARIANT_TYPE_STRING_ARRAY);
	explain(settings, &question, taken, &steps);
	g_variant_dict_init(&reply, NULL);
	g_variant_dict_insert(&reply, "route", "s", taken ? taken->name : "");
	g_variant_dict_insert(&reply, "through", "s",
			      taken ? route_through_name(taken->through) : "direct");
	g_variant_dict_insert(&reply, "name", "s", name_in_words(settings, &question));
	g_variant_dict_insert_value(&reply, "steps", g_variant_builder_end(&steps));
	call_finish(call, g_variant_dict_end(&reply));
	g_free(question.name);
}
