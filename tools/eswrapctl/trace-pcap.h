/* SPDX-License-Identifier: MIT */
/* The sockets of the module as a capture file. */
#ifndef ESWRAPCTL_TRACE_PCAP_H
#define ESWRAPCTL_TRACE_PCAP_H

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

struct capture;

/**
 * capture_new() - begin a capture file in pcap's format, version 2.4
 * @to:		is the capture's from now on
 *
 * Return: the capture, for capture_free(), which closes @to.
 */
struct capture *capture_new(FILE *to);
void capture_free(struct capture *capture);

/**
 * capture_add() - write the packets that an event of the broker's trace stands for
 * @event:	a socket's; others are none
 *
 * The module hands streams on, and not packets: the packets are made, and their sequence numbers
 * too. Where the broker was not asked for the programs' bytes, packets are cut behind their headers.
 *
 * Return: false when the file could not be written.
 */
bool capture_add(struct capture *capture, GVariant *event);

#endif
