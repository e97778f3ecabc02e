/* SPDX-License-Identifier: MIT */
/*
 * A gateway for real programs: the simulated module, a broker, nginx; and the claim that most
 * suites here make, that a program does the same under eswrap as without it.
 */
#ifndef TESTS_PROGRAMS_H
#define TESTS_PROGRAMS_H

#include "e2e/nginx.h"
#include "support/harness.h"

/* Names that only the module resolves, to loopback; everything else is refused. */
#define PROGRAMS_TCP_HOST "plain.example"  /* through = tcp for streams, udp for datagrams */
#define PROGRAMS_TLS_HOST "secure.example" /* through = tls with the device's certificate */

/* Bytes in the file that nginx serves as /pattern: many payloads, and not a multiple of one. */
#define PROGRAMS_FILE_SIZE 200003

/* programs_new() - a simulated module with credentials in set 0, and a broker */
struct harness *programs_new(void);

/* programs_nginx() - nginx with /pattern in its directory */
struct nginx programs_nginx(struct harness *h);

/* programs_pattern() - write PROGRAMS_FILE_SIZE bytes of the servers' pattern to @path */
void programs_pattern(const char *path);

/**
 * programs_argv() - arguments with what is only known now
 * @host, @port:	put in where an argument says {host} and {port}
 * @argv:	NULL-terminated; {clients} is the directory with our clients, {built} the one where
 *		programs_built() puts those that are compiled
 *
 * Return: NULL-terminated, owned by the harness.
 */
const char *const *programs_argv(struct harness *h, const char *host, guint16 port,
				 const char *const *argv);

/* programs_run() - run a program, with programs_argv() of its arguments */
const struct result *programs_run(struct harness *h, const struct run *how, const char *host,
				  guint16 port, const char *const *argv);

/**
 * programs_same() - a program says the same under eswrap as without it
 * @how:	as for harness_run_as(); its @wrapped does not matter
 * @port:	a server on loopback
 * @argv:	with {host} and {port}; NULL-terminated
 *
 * Runs it natively to 127.0.0.1, then wrapped to PROGRAMS_TCP_HOST, and fails unless both succeed
 * with the same standard output, and the module was used by the second run only.
 * Return: the wrapped run's result.
 */
const struct result *programs_same(struct harness *h, const struct run *how, guint16 port,
				   const char *const *argv);

/**
 * programs_fetch() - a program writes nginx's /pattern to standard output, whole and unchanged
 * @argv:	with {host} and {port}; NULL-terminated
 *
 * Three times: natively, through tcp, and through tls.
 */
void programs_fetch(struct harness *h, const struct nginx *nginx, const char *const *argv);

/* programs_client() - path of one of this directory's clients */
const char *programs_client(struct harness *h, const char *name);

/* programs_built() - have make build one of this directory's clients. Return: its path */
const char *programs_built(struct harness *h, const char *name);

/* programs_same() and programs_fetch() with the arguments on the spot */
#define PROGRAM(...) ((const char *const[]){ __VA_ARGS__, NULL })

#endif
