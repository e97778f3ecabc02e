/* SPDX-License-Identifier: MIT */
/* TCP segments for the tunnel's unit tests, made and checked without its code. */
#ifndef TESTS_SEGMENT_H
#define TESTS_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* segment_make() - a segment without options and data; Return: its 40 bytes' length */
size_t segment_make(uint8_t *to, const char *source, uint16_t source_port, const char *dest,
		    uint16_t dest_port, uint8_t flags, uint32_t seq, uint32_t ack);

/* segment_is_sound() - are the checksums of this IPv4 packet (TCP, UDP or ICMP) right? */
bool segment_is_sound(const uint8_t *packet, size_t len);

#endif
