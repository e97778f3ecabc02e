// SPDX-License-Identifier: MIT
/* Prints the first address of a name, as c-ares finds it by itself. */
#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/select.h>

static void found(void *user, int status, int timeouts, struct hostent *host)
{
	char text[INET_ADDRSTRLEN];

	(void)user;
	(void)timeouts;
	puts(status == ARES_SUCCESS ? inet_ntop(AF_INET, host->h_addr_list[0], text, sizeof(text))
				    : ares_strerror(status));
}

int main(int argc, char **argv)
{
	struct timeval wait, *patience;
	ares_channel channel;
	fd_set in, out;
	int count;

	if (argc != 2 || ares_library_init(ARES_LIB_INIT_ALL) || ares_init(&channel))
		return 1;
	ares_gethostbyname(channel, argv[1], AF_INET, found, NULL);
	for (;;) {
		FD_ZERO(&in);
		FD_ZERO(&out);
		count = ares_fds(channel, &in, &out);
		if (!count)
			break;
		patience = ares_timeout(channel, NULL, &wait);
		select(count, &in, &out, NULL, patience);
		ares_process(channel, &in, &out);
	}
	ares_destroy(channel);
	return 0;
}
