/* SPDX-License-Identifier: MIT */
/* The findings of `eswrapctl doctor`, one after another, up to the first that is bad. */
#ifndef ESWRAPCTL_FINDING_H
#define ESWRAPCTL_FINDING_H

#include "config/settings.h"
#include "eswrapctl/ctl.h"

/**
 * struct doctor - a consultation
 * @root:	where the system's files are; "" for this one's
 * @settings:	the configuration, once it has been read
 * @reply:	of status; NULL: no broker answers
 * @user:	whom the broker runs as; (uid_t)-1: whoever asks
 * @findings:	GVariant * a{sv}, each: step, result ("good", "mind", "bad"), text, remedy (s)
 */
struct doctor {
	const struct ctl *ctl;
	const char *root;
	struct settings *settings;
	GVariant *reply;
	uid_t user;
	GPtrArray *findings;
};

/* doctor_good() - this is as it should be. Return: true */
bool doctor_good(struct doctor *doctor, const char *step, const char *format, ...)
	G_GNUC_PRINTF(3, 4);
/* doctor_mind() - this works, and could be better. Return: true */
bool doctor_mind(struct doctor *doctor, const char *step, const char *text, const char *remedy);
/* doctor_bad() - nothing behind this can work. Return: false */
bool doctor_bad(struct doctor *doctor, const char *step, const char *text, const char *remedy);

#endif
