/* SPDX-License-Identifier: MIT */
/*
 * The driver of an Inventek eS-WiFi module on a serial port.
 *
 * DOC: How it is used
 *
 * The driver lives on the thread-default GMainContext and never blocks. The line to the module is
 * half duplex, so there is one *operation* at a time: the owner starts one with the functions below
 * and its callback runs, from the main loop and never from within the call that started it, when
 * the module has answered. Each operation sends as few commands as what the module already knows
 * allows.
 *
 * Whenever the module is ready and the line is free, the driver asks the owner what to do next
 * (ops.next). The owner starts one operation, or none and calls eswifi_module_kick() when there is
 * work again. There is no queue in the driver: which bytes go first is the owner's business.
 *
 * When the two sides are out of step, or the module resets, falls silent, loses Wi-Fi or is
 * unplugged, the operation under way ends with an error, ops.lost says that all four sockets are
 * gone, and the driver brings the module back by itself, for ever, with back-off and jitter.
 *
 * Errors are negative errno values:
 *	-ECONNREFUSED	the module answered ERROR to P6=1: refused, unreachable, timed out or TLS
 *			failed, which no firmware tells apart; its words are in the text
 *	-ENOENT		D0 found no such name
 *	-EPIPE		the far end has closed and everything was read: "-1", or words that say so
 *	-ECONNRESET	the module says in other words that this socket is over
 *	-EAGAIN		another socket is in the way: ask again when one has been closed
 *	-ENAMETOOLONG	the module takes no host name of more than ESWIFI_HOST_MAX characters
 *	-ETIMEDOUT	the module did not answer in time (it is being recovered)
 *	-ENETDOWN	the module is not there, or was lost during the operation
 *	-EPROTO		an answer that the protocol does not have (it is being recovered)
 *	-EINVAL		a string that must not reach the port; nothing was sent
 *	-EBUSY		an operation is under way, or the module is not ready; nothing was sent
 */
#ifndef ESWIFI_ESWIFI_H
#define ESWIFI_ESWIFI_H

#include <glib.h>
#include <stdbool.h>

G_BEGIN_DECLS

#define ESWIFI_SOCKETS	      4	   /* transport sockets 0..3 [Inventek, multi-accept page] */
#define ESWIFI_PAYLOAD_MAX    1460 /* bytes in one S3 or R0 [Inventek, "How to send data"] */
#define ESWIFI_HOST_MAX	      63   /* characters of a host name in D0 [UM] */
#define ESWIFI_SSID_MAX	      32   /* bytes, IEEE 802.11 */
#define ESWIFI_PASSPHRASE_MAX 63   /* characters, 8 to 63, IEEE 802.11i; or 64 hex digits */
#define ESWIFI_PSK_DIGITS     64

#define ESWIFI_CREDENTIAL_SETS 3 /* 0 to 2: each item can be written once [product note] */
#define ESWIFI_SET_REWRITABLE  3 /* where the firmware has it, see struct eswifi_identity [ST] */
#define ESWIFI_SETS	       4
/* Bytes in one PG: what the four digits of ST's form can say. How much a module keeps is not known:
 * examples reach 1731 bytes, so more than WARN deserves a warning, and more than LIMIT a refusal
 * unless the user insists. */
#define ESWIFI_CREDENTIAL_MAX	9999
#define ESWIFI_CREDENTIAL_WARN	2048
#define ESWIFI_CREDENTIAL_LIMIT 4096

/* Names for these are printed exactly as written, in lower case without the prefix. */
enum eswifi_state {
	ESWIFI_CLOSED,	/* no port: not there yet, or unplugged */
	ESWIFI_SYNCING, /* port open; finding the prompt, the rate, the identity */
	ESWIFI_JOINING, /* the module answers; C0 under way or being tried again */
	ESWIFI_READY,
	ESWIFI_RECOVERING, /* out of step, silent or reset; being brought back */
};

/* The dialect of PF and PG. */
enum eswifi_firmware {
	ESWIFI_FIRMWARE_AUTO, /* by identity; where that is not sure, credentials are not written */
	ESWIFI_FIRMWARE_NOTE, /* PF=<set>; PG=<set>,<item>,<length>,<bytes> [product note] */
	ESWIFI_FIRMWARE_ST,   /* PF=0,<set>; PG=<set>,<item>,<0000 length>\r<bytes> [ST] */
};

enum eswifi_security { /* values of C3 [ST] */
		       ESWIFI_SECURITY_OPEN,
		       ESWIFI_SECURITY_WEP,
		       ESWIFI_SECURITY_WPA,
		       ESWIFI_SECURITY_WPA2,
		       ESWIFI_SECURITY_WPA_WPA2,
		       ESWIFI_SECURITY_WPA2_TKIP,
};

enum eswifi_protocol { /* values of P1 [product note, ST] */
		       ESWIFI_TCP = 0,
		       ESWIFI_UDP = 1,
		       ESWIFI_TLS = 3,
};

enum eswifi_verify {				 /* values of P9 [product note] */
		     ESWIFI_VERIFY_NONE = 0,	 /* nothing is verified */
		     ESWIFI_VERIFY_OPTIONAL = 1, /* the set's root CA, if it holds one */
		     ESWIFI_VERIFY_REQUIRED =
			     2, /* root CA, certificate and key of the set (mutual TLS) */
};

enum eswifi_item { /* items of a credentials set [product note] */
		   ESWIFI_ITEM_CA = 0,
		   ESWIFI_ITEM_CERTIFICATE = 1,
		   ESWIFI_ITEM_KEY = 2,
};

enum eswifi_reset_line { ESWIFI_RESET_NONE, ESWIFI_RESET_DTR, ESWIFI_RESET_RTS, ESWIFI_RESET_GPIO };

/**
 * struct eswifi_settings - what the driver must know; strings are copied
 * @device:	path of a tty, "unix:PATH" or "tcp:HOST:PORT"
 * @baud:	rate at power-up, bit/s
 * @fast_baud:	rate to switch to after bring-up, bit/s; 0: stay
 * @rtscts:	hardware flow control, which the module neither needs nor supports [UM]
 * @reset_line:	line that resets the module when pulsed
 * @reset_gpio:	with ESWIFI_RESET_GPIO: "CHIP:LINE", as in "gpiochip0:17"; low resets
 * @guard_ms:	silence that ends a short read, ms; 0: by the kind of port
 * @firmware:	dialect of PF and PG; what the module shows of itself goes before it
 * @tls_sockets: how many sockets may speak TLS at a time, 1..4; 0: learnt from the module
 * @ssid:	1 to 32 bytes
 * @passphrase:	8 to 63 characters or 64 hex digits; "" with ESWIFI_SECURITY_OPEN. Never logged
 * @security:	C3
 * @country:	two capital letters, or NULL to leave the module's own
 * @address, @netmask, @gateway, @dns:	static IPv4 configuration; all NULL: DHCP
 */
struct eswifi_settings {
	const char *device;
	guint baud;
	guint fast_baud;
	bool rtscts;
	enum eswifi_reset_line reset_line;
	const char *reset_gpio;
	guint guard_ms;
	enum eswifi_firmware firmware;
	guint tls_sockets;
	const char *ssid;
	const char *passphrase;
	enum eswifi_security security;
	const char *country;
	const char *address, *netmask, *gateway, *dns;
};

/**
 * struct eswifi_identity - what the module says of itself; strings "" until known
 * @product, @firmware, @name:	fields 1, 2 and 7 of I? [ST]
 * @mac:	Z5, aa:bb:cc:dd:ee:ff
 * @address:	IPv4 address after the join
 * @signal:	of the access point (CR), dBm, not older than a minute or so; 0: not known
 * @dialect:	NOTE or ST once it is known for sure, else AUTO
 * @baud:	the rate that is in use now, bit/s
 * @counted:	reads are counted (R4): no guard time, and no doubt about an answer's end
 * @rewritable:	there is a set ESWIFI_SET_REWRITABLE
 * @lists_items:	the module can be asked which items are blank (PE)
 * @tls_sockets:	how many sockets may speak TLS at a time, as far as is known
 */
struct eswifi_identity {
	char product[64], firmware[32], name[64];
	char mac[18];
	char address[16];
	int signal;
	enum eswifi_firmware dialect;
	guint baud;
	bool counted, rewritable, lists_items;
	guint tls_sockets;
};

/* Counters since the driver was made; they only grow. */
struct eswifi_counters {
	guint64 commands, bytes_out, bytes_in; /* on the line */
	guint64 resyncs, resets, joins, lost;  /* events */
};

struct eswifi_module;

/**
 * struct eswifi_ops - the owner's callbacks; all run from the main loop
 * @state:	the state has changed; @why is a short phrase for people. May be NULL
 * @next:	the line is free and the module ready: start an operation, or none
 * @lost:	all sockets of the module are gone; comes behind the end of the operation under way, which
 *		has failed, and before @state. May be NULL
 */
struct eswifi_ops {
	void (*state)(struct eswifi_module *module, enum eswifi_state state, const char *why,
		      gpointer user);
	void (*next)(struct eswifi_module *module, gpointer user);
	void (*lost)(struct eswifi_module *module, const char *why, gpointer user);
};

/**
 * eswifi_module_new() - make a driver; nothing is opened before eswifi_module_start()
 *
 * Return: the module, or NULL with @error set (G_IO_ERROR_INVALID_ARGUMENT) when a setting is out
 * of range or a string in it could not go into an AT command. Free with eswifi_module_free().
 */
struct eswifi_module *eswifi_module_new(const struct eswifi_settings *settings,
					const struct eswifi_ops *ops, gpointer user,
					GError **error);

/**
 * eswifi_module_start() - open the port and begin the bring-up
 *
 * A port that cannot be opened, because it is not there, in use or not permitted, is tried again
 * with back-off: the state is ESWIFI_CLOSED and its reason says why.
 */
void eswifi_module_start(struct eswifi_module *module);
void eswifi_module_free(struct eswifi_module *module);

/* eswifi_module_kick() - there is work again: calls ops.next soon if the line is free */
void eswifi_module_kick(struct eswifi_module *module);

enum eswifi_state eswifi_module_state(const struct eswifi_module *module);
const char *eswifi_state_name(enum eswifi_state state);
const struct eswifi_identity *eswifi_module_identity(const struct eswifi_module *module);
const struct eswifi_counters *eswifi_module_counters(const struct eswifi_module *module);
/* eswifi_module_throughput() - bytes a second on the line, both ways, in its last 10 to 20 s */
guint eswifi_module_throughput(const struct eswifi_module *module);
/* eswifi_module_why() - the phrase that came with the state, valid until it changes */
const char *eswifi_module_why(const struct eswifi_module *module);
/* eswifi_module_reset() - reset the module now: all sockets are lost, and it is brought up again */
void eswifi_module_reset(struct eswifi_module *module, const char *why);

/*
 * Could these be settings? Return: false with @error set (G_IO_ERROR_INVALID_ARGUMENT), whose
 * message says what is allowed.
 */
bool eswifi_check_device(const char *device, GError **error);
bool eswifi_check_ssid(const char *ssid, GError **error);
bool eswifi_check_passphrase(const char *passphrase, enum eswifi_security security, GError **error);
bool eswifi_check_baud(guint baud, GError **error);
bool eswifi_check_country(const char *country, GError **error);
bool eswifi_check_address(const char *address, GError **error);
/* "CHIP:LINE" */
bool eswifi_check_gpio(const char *gpio, GError **error);

/* eswifi_bauds() - Return: the rates that modules have, ascending, ended by 0 [QR] */
const guint *eswifi_bauds(void);

/**
 * struct eswifi_target - where a socket is to connect, and how
 * @protocol:	P1
 * @host:	name or IPv4 address in text, given to D0 (P3 for an address)
 * @port:	1..65535
 * @verify:	P9; TLS only
 * @set:	PF, 0..3; TLS only
 * @keep_alive_ms: how long a connection may be idle before the far end is probed, 250..7200000; 0:
 *		ESWIFI_KEEP_ALIVE_MS. Not for UDP
 * @patience_ms: how long P6=1 may hold the line where nobody answers (PY, put back behind it); 0: as
 *		long as the module takes. Firmware without PY takes its own time all the same
 */
struct eswifi_target {
	enum eswifi_protocol protocol;
	const char *host;
	guint16 port;
	enum eswifi_verify verify;
	guint set;
	guint keep_alive_ms;
	guint patience_ms;
};

/* Modules do not probe by themselves, and a far end that is gone would never be noticed. */
#define ESWIFI_KEEP_ALIVE_MS 20000

/**
 * eswifi_done - the end of an operation
 * @result:	a count, 0 or a negative errno, as each operation says
 * @text:	the module's own words (an ERROR's reason, the address D0 found), printable ASCII;
 *		never NULL, valid during the call
 */
typedef void (*eswifi_done)(struct eswifi_module *module, int result, const char *text,
			    gpointer user);

/**
 * eswifi_read_done - the end of a read
 * @result:	bytes in @data, 0: nothing there, -EPIPE: closed and all read, or another error
 * @data:	valid during the call
 */
typedef void (*eswifi_read_done)(struct eswifi_module *module, int result, const guint8 *data,
				 gpointer user);

/* Each returns 0 and calls @done later, or -EBUSY or -EINVAL and does not. socket is 0..3. */

/* D0 on a socket that is not open. 0, @text is the address; -ENOENT. */
int eswifi_lookup(struct eswifi_module *module, guint socket, const char *host, eswifi_done done,
		  gpointer user);
/* What is not yet so of P0 P1 P2 D0|P3 P4 P9 PF, then P6=1. 0; -ENOENT, -ECONNREFUSED, -EAGAIN. */
int eswifi_open(struct eswifi_module *module, guint socket, const struct eswifi_target *target,
		eswifi_done done, gpointer user);
/* eswifi_may_open() - Return: 0, or the error with which eswifi_open() would refuse at once */
int eswifi_may_open(const struct eswifi_module *module, guint socket,
		    const struct eswifi_target *target);
/* S3, @size 1..1460; the bytes are copied. The count accepted; -EPIPE, -ECONNRESET. */
int eswifi_send(struct eswifi_module *module, guint socket, const guint8 *data, gsize size,
		eswifi_done done, gpointer user);
/* R4 or R0; waits up to @wait_ms in the module (R2) when nothing is there, holding the line. */
int eswifi_read(struct eswifi_module *module, guint socket, guint wait_ms, eswifi_read_done done,
		gpointer user);
/* P6=0; 0, also when the far end had closed already. */
int eswifi_close(struct eswifi_module *module, guint socket, eswifi_done done, gpointer user);

/**
 * eswifi_keep_alive() - PK on a connection that is open: from now on probe the far end so
 * @ms:		how long it may be idle before, 250..7200000 (less becomes 250); 0:
 *		ESWIFI_KEEP_ALIVE_MS
 * @done:	0, also where it was so already; -ENOTSUP: the firmware does not take it now, and the
 *		connection goes on as before
 *
 * -EINVAL also when the socket has no stream open. That PK counts for a connection which is open already
 * is not known of any firmware.
 */
int eswifi_keep_alive(struct eswifi_module *module, guint socket, guint ms, eswifi_done done,
		      gpointer user);

/* What eswifi_credential_write() and eswifi_credential_compare() end with when all is well. */
enum eswifi_burnt {
	ESWIFI_WRITTEN = 0, /* OK: burnt now, or the same was there */
	ESWIFI_MATCHED = 1, /* the module says that the same was there */
};

/**
 * eswifi_credential_write() - PG: burn one item, or compare it with what is burnt
 * @set:	0..3
 * @data, @size: 1..ESWIFI_CREDENTIAL_MAX bytes; copied, and wiped after use
 *
 * enum eswifi_burnt; -EACCES: the module answered ERROR (other bytes are burnt). -ENOTSUP, with
 * nothing burnt, where the dialect is not known for sure, or the set does not exist. After any
 * other error the item may or may not be burnt.
 */
int eswifi_credential_write(struct eswifi_module *module, guint set, enum eswifi_item item,
			    const guint8 *data, gsize size, eswifi_done done, gpointer user);

/**
 * eswifi_credential_compare() - the same for an item that is known to be burnt
 *
 * Where the module can be asked (PE) a blank item is not touched: -ENODATA.
 */
int eswifi_credential_compare(struct eswifi_module *module, guint set, enum eswifi_item item,
			      const guint8 *data, gsize size, eswifi_done done, gpointer user);

/**
 * eswifi_credential_list() - PE: which items of a set are blank?
 * @done:	result: bit 1 << item is set for each item that is burnt; -ENOTSUP: the firmware does
 *		not say
 */
int eswifi_credential_list(struct eswifi_module *module, guint set, eswifi_done done,
			   gpointer user);

/**
 * eswifi_probe() - ask the module every harmless question that is known
 * @socket:	one that is not open
 * @peer, @port: an IPv4 address in text, of a TCP server that greets who connects and then waits, as
 *		SSH and SMTP do: with it the report says whether R0 returns with the first bytes. NULL:
 *		nobody is connected to
 * @done:	0, @text is the report, without secrets; its format is in libeswifi(3). After another
 *		error the report ends at the question that was not answered as it should be
 *
 * Takes up to a minute, during which the line does nothing else.
 */
int eswifi_probe(struct eswifi_module *module, guint socket, const char *peer, guint16 port,
		 eswifi_done done, gpointer user);

/**
 * eswifi_watch_reset() - have the report of the next probe tell what the next reset shows
 *
 * How it answers ZR, at which rate it comes back, and how errors are before MT=1.
 */
void eswifi_watch_reset(struct eswifi_module *module);

/* What the module can be asked that is about no socket. */
enum eswifi_question {
	ESWIFI_SCAN, /* F0: the networks in range */
	ESWIFI_PING, /* T0: does an address answer? */
	ESWIFI_TIME, /* GT: UTC where it has reached a time server, else ms since it was switched on */
};

/**
 * eswifi_ask() - ask as soon as the line is free
 * @argument:	ESWIFI_PING: an IPv4 address in text
 * @done:	0, @text has the module's lines, with newlines between them; -ENOTSUP: it says ERROR, or
 *		another error
 *
 * A scan is also done while the module cannot join: that is when people ask for it. It may take
 * TIMEOUT_SCAN_MS, during which the line does nothing else.
 *
 * Return: 0; -EBUSY: a question waits already, -EINVAL: the argument.
 */
int eswifi_ask(struct eswifi_module *module, enum eswifi_question question, const char *argument,
	       eswifi_done done, gpointer user);
/* eswifi_ask_cancel() - whoever asked does not wait any more: nothing is called */
void eswifi_ask_cancel(struct eswifi_module *module);

/**
 * eswifi_leave() - leave the Wi-Fi network, and stay away until eswifi_join()
 *
 * All sockets are lost. The state is ESWIFI_JOINING meanwhile, and its reason says why.
 */
void eswifi_leave(struct eswifi_module *module);
/* eswifi_join() - join again, now: also where the driver waits to try it again */
void eswifi_join(struct eswifi_module *module);
/* eswifi_module_away() - has eswifi_leave() been called, and no eswifi_join() since? */
bool eswifi_module_away(const struct eswifi_module *module);

enum eswifi_trace_kind {
	ESWIFI_TRACE_COMMAND, /* @text: the command line; @data: S3's payload */
	ESWIFI_TRACE_ANSWER, /* @text: its words, or why it is none; @data: what R0 or R4 has read */
	ESWIFI_TRACE_MESSAGE,  /* @text: what the module said by itself */
	ESWIFI_TRACE_NOISE,    /* bytes that are neither: only @size */
	ESWIFI_TRACE_OPENED,   /* a socket is connected */
	ESWIFI_TRACE_SENT,     /* @data was taken by the module for this socket */
	ESWIFI_TRACE_RECEIVED, /* @data came out of this socket */
	ESWIFI_TRACE_ENDED,    /* the far end has closed */
	ESWIFI_TRACE_CLOSED,   /* we have; @failed: it was lost with the module */
};

/**
 * struct eswifi_trace - one thing that happens on the line, or to a socket of the module
 * @text:	printable ASCII; never NULL
 * @data, @size:	bytes that are a program's; NULL where they are hidden or only counted
 * @hidden:	passphrases, keys and certificates are left out: of a command there is what stands
 *		before them, of an answer nothing
 * @failed:	an answer that is an ERROR, or none
 * @socket, @protocol, @local_port, @port, @address:	of a socket's events; @address is an IPv4
 *		address in text, "" where it is not known
 */
struct eswifi_trace {
	enum eswifi_trace_kind kind;
	const char *text;
	const guint8 *data;
	gsize size;
	bool hidden, failed;
	guint socket;
	enum eswifi_protocol protocol;
	guint16 local_port, port;
	const char *address;
};

/* What it points to is valid during the call, from within which nothing of the driver is called. */
typedef void (*eswifi_tap)(struct eswifi_module *module, const struct eswifi_trace *trace,
			   gpointer user);

/* eswifi_module_tap() - have @tap told of all that happens on the line; NULL: nobody */
void eswifi_module_tap(struct eswifi_module *module, eswifi_tap tap, gpointer user);

G_END_DECLS

#endif
