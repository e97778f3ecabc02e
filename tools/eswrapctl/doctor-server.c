// SPDX-License-Identifier: MIT
/* eswrapctl doctor: a server. Which way to it, and how far does one come? */
#include "eswrapctl/doctor-server.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "eswrap/wire.h"

/* Programs that are given such a URL speak TLS by themselves. */
static const char *const tls_schemes[] = { "https", "wss",   "mqtts", "amqps",	"ftps", "imaps",
					   "smtps", "ldaps", "coaps", "rediss", NULL };

char *doctor_connect(const char *host, const char *port)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list, *each;
	int error = getaddrinfo(host, port, &hints, &list), fd, result = -1;

	if (error)
		return g_strdup_printf("its name: %s", gai_strerror(error));
	for (each = list; each && result < 0; each = each->ai_next) {
		fd = socket(each->ai_family, each->ai_socktype | SOCK_CLOEXEC, 0);
		result = connect(fd, each->ai_addr, each->ai_addrlen);
		if (result < 0)
			error = errno;
		close(fd);
	}
	freeaddrinfo(list);
	return result < 0 ? g_strdup(g_strerror(error)) : NULL;
}

/* Which route takes it, for whoever asks; NULL: not known. */
static GVariant *ask_route(const struct doctor *doctor, const struct doctor_place *place)
{
	GVariant *reply = NULL;
	GVariantDict dict;

	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "host", "s", place->host);
	g_variant_dict_insert(&dict, "port", "u", (guint)g_ascii_strtoull(place->port, NULL, 10));
	g_variant_dict_insert(&dict, "uid", "u", (guint)getuid());
	client_call(doctor->ctl, "route", g_variant_dict_end(&dict), NULL, NULL, &reply, NULL);
	return reply;
}

static bool check_route(struct doctor *doctor, const struct doctor_place *place, GVariant *route)
{
	const char *name = ctl_text(route, "route"), *through = ctl_text(route, "through");
	g_autofree char *text = NULL;

	if (!strcmp(through, "refuse")) {
		text = g_strdup_printf("[route %s] refuses %s port %s", name, place->host,
				       place->port);
		return doctor_bad(doctor, "route", text,
				  "`eswrapctl route HOST PORT` says why that one takes it");
	}
	if (!strcmp(through, "direct")) {
		text = g_strdup_printf("%s port %s does not go through the module: %s%s",
				       place->host, place->port, *name ? "route " : "no route",
				       name);
		return doctor_mind(doctor, "route", text,
				   "`eswrapctl route HOST PORT` says why no other one takes it");
	}
	if (!strcmp(through, "tls") && place->scheme &&
	    g_strv_contains(tls_schemes, place->scheme)) {
		text = g_strdup_printf(
			"%s:// has the program speak TLS itself, inside the TLS that "
			"the module speaks for [route %s]",
			place->scheme, name);
		return doctor_bad(doctor, "route", text,
				  "give the program a URL without TLS (http://HOST:PORT/, "
				  "mqtt://HOST:PORT), or have that route say through = tcp");
	}
	return doctor_good(doctor, "route", "%s, through = %s", name, through);
}

/* Return: false after doctor_bad(); else @address is what the module finds. */
static bool check_name(struct doctor *doctor, const char *host, char **address)
{
	g_autoptr(GVariant) reply = NULL;
	g_autoptr(GError) error = NULL;
	GVariantDict dict;

	if (g_hostname_is_ip_address(host)) {
		*address = g_strdup(host);
		return true;
	}
	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "name", "s", host);
	if (client_call(doctor->ctl, "module-resolve", g_variant_dict_end(&dict), NULL, NULL,
			&reply, &error) != CTL_OK)
		return doctor_bad(doctor, "name", error->message,
				  "is it right, and does the name server that the network's DHCP "
				  "names (or dns = in [wifi]) know it?");
	*address = g_strdup(ctl_text(reply, "address"));
	return doctor_good(doctor, "name", "%s is %s, found in %u ms", host, *address,
			   (guint)ctl_number(reply, "milliseconds"));
}

/* "1,23" is an answer, "1,-1" none. */
static bool has_answer(const char *lines)
{
	return g_regex_match_simple("^\\d+,\\d", lines, G_REGEX_MULTILINE, 0);
}

/* Return: true: many servers do not answer, and work */
static bool check_ping(struct doctor *doctor, const char *address)
{
	g_autoptr(GVariant) reply = NULL;
	g_autofree char *text = NULL;
	GVariantDict dict;

	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "address", "s", address);
	if (client_call(doctor->ctl, "module-ping", g_variant_dict_end(&dict), NULL, NULL, &reply,
			NULL) == CTL_OK &&
	    has_answer(ctl_text(reply, "lines")))
		return doctor_good(doctor, "ping", "%s answers", address);
	text = g_strdup_printf("%s does not answer echo requests", address);
	return doctor_mind(doctor, "ping", text,
			   "many servers do not; where none does, the network does not let the "
			   "module out: its gateway, or a list of MAC addresses");
}

/* A program of our own under eswrap connects there. */
static bool check_connect(struct doctor *doctor, const struct doctor_place *place,
			  const char *through, const char *launcher, const char *self)
{
	g_autofree char *said = NULL, *text = NULL;
	/* Longer than any connect-timeout that is likely. */
	const char *argv[] = { "timeout",   "300",	 launcher,    self, "doctor",
			       "--connect", place->host, place->port, NULL };
	int status = -1;

	if (doctor->ctl->socket)
		g_setenv(ESWRAP_SOCKET_ENV, doctor->ctl->socket, TRUE);
	if (g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, &said,
			 &status, NULL) &&
	    status == 0)
		return doctor_good(doctor, "server", "%s port %s takes connections%s", place->host,
				   place->port,
				   !strcmp(through, "tls") ? ", and TLS is agreed upon" : "");
	text = g_strdup_printf("%s port %s: %s", place->host, place->port,
			       said && *said ? g_strchomp(said) : "cannot be tried");
	return doctor_bad(doctor, "server", text,
			  "`eswrapctl route HOST PORT` says which route it takes, "
			  "`journalctl -u eswrapd` what the module answered; ERRORS in "
			  "eswrap(1) has what each error can mean");
}

/* Name and ping are for administrators, and for what goes through the module. */
static bool asks_module(const struct doctor *doctor, const char *through)
{
	return *ctl_text(doctor->reply, "device") &&
	       (!strcmp(through, "tls") || !strcmp(through, "tcp"));
}

bool doctor_server(struct doctor *doctor, const struct doctor_place *place, const char *launcher,
		   const char *self)
{
	g_autoptr(GVariant) route = ask_route(doctor, place);
	const char *through = route ? ctl_text(route, "through") : "";
	g_autofree char *address = NULL;

	if (route && !check_route(doctor, place, route))
		return false;
	if (asks_module(doctor, through) &&
	    (!check_name(doctor, place->host, &address) || !check_ping(doctor, address)))
		return false;
	return check_connect(doctor, place, through, launcher, self);
}
