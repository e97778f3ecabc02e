/* SPDX-License-Identifier: MIT */
/*
 * Constants of the eS-WiFi AT protocol, each with its source:
 *
 *	[N]	Inventek's product note "Programming Certificates TCP-SSL/TLS"
 *	[I]	Inventek's web pages
 *	[UM]	Inventek's IWIN Command Set User's Manual, DOC-UM-20035-4.6
 *	[QR]	Inventek's AT Command quick reference, DOC-eSWiFi_AT_Command_20041.1.20
 *	[FW6]	texts that firmware C6.2.1.11 can print
 *	[ST]	ST's es_wifi driver
 *	[AFR]	its amazon-freertos port
 *	[Z]	Zephyr's eswifi driver
 *	[M]	ARM's wifi-ism43362
 *	[R]	the Rust drivers drogue-es-wifi and es-wifi-driver
 *	[B]	one fielded driver, or one document
 *	[D]	a hint of a user's
 *	[A]	an assumption of ours
 */
#ifndef ESWIFI_PROTOCOL_H
#define ESWIFI_PROTOCOL_H

#include "eswifi/eswifi.h"

/* Framing [I][ST][Z]; see the theory of operation in frame.c. */
#define PROTOCOL_HEADER	 "\r\n"
#define PROTOCOL_TRAILER "\r\nOK\r\n> "
#define PROTOCOL_FAILURE "\r\nERROR" /* the line goes on as the firmware likes */
#define PROTOCOL_PROMPT	 "\r\n> "

/* What R0 and S3 say of a connection that is gone [I][R]. */
#define PROTOCOL_GONE "-1"
/* R4's count, and the other form of the mark [QR]. */
#define PROTOCOL_COUNT_SIZE 4
#define PROTOCOL_GONE_COUNT "-001"

/* Longest answer in text that is believed: F0 lists every access point that is heard [A]. */
#define PROTOCOL_TEXT_MAX 8192
/* Longest text that is kept: C? and I? are the longest of those [A]. */
#define PROTOCOL_WORDS_MAX 1024
/* Longest usage line behind an ERROR [A]. */
#define PROTOCOL_USAGE_MAX 512

#define PROTOCOL_BAUD 115200 /* at power-up [I][ST] */

/* R1 [I]: the most a read returns, and the size that tells data from PROTOCOL_GONE. */
#define PROTOCOL_READ_MAX   ESWIFI_PAYLOAD_MAX
#define PROTOCOL_READ_PROBE 1

/* R2 [ST][Z], ms. 0 might mean "for ever" in some firmware [A]. */
#define PROTOCOL_WAIT_MIN 1
#define PROTOCOL_WAIT_MAX 30000

/* CB [B]: a join that fails takes 21 s with the module's own five tries. */
#define PROTOCOL_JOIN_TRIES 2

/* PK [UM], ms. */
#define PROTOCOL_CALL_WAIT	10000 /* PY, ms: the module's own [QR] */
#define PROTOCOL_KEEP_ALIVE_MIN 250
#define PROTOCOL_KEEP_ALIVE_MAX 7200000

/*
 * Out of the dynamic range of ports (RFC 6335) each start of a stream gets one [M]: out of its end,
 * which Linux does not give to its own programs, for simulated modules that share the host's.
 */
#define PROTOCOL_LOCAL_PORT_FIRST 61000

/*
 * S2 [UM 5.6], ms, beyond the line time of a full payload: the module takes a payload that pauses
 * for so long for ended, and what follows for commands. It is also how long a send may hold the
 * line when the far end does not take the bytes.
 */
#define PROTOCOL_WRITE_PAUSE 2000

/*
 * How long the first byte of an answer may take, ms, beyond the time that the command itself spends
 * on the line [A]. Joining, looking up and connecting take seconds [R][M].
 */
#define TIMEOUT_COMMAND_MS 2000
#define TIMEOUT_LOOKUP_MS  20000
#define TIMEOUT_JOIN_MS	   45000
#define TIMEOUT_SCAN_MS	   20000
#define TIMEOUT_LEAVE_MS   5000
#define TIMEOUT_START_MS   60000
#define TIMEOUT_BURN_MS	   30000

/*
 * A call into the module's stack may take PY [UM], 10 s by default: a send and a stop may take that
 * long and more, and are not a fault before. It is set, lest another value was saved.
 */
#define PROTOCOL_STACK_WAIT 10000
#define TIMEOUT_STOP_MS	    (PROTOCOL_STACK_WAIT + 2000)
#define TIMEOUT_SEND_MS	    (PROTOCOL_STACK_WAIT + 2000)

/* Silence inside an answer that means that the rest will never come, ms [A]. */
#define TIMEOUT_STALL_MS 1000

/* Finding the prompt: silence before the line is taken to be free, and the wait for a prompt, ms.
 */
#define SYNC_SILENCE_MS	    20
#define SYNC_NOISE_MAX_MS   5000
#define SYNC_PROMPT_MS	    300
#define SYNC_PROMPT_LONG_MS 1000
/* After a reset: from the reset to the prompt [M]: well under 5 s. */
#define SYNC_RESET_MS 5000
/* Some modules that run do not obey a pulse of less than 120 ms [D]. */
#define SYNC_RESET_PULSE_MS 1000
/* Leaving the human-readable mode [UM 2.4]: how long its answer may take, ms. */
#define SYNC_LEAVE_MS 100

/* Coming back: pauses between attempts double from the first to the last, +-25 %, ms. */
#define BACKOFF_FIRST_MS 200
#define BACKOFF_LAST_MS	 10000
/* A device that is absent is looked for this often at the least, ms. */
#define BACKOFF_DEVICE_MS 1000

/* A module that nothing is asked of is asked whether it is joined this often, ms. */
#define CHECK_INTERVAL_MS 10000
/* Each so many checks the signal is asked for as well. */
#define CHECKS_A_SIGNAL 6

/*
 * The guard: silence that ends a short read, by the kind of port. A native UART has no gap beyond
 * the FIFO's time-out, which is counted in characters and added; a USB adapter holds bytes back for
 * its latency timer (16 ms in FTDI's, 1 ms when the kernel lets us ask for low latency); on a
 * socket the other end is a process, which may lose the processor in the middle of an answer; a
 * network adds its jitter, and waits 200 ms and more for a packet that it has lost: there a short
 * read is confirmed by an echo, and where the firmware has none silence must be long.
 */
#define GUARD_NATIVE_US	   4000
#define GUARD_USB_LOW_US   4000
#define GUARD_USB_US	   20000
#define GUARD_UNIX_US	   8000
#define GUARD_NETWORK_US   40000
#define GUARD_UNBOUNDED_US 1000000
#define GUARD_CHARACTERS   16

#endif
