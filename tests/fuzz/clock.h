/* SPDX-License-Identifier: MIT */
/*
 * Time that stands until the fuzzer moves it: for GLib's clock and time-outs, timerfd and ppoll(). A
 * program that uses it is linked with WITH_CLOCK.
 */
#ifndef TESTS_FUZZ_CLOCK_H
#define TESTS_FUZZ_CLOCK_H

#include <glib.h>

/* clock_set() - to the beginning; no timer is armed */
void clock_begin(void);
/* clock_advance() - by at most so much, us; less where something is due before. What is due is run. */
void clock_advance(gint64 most);
/* clock_turn() - run what is ready now */
void clock_turn(void);

#endif
