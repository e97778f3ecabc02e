/* SPDX-License-Identifier: MIT */
/*
 * What the module is doing, for people who do not ask: in the log, and in `systemctl status`.
 *
 * DOC: Theory of operation
 *
 * The driver tries again and again, and each try may end in the same way. So a cause is told once, as a
 * warning, and again only after the module has been ready meanwhile. Numbers in it do not make it
 * another one (how many networks a scan has found). That the module is ready is told each time. What
 * systemd shows is always what is.
 */
#ifndef ESWRAPD_NEWS_H
#define ESWRAPD_NEWS_H

#include "eswifi/eswifi.h"

struct news;

struct news *news_new(void);
void news_free(struct news *news);

/**
 * news_state() - the module's state has changed, or its reason
 * @identity:	what is known of the module
 * @why:	the driver's words
 */
void news_state(struct news *news, enum eswifi_state state, const struct eswifi_identity *identity,
		const char *why);

/* news_lost() - the module's sockets are gone; its next state needs not say why again */
void news_lost(struct news *news, const char *why);

#endif
