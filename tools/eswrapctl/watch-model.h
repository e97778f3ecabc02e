/* SPDX-License-Identifier: MIT */
/* What `eswrapctl watch` shows: one answer of the broker after another, and the rates between them. */
#ifndef ESWRAPCTL_WATCH_MODEL_H
#define ESWRAPCTL_WATCH_MODEL_H

#include <glib.h>

#define WATCH_HISTORY 120 /* samples that are kept of the line */

enum watch_sort { WATCH_BY_RATE, WATCH_BY_BYTES, WATCH_BY_AGE, WATCH_BY_PROGRAM, WATCH_SORTS };

/**
 * struct watch_flow - one connection
 * @key:	the same in the next answer
 * @flow:	as the broker has it
 * @rate:	bytes a second, both ways, since the last answer
 */
struct watch_flow {
	char *key;
	GVariant *flow;
	double rate;
};

/**
 * struct watch_model - what is known
 * @reply:	the latest answer; NULL: none yet
 * @when:	when it came, us
 * @flows:	struct watch_flow *, sorted
 * @out, @in:	bytes a second on the line
 * @commands:	a second
 * @share:	of what the line can carry in the busier direction, 0 to 1
 * @history, @samples:	@share, the latest last
 */
struct watch_model {
	GVariant *reply;
	gint64 when;
	GPtrArray *flows;
	double out, in, commands, share;
	double history[WATCH_HISTORY];
	guint samples;
	enum watch_sort sort;
};

void watch_model_init(struct watch_model *model);
void watch_model_clear(struct watch_model *model);
/* watch_model_take() - one more answer; @now: the clock, us */
void watch_model_take(struct watch_model *model, GVariant *reply, gint64 now);
/* watch_model_sort() - by what @model->sort says */
void watch_model_sort(struct watch_model *model);
/* watch_rate_text() - "1.2k", "980", "3.4M", of bytes a second; into 8 bytes */
void watch_rate_text(double rate, char text[8]);

#endif
