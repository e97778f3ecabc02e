// SPDX-License-Identifier: MIT
/*
 * Which name is meant?
 *
 * DOC: Theory of Operation
 *
 * libc completes names: a short one with the search list of resolv.conf(5), one without a dot by
 * HOSTALIASES. So what a program looks up is a row of whole names, of which the first that exists
 * counts, and each of them may be flagged or not. The row is made here in libc's order, and all of
 * it shown to the broker:
 *
 *	all direct		libc looks the name up, as it was given
 *	else			one by one: a direct name is looked up by libc as a whole name (with a
 *				dot behind it), a flagged one is the broker's; the first that exists
 *				is the answer
 *
 * A name that this machine knows by itself (local.c) is not completed, and is libc's unless a
 * route's `host` names it.
 */
#include "libc.h"

#include "shim.h"

#include <sys/syscall.h>

/* The search list of a struct __res_state, the name itself, and one more for the end. */
#define WAYS (MAXDNSRCH + 2)

/**
 * struct row - the whole names that a name may stand for
 * @typed:	as the program gave it
 * @state:	whose search list counts
 * @first:	the name itself comes before the completed ones
 */
struct row {
	const char *typed;
	struct __res_state *state;
	bool first;
};

static bool is_localhost(const char *name)
{
	static const char localhost[] = "localhost";
	size_t len = strlen(name);
	size_t tail = sizeof(localhost) - 1;

	if (len && name[len - 1] == '.')
		len--;
	return len >= tail && libc()->strncasecmp(name + len - tail, localhost, tail) == 0 &&
	       (len == tail || name[len - tail - 1] == '.');
}

/* An address in any of the forms that getaddrinfo() takes without a look-up. */
static bool is_address(const char *name)
{
	struct in6_addr in6;
	struct in_addr in;
	char text[INET6_ADDRSTRLEN];
	const char *scope = memchr(name, '%', strlen(name));
	size_t len = scope ? (size_t)(scope - name) : strlen(name);

	if (libc()->inet_aton(name, &in))
		return true;
	if (len >= sizeof(text))
		return false;
	memcpy(text, name, len);
	text[len] = '\0';
	return libc()->inet_pton(AF_INET6, text, &in6) == 1;
}

/**
 * shim_host_error() - h_errno for what a look-up came to
 */
int shim_host_error(enum answer answer)
{
	switch (answer) {
	case ANSWER_UNKNOWN:
		return HOST_NOT_FOUND;
	case ANSWER_AGAIN:
		return TRY_AGAIN;
	case ANSWER_SYSTEM:
		return NETDB_INTERNAL;
	default:
		return NO_RECOVERY;
	}
}

static enum answer from_reply(const struct eswrap_reply *reply)
{
	switch (reply->verdict) {
	case ESWRAP_DIRECT:
		return ANSWER_DIRECT;
	case ESWRAP_GRANTED:
		return ANSWER_STAND_IN;
	default:
		return reply->error == ESWRAP_NAME_UNKNOWN ? ANSWER_UNKNOWN
		       : reply->error == ESWRAP_NAME_AGAIN ? ANSWER_AGAIN
							   : ANSWER_FAIL;
	}
}

static enum answer ask_about(const struct eswrap_request *request, struct eswrap_reply *reply)
{
	int error, none;

	error = shim_ask(request, -1, reply, &none);
	if (none >= 0)
		syscall(SYS_close, none);
	if (error == EMFILE || error == ENFILE) {
		errno = error;
		return ANSWER_SYSTEM;
	}
	return error ? ANSWER_AGAIN : from_reply(reply);
}

/* Shows a whole name to the broker. */
static enum answer ask_name(const char *name, bool local, struct eswrap_reply *reply)
{
	struct eswrap_request request;

	/* One that DNS cannot have: only libc can know it. */
	if (strlen(name) >= sizeof(request.name))
		return ANSWER_DIRECT;
	real();
	shim_request_init(&request, ESWRAP_RESOLVE);
	request.id = local ? ESWRAP_RESOLVE_LOCAL : 0;
	memcpy(request.name, name, strlen(name) + 1);
	return ask_about(&request, reply);
}

/**
 * shim_ask_address() - show an address to the broker: is it the stand-in of a name?
 *
 * Return: ANSWER_STAND_IN with the name in @reply; ANSWER_DIRECT when libc may look it up;
 * ANSWER_UNKNOWN when it goes through the module, which has no names for addresses.
 */
enum answer shim_ask_address(const struct eswrap_endpoint *address, struct eswrap_reply *reply)
{
	static const uint8_t loopback[16] = { [15] = 1 };
	struct eswrap_request request;

	if ((address->family == AF_INET ? address->address[0] == 127
					: memcmp(address->address, loopback, 16) == 0) ||
	    shim_address_is_in_hosts(address))
		return ANSWER_DIRECT;
	real();
	shim_request_init(&request, ESWRAP_REVERSE);
	request.dest = *address;
	request.dest.port = 0;
	request.dest.scope = 0;
	return ask_about(&request, reply);
}

static size_t count_dots(const char *name)
{
	size_t dots = 0;

	for (; *name; name++)
		dots += *name == '.';
	return dots;
}

static void row_init(struct row *row, const char *typed, struct __res_state *state)
{
	row->typed = typed;
	row->state = state;
	row->first = state && count_dots(typed) >= state->ndots;
}

/* Are names like this one completed at all [resolver(3), RES_DEFNAMES, RES_DNSRCH]? */
static bool is_completed(const struct row *row)
{
	size_t dots = count_dots(row->typed), len = strlen(row->typed);

	return row->state && len && row->typed[len - 1] != '.' &&
	       (row->state->options & (dots ? RES_DNSRCH : RES_DEFNAMES));
}

/*
 * The whole name number @n, counted over all there could be.
 * Return: false at the end. One that is to be left out is empty.
 */
static bool row_name(const struct row *row, size_t n, char *whole, size_t size)
{
	const char *domain;

	whole[0] = '\0';
	if (n == WAYS)
		return false;
	if (n == 0 || n == WAYS - 1) {
		if ((n == 0) == (row->first || !is_completed(row)) && strlen(row->typed) < size)
			strcpy(whole, row->typed);
		return true;
	}
	domain = is_completed(row) ? row->state->dnsrch[n - 1] : NULL;
	if (!domain)
		return true;
	while (*domain == '.')
		domain++;
	if (strlen(row->typed) + strlen(domain) + 2 <= size) {
		strcpy(whole, row->typed);
		if (*domain)
			strcat(strcat(whole, "."), domain);
	}
	return true;
}

/*
 * Is every name of the row libc's? The first answer that is none of that ends the look.
 * @n:	which name it was about
 */
static enum answer whole_row(const struct row *row, char *whole, size_t *n,
			     struct eswrap_reply *reply)
{
	enum answer answer = ANSWER_DIRECT;

	for (*n = 0; row_name(row, *n, whole, SHIM_WHOLE - 1); ++*n) {
		if (*whole)
			answer = ask_name(whole, false, reply);
		if (answer != ANSWER_DIRECT)
			break;
	}
	return answer;
}

static enum answer look_up_natively(char *whole, shim_native native, void *user)
{
	if (whole[strlen(whole) - 1] != '.')
		strcat(whole, ".");
	return native(whole, user);
}

/*
 * The names of a row one by one.
 * @known:	the names before this one are direct, and this one has been asked about
 * @answer:	what the answer was; @reply has the words
 */
static enum answer walk(const struct row *row, size_t known, enum answer answer, char *whole,
			struct eswrap_reply *reply, shim_native native, void *user)
{
	enum answer worst = ANSWER_UNKNOWN, now;
	size_t n;

	for (n = 0; row_name(row, n, whole, SHIM_WHOLE - 1); n++) {
		if (!*whole)
			continue;
		now = n < known	   ? ANSWER_DIRECT
		      : n == known ? answer
				   : ask_name(whole, false, reply);
		if (now == ANSWER_DIRECT)
			now = look_up_natively(whole, native, user);
		if (now == ANSWER_STAND_IN || now == ANSWER_TAKEN || now == ANSWER_AGAIN ||
		    now == ANSWER_SYSTEM)
			return now;
		if (now == ANSWER_FAIL)
			worst = ANSWER_FAIL;
	}
	return worst;
}

static enum answer look_up_local(const char *name, bool in_hosts, struct eswrap_reply *reply)
{
	enum answer answer = ask_name(name, true, reply);

	/* Without a broker nobody else is asked for it either. */
	return in_hosts && answer == ANSWER_AGAIN ? ANSWER_DIRECT : answer;
}

/* A copy without the dot at its end. */
static void copy_without_dot(char *to, size_t size, const char *name)
{
	size_t len = strlen(name);

	if (len && name[len - 1] == '.')
		len--;
	if (len >= size)
		len = size - 1;
	memcpy(to, name, len);
	to[len] = '\0';
}

/**
 * shim_search() - what is to be done about a name that name servers are asked for
 * @name:	as the program gave it
 * @state:	whose search list counts; NULL: the name is a whole one already
 * @whole:	room for SHIM_WHOLE bytes: the name that the answer is about
 * @reply:	the broker's words for it
 * @native:	looks one whole name up at libc; called for some of a row only
 *
 * Return: ANSWER_DIRECT when libc is to look the name up as it was given, ANSWER_TAKEN when @native
 * has found it, ANSWER_STAND_IN with the addresses in @reply, or why there is none.
 */
enum answer shim_search(const char *name, struct __res_state *state, char *whole,
			struct eswrap_reply *reply, shim_native native, void *user)
{
	enum answer answer;
	struct row row;
	size_t known;

	if (!*name || is_localhost(name) || is_address(name))
		return ANSWER_DIRECT;
	if (state && shim_alias(name, whole, SHIM_WHOLE))
		return ask_name(whole, false, reply);
	row_init(&row, name, state);
	answer = whole_row(&row, whole, &known, reply);
	if (answer == ANSWER_DIRECT || answer == ANSWER_SYSTEM)
		return answer;
	return walk(&row, known, answer, whole, reply, native, user);
}

/**
 * shim_look_up() - shim_search() for those who look at this machine's own files first
 */
enum answer shim_look_up(const char *name, struct __res_state *state, char *whole,
			 struct eswrap_reply *reply, shim_native native, void *user)
{
	bool in_hosts;

	if (!*name || is_localhost(name) || is_address(name))
		return ANSWER_DIRECT;
	copy_without_dot(whole, SHIM_WHOLE, name);
	in_hosts = shim_is_in_hosts(whole);
	if (in_hosts || shim_is_own_name(whole))
		return look_up_local(whole, in_hosts, reply);
	return shim_search(name, state, whole, reply, native, user);
}
