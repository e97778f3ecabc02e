// SPDX-License-Identifier: MIT
/* usage: libevent-client HOST PORT: write http://HOST:PORT/pattern to standard output */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int status = 1;

static void on_data(struct bufferevent *connection, void *unused)
{
	char data[4096];
	size_t size;

	(void)unused;
	while ((size = bufferevent_read(connection, data, sizeof(data))) > 0)
		fwrite(data, 1, size, stdout);
}

static void on_event(struct bufferevent *connection, short what, void *base)
{
	static const char request[] = "GET /pattern\r\n";
	int error = bufferevent_socket_get_dns_error(connection);

	if (what & BEV_EVENT_CONNECTED) {
		bufferevent_write(connection, request, sizeof(request) - 1);
		return;
	}
	if (what & BEV_EVENT_EOF)
		status = 0;
	else
		fprintf(stderr, "libevent-client: %s\n",
			error ? evutil_gai_strerror(error)
			      : evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
	event_base_loopexit(base, NULL);
}

int main(int argc, char **argv)
{
	struct event_base *base = event_base_new();
	struct bufferevent *connection;

	if (argc != 3)
		return 2;
	connection = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(connection, on_data, NULL, on_event, base);
	bufferevent_enable(connection, EV_READ | EV_WRITE);
	/* Without an evdns_base: through getaddrinfo(). */
	bufferevent_socket_connect_hostname(connection, NULL, AF_UNSPEC, argv[1], atoi(argv[2]));
	event_base_dispatch(base);
	bufferevent_free(connection);
	event_base_free(base);
	return status;
}
