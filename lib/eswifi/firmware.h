/* SPDX-License-Identifier: MIT */
/* What differs from one firmware to the next, as far as this module has shown it. */
#ifndef ESWIFI_FIRMWARE_H
#define ESWIFI_FIRMWARE_H

#include <glib.h>
#include <stdbool.h>

/* How the answer that says "-1" ends. */
enum gone_mark {
	GONE_UNKNOWN,
	GONE_OK,    /* like data: "-1" as data must be told from it */
	GONE_ERROR, /* no data ends so */
};

/**
 * struct firmware - forgotten when another module answers
 * @version:	of its revision, four parts; all 0: not known
 * @gone:	see above
 * @counted:	R4 is known, and has given no wrong answer
 * @counted_data:	it has brought bytes
 * @counted_refused:	it has given a wrong answer: not used again on this port
 * @note, @st:	PF in the note's and in ST's form was answered OK
 * @rewritable:	set 3 exists
 * @lists_items:	PE is known
 * @no_local_port, @no_keep_alive, @no_report, @no_call_wait:	P2, PK, PB, PY are not known
 * @echoes:	D0 answers an address with the address
 * @tls_sockets:	how many can speak TLS at a time
 */
struct firmware {
	guint version[4];
	enum gone_mark gone;
	bool counted, counted_data, counted_refused;
	bool note, st, rewritable, lists_items;
	bool no_local_port, no_keep_alive, no_report, no_call_wait;
	bool echoes;
	guint tls_sockets;
};

/* firmware_parse() - the version out of a revision like "C3.5.2.5.STM"; all 0 when it has none */
void firmware_parse(const char *revision, guint version[4]);

/* firmware_at_least() - is the version known, and not older? */
bool firmware_at_least(const struct firmware *firmware, guint a, guint b, guint c, guint d);

/* firmware_keeps_udp_port() - is P2 the source port of datagrams? Older ones ignore it [M #75] */
bool firmware_keeps_udp_port(const struct firmware *firmware);

#endif
