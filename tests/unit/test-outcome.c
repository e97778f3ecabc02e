// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "eswrapd/anchor.h"
#include "eswrapd/outcome.h"
#include "support/suite.h"

static const struct {
	int result;
	const char *text;
	int error;
} outcomes[] = {
	{ -ECONNREFUSED, "Connect failed: Connection refused", ECONNREFUSED },
	{ -ECONNREFUSED, "", ECONNREFUSED },
	{ -ECONNREFUSED, "words that nobody has seen yet", ECONNREFUSED },
	{ -ECONNREFUSED, "Connect failed: Connection timed out", ETIMEDOUT },
	{ -ECONNREFUSED, "TIMEOUT", ETIMEDOUT },
	{ -ECONNREFUSED, "Connect failed: No route to host", EHOSTUNREACH },
	{ -ECONNREFUSED, "host unreachable", EHOSTUNREACH },
	{ -ECONNREFUSED, "Network is unreachable", ENETUNREACH },
	{ -ECONNREFUSED, "Connect failed: Connection reset by peer", ECONNRESET },
	{ -ECONNREFUSED, "Connect failed: TLS: certificate has expired", EPROTO },
	{ -ECONNREFUSED, "SSL handshake error -1", EPROTO },
	{ -ECONNREFUSED, "TLS: Connection refused by a proxy", EPROTO },
	{ -ENOENT, "DNS lookup failed", EHOSTUNREACH },
	{ -ETIMEDOUT, "", ETIMEDOUT },
	{ -ENETDOWN, "", ENETDOWN },
	{ -EPROTO, "", ENETDOWN },
	{ -EINVAL, "", EINVAL },
};

START_TEST(each_end_of_a_connect_has_its_errno)
{
	ck_assert_int_eq(outcome_errno(outcomes[_i].result, outcomes[_i].text), outcomes[_i].error);
}
END_TEST

static int fds[2];

static void setup(void)
{
	GError *error = NULL;
	int size = anchor_find_buffer(&error);

	ck_assert_msg(size >= 0, "%s", error ? error->message : "");
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	ck_assert_int_eq(anchor_set_buffer(fds[0], size), 0);
}

static void teardown(void)
{
	close(fds[0]);
	close(fds[1]);
}

static bool writable(void)
{
	struct pollfd p = { .fd = fds[0], .events = POLLOUT };

	return poll(&p, 1, 0) == 1 && p.revents == POLLOUT;
}

START_TEST(a_filled_socket_is_not_writable_until_all_but_the_anchor_is_gone)
{
	ssize_t filled = anchor_fill(fds[0]);

	ck_assert_int_gt(filled, 1);
	ck_assert(!writable());
	ck_assert_int_eq(send(fds[0], "x", 1, MSG_NOSIGNAL), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_uint_eq(anchor_discard(fds[1], (size_t)filled - 1), (size_t)filled - 1);
	ck_assert(writable());
	ck_assert_uint_eq(anchor_discard(fds[1], SIZE_MAX), 1);
}
END_TEST

/* What a program may do that charges the most for its last byte. */
static void sendfile_pieces(size_t piece)
{
	int file = memfd_create("pieces", MFD_CLOEXEC);
	size_t total = 0;
	off_t offset;
	ssize_t n;

	ck_assert_int_eq(ftruncate(file, 4 << 20), 0);
	do {
		offset = 0;
		n = sendfile(fds[0], file, &offset, piece);
		total += n > 0 ? (size_t)n : 0;
	} while (n > 0);
	ck_assert(!writable());
	anchor_discard(fds[1], total - 1);
	close(file);
}

START_TEST(the_anchor_of_a_sendfile_does_not_keep_pollout_away)
{
	static const size_t pieces[] = { 1, 4096, 65536, 106432, 200000, 4 << 20 };

	sendfile_pieces(pieces[_i]);
	ck_assert(writable());
}
END_TEST

START_TEST(closing_over_the_anchor_is_a_reset_and_without_it_an_end)
{
	char byte;

	ck_assert_int_eq(send(fds[0], "ab", 2, 0), 2);
	ck_assert_int_eq(send(fds[1], "c", 1, 0), 1);
	anchor_discard(fds[1], _i == 0 ? 1 : SIZE_MAX);
	close(fds[1]);
	ck_assert_int_eq(recv(fds[0], &byte, 1, 0), 1);
	ck_assert_int_eq(recv(fds[0], &byte, 1, 0), _i == 0 ? -1 : 0);
	if (_i == 0)
		ck_assert_int_eq(errno, ECONNRESET);
	fds[1] = dup(fds[0]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("outcome");
	TCase *table = tcase_create("table"), *anchor = tcase_create("anchor");

	tcase_add_loop_test(table, each_end_of_a_connect_has_its_errno, 0, G_N_ELEMENTS(outcomes));
	suite_add_tcase(suite, table);
	tcase_add_checked_fixture(anchor, setup, teardown);
	tcase_add_test(anchor, a_filled_socket_is_not_writable_until_all_but_the_anchor_is_gone);
	tcase_add_loop_test(anchor, the_anchor_of_a_sendfile_does_not_keep_pollout_away, 0, 6);
	tcase_add_loop_test(anchor, closing_over_the_anchor_is_a_reset_and_without_it_an_end, 0, 2);
	suite_add_tcase(suite, anchor);
	return suite_run(suite);
}
