// SPDX-License-Identifier: MIT
/* The control socket and the calls on it: clients that say half, nothing, too much, or leave. */
#include <check.h>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "eswrap/admin.h"
#include "eswrapd/account.h"
#include "eswrapd/call.h"
#include "eswrapd/control.h"
#include "eswrapd/verbs.h"
#include "support/suite.h"

#define CLIENTS_MAX 3
/* Bytes of a reply that is many packets. */
#define MUCH 300000

static char *directory, *path;
static struct accounts *accounts;
static struct control *control;

/* What the owner heard, and what it does with the next question. */
static struct {
	guint asked, crowded, gone;
	gsize size;
	char first;
	struct client *client;
	void (*then)(struct client *client, const guint8 *packet, gsize size);
} owner;

static void asked(struct client *client, const guint8 *packet, gsize size,
		  gpointer user G_GNUC_UNUSED)
{
	owner.asked++;
	owner.size = size;
	owner.first = (char)packet[0];
	owner.client = client;
	owner.then(client, packet, size);
}

static void crowded(struct client *client, gpointer user G_GNUC_UNUSED)
{
	owner.crowded++;
	client_answer(client, "full", 4, -1);
}

static void gone(gpointer user G_GNUC_UNUSED)
{
	owner.gone++;
}

static void answer(struct client *client, const guint8 *packet G_GNUC_UNUSED,
		   gsize size G_GNUC_UNUSED)
{
	client_answer(client, "yes", 3, -1);
}

static void wait_with_gone(struct client *client, const guint8 *packet G_GNUC_UNUSED,
			   gsize size G_GNUC_UNUSED)
{
	client_wait(client, gone, NULL);
}

static void wait_on(struct client *client, const guint8 *packet G_GNUC_UNUSED,
		    gsize size G_GNUC_UNUSED)
{
	client_wait(client, NULL, NULL);
}

static const struct control_ops ops = { .crowded = crowded, .asked = asked };

static void set_up(void)
{
	guint limits[LIMITS], i;
	GError *error = NULL;
	int fd;

	memset(&owner, 0, sizeof(owner));
	owner.then = answer;
	for (i = 0; i < LIMITS; i++)
		limits[i] = CLIENTS_MAX;
	directory = g_dir_make_tmp("control-XXXXXX", NULL);
	path = g_build_filename(directory, "socket", NULL);
	accounts = accounts_new(limits);
	fd = control_listen(path, 0600, &error);
	ck_assert_int_ge(fd, 0);
	control = control_new(fd, accounts, &ops, NULL);
}

static void tear_down(void)
{
	control_free(control);
	accounts_free(accounts);
	g_unlink(path);
	g_rmdir(directory);
	g_free(path);
	g_free(directory);
}

static int connect_to_it(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	g_strlcpy(un.sun_path, path, sizeof(un.sun_path));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	return fd;
}

/* Runs the main loop until there is something to read; Return: as recv(). */
static ssize_t receive(int fd, char *to, gsize size)
{
	struct pollfd answered = { .fd = fd, .events = POLLIN };

	while (poll(&answered, 1, 0) == 0)
		g_main_context_iteration(NULL, FALSE);
	return recv(fd, to, size, 0);
}

static void await(const guint *count)
{
	while (*count == 0)
		g_main_context_iteration(NULL, TRUE);
}

START_TEST(a_question_is_answered_and_the_connection_is_over)
{
	int fd = connect_to_it();
	char text[8];

	send(fd, "?", 1, 0);
	ck_assert_int_eq(receive(fd, text, sizeof(text)), 3);
	ck_assert_int_eq(receive(fd, text, sizeof(text)), 0);
	ck_assert_uint_eq(account_count(accounts, getuid(), LIMIT_QUESTIONS), 0);
	close(fd);
}
END_TEST

START_TEST(who_closes_without_a_question_is_not_heard)
{
	int fd = connect_to_it(), other;
	char text[8];

	close(fd);
	other = connect_to_it();
	send(other, "!", 1, 0);
	ck_assert_int_eq(receive(other, text, sizeof(text)), 3);
	ck_assert_uint_eq(owner.asked, 1);
	ck_assert_int_eq(owner.first, '!');
	close(other);
}
END_TEST

START_TEST(a_question_that_was_cut_is_known_by_its_size)
{
	g_autofree char *much = g_strnfill(ESWRAP_ADMIN_MAX + 100, 'x');
	int fd = connect_to_it();
	char text[8];

	ck_assert_int_eq(send(fd, much, ESWRAP_ADMIN_MAX + 100, 0), ESWRAP_ADMIN_MAX + 100);
	ck_assert_int_eq(receive(fd, text, sizeof(text)), 3);
	ck_assert_uint_eq(owner.size, ESWRAP_ADMIN_MAX + 100);
	close(fd);
}
END_TEST

START_TEST(who_closes_while_he_waits_is_told_of_once)
{
	int fd = connect_to_it();

	owner.then = wait_with_gone;
	send(fd, "?", 1, 0);
	await(&owner.asked);
	close(fd);
	await(&owner.gone);
	ck_assert_uint_eq(owner.gone, 1);
	ck_assert_uint_eq(account_count(accounts, getuid(), LIMIT_QUESTIONS), 0);
}
END_TEST

START_TEST(work_goes_on_for_who_has_closed_and_its_replies_go_nowhere)
{
	int fd = connect_to_it();

	owner.then = wait_on;
	send(fd, "?", 1, 0);
	await(&owner.asked);
	close(fd);
	while (g_main_context_iteration(NULL, FALSE))
		;
	client_send(owner.client, "part", 4);
	ck_assert_uint_eq(account_count(accounts, getuid(), LIMIT_QUESTIONS), 1);
	client_finish(owner.client);
	ck_assert_uint_eq(account_count(accounts, getuid(), LIMIT_QUESTIONS), 0);
}
END_TEST

START_TEST(who_has_as_many_as_he_may_is_told_so_without_a_question)
{
	int fds[CLIENTS_MAX + 1], i;
	char text[8];

	for (i = 0; i <= CLIENTS_MAX; i++)
		fds[i] = connect_to_it();
	ck_assert_int_eq(receive(fds[CLIENTS_MAX], text, sizeof(text)), 4);
	ck_assert_uint_eq(owner.crowded, 1);
	ck_assert_uint_eq(owner.asked, 0);
	for (i = 0; i <= CLIENTS_MAX; i++)
		close(fds[i]);
}
END_TEST

START_TEST(who_came_when_there_were_no_descriptors_is_heard_as_soon_as_there_are)
{
	struct rlimit limit, none;
	int fd = connect_to_it(), i;
	char text[8];

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	/* Of standard input, output and error only. poll() takes no more than that either. */
	none.rlim_cur = 3;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	for (i = 0; i < 3; i++)
		g_main_context_iteration(NULL, FALSE);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	send(fd, "?", 1, 0);
	ck_assert_int_eq(receive(fd, text, sizeof(text)), 3);
	close(fd);
}
END_TEST

START_TEST(what_the_queue_has_no_room_for_follows_in_order)
{
	const gsize size = 32768;
	g_autofree char *packet = g_malloc0(size);
	int fd = connect_to_it(), i;

	owner.then = wait_on;
	send(fd, "?", 1, 0);
	await(&owner.asked);
	for (i = 0; i < 100; i++) {
		packet[0] = (char)i;
		client_send(owner.client, packet, size);
	}
	client_finish(owner.client);
	for (i = 0; i < 100; i++) {
		ck_assert_int_eq(receive(fd, packet, size), (int)size);
		ck_assert_int_eq(packet[0], i);
	}
	ck_assert_int_eq(receive(fd, packet, size), 0);
	close(fd);
}
END_TEST

/* Return: one reply of a call, to be unreferenced. */
static GVariant *receive_reply(int fd)
{
	char *packet = g_malloc(ESWRAP_ADMIN_MAX);
	ssize_t n = receive(fd, packet, ESWRAP_ADMIN_MAX);

	ck_assert_int_gt(n, 0);
	return g_variant_ref_sink(g_variant_new_from_data(G_VARIANT_TYPE(ADMIN_REPLY), packet,
							  (gsize)n, FALSE, g_free, packet));
}

static void two_parts(struct call *call, const struct caller *caller,
		      GVariant *arguments G_GNUC_UNUSED, gpointer user)
{
	GVariantDict part;

	ck_assert_uint_eq(caller->uid, getuid());
	g_variant_dict_init(&part, NULL);
	g_variant_dict_insert(&part, "part", "s", user);
	call_progress(call, g_variant_dict_end(&part));
	call_finish(call, NULL);
}

static void much(struct call *call, const struct caller *caller G_GNUC_UNUSED,
		 GVariant *arguments G_GNUC_UNUSED, gpointer user G_GNUC_UNUSED)
{
	g_autofree char *text = g_strnfill(MUCH, 'm');
	GVariantDict reply;

	g_variant_dict_init(&reply, NULL);
	g_variant_dict_insert(&reply, "text", "s", text);
	call_finish(call, g_variant_dict_end(&reply));
}

static void ask_verbs(struct client *client, const guint8 *packet, gsize size)
{
	static const struct verb rows[] = { { "two-parts", true, two_parts, (char *)"of mine" },
					    { "much", true, much, NULL } };
	struct verbs *verbs = verbs_new((gid_t)-1);

	verbs_add(verbs, rows, G_N_ELEMENTS(rows));
	verbs_ask(verbs, client, packet, size);
	verbs_free(verbs);
}

static void ask_verb(int fd, const char *name, bool parts)
{
	g_autoptr(GVariant) request = NULL;
	GVariantDict arguments;

	g_variant_dict_init(&arguments, NULL);
	if (parts)
		g_variant_dict_insert(&arguments, "parts", "b", TRUE);
	request = g_variant_ref_sink(
		g_variant_new("(s@a{sv})", name, g_variant_dict_end(&arguments)));
	send(fd, g_variant_get_data(request), g_variant_get_size(request), 0);
}

START_TEST(a_call_is_heard_then_in_progress_then_done_with_its_rows_user)
{
	g_autoptr(GVariant) heard = NULL, part = NULL, last = NULL;
	int fd = connect_to_it();
	gboolean flag = FALSE;
	const char *text = NULL;

	owner.then = ask_verbs;
	ask_verb(fd, "two-parts", false);
	heard = receive_reply(fd);
	ck_assert(g_variant_lookup(heard, "heard", "b", &flag) && flag);
	part = receive_reply(fd);
	ck_assert(g_variant_lookup(part, "part", "&s", &text));
	ck_assert_str_eq(text, "of mine");
	last = receive_reply(fd);
	ck_assert(g_variant_lookup(last, "done", "b", &flag) && flag);
	close(fd);
}
END_TEST

static void fails_with(int fd, int expected)
{
	g_autoptr(GVariant) heard = receive_reply(fd), last = receive_reply(fd);
	const char *text = NULL;
	gint32 status = 0;

	ck_assert(g_variant_lookup(last, "error", "&s", &text));
	ck_assert(g_variant_lookup(last, "status", "i", &status));
	ck_assert_int_eq(status, expected);
	ck_assert_int_eq(receive(fd, (char[1]){ 0 }, 1), 0);
	close(fd);
}

START_TEST(a_verb_that_nobody_knows_and_a_request_that_is_none_fail)
{
	int fd = connect_to_it();

	owner.then = ask_verbs;
	ask_verb(fd, "fly", false);
	fails_with(fd, EX_USAGE);
	fd = connect_to_it();
	send(fd, "\xff\xff\xff", 3, 0);
	fails_with(fd, EX_PROTOCOL);
}
END_TEST

/* Adds the bytes of one piece; Return: how many the whole has. */
static guint64 add_piece(GByteArray *whole, GVariant *piece)
{
	g_autoptr(GVariant) bytes =
		g_variant_lookup_value(piece, "part", G_VARIANT_TYPE_BYTESTRING);
	guint64 size = 0;
	gsize count;
	gconstpointer data;

	ck_assert_ptr_nonnull(bytes);
	ck_assert(g_variant_lookup(piece, "size", "t", &size));
	data = g_variant_get_fixed_array(bytes, &count, 1);
	ck_assert_uint_le(count, ADMIN_PART_MAX);
	g_byte_array_append(whole, data, (guint)count);
	return size;
}

START_TEST(a_reply_of_any_size_comes_in_pieces_to_who_puts_them_together)
{
	g_autoptr(GByteArray) whole = g_byte_array_new();
	g_autoptr(GVariant) reply = NULL, heard = NULL;
	g_autoptr(GBytes) bytes = NULL;
	int fd = connect_to_it();
	const char *text = NULL;
	guint64 size;

	owner.then = ask_verbs;
	ask_verb(fd, "much", true);
	heard = receive_reply(fd);
	do {
		g_autoptr(GVariant) piece = receive_reply(fd);

		size = add_piece(whole, piece);
	} while (whole->len < size);
	ck_assert_uint_eq(whole->len, size);
	bytes = g_bytes_new(whole->data, whole->len);
	reply = g_variant_ref_sink(
		g_variant_new_from_bytes(G_VARIANT_TYPE(ADMIN_REPLY), bytes, FALSE));
	ck_assert(g_variant_lookup(reply, "text", "&s", &text));
	ck_assert_uint_eq(strlen(text), MUCH);
	ck_assert_int_eq(receive(fd, (char[1]){ 0 }, 1), 0);
	close(fd);
}
END_TEST

START_TEST(who_does_not_put_pieces_together_is_told_that_it_is_too_much)
{
	int fd = connect_to_it();

	owner.then = ask_verbs;
	ask_verb(fd, "much", false);
	fails_with(fd, EXIT_FAILURE);
}
END_TEST

START_TEST(who_does_not_read_his_answers_is_given_up)
{
	const gsize size = 32768;
	g_autofree char *packet = g_malloc0(size);
	int fd = connect_to_it(), i;
	gsize got = 0;
	ssize_t n;

	owner.then = wait_on;
	send(fd, "?", 1, 0);
	await(&owner.asked);
	for (i = 0; i < 1000; i++)
		client_send(owner.client, packet, size);
	client_finish(owner.client);
	while ((n = receive(fd, packet, size)) > 0)
		got += (gsize)n;
	ck_assert_uint_lt(got, 1000 * size / 2);
	close(fd);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("control");
	TCase *tcase = tcase_create("control");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_question_is_answered_and_the_connection_is_over);
	tcase_add_test(tcase, who_closes_without_a_question_is_not_heard);
	tcase_add_test(tcase, a_question_that_was_cut_is_known_by_its_size);
	tcase_add_test(tcase, who_closes_while_he_waits_is_told_of_once);
	tcase_add_test(tcase, work_goes_on_for_who_has_closed_and_its_replies_go_nowhere);
	tcase_add_test(tcase, who_has_as_many_as_he_may_is_told_so_without_a_question);
	tcase_add_test(tcase,
		       who_came_when_there_were_no_descriptors_is_heard_as_soon_as_there_are);
	tcase_add_test(tcase, what_the_queue_has_no_room_for_follows_in_order);
	tcase_add_test(tcase, a_call_is_heard_then_in_progress_then_done_with_its_rows_user);
	tcase_add_test(tcase, a_verb_that_nobody_knows_and_a_request_that_is_none_fail);
	tcase_add_test(tcase, a_reply_of_any_size_comes_in_pieces_to_who_puts_them_together);
	tcase_add_test(tcase, who_does_not_put_pieces_together_is_told_that_it_is_too_much);
	tcase_add_test(tcase, who_does_not_read_his_answers_is_given_up);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
