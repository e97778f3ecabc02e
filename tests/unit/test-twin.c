// SPDX-License-Identifier: MIT
/* Twins, as twin.h states them: what the second connect of a process to one name has to do. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "eswrapd/place.h"
#include "eswrapd/twin.h"
#include "support/suite.h"

#define START	 G_TIME_SPAN_HOUR
#define JUST	 (START + TWIN_HOLD_S * G_TIME_SPAN_SECOND)
#define TOO_LATE (JUST + 1)

enum { FIRST, SECOND, THIRD, ATTEMPTS };

static char broker[] = "broker";
static struct route route = { .name = broker };
static struct twins *twins;
static struct attempt attempts[ATTEMPTS], *other;
static int error;

static struct flow_request request(const char *address, const char *name)
{
	struct flow_request request = { .route = &route, .name = name };

	request.dest.family = strchr(address, ':') ? AF_INET6 : AF_INET;
	request.dest.port = 8883;
	ck_assert_int_eq(inet_pton(request.dest.family, address, request.dest.address), 1);
	request.asker.pid = 100;
	request.asker.uid = 1000;
	return request;
}

static void setup(void)
{
	int i;

	twins = twins_new();
	for (i = 0; i < ATTEMPTS; i++) {
		struct flow_request asked = request(i % 2 ? "fd00::1" : "198.18.0.1", "a.example");

		attempt_init(&attempts[i], &asked);
	}
}

static void teardown(void)
{
	int i;

	for (i = 0; i < ATTEMPTS; i++) {
		twin_leave(&attempts[i]);
		attempt_clear(&attempts[i]);
	}
	twins_free(twins);
}

static enum twin_step join(int which, gint64 now)
{
	return twin_join(twins, &attempts[which], now, &other, &error);
}

/* The second connect is another's: what tells them apart is @change. */
static void init_second(void (*change)(struct flow_request *request))
{
	struct flow_request asked = request("fd00::1", "a.example");

	change(&asked);
	attempt_clear(&attempts[SECOND]);
	attempt_init(&attempts[SECOND], &asked);
}

static void of_another_process(struct flow_request *request)
{
	request->asker.pid++;
}

static void of_another_user(struct flow_request *request)
{
	request->asker.uid++;
}

static void to_another_port(struct flow_request *request)
{
	request->dest.port++;
}

static void to_another_name(struct flow_request *request)
{
	request->name = "b.example";
}

static void by_another_route(struct flow_request *request)
{
	static char name[] = "another";
	static struct route another = { .name = name };

	request->route = &another;
}

static void over_the_same_family(struct flow_request *request)
{
	*request = (struct flow_request){
		.route = request->route,
		.name = request->name,
		.asker = request->asker,
		.dest = { .family = AF_INET, .port = request->dest.port },
	};
}

static void over_an_address_of_ipv4_in_ipv6(struct flow_request *request)
{
	inet_pton(AF_INET6, "::ffff:198.18.0.1", request->dest.address);
}

static void to_an_address(struct flow_request *request)
{
	request->name = NULL;
}

static void of_nobody_known(struct flow_request *request)
{
	request->asker.pid = 0;
}

static void (*const differences[])(struct flow_request *request) = {
	of_another_process, of_another_user,	  to_another_port, to_another_name,
	by_another_route,   over_the_same_family, to_an_address,   over_an_address_of_ipv4_in_ipv6,
	of_nobody_known,
};

START_TEST(a_connect_that_is_alone_goes)
{
	ck_assert_int_eq(join(FIRST, START), TWIN_GO);
	ck_assert_ptr_null(twin_connected(&attempts[FIRST], START));
	ck_assert_ptr_null(twin_leave(&attempts[FIRST]));
}
END_TEST

START_TEST(the_second_waits_behind_the_first)
{
	join(FIRST, START);
	ck_assert_int_eq(join(SECOND, START + G_TIME_SPAN_MINUTE), TWIN_WAIT);
	ck_assert_ptr_eq(attempts[SECOND].ahead, &attempts[FIRST]);
}
END_TEST

START_TEST(a_connect_that_differs_goes_by_itself)
{
	join(FIRST, START);
	init_second(differences[_i]);
	ck_assert_int_eq(join(SECOND, START), TWIN_GO);
	ck_assert_ptr_null(twin_failed(&attempts[FIRST], ECONNREFUSED, START));
}
END_TEST

START_TEST(when_the_first_fails_the_second_is_named_to_fail_alike)
{
	join(FIRST, START);
	join(SECOND, START);
	ck_assert_ptr_eq(twin_failed(&attempts[FIRST], ECONNREFUSED, START), &attempts[SECOND]);
	ck_assert_ptr_null(attempts[SECOND].ahead);
}
END_TEST

START_TEST(when_the_first_connects_the_second_is_named_to_hold)
{
	join(FIRST, START);
	join(SECOND, START);
	ck_assert_ptr_eq(twin_connected(&attempts[FIRST], START), &attempts[SECOND]);
	ck_assert_ptr_null(twin_leave(&attempts[FIRST]));
}
END_TEST

START_TEST(when_the_first_is_given_up_the_second_goes_on_in_its_place)
{
	join(FIRST, START);
	join(SECOND, START);
	ck_assert_ptr_eq(twin_abandon(&attempts[FIRST]), &attempts[SECOND]);
	ck_assert_ptr_null(twin_leave(&attempts[FIRST]));
}
END_TEST

START_TEST(when_the_second_is_given_up_the_first_has_none_behind_it)
{
	join(FIRST, START);
	join(SECOND, START);
	ck_assert_ptr_null(twin_leave(&attempts[SECOND]));
	ck_assert_ptr_null(twin_failed(&attempts[FIRST], ECONNREFUSED, START));
}
END_TEST

START_TEST(what_has_just_failed_fails_over_the_other_address_too)
{
	join(FIRST, START);
	twin_failed(&attempts[FIRST], ENETUNREACH, START);
	twin_leave(&attempts[FIRST]);
	ck_assert_int_eq(join(SECOND, JUST), TWIN_FAILED);
	ck_assert_int_eq(error, ENETUNREACH);
}
END_TEST

START_TEST(a_failure_counts_once)
{
	join(FIRST, START);
	twin_failed(&attempts[FIRST], ENETUNREACH, START);
	twin_leave(&attempts[FIRST]);
	join(SECOND, START);
	twin_leave(&attempts[SECOND]);
	ck_assert_int_eq(join(SECOND, START), TWIN_GO);
}
END_TEST

START_TEST(a_failure_counts_for_a_second)
{
	join(FIRST, START);
	twin_failed(&attempts[FIRST], ENETUNREACH, START);
	twin_leave(&attempts[FIRST]);
	ck_assert_int_eq(join(SECOND, TOO_LATE), TWIN_GO);
}
END_TEST

START_TEST(what_has_just_failed_may_be_tried_again_over_the_same_address)
{
	join(FIRST, START);
	twin_failed(&attempts[FIRST], ENETUNREACH, START);
	twin_leave(&attempts[FIRST]);
	ck_assert_int_eq(join(THIRD, START), TWIN_GO);
}
END_TEST

START_TEST(the_second_holds_when_the_first_has_just_connected)
{
	join(FIRST, START);
	twin_connected(&attempts[FIRST], START);
	ck_assert_int_eq(join(SECOND, JUST - 1), TWIN_HOLD);
}
END_TEST

START_TEST(the_second_goes_when_the_first_connected_a_while_ago)
{
	join(FIRST, START);
	twin_connected(&attempts[FIRST], START);
	ck_assert_int_eq(join(SECOND, JUST), TWIN_GO);
}
END_TEST

START_TEST(an_abandoned_one_is_taken_over_over_whichever_address)
{
	join(FIRST, START);
	ck_assert_ptr_null(twin_abandon(&attempts[FIRST]));
	ck_assert_int_eq(join(_i, START + G_TIME_SPAN_MINUTE), TWIN_TAKE_OVER);
	ck_assert_ptr_eq(other, &attempts[FIRST]);
}
END_TEST

START_TEST(each_of_two_connects_gets_a_twin_of_its_own_in_their_order)
{
	struct flow_request asked = request("fd00::1", "a.example");
	struct attempt fourth;

	attempt_init(&fourth, &asked);
	join(FIRST, START);
	join(THIRD, START + 1);
	ck_assert_int_eq(join(SECOND, START + 2), TWIN_WAIT);
	ck_assert_ptr_eq(attempts[SECOND].ahead, &attempts[FIRST]);
	ck_assert_int_eq(twin_join(twins, &fourth, START + 3, &other, &error), TWIN_WAIT);
	ck_assert_ptr_eq(fourth.ahead, &attempts[THIRD]);
	twin_leave(&fourth);
	attempt_clear(&fourth);
}
END_TEST

START_TEST(one_that_is_connecting_is_likelier_than_one_that_has_connected)
{
	join(FIRST, START);
	twin_connected(&attempts[FIRST], START);
	join(THIRD, START + 1);
	ck_assert_int_eq(join(SECOND, START + 2), TWIN_WAIT);
	ck_assert_ptr_eq(attempts[SECOND].ahead, &attempts[THIRD]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("twin");
	TCase *tcase = tcase_create("twin");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_connect_that_is_alone_goes);
	tcase_add_test(tcase, the_second_waits_behind_the_first);
	tcase_add_loop_test(tcase, a_connect_that_differs_goes_by_itself, 0,
			    G_N_ELEMENTS(differences));
	tcase_add_test(tcase, when_the_first_fails_the_second_is_named_to_fail_alike);
	tcase_add_test(tcase, when_the_first_connects_the_second_is_named_to_hold);
	tcase_add_test(tcase, when_the_first_is_given_up_the_second_goes_on_in_its_place);
	tcase_add_test(tcase, when_the_second_is_given_up_the_first_has_none_behind_it);
	tcase_add_test(tcase, what_has_just_failed_fails_over_the_other_address_too);
	tcase_add_test(tcase, a_failure_counts_once);
	tcase_add_test(tcase, a_failure_counts_for_a_second);
	tcase_add_test(tcase, what_has_just_failed_may_be_tried_again_over_the_same_address);
	tcase_add_test(tcase, the_second_holds_when_the_first_has_just_connected);
	tcase_add_test(tcase, the_second_goes_when_the_first_connected_a_while_ago);
	tcase_add_loop_test(tcase, an_abandoned_one_is_taken_over_over_whichever_address, SECOND,
			    ATTEMPTS);
	tcase_add_test(tcase, each_of_two_connects_gets_a_twin_of_its_own_in_their_order);
	tcase_add_test(tcase, one_that_is_connecting_is_likelier_than_one_that_has_connected);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
