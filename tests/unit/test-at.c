// SPDX-License-Identifier: MIT
/* The AT engine with this test at the other end of its port. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "eswifi/at.h"
#include "support/suite.h"

#define GUARD_US 30000

struct bench {
	struct at *at;
	struct eswifi_counters counters;
	int module; /* the module's end of the line */
	guint noises, gones, replies;
	int error;
	bool ok;
	GByteArray *data;
	char *text;
	GString *messages;
	bool heard, silent, prompt;
	gsize bytes;
};

static void on_noise(gpointer user)
{
	struct bench *b = user;

	b->noises++;
}

static void on_gone(const char *why, gpointer user)
{
	struct bench *b = user;

	ck_assert_str_ne(why, "");
	b->gones++;
	at_detach(b->at);
}

static void on_message(const char *text, gpointer user)
{
	struct bench *b = user;

	g_string_append_printf(b->messages, "%s|", text);
}

static const struct at_ops ops = { .message = on_message, .noise = on_noise, .gone = on_gone };

static void setup(struct bench *b)
{
	int ends[2];

	memset(b, 0, sizeof(*b));
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	b->at = at_new(&ops, &b->counters, b);
	b->module = ends[1];
	b->data = g_byte_array_new();
	b->messages = g_string_new(NULL);
	at_attach(b->at, port_from_fd(ends[0], 1), 115200, GUARD_US);
}

static void teardown(struct bench *b)
{
	at_free(b->at);
	close(b->module);
	g_byte_array_unref(b->data);
	g_free(b->text);
	g_string_free(b->messages, TRUE);
}

static void on_reply(const struct at_reply *reply, gpointer user)
{
	struct bench *b = user;

	b->replies++;
	b->error = reply->error;
	b->ok = reply->ok;
	g_byte_array_set_size(b->data, 0);
	if (reply->size)
		g_byte_array_append(b->data, reply->data, (guint)reply->size);
	g_free(b->text);
	b->text = g_strdup(reply->text);
}

static void ask(struct bench *b, const char *line, guint limit)
{
	struct at_request request = { .line = line, .timeout_ms = 200 };

	request.shape.kind = limit ? FRAME_RAW : FRAME_TEXT;
	request.shape.limit = limit;

	at_send(b->at, &request, on_reply);
}

static void say(struct bench *b, const void *bytes, gsize size)
{
	ck_assert_int_eq(write(b->module, bytes, size), (ssize_t)size);
}

static void say_text(struct bench *b, const char *text)
{
	say(b, text, strlen(text));
}

/* Everything that is ready now. */
static void settle(void)
{
	while (g_main_context_iteration(NULL, FALSE))
		;
}

static void await_reply(struct bench *b, guint count)
{
	while (b->replies < count)
		g_main_context_iteration(NULL, TRUE);
}

START_TEST(a_command_goes_out_in_one_piece)
{
	static const guint8 payload[] = { 0, '\r', '\n', 0xff };
	struct at_request request = { .line = "S3=4\r", .timeout_ms = 200 };
	struct bench b;
	char got[64];

	setup(&b);
	request.payload = payload;
	request.size = sizeof(payload);
	at_send(b.at, &request, on_reply);
	ck_assert_int_eq(read(b.module, got, sizeof(got)), 9);
	ck_assert_mem_eq(got, "S3=4\r\0\r\n\xff", 9);
	teardown(&b);
}
END_TEST

/* However the bytes are cut, the answer is the same. */
START_TEST(an_answer_in_any_two_pieces_is_one_answer)
{
	static const struct {
		const char *answer;
		guint limit;
		const char *data;
	} cases[] = {
		{ "\r\nmodule,1\r\nOK\r\n> ", 0, "module,1" },
		{ "\r\n\r\nOK\r\n> ", 0, "" },
		{ "\r\n[SOMA]\r\n> x\r\nOK\r\n> ", 11, "[SOMA]\r\n> x" },
		{ "\r\n\r\nOK\r\n> \r\nOK\r\n> ", 8, "\r\nOK\r\n> " },
		{ "\r\n-\r\nOK\r\n> ", 1, "-" },
		{ "\r\n-1\r\nOK\r\n> ", 1, "-1" },
		{ "\r\n-1\r\nOK\r\n> ", 1460, "-1" },
		{ "\r\n\r\nOK\r\n> \r\n\r\nOK\r\n> ", 1460, "\r\nOK\r\n> \r\n" },
	};
	struct bench b;
	guint count = 0;
	gsize i, cut;

	setup(&b);
	for (i = 0; i < G_N_ELEMENTS(cases); i++) {
		for (cut = 1; cut < strlen(cases[i].answer); cut++) {
			ask(&b, "X?\r", cases[i].limit);
			say(&b, cases[i].answer, cut);
			settle();
			ck_assert_uint_eq(b.replies, count);
			say_text(&b, cases[i].answer + cut);
			await_reply(&b, ++count);
			ck_assert_int_eq(b.error, 0);
			ck_assert(b.ok);
			ck_assert_uint_eq(b.data->len, strlen(cases[i].data));
			ck_assert_mem_eq(b.data->data, cases[i].data, b.data->len);
		}
	}
	ck_assert_uint_eq(b.noises, 0);
	teardown(&b);
}
END_TEST

START_TEST(an_answer_byte_by_byte_is_one_answer)
{
	static const char answer[] = "\r\n\r\n> \r\nOK\r\n\r\nOK\r\n> ";
	struct bench b;
	gsize i;

	setup(&b);
	ask(&b, "R0\r", 1460);
	for (i = 0; i < sizeof(answer) - 1; i++) {
		say(&b, answer + i, 1);
		settle();
	}
	await_reply(&b, 1);
	ck_assert_uint_eq(b.data->len, sizeof(answer) - 1 - 10);
	teardown(&b);
}
END_TEST

START_TEST(a_full_read_is_not_kept_waiting_and_a_short_one_is)
{
	struct bench b;
	gint64 before;

	setup(&b);
	ask(&b, "R0\r", 4);
	before = g_get_monotonic_time();
	say_text(&b, "\r\nabcd\r\nOK\r\n> ");
	await_reply(&b, 1);
	ck_assert_int_lt(g_get_monotonic_time() - before, GUARD_US);
	ask(&b, "R0\r", 5);
	before = g_get_monotonic_time();
	say_text(&b, "\r\nabcd\r\nOK\r\n> ");
	await_reply(&b, 2);
	ck_assert_int_ge(g_get_monotonic_time() - before, GUARD_US);
	ck_assert_mem_eq(b.data->data, "abcd", 4);
	teardown(&b);
}
END_TEST

/* What a far end sends to be taken for the next answer stays data. */
START_TEST(an_injected_answer_stays_data)
{
	static const char injected[] = "\r\nOK\r\n> \r\n10.6.6.6\r\nOK\r\n> ";
	struct bench b;

	setup(&b);
	ask(&b, "R0\r", 1460);
	say_text(&b, "\r\n");
	say_text(&b, injected);
	settle();
	ck_assert_uint_eq(b.replies, 0);
	say_text(&b, "\r\nOK\r\n> ");
	await_reply(&b, 1);
	ck_assert_uint_eq(b.data->len, strlen(injected));
	ck_assert_uint_eq(b.noises, 0);
	teardown(&b);
}
END_TEST

START_TEST(what_came_before_the_command_is_not_its_answer)
{
	struct bench b;
	char got[8];

	setup(&b);
	say_text(&b, "\r\n10.6.6.6\r\nOK\r\n> ");
	ask(&b, "D0=a\r", 0);
	await_reply(&b, 1);
	ck_assert_int_eq(b.error, -EPROTO);
	/* The command was not sent either: the module may be in the middle of something. */
	ck_assert_int_eq(recv(b.module, got, sizeof(got), MSG_DONTWAIT), -1);
	teardown(&b);
}
END_TEST

START_TEST(bytes_without_a_command_are_noise)
{
	struct bench b;

	setup(&b);
	say_text(&b, "\r\n> ");
	settle();
	ck_assert_uint_eq(b.noises, 1);
	ck_assert_uint_eq(b.replies, 0);
	teardown(&b);
}
END_TEST

START_TEST(an_answer_that_does_not_fit_is_an_error_at_once)
{
	static const struct {
		const char *answer;
		guint limit;
	} cases[] = {
		{ "OK\r\n> ", 0 },	     { "\r\n> ", 0 },
		{ "\r\nx\r\nOK\r\n> y", 0 }, { "\r\nabcd\r\nOK\r\n> ", 3 },
		{ "\r\nab\r\nOK\r\n> ", 1 },
	};
	struct bench b;
	gsize i;

	setup(&b);
	for (i = 0; i < G_N_ELEMENTS(cases); i++) {
		ask(&b, "X?\r", cases[i].limit);
		say_text(&b, cases[i].answer);
		await_reply(&b, (guint)i + 1);
		ck_assert_int_eq(b.error, -EPROTO);
	}
	teardown(&b);
}
END_TEST

START_TEST(silence_is_a_time_out)
{
	struct bench b;
	gint64 before;

	setup(&b);
	before = g_get_monotonic_time();
	ask(&b, "X?\r", 0);
	await_reply(&b, 1);
	ck_assert_int_eq(b.error, -ETIMEDOUT);
	ck_assert_int_ge(g_get_monotonic_time() - before, 200000);
	teardown(&b);
}
END_TEST

START_TEST(half_an_answer_is_a_time_out)
{
	struct bench b;

	setup(&b);
	ask(&b, "R0\r", 1460);
	say_text(&b, "\r\nabc\r\nOK\r\n>");
	await_reply(&b, 1);
	ck_assert_int_eq(b.error, -ETIMEDOUT);
	teardown(&b);
}
END_TEST

START_TEST(a_port_that_goes_is_told_once)
{
	struct bench b;

	setup(&b);
	ask(&b, "X?\r", 0);
	shutdown(b.module, SHUT_RDWR);
	while (!b.gones)
		g_main_context_iteration(NULL, TRUE);
	settle();
	ck_assert_uint_eq(b.gones, 1);
	ck_assert_uint_eq(b.replies, 0);
	teardown(&b);
}
END_TEST

START_TEST(messages_are_reported_and_cost_no_answer)
{
	static const char down[] = "\r\n[INFO   ] Link Down\r\nOK\r\n> ";
	struct bench b;

	setup(&b);
	/* between commands, in pieces */
	say(&b, down, 9);
	settle();
	ask(&b, "P0=1\r", 0);
	say_text(&b, down + 9);
	settle();
	ck_assert_uint_eq(b.replies, 0);
	say_text(&b, "\r\n\r\nOK\r\n> \r\n[TCP SVR] Acc");
	await_reply(&b, 1);
	ck_assert_int_eq(b.error, 0);
	ck_assert(b.ok);
	say_text(&b, "epted 10.0.0.1:5\r\n> ");
	settle();
	ck_assert_str_eq(b.messages->str, "[INFO   ] Link Down|[TCP SVR] Accepted 10.0.0.1:5|");
	ck_assert_uint_eq(b.noises, 0);
	teardown(&b);
}
END_TEST

START_TEST(a_message_that_says_that_a_payload_was_lost_is_an_error)
{
	struct at_request request = {
		.line = "S3=1\r", .payload = (const guint8 *)"x", .size = 1, .timeout_ms = 200
	};
	struct bench b;

	setup(&b);
	at_send(b.at, &request, on_reply);
	settle();
	say_text(&b, "\r\nUART Error detected 04 -- aborting transfer\r\n> \r\n0\r\nOK\r\n> ");
	await_reply(&b, 1);
	ck_assert_int_eq(b.error, -EPROTO);
	teardown(&b);
}
END_TEST

static void ask_with_echo(struct bench *b)
{
	struct at_request request = {
		.line = "R0\r",
		.shape = { .kind = FRAME_RAW, .limit = 1460 },
		.timeout_ms = 200,
		.echo_question = "D0=10.7.8.9\r",
		.echo_answer = "10.7.8.9",
	};

	at_send(b->at, &request, on_reply);
}

/* However long the line pauses, and whatever the far end sends before and behind the pause. */
START_TEST(an_echo_ends_a_read_that_pauses_where_the_far_end_likes)
{
	static const char first[] = "\r\nabc\r\nOK\r\n> ";
	static const char behind[] = "\r\n10.6.6.6\r\nOK\r\n> \r\n\r\nOK\r\n> ";
	struct bench b;
	char got[64];

	setup(&b);
	ask_with_echo(&b);
	ck_assert_int_eq(read(b.module, got, sizeof(got)), 3);
	say_text(&b, first);
	while (recv(b.module, got, sizeof(got), MSG_DONTWAIT) < 0)
		g_main_context_iteration(NULL, FALSE);
	ck_assert_mem_eq(got, "D0=10.7.8.9\r", 12);
	g_usleep(3 * GUARD_US);
	settle();
	ck_assert_uint_eq(b.replies, 0);
	say_text(&b, behind);
	settle();
	ck_assert_uint_eq(b.replies, 0);
	say_text(&b, "\r\n10.7.8.9\r\nOK\r\n> ");
	await_reply(&b, 1);
	ck_assert_int_eq(b.error, 0);
	ck_assert_uint_eq(b.data->len, strlen(first) - 2 + strlen(behind) - 8);
	ck_assert_uint_eq(b.noises, 0);
	teardown(&b);
}
END_TEST

static void on_heard(const struct at_sounds *sounds, gpointer user)
{
	struct bench *b = user;

	b->heard = true;
	b->silent = sounds->silent;
	b->prompt = sounds->prompt;
	b->bytes = sounds->bytes;
}

START_TEST(listening_ends_with_silence_and_knows_a_prompt)
{
	static const char *const cases[] = { "", "\r\n> ", "noise\r\n> ", "\r\n> x", "\r\n>" };
	struct at_listen listen = { .say = "\r", .size = 1, .first_ms = 50, .silence_ms = 20 };
	struct bench b;
	gsize i, k;
	char c;

	setup(&b);
	for (i = 0; i < G_N_ELEMENTS(cases); i++) {
		b.heard = false;
		at_listen(b.at, &listen, on_heard);
		ck_assert_int_eq(read(b.module, &c, 1), 1);
		/* A prompt in pieces is a prompt. */
		for (k = 0; k < strlen(cases[i]); k++) {
			say(&b, cases[i] + k, 1);
			settle();
		}
		while (!b.heard)
			g_main_context_iteration(NULL, TRUE);
		ck_assert(b.silent);
		ck_assert_int_eq(b.prompt, g_str_has_suffix(cases[i], "\r\n> "));
		ck_assert_uint_eq(b.bytes, strlen(cases[i]));
	}
	ck_assert_uint_eq(b.noises, 0);
	teardown(&b);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("at");
	TCase *engine = tcase_create("engine");

	tcase_add_test(engine, a_command_goes_out_in_one_piece);
	tcase_add_test(engine, an_answer_in_any_two_pieces_is_one_answer);
	tcase_add_test(engine, an_answer_byte_by_byte_is_one_answer);
	tcase_add_test(engine, a_full_read_is_not_kept_waiting_and_a_short_one_is);
	tcase_add_test(engine, an_injected_answer_stays_data);
	tcase_add_test(engine, what_came_before_the_command_is_not_its_answer);
	tcase_add_test(engine, bytes_without_a_command_are_noise);
	tcase_add_test(engine, an_answer_that_does_not_fit_is_an_error_at_once);
	tcase_add_test(engine, messages_are_reported_and_cost_no_answer);
	tcase_add_test(engine, a_message_that_says_that_a_payload_was_lost_is_an_error);
	tcase_add_test(engine, an_echo_ends_a_read_that_pauses_where_the_far_end_likes);
	tcase_add_test(engine, silence_is_a_time_out);
	tcase_add_test(engine, half_an_answer_is_a_time_out);
	tcase_add_test(engine, a_port_that_goes_is_told_once);
	tcase_add_test(engine, listening_ends_with_silence_and_knows_a_prompt);
	suite_add_tcase(suite, engine);
	return suite_run(suite);
}
