// SPDX-License-Identifier: MIT
/*
 * Questions to the system's name servers, past getaddrinfo(): records of other types, mostly.
 *
 * The module has only addresses to tell, and a flagged name must not go out another way: so such a
 * name exists and has no record of the type that is asked for. Programs then do without.
 *
 * res_send(), whose question is a packet already, is libc's alone.
 */
#include "shim.h"

#include <resolv.h>
#include <stdio.h>

static bool may_ask(const char *name, res_state state)
{
	int error;

	if (shim_name_is_direct(name, &error))
		return true;
	h_errno = error;
	if (state)
		state->res_h_errno = error;
	return false;
}

static bool may_ask_in(const char *name, const char *domain, res_state state)
{
	char whole[2 * ESWRAP_NAME_MAX];

	if (!domain)
		return may_ask(name, state);
	/* One that does not fit is none that DNS can have. */
	snprintf(whole, sizeof(whole), "%s.%s", name, domain);
	return may_ask(whole, state);
}

EXPORT int res_query(const char *name, int class, int type, unsigned char *answer, int size)
{
	return may_ask(name, NULL) ? lookups()->res_query(name, class, type, answer, size) : -1;
}

EXPORT int res_search(const char *name, int class, int type, unsigned char *answer, int size)
{
	return may_ask(name, NULL) ? lookups()->res_search(name, class, type, answer, size) : -1;
}

EXPORT int res_querydomain(const char *name, const char *domain, int class, int type,
			   unsigned char *answer, int size)
{
	return may_ask_in(name, domain, NULL)
		       ? lookups()->res_querydomain(name, domain, class, type, answer, size)
		       : -1;
}

EXPORT int res_nquery(res_state state, const char *name, int class, int type, unsigned char *answer,
		      int size)
{
	return may_ask(name, state) ? lookups()->res_nquery(state, name, class, type, answer, size)
				    : -1;
}

EXPORT int res_nsearch(res_state state, const char *name, int class, int type,
		       unsigned char *answer, int size)
{
	return may_ask(name, state) ? lookups()->res_nsearch(state, name, class, type, answer, size)
				    : -1;
}

EXPORT int res_nquerydomain(res_state state, const char *name, const char *domain, int class,
			    int type, unsigned char *answer, int size)
{
	return may_ask_in(name, domain, state)
		       ? lookups()->res_nquerydomain(state, name, domain, class, type, answer, size)
		       : -1;
}

/* What programs call that were built with glibc 2.33 or older. */
#define OLD_NAME(name) \
	EXPORT extern __typeof__(name) __##name __attribute__((alias(#name), copy(name)))

OLD_NAME(res_query);
OLD_NAME(res_search);
OLD_NAME(res_querydomain);
OLD_NAME(res_nquery);
OLD_NAME(res_nsearch);
OLD_NAME(res_nquerydomain);
