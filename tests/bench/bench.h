/* SPDX-License-Identifier: MIT */
/*
 * The measurements of `make bench`.
 *
 * DOC: Theory of Operation
 *
 * Each case runs in a process of its own with a simulated module that paces bytes at a line rate, a
 * broker, servers, and bench-client under the shim. It is repeated, and its median counts: the
 * machine is not ours alone. What it found is left in memory that all processes share.
 *
 * RATIO is the time that the line itself needs, over the time that was taken: 1 is what nothing can
 * exceed. The line is half duplex and a byte on it has ten bits, so the line's time is ten times
 * the bytes that must cross it, both ways added, over its rate:
 *
 *	a full read	"R0\r"			3 + 2 + 1460 + 8	= 1473 for 1460
 *	a full send	"S3=1460\r" + payload	8 + 1460 + 2 + 4 + 8	= 1482 for 1460
 *	64 there and back	S3 and R0	(8 + 64 + 2 + 4 + 8) + (3 + 2 + 64 + 8) = 163
 *
 * where an answer is "\r\n" DATA "\r\nOK\r\n> ", and S3's DATA is the count. The JSON also has the
 * strictest reading, payload_ratio: ten bits for each byte of payload and nothing else.
 *
 * A virtual machine's host may run others meanwhile, and a command takes longer when it does. How
 * much of the CPU time it took (stolen_percent, from /proc/stat) stands beside every case.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <glib.h>
#include <stdbool.h>

#include "support/harness.h"

#define BENCH_METRICS 16
#define BENCH_SECONDS 120 /* longest that one case may take */
#define BITS_PER_BYTE 10
#define NS_PER_S      1000000000LL

/* Bytes of an answer beside its DATA. */
#define ANSWER_FRAME (2 + 8)

struct bench_metric {
	char name[24];
	double value;
};

/**
 * struct bench_result - what a case found; in shared memory
 * @value, @unit, @ratio:	the line of the case
 * @metrics:	further numbers, for JSON and the thresholds
 */
struct bench_result {
	bool done;
	double value, ratio;
	char unit[8];
	guint count;
	struct bench_metric metrics[BENCH_METRICS];
};

/**
 * struct bench_case - one line of the report
 * @name:	without the suffix that tells of the latency
 * @run:	measure
 * @rate:	of the line, bit/s
 * @tls:	the module ends TLS
 * @uncounted:	it does not know R4
 * @answer_ms:	the server thinks for so long
 */
struct bench_case {
	const char *name;
	void (*run)(const struct bench_case *what, guint latency_ms, struct bench_result *result);
	guint rate;
	bool tls, uncounted;
	guint answer_ms;
};

void bench_down(const struct bench_case *what, guint latency_ms, struct bench_result *result);
void bench_up(const struct bench_case *what, guint latency_ms, struct bench_result *result);
void bench_fair(const struct bench_case *what, guint latency_ms, struct bench_result *result);
void bench_rtt(const struct bench_case *what, guint latency_ms, struct bench_result *result);
void bench_idle(const struct bench_case *what, guint latency_ms, struct bench_result *result);
void bench_connect_first(const struct bench_case *what, guint latency_ms,
			 struct bench_result *result);
void bench_connect_again(const struct bench_case *what, guint latency_ms,
			 struct bench_result *result);
void bench_unflagged(const struct bench_case *what, guint latency_ms, struct bench_result *result);
/* The broker itself: memory while four flows are busy, time to start, CPU without flows. */
void bench_memory(const struct bench_case *what, guint latency_ms, struct bench_result *result);
void bench_start(const struct bench_case *what, guint latency_ms, struct bench_result *result);
void bench_quiet(const struct bench_case *what, guint latency_ms, struct bench_result *result);
/* Beside a neighbour at his worst: connects to places that do not answer, sockets, look-ups, bulk. */
void bench_holes(const struct bench_case *what, guint latency_ms, struct bench_result *result);
void bench_keeper(const struct bench_case *what, guint latency_ms, struct bench_result *result);
void bench_names(const struct bench_case *what, guint latency_ms, struct bench_result *result);
void bench_loader(const struct bench_case *what, guint latency_ms, struct bench_result *result);

/* result_set() - the line of the case */
void result_set(struct bench_result *result, double value, const char *unit, double ratio);
/* result_add() - one more number */
void result_add(struct bench_result *result, const char *name, double value);
/* result_spread() - median, least and greatest of @values as NAME, NAME_min, NAME_max */
void result_spread(struct bench_result *result, const char *name, GArray *values);
/* result_metric() - Return: false when there is none of that name */
bool result_metric(const struct bench_result *result, const char *name, double *value);

/**
 * report_thresholds() - say of each number that must hold whether it does
 * @find:	the result of a case by its full name, or NULL when it did not run
 */
void report_thresholds(const struct bench_result *(*find)(const char *name));
/* report_json() - one case as an object */
void report_json(GString *json, const char *name, const struct bench_result *result);

/* line_ns() - what @bytes need on a line of @rate bit/s, ns */
double line_ns(double bytes, guint rate);
/* now_ns() - CLOCK_MONOTONIC, which all processes share */
gint64 now_ns(void);
/* median(), percentile() - of gdoubles; sorts them */
double median(GArray *values);
double percentile(GArray *values, double percent);
/* shared_new() - zeroed memory that children share */
gpointer shared_new(gsize size);

/**
 * struct rig - module and broker of one case
 * @h:		the harness
 * @host:	what the client connects to
 * @start_ns:	from the broker's start to a module that is ready
 */
struct rig {
	struct harness *h;
	const char *host;
	gint64 start_ns;
};

/**
 * rig_start() - the simulated module and the broker
 * @traced:	keep a trace of the line (it costs time)
 * @ports:	those that go through the module, @count of them
 */
void rig_start(struct rig *rig, const struct bench_case *what, guint latency_ms, bool traced,
	       const guint16 *ports, guint count);
void rig_stop(struct rig *rig);
/* rig_client() - run bench-client under the shim. Return: its standard output */
const char *rig_client(struct rig *rig, const char *argument, ...) G_GNUC_NULL_TERMINATED;
/* processor_ns() - processor time that a process has used */
double processor_ns(struct rig *rig, const struct process *process);
/* rig_ports() - ports as strings for argv: "1", "2", ... */
const char *port_text(struct rig *rig, guint16 port);

#endif
