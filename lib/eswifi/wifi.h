/* SPDX-License-Identifier: MIT */
#ifndef ESWIFI_WIFI_H
#define ESWIFI_WIFI_H

#include "session.h"

/**
 * wifi_join() - join, unless the module says that it is in the right network already
 * @ended:	the module is joined, and its address is known. A join that fails is tried again for
 *		ever
 */
void wifi_join(struct eswifi_module *module, void (*ended)(struct eswifi_module *module));

/**
 * wifi_parse_network() - the answer to C?, compared with the settings
 * @text:	of 12 or 15 fields, of which the first and the second may hold commas
 * @address:	set to the module's own address, "" when it has none
 *
 * Return: it is the network of the settings.
 */
bool wifi_parse_network(const char *text, const struct eswifi_settings *settings, char address[16]);

/**
 * wifi_explain() - why a join may have failed, from a list of the networks in range
 * @list, @size:	the answer to F0
 *
 * Return: a phrase for people, to be freed.
 */
char *wifi_explain(const char *ssid, const guint8 *list, gsize size);

/*
 * wifi_scan() - somebody wants a list of networks: where the module waits before it tries to join
 * again, or stays away, look now; the attempt comes after that. Else the list comes with the next
 * attempt that fails, or is an operation of a module that is ready
 */
void wifi_scan(struct eswifi_module *module);

/* wifi_leave(), wifi_join_now() - join.away has been changed: where the module rests, act upon it */
void wifi_leave(struct eswifi_module *module);
void wifi_join_now(struct eswifi_module *module);

#endif
