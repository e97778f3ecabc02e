/* SPDX-License-Identifier: MIT */
/*
 * What a module shows by the way, kept for the report of a probe: how it restarts, and what it says
 * without having been asked. Neither can be asked for without harm.
 */
#ifndef ESWIFI_SIGHTING_H
#define ESWIFI_SIGHTING_H

#include <glib.h>
#include <stdbool.h>

/* Messages that are kept: one of each kind, of so many kinds. */
#define SIGHTING_MESSAGES 8

/**
 * struct sightings - zero it to begin
 * @wanted:	the next reset is looked at
 * @restart:	what came from ZR until the line fell silent, as it came; NULL: no ZR was seen
 * @error:	the first failure after the reset, as it came; NULL: none was seen
 * @rate_before, @rate_after:	of the line, bit/s, around the reset; 0: not seen
 * @messages, @count:	as they came, the oldest first
 */
struct sightings {
	bool wanted;
	char *restart, *error;
	guint rate_before, rate_after;
	char *messages[SIGHTING_MESSAGES];
	guint count;
};

/* sightings_reset() - a reset begins; what the last one has shown is forgotten */
void sightings_reset(struct sightings *seen, guint rate);

/* sightings_keep() - put @size bytes that came in the place of @restart or @error */
void sightings_keep(char **place, const guint8 *data, gsize size);

/**
 * sightings_message() - the module has said something by itself
 * @text:	its line
 * @ok:		an OK line stood behind it
 */
void sightings_message(struct sightings *seen, const char *text, bool ok);

/* sightings_clear() - free what is kept */
void sightings_clear(struct sightings *seen);

#endif
