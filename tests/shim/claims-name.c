// SPDX-License-Identifier: MIT
/* Name look-ups. The "address" of the place is the name to look up. */
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <locale.h>
#include <netdb.h>
#include <resolv.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "claims.h"

/* AF_MAX and above. */
#define NO_FAMILY 77

static const char *eai_name(int error)
{
	static const struct {
		int error;
		const char *name;
	} names[] = {
		{ 0, "0" },
		{ EAI_NONAME, "EAI_NONAME" },
		{ EAI_AGAIN, "EAI_AGAIN" },
		{ EAI_FAIL, "EAI_FAIL" },
		{ EAI_NODATA, "EAI_NODATA" },
		{ EAI_SERVICE, "EAI_SERVICE" },
		{ EAI_BADFLAGS, "EAI_BADFLAGS" },
		{ EAI_FAMILY, "EAI_FAMILY" },
		{ EAI_SOCKTYPE, "EAI_SOCKTYPE" },
		{ EAI_OVERFLOW, "EAI_OVERFLOW" },
		{ EAI_ADDRFAMILY, "EAI_ADDRFAMILY" },
		{ EAI_SYSTEM, "EAI_SYSTEM" },
		{ EAI_ALLDONE, "EAI_ALLDONE" },
		{ EAI_INPROGRESS, "EAI_INPROGRESS" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].error == error)
			return names[i].name;
	}
	return gai_strerror(error);
}

static const char *address_text(const struct sockaddr *address)
{
	static char text[INET6_ADDRSTRLEN];

	if (address->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr,
			  text, sizeof(text));
	else
		inet_ntop(AF_INET6,
			  &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text,
			  sizeof(text));
	return text;
}

static void say_addrinfo(const char *what, const char *name, const char *service, int family,
			 int type, int flags)
{
	struct addrinfo hints = { .ai_family = family, .ai_socktype = type, .ai_flags = flags };
	struct addrinfo *list = NULL, *entry;
	int error = getaddrinfo(name, service, &hints, &list);

	say("%s: %s", what, eai_name(error));
	if (error)
		return;
	for (entry = list; entry; entry = entry->ai_next)
		say("  %d %d %d %s port %d%s%s", entry->ai_family, entry->ai_socktype,
		    entry->ai_protocol, address_text(entry->ai_addr),
		    ntohs(((struct sockaddr_in *)(void *)entry->ai_addr)->sin_port),
		    entry->ai_canonname ? " " : "", entry->ai_canonname ? entry->ai_canonname : "");
	freeaddrinfo(list);
}

/* Every flag and family, for one name. */
static void getaddrinfo_all(const struct place *place)
{
	const char *name = place->address;
	struct addrinfo *list;

	say_addrinfo("any", name, "8080", AF_UNSPEC, SOCK_DGRAM, 0);
	say_addrinfo("any, configured", name, "1", AF_UNSPEC, SOCK_STREAM, AI_ADDRCONFIG);
	say_addrinfo("all types", name, "domain", AF_INET, 0, 0);
	say_addrinfo("service", name, "http", AF_INET, SOCK_STREAM, 0);
	say_addrinfo("udp service", name, "ntp", AF_INET, SOCK_DGRAM, 0);
	say_addrinfo("no service", name, NULL, AF_INET, SOCK_STREAM, 0);
	say_addrinfo("unknown service", name, "nosuchservice", AF_INET, SOCK_STREAM, 0);
	say_addrinfo("numeric service", name, "80", AF_INET, SOCK_STREAM, AI_NUMERICSERV);
	say_addrinfo("not a numeric service", name, "http", AF_INET, SOCK_STREAM, AI_NUMERICSERV);
	say_addrinfo("canonical", name, "1", AF_INET, 0, AI_CANONNAME);
	say_addrinfo("passive", name, "1", AF_INET, SOCK_STREAM, AI_PASSIVE);
	say_addrinfo("numeric host", name, "1", AF_INET, SOCK_STREAM, AI_NUMERICHOST);
	say_addrinfo("address configuration", name, "1", AF_INET, SOCK_STREAM, AI_ADDRCONFIG);
	say_addrinfo("wrong flags", name, "1", AF_INET, SOCK_STREAM, 0x40000000);
	say_addrinfo("wrong family", name, "1", AF_UNIX, SOCK_STREAM, 0);
	say_addrinfo("wrong type", name, "1", AF_INET, 77, 0);
	say("no hints: %s", eai_name(getaddrinfo(name, "1", NULL, &list)));
}

/* IPv6: what a name that also has an IPv6 address, or only an IPv4 one, gives. */
static void getaddrinfo_ipv6(const struct place *place)
{
	const char *name = place->address;

	say_addrinfo("any", name, "8080", AF_UNSPEC, SOCK_STREAM, 0);
	say_addrinfo("any, canonical", name, "http", AF_UNSPEC, SOCK_STREAM, AI_CANONNAME);
	say_addrinfo("inet6", name, "1", AF_INET6, SOCK_STREAM, 0);
	say_addrinfo("mapped", name, "1", AF_INET6, SOCK_STREAM, AI_V4MAPPED);
	say_addrinfo("mapped, all", name, "1", AF_INET6, SOCK_STREAM, AI_V4MAPPED | AI_ALL);
	say_addrinfo("canonical", name, "1", AF_INET6, SOCK_STREAM,
		     AI_V4MAPPED | AI_ALL | AI_CANONNAME);
}

/* Names and addresses that are libc's alone. */
static void getaddrinfo_native(const struct place *place)
{
	(void)place;
	say_addrinfo("localhost", "localhost", "80", AF_INET, SOCK_STREAM, 0);
	say_addrinfo("any", NULL, "80", AF_INET, SOCK_STREAM, AI_PASSIVE);
	say_addrinfo("loopback", NULL, "80", AF_INET, SOCK_STREAM, 0);
	say_addrinfo("address", "127.0.0.1", "80", AF_UNSPEC, SOCK_STREAM, AI_CANONNAME);
	say_addrinfo("short address", "127.1", "80", AF_UNSPEC, SOCK_STREAM, 0);
	say_addrinfo("IPv6 address", "::1", "80", AF_UNSPEC, SOCK_STREAM, AI_NUMERICHOST);
	say_addrinfo("scope", "fe80::1%lo", "80", AF_UNSPEC, SOCK_STREAM, 0);
	say_addrinfo("nothing", NULL, NULL, AF_UNSPEC, SOCK_STREAM, 0);
	say_addrinfo("canonical nothing", NULL, "80", AF_INET, SOCK_STREAM, AI_CANONNAME);
	say_addrinfo("name as a number", "example.com", "80", AF_INET, SOCK_STREAM, AI_NUMERICHOST);
}

static void say_nameinfo(const char *what, const struct sockaddr_storage *address, socklen_t len,
			 size_t size, int flags)
{
	char host[NI_MAXHOST] = "", service[NI_MAXSERV] = "";
	int error = getnameinfo((const struct sockaddr *)address, len, host, (socklen_t)size,
				service, sizeof(service), flags);

	say("%s: %s %s %s", what, eai_name(error), host, service);
}

/* A stand-in address back to its name. */
static void getnameinfo_all(const struct place *place)
{
	struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
	struct sockaddr_storage address;
	struct addrinfo *list;
	int error = getaddrinfo(place->address, "80", &hints, &list);
	char service[NI_MAXSERV] = "";
	socklen_t len;

	if (error) {
		say("getaddrinfo: %s", eai_name(error));
		return;
	}
	len = list->ai_addrlen;
	memset(&address, 0, sizeof(address));
	memcpy(&address, list->ai_addr, len);
	freeaddrinfo(list);
	say_nameinfo("name", &address, len, NI_MAXHOST, 0);
	say_nameinfo("name required", &address, len, NI_MAXHOST, NI_NAMEREQD);
	say_nameinfo("number of the service", &address, len, NI_MAXHOST, NI_NUMERICSERV);
	say_nameinfo("number of the host", &address, len, NI_MAXHOST, NI_NUMERICHOST);
	say_nameinfo("little room", &address, len, 4, 0);
	say_nameinfo("flags that there are not", &address, len, NI_MAXHOST, 1 << 30);
	say("service only: %s", eai_name(getnameinfo((struct sockaddr *)&address, len, NULL, 0,
						     service, sizeof(service), 0)));
	say("%s", service);
}

static void say_host(const char *what, const struct hostent *host)
{
	char text[INET6_ADDRSTRLEN];
	char **entry;

	if (!host) {
		say("%s: h_errno %d", what, h_errno);
		return;
	}
	say("%s: %s family %d length %d", what, host->h_name, host->h_addrtype, host->h_length);
	for (entry = host->h_aliases; *entry; entry++)
		say("  alias %s", *entry);
	for (entry = host->h_addr_list; *entry; entry++)
		say("  %s", inet_ntop(host->h_addrtype, *entry, text, sizeof(text)));
}

static void say_host_r(const char *what, int error, const struct hostent *host, int h_error)
{
	if (host)
		say_host(what, host);
	else
		say("%s: error %d h_errno %d", what, error, h_error);
}

static void gethostby_all(const struct place *place)
{
	const char *name = place->address;
	struct hostent host, *result;
	struct hostent *found;
	char buffer[1024];
	unsigned char address[16];
	int error, h_error = 0, length = 0, family = AF_INET;

	found = gethostbyname(name);
	say_host("gethostbyname", found);
	if (found) {
		length = found->h_length;
		family = found->h_addrtype;
		memcpy(address, found->h_addr_list[0], (size_t)length);
	}
	say_host("gethostbyname2", gethostbyname2(name, AF_INET));
	say("no family: %s", gethostbyname2(name, NO_FAMILY) ? "found" : "not found");
	error = gethostbyname_r(name, &host, buffer, sizeof(buffer), &result, &h_error);
	say_host_r("gethostbyname_r", error, result, h_error);
	error = gethostbyname2_r(name, AF_INET, &host, buffer, sizeof(buffer), &result, &h_error);
	say_host_r("gethostbyname2_r", error, result, h_error);
	gethostbyname2_r(name, NO_FAMILY, &host, buffer, sizeof(buffer), &result, &h_error);
	say("no family: %s", result ? "found" : "not found");
	error = gethostbyname_r(name, &host, buffer, 4, &result, &h_error);
	say_host_r("little room", error, result, h_error);
	error = gethostbyname_r(name, &host, buffer, strlen(name) + 8, &result, &h_error);
	say_host_r("a little more room", error, result, h_error);
	if (!length)
		return;
	say_host("gethostbyaddr", gethostbyaddr(address, (socklen_t)length, family));
	error = gethostbyaddr_r(address, (socklen_t)length, family, &host, buffer, sizeof(buffer),
				&result, &h_error);
	say_host_r("gethostbyaddr_r", error, result, h_error);
}

/* The name's address, looked up by a parent, means the same to its child. */
static void child_sees_stand_in(const struct place *place)
{
	struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
	struct addrinfo *list;
	char port[8];
	pid_t child;
	int fd;

	snprintf(port, sizeof(port), "%u", (unsigned int)place->ports[0]);
	if (getaddrinfo(place->address, port, &hints, &list) != 0)
		give_up("getaddrinfo");
	child = fork();
	if (child == 0) {
		say_nameinfo("child", (struct sockaddr_storage *)(void *)list->ai_addr,
			     list->ai_addrlen, NI_MAXHOST, NI_NUMERICSERV);
		fd = socket(AF_INET, SOCK_STREAM, 0);
		say_result("connect", connect(fd, list->ai_addr, list->ai_addrlen));
		say_talk("child", fd);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

static void connect_by_name(const struct place *place, int family)
{
	struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM };
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	struct addrinfo *list;
	char port[8];
	int fd, error;

	snprintf(port, sizeof(port), "%u", (unsigned int)place->ports[0]);
	error = getaddrinfo(place->address, port, &hints, &list);
	say("getaddrinfo: %s", eai_name(error));
	if (error)
		return;
	fd = socket(list->ai_family, SOCK_STREAM, 0);
	say_result("connect", connect(fd, list->ai_addr, list->ai_addrlen));
	say_result("getpeername", getpeername(fd, (struct sockaddr *)&address, &len));
	say("as asked: %d", len == list->ai_addrlen && memcmp(&address, list->ai_addr, len) == 0);
	len = sizeof(address);
	say_result("getsockname", getsockname(fd, (struct sockaddr *)&address, &len));
	say("family as asked: %d", address.ss_family == list->ai_family);
	say_talk("back", fd);
	say_nameinfo("name", (struct sockaddr_storage *)(void *)list->ai_addr, list->ai_addrlen,
		     NI_MAXHOST, NI_NUMERICSERV);
}

static void by_name_ipv4(const struct place *place)
{
	connect_by_name(place, AF_INET);
}

static void by_name_ipv6(const struct place *place)
{
	connect_by_name(place, AF_INET6);
}

static void look_up(const struct place *place)
{
	say_addrinfo("look-up", place->address, NULL, AF_INET, SOCK_STREAM, 0);
}

static void say_requests(struct gaicb **list, int count)
{
	struct addrinfo *entry;
	int i;

	for (i = 0; i < count; i++) {
		if (!list[i])
			continue;
		say("%s: %s", list[i]->ar_name, eai_name(gai_error(list[i])));
		say("cancel: %s", eai_name(gai_cancel(list[i])));
		if (gai_error(list[i]))
			continue;
		for (entry = list[i]->ar_result; entry; entry = entry->ai_next)
			say("  %d %s", entry->ai_family, address_text(entry->ai_addr));
		freeaddrinfo(list[i]->ar_result);
	}
}

static int told[2]; /* a pipe */

static void be_told(union sigval value)
{
	if (write(told[1], &value.sival_int, sizeof(int)) != sizeof(int))
		_exit(1);
}

/* getaddrinfo_a(): waiting, in the background, and with every way to be told of the end. */
static void getaddrinfo_async(const struct place *place)
{
	static const struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM };
	struct gaicb name = { .ar_name = place->address,
			      .ar_service = "http",
			      .ar_request = &hints };
	struct gaicb number = { .ar_name = "127.0.0.1", .ar_request = &hints };
	struct gaicb bad = { .ar_name = "127.0.0.1", .ar_service = "nosuch", .ar_request = &hints };
	struct gaicb *list[] = { &name, NULL, &number, &bad };
	struct sigevent event = { .sigev_value.sival_int = 7 };
	const struct timespec second = { .tv_sec = 1 };
	sigset_t signals;
	siginfo_t info;
	int value, error;

	say("wait: %s", eai_name(getaddrinfo_a(GAI_WAIT, list, 4, NULL)));
	say_requests(list, 4);
	say("nothing to wait for: %s",
	    eai_name(gai_suspend((const struct gaicb *const *)list, 4, &second)));
	say("no wait: %s", eai_name(getaddrinfo_a(GAI_NOWAIT, list, 4, NULL)));
	do {
		error = gai_suspend((const struct gaicb *const *)list, 4, NULL);
	} while (error == 0);
	say("suspend: %s", eai_name(error));
	say_requests(list, 4);
	/* Before there is a thread that calls back: it has no signal blocked. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	event.sigev_notify = SIGEV_SIGNAL;
	event.sigev_signo = SIGUSR1;
	say("signal: %s", eai_name(getaddrinfo_a(GAI_NOWAIT, list, 4, &event)));
	value = sigwaitinfo(&signals, &info);
	say("told: %d code %d value %d", value, info.si_code, info.si_value.sival_int);
	say_requests(list, 4);
	say("nothing: %s", eai_name(getaddrinfo_a(GAI_NOWAIT, list + 1, 1, &event)));
	say("told: %d", sigwaitinfo(&signals, &info));
	say("wrong mode: %s", eai_name(getaddrinfo_a(5, list, 4, NULL)));
	if (pipe(told) != 0)
		give_up("pipe");
	event.sigev_notify = SIGEV_THREAD;
	event.sigev_notify_function = be_told;
	say("thread: %s", eai_name(getaddrinfo_a(GAI_NOWAIT, list, 4, &event)));
	if (read(told[0], &value, sizeof(value)) != sizeof(value))
		give_up("read");
	say("told: %d", value);
	say_requests(list, 4);
}

/* Questions of every kind to the system's name server, or to one at the place's port. */
/* The records of a packet, and what it says of itself. */
static void say_packet(const char *what, const unsigned char *packet, int len)
{
	char text[INET6_ADDRSTRLEN], name[NS_MAXDNAME];
	ns_msg message;
	ns_rr record;
	int i;

	if (len < 0) {
		say("%s: %d", what, h_errno);
		return;
	}
	if (ns_initparse(packet, len, &message) != 0) {
		say("%s: malformed", what);
		return;
	}
	say("%s: %s, %d records", what,
	    ns_msg_getflag(message, ns_f_rcode) == ns_r_noerror ? "no error" : "error",
	    ns_msg_count(message, ns_s_an));
	for (i = 0; i < ns_msg_count(message, ns_s_an); i++) {
		if (ns_parserr(&message, ns_s_an, i, &record) != 0)
			say("  malformed");
		else if (ns_rr_type(record) == ns_t_a || ns_rr_type(record) == ns_t_aaaa)
			say("  %s %s", ns_rr_name(record),
			    inet_ntop(ns_rr_type(record) == ns_t_a ? AF_INET : AF_INET6,
				      ns_rr_rdata(record), text, sizeof(text)));
		else if (ns_rr_type(record) == ns_t_ptr &&
			 ns_name_uncompress(packet, packet + len, ns_rr_rdata(record), name,
					    sizeof(name)) > 0)
			say("  %s %s", ns_rr_name(record), name);
	}
}

static void say_address_of(const char *what, const struct hostent *host)
{
	char text[INET6_ADDRSTRLEN] = "";

	if (host && host->h_addr_list[0])
		inet_ntop(host->h_addrtype, host->h_addr_list[0], text, sizeof(text));
	say("%s: %s %s", what, host ? host->h_name : "none", text);
}

/* One name, by all functions that look names up. */
static void every_way(const struct place *place)
{
	const char *name = place->address;
	struct addrinfo hints = { .ai_family = AF_INET,
				  .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_CANONNAME };
	struct hostent host, *found = NULL;
	unsigned char answer[512], question[512];
	struct addrinfo *list;
	char buffer[1024], reverse[64];
	int error, len;
	uint32_t address = 0;

	error = getaddrinfo(name, NULL, &hints, &list);
	say("getaddrinfo: %s %s", eai_name(error), error ? "" : list->ai_canonname);
	if (!error)
		memcpy(&address, &((struct sockaddr_in *)list->ai_addr)->sin_addr, 4);
	say_address_of("gethostbyname", gethostbyname(name));
	say_address_of("gethostbyname2", gethostbyname2(name, AF_INET6));
	gethostbyname_r(name, &host, buffer, sizeof(buffer), &found, &error);
	say_address_of("gethostbyname_r", found);
	len = res_search(name, ns_c_in, ns_t_a, answer, sizeof(answer));
	say_packet("res_search", answer, len);
	len = res_search(name, ns_c_in, ns_t_mx, answer, sizeof(answer));
	say_packet("res_search MX", answer, len);
	len = res_query("device.example", ns_c_in, ns_t_aaaa, answer, sizeof(answer));
	say_packet("res_query AAAA", answer, len);
	len = res_mkquery(ns_o_query, "device.example", ns_c_in, ns_t_a, NULL, 0, NULL, question,
			  sizeof(question));
	len = res_send(question, len, answer, sizeof(answer));
	say("the id is %s", len > 2 && memcmp(question, answer, 2) == 0 ? "the question's" : "new");
	say_packet("res_send", answer, len);
	len = res_mkquery(ns_o_query, "device.example", ns_c_in, ns_t_txt, NULL, 0, NULL, question,
			  sizeof(question));
	len = res_send(question, len, answer, sizeof(answer));
	say_packet("res_send TXT", answer, len);
	address = ntohl(address);
	snprintf(reverse, sizeof(reverse), "%u.%u.%u.%u.in-addr.arpa", address & 255,
		 address >> 8 & 255, address >> 16 & 255, address >> 24);
	len = res_query(reverse, ns_c_in, ns_t_ptr, answer, sizeof(answer));
	if (len > 0 && ns_initparse(answer, len, &(ns_msg){ 0 }) == 0)
		say("res_query PTR: there");
	len = res_query("device.example", ns_c_in, ns_t_a, answer, 20);
	say("no room: %d", len);
}

/* What an address is called, by both families of functions. */
static void reverse(const struct place *place)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	const struct hostent *host;
	char name[NI_MAXHOST];
	int error;

	inet_pton(AF_INET, place->address, &address.sin_addr);
	error = getnameinfo((struct sockaddr *)&address, sizeof(address), name, sizeof(name), NULL,
			    0, NI_NAMEREQD);
	say("%s", error ? eai_name(error) : name);
	error = getnameinfo((struct sockaddr *)&address, sizeof(address), name, sizeof(name), NULL,
			    0, 0);
	say("%s", error ? eai_name(error) : name);
	host = gethostbyaddr(&address.sin_addr, sizeof(address.sin_addr), AF_INET);
	if (host)
		say("%s", host->h_name);
	else
		say("h_errno %d", h_errno);
}

/* A name in letters of its own. */
static void international_name(const struct place *place)
{
	struct addrinfo hints = { .ai_family = AF_INET,
				  .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_IDN | AI_CANONNAME };
	struct addrinfo *list;
	int error;

	setlocale(LC_ALL, "C.UTF-8");
	error = getaddrinfo(place->address, NULL, &hints, &list);
	say("getaddrinfo: %s %s", eai_name(error), error ? "" : list->ai_canonname);
}

static void res_queries(const struct place *place)
{
	const char *name = place->address;
	struct __res_state state;
	unsigned char answer[512];

	memset(&state, 0, sizeof(state));
	if (res_init() != 0 || res_ninit(&state) != 0)
		give_up("res_init");
	_res.retry = state.retry = 1;
	_res.retrans = state.retrans = 1;
	if (place->ports[0]) {
		_res.nscount = state.nscount = 1;
		_res.nsaddr_list[0] = (struct sockaddr_in){
			.sin_family = AF_INET,
			.sin_port = htons(place->ports[0]),
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		};
		state.nsaddr_list[0] = _res.nsaddr_list[0];
	}
	say("query: %d", res_query(name, ns_c_in, ns_t_srv, answer, sizeof(answer)));
	say("h_errno %d", h_errno);
	h_errno = 0;
	say("search: %d", res_search(name, ns_c_in, ns_t_txt, answer, sizeof(answer)));
	say("h_errno %d", h_errno);
	h_errno = 0;
	say("querydomain: %d",
	    res_querydomain("_mqtt._tcp", name, ns_c_in, ns_t_srv, answer, sizeof(answer)));
	say("h_errno %d", h_errno);
	say("nquery: %d", res_nquery(&state, name, ns_c_in, ns_t_a, answer, sizeof(answer)));
	say("h_errno %d", state.res_h_errno);
	say("nsearch: %d", res_nsearch(&state, name, ns_c_in, ns_t_a, answer, sizeof(answer)));
	say("h_errno %d", state.res_h_errno);
	say("nquerydomain: %d", res_nquerydomain(&state, "_mqtt._tcp", name, ns_c_in, ns_t_srv,
						 answer, sizeof(answer)));
	say("h_errno %d", state.res_h_errno);
	res_nclose(&state);
}

/* The look-up's address is the program's only output: to be compared between runs. */
const struct claim name_claims[] = {
	{ "getaddrinfo_all", getaddrinfo_all },
	{ "getaddrinfo_ipv6", getaddrinfo_ipv6 },
	{ "getaddrinfo_native", getaddrinfo_native },
	{ "getnameinfo_all", getnameinfo_all },
	{ "gethostby_all", gethostby_all },
	{ "child_sees_stand_in", child_sees_stand_in },
	{ "by_name_ipv4", by_name_ipv4 },
	{ "by_name_ipv6", by_name_ipv6 },
	{ "getaddrinfo_async", getaddrinfo_async },
	{ "every_way", every_way },
	{ "reverse", reverse },
	{ "international_name", international_name },
	{ "res_queries", res_queries },
	{ "look_up", look_up },
	{ NULL },
};
