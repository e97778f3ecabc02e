/* SPDX-License-Identifier: MIT */
/*
 * Stream flows whose program is the test, on the line and by the clock of fake-line.h: what a test of
 * them says and sees. Everything in it is one user's.
 */
#ifndef TESTS_FLOW_RIG_H
#define TESTS_FLOW_RIG_H

#include <stdbool.h>

#include "eswrapd/flow.h"
#include "unit/parts-rig.h"

#define FLOWS_MAX 3

extern struct route tcp, tls;
extern struct flows *flows;

/* The checked fixture. */
void flow_rig_setup(void);
void flow_rig_teardown(void);

/* ask_by() - Return: the program's end of a connect to port 1883; or a negative errno */
int ask_by(const struct route *route, const char *name, const char *address);
/* ask(), ask_for_name() - by a tcp route: to an address; to a.example over its stand-in @address */
int ask(void);
int ask_for_name(const char *address);
/* ask_and_open() - ask(), and the module has connected */
int ask_and_open(void);

/* What the program does and sees. */
bool is_ready(int fd, short events);
/* outcome() - Return: the errno of its connect's outcome; -1: there is none yet */
int outcome(int fd);
/* reads() - Return: bytes; 0: the end; or a negative errno */
int reads(int fd, char *to, size_t size);
void ck_reads(int fd, const char *text);
void ck_reads_result(int fd, int result);
void writes(int fd, const char *text);
void closes(int fd);

/* What the far end does and gets. */
void far_sends(const char *text);
void far_closes(void);
void ck_sends(const char *text);

guint flows_of_user(void);
guint connects_of_user(void);
/* ck_gone() - the module's socket is given back, and nobody is counted any more */
void ck_gone(void);

#endif
