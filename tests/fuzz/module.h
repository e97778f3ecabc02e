/* SPDX-License-Identifier: MIT */
/*
 * A module that answers right, wrong, in part, late or not at all, as the fuzzer's bytes say. It listens
 * where the configuration's device is.
 */
#ifndef TESTS_FUZZ_MODULE_H
#define TESTS_FUZZ_MODULE_H

#include "fuzz/fuzz.h"

enum answer { ANSWER_RIGHT, ANSWER_ERROR, ANSWER_BYTES, ANSWER_NONE };

/* module_begin() - listen on @path; nobody has connected */
void module_begin(const char *path);
/* module_unplug() - the line ends; the driver may connect again */
void module_unplug(void);
/* module_end() - and listens no more */
void module_end(void);

/* module_answer() - take one command and answer it so; Return: false when there is none */
bool module_answer(enum answer how, struct fuzz_bytes *bytes);
/* module_say() - bytes that nobody has asked for */
void module_say(const void *bytes, size_t size);

#endif
