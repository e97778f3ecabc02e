// SPDX-License-Identifier: MIT
/*
 * Name look-ups, both ways.
 *
 * DOC: Theory of Operation
 *
 * A name that is not an address in text is shown to the broker. DIRECT: libc looks it up. GRANTED:
 * the broker has chosen a stand-in address for it; libc's own function is then called with the
 * stand-in in text instead of the name, so that results have libc's shape, services and socket
 * types are libc's business, and freeaddrinfo() fits. Only the name is put back in.
 *
 * A name has a stand-in of each family, though the module has IPv4 only: for programs that insist on
 * IPv6. Some of them ask for AF_UNSPEC and choose from the answer, so it gives both, IPv4 first,
 * where the answer is for connects: the broker sees to it that trying both costs no more than one.
 * Datagrams have nobody who does, and some programs send to all addresses that they find. AI_ADDRCONFIG
 * is about what this machine has, and the module has IPv4.
 *
 * Without a broker nothing is looked up, since a query would go out by another way: EAI_AGAIN.
 * Always libc's own: addresses in text, a NULL node, and localhost (RFC 6761). What is
 * asked of name servers beside addresses: query.c.
 */
#include "shim.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <strings.h>

/* How a look-up went on. */
enum answer {
	ANSWER_DIRECT,
	ANSWER_STAND_IN,
	ANSWER_UNKNOWN, /* no such name */
	ANSWER_AGAIN,
	ANSWER_FAIL,
};

/* Enough for an address in text, and for NULL-terminated lists of one. */
#define ADDRESS_TEXT INET6_ADDRSTRLEN

static bool is_localhost(const char *name)
{
	static const char localhost[] = "localhost";
	size_t len = strlen(name);
	size_t tail = sizeof(localhost) - 1;

	if (len && name[len - 1] == '.')
		len--;
	return len >= tail && strncasecmp(name + len - tail, localhost, tail) == 0 &&
	       (len == tail || name[len - tail - 1] == '.');
}

/* An address in any of the forms that getaddrinfo() takes without a look-up. */
static bool is_address(const char *name)
{
	struct in6_addr in6;
	struct in_addr in;
	char text[ADDRESS_TEXT];
	const char *scope = strchr(name, '%');
	size_t len = scope ? (size_t)(scope - name) : strlen(name);

	if (inet_aton(name, &in))
		return true;
	if (len >= sizeof(text))
		return false;
	memcpy(text, name, len);
	text[len] = '\0';
	return inet_pton(AF_INET6, text, &in6) == 1;
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

static enum answer ask(const struct eswrap_request *request, struct eswrap_reply *reply)
{
	int error, none;

	error = shim_ask(request, reply, &none);
	if (none >= 0)
		close(none);
	return error ? ANSWER_AGAIN : from_reply(reply);
}

/* Shows a name to the broker. */
static enum answer look_up(const char *name, struct eswrap_reply *reply)
{
	struct eswrap_request request;

	/* An empty name, or one that DNS cannot have: only libc can know it. */
	if (!*name || is_localhost(name) || is_address(name) ||
	    strlen(name) >= sizeof(request.name))
		return ANSWER_DIRECT;
	real();
	shim_request_init(&request, ESWRAP_RESOLVE);
	memcpy(request.name, name, strlen(name) + 1);
	return ask(&request, reply);
}

/* Shows an address to the broker: is it the stand-in of a name? */
static enum answer look_up_address(const struct eswrap_endpoint *address,
				   struct eswrap_reply *reply)
{
	static const uint8_t loopback[16] = { [15] = 1 };
	struct eswrap_request request;

	if (address->family == AF_INET ? address->address[0] == 127
				       : memcmp(address->address, loopback, 16) == 0)
		return ANSWER_DIRECT;
	real();
	shim_request_init(&request, ESWRAP_REVERSE);
	request.dest = *address;
	request.dest.port = 0;
	request.dest.scope = 0;
	return ask(&request, reply);
}

static bool endpoint_text(const struct eswrap_endpoint *address, char *text)
{
	return address->family && inet_ntop(address->family, address->address, text, ADDRESS_TEXT);
}

/* The stand-in in text for a family; false when the name has no address of that family. */
static bool stand_in_text(const struct eswrap_reply *reply, int family, char *text)
{
	return endpoint_text(family == AF_INET6 ? &reply->v6 : &reply->v4, text);
}

/* getaddrinfo */

static int call_with_stand_in(const char *text, int family, int flags, const char *service,
			      const struct addrinfo *hints, struct addrinfo **result)
{
	struct addrinfo numeric = { .ai_family = family,
				    .ai_flags = flags | AI_NUMERICHOST,
				    .ai_socktype = hints->ai_socktype,
				    .ai_protocol = hints->ai_protocol };

	return lookups()->getaddrinfo(text, service, &numeric, result);
}

/*
 * Puts the stand-in of a family, in the form of another where @mapped, at the end of a list.
 * Return: 0, or why there is nothing at all in the list.
 */
static int add_stand_in(const struct eswrap_reply *reply, int family, bool mapped, int flags,
			const char *service, const struct addrinfo *hints, struct addrinfo **list)
{
	struct addrinfo **end = list;
	char text[ADDRESS_TEXT];
	int error = EAI_NODATA;

	/* Only the first entry of a list has the canonical name. */
	if (*list)
		flags &= ~AI_CANONNAME;
	/* freeaddrinfo() frees a list entry by entry, so two lists can be one. */
	while (*end)
		end = &(*end)->ai_next;
	if (stand_in_text(reply, family, text))
		error = call_with_stand_in(text, mapped ? AF_INET6 : family,
					   mapped ? flags | AI_V4MAPPED : flags, service, hints,
					   end);
	if (error)
		*end = NULL;
	return *list ? 0 : error;
}

/* AF_INET6 hints: the IPv6 stand-in, the IPv4 one in IPv6 form, or both, as the flags say. */
static int resolve_ipv6(const struct eswrap_reply *reply, int flags, const char *service,
			const struct addrinfo *hints, struct addrinfo **list)
{
	int error = add_stand_in(reply, AF_INET6, false, flags, service, hints, list);

	if (!(hints->ai_flags & AI_V4MAPPED) || (error && error != EAI_NODATA) ||
	    (*list && !(hints->ai_flags & AI_ALL)))
		return error;
	return add_stand_in(reply, AF_INET, true, flags, service, hints, list);
}

static int resolve_ipv4(const struct eswrap_reply *reply, int flags, const char *service,
			const struct addrinfo *hints, struct addrinfo **list)
{
	int error = add_stand_in(reply, AF_INET, false, flags, service, hints, list);

	if (hints->ai_family == AF_INET || hints->ai_socktype != SOCK_STREAM ||
	    (hints->ai_flags & AI_ADDRCONFIG) || (error && error != EAI_NODATA))
		return error;
	return add_stand_in(reply, AF_INET6, false, flags, service, hints, list);
}

/* A name as it is given back: the dot of the root at its end is for looking up only. */
static size_t shown_length(const char *name)
{
	size_t len = strlen(name);

	return len && name[len - 1] == '.' ? len - 1 : len;
}

/* The canonical name that libc gave is the stand-in's text. */
static int put_name_back(struct addrinfo *result, const char *name)
{
	char *copy;

	if (!result->ai_canonname)
		return 0;
	copy = strndup(name, shown_length(name));
	if (!copy)
		return EAI_MEMORY;
	free(result->ai_canonname);
	result->ai_canonname = copy;
	return 0;
}

static int resolve(const struct eswrap_reply *reply, const char *name, const char *service,
		   const struct addrinfo *hints, struct addrinfo **result)
{
	struct addrinfo *found = NULL;
	/* A gateway with no address of its own would get EAI_NONAME with AI_ADDRCONFIG. */
	int flags = hints->ai_flags & ~(AI_ADDRCONFIG | AI_V4MAPPED | AI_ALL);
	int error;

	if (hints->ai_family == AF_INET6)
		error = resolve_ipv6(reply, flags, service, hints, &found);
	else
		error = resolve_ipv4(reply, flags, service, hints, &found);
	if (!error)
		error = put_name_back(found, name);
	if (error && found)
		freeaddrinfo(found);
	else if (!error)
		*result = found;
	return error;
}

EXPORT int getaddrinfo(const char *__restrict node, const char *__restrict service,
		       const struct addrinfo *__restrict hints, struct addrinfo **__restrict result)
{
	static const struct addrinfo no_hints = { .ai_family = AF_UNSPEC };
	const struct addrinfo *wanted = hints ? hints : &no_hints;
	struct eswrap_reply reply;

	if (!node || (wanted->ai_flags & AI_NUMERICHOST) ||
	    (wanted->ai_family != AF_UNSPEC && wanted->ai_family != AF_INET &&
	     wanted->ai_family != AF_INET6))
		return lookups()->getaddrinfo(node, service, hints, result);
	switch (look_up(node, &reply)) {
	case ANSWER_STAND_IN:
		return resolve(&reply, node, service, wanted, result);
	case ANSWER_UNKNOWN:
		return EAI_NONAME;
	case ANSWER_AGAIN:
		return EAI_AGAIN;
	case ANSWER_FAIL:
		return EAI_FAIL;
	case ANSWER_DIRECT:
		break;
	}
	return lookups()->getaddrinfo(node, service, hints, result);
}

/* getnameinfo */

static int give_host(const char *name, char *host, socklen_t size)
{
	size_t len = strlen(name);

	if (len >= size)
		return EAI_OVERFLOW;
	memcpy(host, name, len + 1);
	return 0;
}

EXPORT int getnameinfo(const struct sockaddr *__restrict address, socklen_t len,
		       char *__restrict host, socklen_t host_size, char *__restrict service,
		       socklen_t service_size, int flags)
{
	struct eswrap_endpoint endpoint;
	struct eswrap_reply reply;
	int error;

	if (!host || !host_size || (flags & NI_NUMERICHOST) ||
	    !eswrap_endpoint_from_sockaddr(&endpoint, address, len))
		return lookups()->getnameinfo(address, len, host, host_size, service, service_size,
					      flags);
	switch (look_up_address(&endpoint, &reply)) {
	case ANSWER_STAND_IN:
		error = give_host(reply.name, host, host_size);
		if (error || !service || !service_size)
			return error;
		return lookups()->getnameinfo(address, len, NULL, 0, service, service_size, flags);
	case ANSWER_UNKNOWN:
	case ANSWER_AGAIN:
	case ANSWER_FAIL:
		/* As with a name server that does not answer: the number, or nothing. */
		if (flags & NI_NAMEREQD)
			return EAI_AGAIN;
		flags |= NI_NUMERICHOST;
		break;
	case ANSWER_DIRECT:
		break;
	}
	return lookups()->getnameinfo(address, len, host, host_size, service, service_size, flags);
}

/* The gethostby*() family */

/* The answers of functions with static results live here; the next call overwrites them. */
static char static_name[ESWRAP_NAME_MAX + 1];

static int host_error(enum answer answer)
{
	switch (answer) {
	case ANSWER_UNKNOWN:
		return HOST_NOT_FOUND;
	case ANSWER_AGAIN:
		return TRY_AGAIN;
	default:
		return NO_RECOVERY;
	}
}

/**
 * shim_name_is_direct() - is this name libc's own business?
 * @h_error:	h_errno for a question about it when it is not
 */
bool shim_name_is_direct(const char *name, int *h_error)
{
	struct eswrap_reply reply;
	enum answer answer = look_up(name, &reply);

	*h_error = answer == ANSWER_AGAIN ? TRY_AGAIN : NO_DATA;
	return answer == ANSWER_DIRECT;
}

static struct hostent *static_failure(int error)
{
	h_errno = error;
	return NULL;
}

static struct hostent *static_result(const char *text, int family, const char *name)
{
	struct hostent *host = lookups()->gethostbyname2(text, family);

	if (host) {
		memcpy(static_name, name, shown_length(name));
		static_name[shown_length(name)] = '\0';
		host->h_name = static_name;
	}
	return host;
}

EXPORT struct hostent *gethostbyname2(const char *name, int family)
{
	struct eswrap_reply reply;
	char text[ADDRESS_TEXT];
	enum answer answer = look_up(name, &reply);

	if (answer == ANSWER_DIRECT)
		return lookups()->gethostbyname2(name, family);
	if (answer != ANSWER_STAND_IN)
		return static_failure(host_error(answer));
	if (!stand_in_text(&reply, family, text))
		return static_failure(NO_DATA);
	return static_result(text, family, name);
}

EXPORT struct hostent *gethostbyname(const char *name)
{
	struct eswrap_reply reply;
	char text[ADDRESS_TEXT];
	enum answer answer = look_up(name, &reply);

	if (answer == ANSWER_DIRECT)
		return lookups()->gethostbyname(name);
	if (answer != ANSWER_STAND_IN)
		return static_failure(host_error(answer));
	if (!stand_in_text(&reply, AF_INET, text))
		return static_failure(NO_DATA);
	return static_result(text, AF_INET, name);
}

/* Which address is asked for? False when it is none that the broker could know. */
static bool endpoint_from_bytes(struct eswrap_endpoint *to, const void *address, socklen_t len,
				int family)
{
	if (!(family == AF_INET && len == 4) && !(family == AF_INET6 && len == 16))
		return false;
	memset(to, 0, sizeof(*to));
	to->family = (uint16_t)family;
	memcpy(to->address, address, len);
	return true;
}

EXPORT struct hostent *gethostbyaddr(const void *address, socklen_t len, int family)
{
	struct eswrap_endpoint endpoint;
	struct eswrap_reply reply;
	char text[ADDRESS_TEXT];
	enum answer answer;

	if (!endpoint_from_bytes(&endpoint, address, len, family))
		return lookups()->gethostbyaddr(address, len, family);
	answer = look_up_address(&endpoint, &reply);
	if (answer == ANSWER_DIRECT)
		return lookups()->gethostbyaddr(address, len, family);
	if (answer != ANSWER_STAND_IN)
		return static_failure(host_error(answer));
	endpoint_text(&endpoint, text);
	return static_result(text, family, reply.name);
}

static int reentrant_failure(int error, struct hostent **result, int *h_error)
{
	*result = NULL;
	*h_error = error;
	/* What glibc returns beside h_errno. */
	return error == TRY_AGAIN ? EAGAIN : error == NO_RECOVERY ? EBADMSG : 0;
}

/* The name goes to the end of the caller's buffer: libc's part wants its alignment. */
static int reentrant_result(const char *text, int family, const char *name, struct hostent *host,
			    char *buffer, size_t size, struct hostent **result, int *h_error)
{
	size_t len = shown_length(name) + 1;
	int error;

	if (len > size) {
		*result = NULL;
		*h_error = NETDB_INTERNAL;
		return ERANGE;
	}
	size -= len;
	error = lookups()->gethostbyname2_r(text, family, host, buffer, size, result, h_error);
	if (!error && *result) {
		memcpy(buffer + size, name, len - 1);
		buffer[size + len - 1] = '\0';
		host->h_name = buffer + size;
	}
	return error;
}

EXPORT int gethostbyname2_r(const char *__restrict name, int family,
			    struct hostent *__restrict host, char *__restrict buffer, size_t size,
			    struct hostent **__restrict result, int *__restrict h_error)
{
	struct eswrap_reply reply;
	char text[ADDRESS_TEXT];
	enum answer answer = look_up(name, &reply);

	if (answer == ANSWER_DIRECT)
		return lookups()->gethostbyname2_r(name, family, host, buffer, size, result,
						   h_error);
	if (answer != ANSWER_STAND_IN)
		return reentrant_failure(host_error(answer), result, h_error);
	if (!stand_in_text(&reply, family, text))
		return reentrant_failure(NO_DATA, result, h_error);
	return reentrant_result(text, family, name, host, buffer, size, result, h_error);
}

EXPORT int gethostbyname_r(const char *__restrict name, struct hostent *__restrict host,
			   char *__restrict buffer, size_t size, struct hostent **__restrict result,
			   int *__restrict h_error)
{
	struct eswrap_reply reply;
	char text[ADDRESS_TEXT];
	enum answer answer = look_up(name, &reply);

	if (answer == ANSWER_DIRECT)
		return lookups()->gethostbyname_r(name, host, buffer, size, result, h_error);
	if (answer != ANSWER_STAND_IN)
		return reentrant_failure(host_error(answer), result, h_error);
	if (!stand_in_text(&reply, AF_INET, text))
		return reentrant_failure(NO_DATA, result, h_error);
	return reentrant_result(text, AF_INET, name, host, buffer, size, result, h_error);
}

EXPORT int gethostbyaddr_r(const void *__restrict address, socklen_t len, int family,
			   struct hostent *__restrict host, char *__restrict buffer, size_t size,
			   struct hostent **__restrict result, int *__restrict h_error)
{
	struct eswrap_endpoint endpoint;
	struct eswrap_reply reply;
	char text[ADDRESS_TEXT];
	enum answer answer;

	if (!endpoint_from_bytes(&endpoint, address, len, family))
		return lookups()->gethostbyaddr_r(address, len, family, host, buffer, size, result,
						  h_error);
	answer = look_up_address(&endpoint, &reply);
	if (answer == ANSWER_DIRECT)
		return lookups()->gethostbyaddr_r(address, len, family, host, buffer, size, result,
						  h_error);
	if (answer != ANSWER_STAND_IN)
		return reentrant_failure(host_error(answer), result, h_error);
	endpoint_text(&endpoint, text);
	return reentrant_result(text, family, reply.name, host, buffer, size, result, h_error);
}
