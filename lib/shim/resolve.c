// SPDX-License-Identifier: MIT
/*
 * Name look-ups, both ways.
 *
 * DOC: Theory of Operation
 *
 * A name that is not an address in text is shown to the broker, in all the ways in which libc
 * would complete it (search.c). DIRECT: libc looks it up. GRANTED: the broker has chosen a stand-in
 * address for it; libc's own function is then called with the stand-in in text instead of the name,
 * so that results have libc's shape, services and socket types are libc's business, and
 * freeaddrinfo() fits. Only the name is put back in.
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
#include "libc.h"

#include "shim.h"

/* Enough for an address in text, and for NULL-terminated lists of one. */
#define ADDRESS_TEXT INET6_ADDRSTRLEN

/* shim_look_up() with the search list of resolv.conf. */
static enum answer look_up_name(const char *name, char *whole, struct eswrap_reply *reply,
				shim_native native, void *user)
{
	struct __res_state state;
	enum answer answer;
	bool completed;

	memset(&state, 0, sizeof(state));
	completed = libc()->__res_ninit(&state) == 0;
	answer = shim_look_up(name, completed ? &state : NULL, whole, reply, native, user);
	if (completed)
		libc()->__res_nclose(&state);
	return answer;
}

static bool endpoint_text(const struct eswrap_endpoint *address, char *text)
{
	return address->family &&
	       libc()->inet_ntop(address->family, address->address, text, ADDRESS_TEXT);
}

/* The stand-in in text for a family; false when the name has no address of that family. */
static bool stand_in_text(const struct eswrap_reply *reply, int family, char *text)
{
	if (family != AF_INET && family != AF_INET6) {
		errno = EAFNOSUPPORT;
		return false;
	}
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
	copy = libc()->strndup(name, shown_length(name));
	if (!copy)
		return EAI_MEMORY;
	libc()->free(result->ai_canonname);
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
		libc()->freeaddrinfo(found);
	else if (!error)
		*result = found;
	return error;
}

/* What libc needs for one whole name of a row. */
struct addrinfo_call {
	const char *service;
	const struct addrinfo *hints;
	struct addrinfo **result;
	int error;
};

static enum answer getaddrinfo_natively(const char *whole, void *user)
{
	struct addrinfo_call *call = user;

	call->error = lookups()->getaddrinfo(whole, call->service, call->hints, call->result);
	switch (call->error) {
	case EAI_NONAME:
	case EAI_NODATA:
		return ANSWER_UNKNOWN;
	case EAI_FAIL:
		return ANSWER_FAIL;
	default:
		return ANSWER_TAKEN;
	}
}

/* libidn2's function, which libc uses for AI_IDN as well. */
typedef int (*idn_call)(const char *, char **, int);

/*
 * A name with letters that DNS does not have, in the form that it has.
 * Return: the name itself, or a copy to be freed in @copy; NULL when it cannot be done.
 */
static const char *to_dns(const char *name, int flags, char **copy)
{
	const char *p;
	void *library, *function;
	idn_call convert;

	*copy = NULL;
	for (p = name; *p && !(*p & 0x80); p++)
		;
	if (!*p || !(flags & AI_IDN))
		return name;
	library = shim_dlopen("libidn2.so.0", RTLD_NOW);
	function = library ? shim_libc_dlsym()(library, "idn2_lookup_ul") : NULL;
	if (!function)
		return NULL;
	memcpy(&convert, &function, sizeof(convert));
	return convert(name, copy, 0) == 0 ? *copy : NULL;
}

static int getaddrinfo_of(const char *node, const char *name, const char *service,
			  const struct addrinfo *hints, const struct addrinfo *wanted,
			  struct addrinfo **result)
{
	struct addrinfo_call call = { service, hints, result, 0 };
	struct eswrap_reply reply;
	char whole[SHIM_WHOLE];

	switch (look_up_name(name, whole, &reply, getaddrinfo_natively, &call)) {
	case ANSWER_STAND_IN:
		return resolve(&reply, whole, service, wanted, result);
	case ANSWER_TAKEN:
		return call.error;
	case ANSWER_UNKNOWN:
		return EAI_NONAME;
	case ANSWER_AGAIN:
		return EAI_AGAIN;
	case ANSWER_FAIL:
		return EAI_FAIL;
	case ANSWER_SYSTEM:
		return EAI_SYSTEM;
	case ANSWER_DIRECT:
		break;
	}
	return lookups()->getaddrinfo(node, service, hints, result);
}

/* shim_getaddrinfo() - getaddrinfo(), also for getaddrinfo_a() */
int shim_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		     struct addrinfo **result)
{
	static const struct addrinfo no_hints = { .ai_family = AF_UNSPEC };
	const struct addrinfo *wanted = hints ? hints : &no_hints;
	const char *name;
	char *copy;
	int error;

	if (!node || (wanted->ai_flags & AI_NUMERICHOST) ||
	    (wanted->ai_family != AF_UNSPEC && wanted->ai_family != AF_INET &&
	     wanted->ai_family != AF_INET6))
		return lookups()->getaddrinfo(node, service, hints, result);
	name = to_dns(node, wanted->ai_flags, &copy);
	error = name ? getaddrinfo_of(node, name, service, hints, wanted, result) : EAI_IDN_ENCODE;
	libc()->free(copy);
	return error;
}

EXPORT int getaddrinfo(const char *__restrict node, const char *__restrict service,
		       const struct addrinfo *__restrict hints, struct addrinfo **__restrict result)
{
	return shim_getaddrinfo(node, service, hints, result);
}

/* getnameinfo */

#define KNOWN_FLAGS \
	(NI_NUMERICHOST | NI_NUMERICSERV | NI_NOFQDN | NI_NAMEREQD | NI_DGRAM | NI_IDN | 0xc0)

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
	enum answer answer;
	int error;

	/* What is wrong with flags that there are not libc says. */
	if (!host || !host_size || (flags & (NI_NUMERICHOST | ~KNOWN_FLAGS)) ||
	    !eswrap_endpoint_from_sockaddr(&endpoint, address, len))
		return lookups()->getnameinfo(address, len, host, host_size, service, service_size,
					      flags);
	answer = shim_ask_address(&endpoint, &reply);
	switch (answer) {
	case ANSWER_STAND_IN:
		error = give_host(reply.name, host, host_size);
		if (error || !service || !service_size)
			return error;
		return lookups()->getnameinfo(address, len, NULL, 0, service, service_size, flags);
	case ANSWER_UNKNOWN:
	case ANSWER_AGAIN:
	case ANSWER_FAIL:
	case ANSWER_SYSTEM:
		/* As with a name server that knows nothing, or does not answer. */
		if (flags & NI_NAMEREQD)
			return answer == ANSWER_UNKNOWN ? EAI_NONAME : EAI_AGAIN;
		flags |= NI_NUMERICHOST;
		break;
	case ANSWER_TAKEN:
	case ANSWER_DIRECT:
		break;
	}
	return lookups()->getnameinfo(address, len, host, host_size, service, service_size, flags);
}

/* The gethostby*() family */

/* The answers of functions with static results live here; the next call overwrites them. */
static char static_name[ESWRAP_NAME_MAX + 1];

/* What a libc function that has a result and h_errno came to. */
static enum answer from_host_error(bool found, int error)
{
	if (found)
		return ANSWER_TAKEN;
	return error == HOST_NOT_FOUND || error == NO_DATA ? ANSWER_UNKNOWN
	       : error == NO_RECOVERY			   ? ANSWER_FAIL
							   : ANSWER_TAKEN;
}

/* A call of the functions with static results. */
struct static_call {
	int family; /* 0: gethostbyname() */
	struct hostent *host;
};

static struct hostent *call_static(const char *name, int family)
{
	return family ? lookups()->gethostbyname2(name, family) : lookups()->gethostbyname(name);
}

static enum answer static_natively(const char *whole, void *user)
{
	struct static_call *call = user;

	call->host = call_static(whole, call->family);
	return from_host_error(call->host, h_errno);
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

static struct hostent *static_look_up(const char *name, int family)
{
	struct static_call call = { family, NULL };
	struct eswrap_reply reply;
	char text[ADDRESS_TEXT], whole[SHIM_WHOLE];
	enum answer answer = look_up_name(name, whole, &reply, static_natively, &call);

	if (answer == ANSWER_DIRECT)
		return call_static(name, family);
	if (answer == ANSWER_TAKEN)
		return call.host;
	if (answer != ANSWER_STAND_IN)
		return static_failure(shim_host_error(answer));
	if (!stand_in_text(&reply, family ? family : AF_INET, text))
		return static_failure(NO_DATA);
	return static_result(text, family ? family : AF_INET, whole);
}

EXPORT struct hostent *gethostbyname2(const char *name, int family)
{
	/* 0 is no family; what libc says of that is said of any other that there is not. */
	return static_look_up(name, family ? family : AF_MAX);
}

EXPORT struct hostent *gethostbyname(const char *name)
{
	return static_look_up(name, 0);
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
	answer = shim_ask_address(&endpoint, &reply);
	if (answer == ANSWER_DIRECT)
		return lookups()->gethostbyaddr(address, len, family);
	if (answer != ANSWER_STAND_IN)
		return static_failure(shim_host_error(answer));
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

/* A call of the functions with a buffer. */
struct reentrant_call {
	int family; /* 0: gethostbyname_r() */
	struct hostent *host;
	char *buffer;
	size_t size;
	struct hostent **result;
	int *h_error;
	int error;
};

static int call_reentrant(const char *name, const struct reentrant_call *call)
{
	if (!call->family)
		return lookups()->gethostbyname_r(name, call->host, call->buffer, call->size,
						  call->result, call->h_error);
	return lookups()->gethostbyname2_r(name, call->family, call->host, call->buffer, call->size,
					   call->result, call->h_error);
}

static enum answer reentrant_natively(const char *whole, void *user)
{
	struct reentrant_call *call = user;

	call->error = call_reentrant(whole, call);
	/* A buffer that is too small is the program's to mend. */
	if (call->error == ERANGE)
		return ANSWER_TAKEN;
	return from_host_error(*call->result, *call->h_error);
}

static int reentrant_look_up(const char *name, struct reentrant_call *call)
{
	int family = call->family ? call->family : AF_INET;
	struct eswrap_reply reply;
	char text[ADDRESS_TEXT], whole[SHIM_WHOLE];
	enum answer answer = look_up_name(name, whole, &reply, reentrant_natively, call);

	if (answer == ANSWER_DIRECT)
		return call_reentrant(name, call);
	if (answer == ANSWER_TAKEN)
		return call->error;
	if (answer != ANSWER_STAND_IN)
		return reentrant_failure(shim_host_error(answer), call->result, call->h_error);
	if (!stand_in_text(&reply, family, text))
		return reentrant_failure(NO_DATA, call->result, call->h_error);
	return reentrant_result(text, family, whole, call->host, call->buffer, call->size,
				call->result, call->h_error);
}

EXPORT int gethostbyname2_r(const char *__restrict name, int family,
			    struct hostent *__restrict host, char *__restrict buffer, size_t size,
			    struct hostent **__restrict result, int *__restrict h_error)
{
	struct reentrant_call call = {
		family ? family : AF_MAX, host, buffer, size, result, h_error, 0
	};

	return reentrant_look_up(name, &call);
}

EXPORT int gethostbyname_r(const char *__restrict name, struct hostent *__restrict host,
			   char *__restrict buffer, size_t size, struct hostent **__restrict result,
			   int *__restrict h_error)
{
	struct reentrant_call call = { 0, host, buffer, size, result, h_error, 0 };

	return reentrant_look_up(name, &call);
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
	answer = shim_ask_address(&endpoint, &reply);
	if (answer == ANSWER_DIRECT)
		return lookups()->gethostbyaddr_r(address, len, family, host, buffer, size, result,
						  h_error);
	if (answer != ANSWER_STAND_IN)
		return reentrant_failure(shim_host_error(answer), result, h_error);
	endpoint_text(&endpoint, text);
	return reentrant_result(text, family, reply.name, host, buffer, size, result, h_error);
}
