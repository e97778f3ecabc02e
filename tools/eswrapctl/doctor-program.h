/* SPDX-License-Identifier: MIT */
/* How programs are started, and what they do, as `eswrapctl doctor` looks at it. */
#ifndef ESWRAPCTL_DOCTOR_PROGRAM_H
#define ESWRAPCTL_DOCTOR_PROGRAM_H

#include "eswrapctl/finding.h"

/*
 * Steps. Return: false after doctor_bad().
 */

/* doctor_preload() - does /etc/ld.so.preload put a library into all programs? */
bool doctor_preload(struct doctor *doctor);
/* doctor_cron() - do jobs of cron name eswrap so that cron does not find it? */
bool doctor_cron(struct doctor *doctor, const char *launcher);
/* doctor_sudo() - would programs that are started as this one be other people's? */
bool doctor_sudo(struct doctor *doctor);
/* doctor_program() - does preloading reach @program? @launcher: eswrap's path */
bool doctor_program(struct doctor *doctor, const char *launcher, const char *program);
/* doctor_unit() - does the unit run under eswrap, and does its sandbox let it? */
bool doctor_unit(struct doctor *doctor, const char *unit);
/*
 * doctor_double_tls() - since the broker's start, has a program spoken TLS on a route on which the
 * module does? Return: true
 */
bool doctor_double_tls(struct doctor *doctor);

#endif
