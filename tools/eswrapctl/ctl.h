/* SPDX-License-Identifier: MIT */
/* What the subcommands share: options, the broker's control socket, output for people and scripts.
 */
#ifndef ESWRAPCTL_CTL_H
#define ESWRAPCTL_CTL_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>
#include <sysexits.h>

#include "eswrapctl/set-check.h"

/*
 * Exit statuses, most of them sysexits(3)'s, as the broker's own are; a request that failed brings
 * the broker's.
 */
enum ctl_exit {
	CTL_OK = 0,
	CTL_FAILED = 1,		    /* refused, or the module or the broker said no */
	CTL_USAGE = EX_USAGE,	    /* 64: the command line */
	CTL_BAD_INPUT = EX_DATAERR, /* 65: a check found mistakes in the files; nothing was sent */
	CTL_UNREACHABLE = EX_UNAVAILABLE, /* 69: no broker answers on the control socket */
	CTL_OUTPUT = EX_IOERR,		  /* 74: done, but standard output could not be written */
	CTL_UNCERTAIN = EX_TEMPFAIL, /* 75: it stopped while an item was being written; again */
	CTL_CONFIG = EX_CONFIG,	     /* 78: the configuration */
};

/**
 * struct ctl - the options that every subcommand has
 * @config:	-c; NULL: the one that the broker uses
 * @socket:	-s; NULL: $ESWRAP_SOCKET, or the system broker's
 * @json:	--json
 */
struct ctl {
	char *config;
	char *socket;
	gboolean json;
};

/* A subcommand; argv[0] is its name. Return: enum ctl_exit */
typedef int (*ctl_function)(struct ctl *ctl, int argc, char **argv);

struct ctl_command {
	const char *name;
	ctl_function run;
	const char *help;
};

int ctl_status(struct ctl *ctl, int argc, char **argv);
int ctl_flows(struct ctl *ctl, int argc, char **argv);
int ctl_watch(struct ctl *ctl, int argc, char **argv);
int ctl_module(struct ctl *ctl, int argc, char **argv);
int ctl_doctor(struct ctl *ctl, int argc, char **argv);
int ctl_reload(struct ctl *ctl, int argc, char **argv);
int ctl_route(struct ctl *ctl, int argc, char **argv);
int ctl_metrics(struct ctl *ctl, int argc, char **argv);
int ctl_trace(struct ctl *ctl, int argc, char **argv);
int ctl_wifi(struct ctl *ctl, int argc, char **argv);
int ctl_wrap(struct ctl *ctl, int argc, char **argv);
int ctl_unwrap(struct ctl *ctl, int argc, char **argv);
int ctl_check_config(struct ctl *ctl, int argc, char **argv);
int ctl_credentials(struct ctl *ctl, int argc, char **argv);
int ctl_credentials_expires(struct ctl *ctl, int argc, char **argv);
int ctl_credentials_list(struct ctl *ctl, int argc, char **argv);
int ctl_credentials_check(struct ctl *ctl, int argc, char **argv);
int ctl_credentials_program(struct ctl *ctl, int argc, char **argv);
int ctl_credentials_verify(struct ctl *ctl, int argc, char **argv);
int ctl_credentials_adopt(struct ctl *ctl, int argc, char **argv);
int ctl_credentials_forget(struct ctl *ctl, int argc, char **argv);

/**
 * ctl_dispatch() - take the common options, and run the subcommand that is named behind them
 * @words:	"eswrapctl" or "eswrapctl credentials", for messages
 * @commands:	up to an empty one
 */
int ctl_dispatch(struct ctl *ctl, const char *words, const struct ctl_command *commands, int argc,
		 char **argv);

/**
 * struct ctl_usage - what a (sub)command takes
 * @words:	how it is called, "eswrapctl credentials list"
 * @arguments:	of the usage line, "SET [ITEM...]"; NULL: it takes none
 * @summary:	a paragraph for --help
 * @entries:	its own options; NULL: none
 * @group:	options that it shares with other subcommands, which ctl_parse() takes over; NULL: none
 * @stop:	stop at the first argument that is no option: a subcommand's name
 */
struct ctl_usage {
	const char *words, *arguments, *summary;
	const GOptionEntry *entries;
	GOptionGroup *group;
	bool stop;
};

/**
 * ctl_parse() - options of one (sub)command, among them the common ones
 * @argc, @argv:	what is left: argv[0] and the arguments
 *
 * Return: false after a message; the status is then CTL_USAGE.
 */
bool ctl_parse(struct ctl *ctl, const struct ctl_usage *usage, int *argc, char ***argv);

/**
 * ctl_finish() - see that all output has been written, as the last thing
 *
 * Return: @status; where it is CTL_OK and the output is not whole, CTL_OUTPUT after a message.
 */
int ctl_finish(int status);

/* ctl_error() - "eswrapctl: ..." on standard error; with --json {"error": ...} on standard output
 */
void ctl_error(const struct ctl *ctl, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* ctl_print_json() - one line of JSON on standard output; a floating @value is sunk */
void ctl_print_json(GVariant *value);

/* ctl_print_reply() - the same with a reply of the broker, but for the wire's own "done" */
void ctl_print_reply(GVariant *reply);

/* ctl_text() - a string of a reply; "" where it is not there */
const char *ctl_text(GVariant *dict, const char *key);
/* ctl_number() - a u or t of a reply; 0 where it is not there */
guint64 ctl_number(GVariant *dict, const char *key);

/* client.c */

/* A progress reply; it belongs to the caller. */
typedef void (*client_progress)(GVariant *reply, gpointer user);

/**
 * client_call() - ask the broker one thing and wait for the end of it
 * @verb:	of the broker's table
 * @arguments:	a{sv}, floating; NULL: none. Not kept in ordinary memory: it may hold a key
 * @progress:	for each reply but the last; NULL: not wanted
 * @reply:	the last reply, also of a failed request; NULL where there is none
 *
 * The broker says at once that it has heard the question: where it does not, nobody is there, and
 * the error holds what systemd knows.
 *
 * Return: CTL_OK; else a status, with @error set.
 */
int client_call(const struct ctl *ctl, const char *verb, GVariant *arguments,
		client_progress progress, gpointer user, GVariant **reply, GError **error);

/* client_ask() - client_call(), which says what went wrong */
int client_ask(const struct ctl *ctl, const char *verb, GVariant *arguments,
	       client_progress progress, gpointer user, GVariant **reply);

/**
 * client_command() - a subcommand that takes no arguments and asks one verb
 * @usage:	its words but the first make the verb: "eswrapctl module time" asks module-time
 * @reply:	for people to be printed; NULL where nothing is left to be said: an error, or JSON
 *
 * Return: the exit status.
 */
int client_command(struct ctl *ctl, const struct ctl_usage *usage, int argc, char **argv,
		   GVariant **reply);

/**
 * client_call_who() - ask something short, and whose the answer is
 * @who:	the user of the process that sent it, as the kernel says; (uid_t)-1: not known
 */
int client_call_who(const struct ctl *ctl, const char *verb, GVariant **reply, uid_t *who,
		    GError **error);

/* rights.c */

/**
 * rights_take() - until rights_restore(), have @uid's rights to files, if this is root
 *
 * Return: false with @error set; nothing is changed then.
 */
bool rights_take(uid_t uid, GError **error);
void rights_restore(void);

/* service.c */

/**
 * service_run() - run a command of systemd's, for a few seconds at most
 *
 * Return: what it said, without white space around it, to be freed; NULL where it failed.
 */
char *service_run(const char *const *command);
/* service_run_within() - the same for as many seconds as the text says */
char *service_run_within(const char *seconds, const char *const *command);

/**
 * service_explain() - what systemd and the journal know of a broker that does not answer
 * @path:	of its control socket
 *
 * Return: lines for the user, each behind a newline and two spaces, to be freed; NULL where this is
 * no socket of systemd's.
 */
char *service_explain(const char *path);

/* terminal.c */

/* terminal_is_ours() - is standard output a terminal, to show progress on? */
bool terminal_is_ours(void);
/* terminal_ask_passphrase() - a pem_ask that asks on the controlling terminal, without echo */
bool terminal_ask_passphrase(const char *path, char *passphrase, gpointer user, GError **error);
/**
 * terminal_confirm() - have something typed back
 * @question:	why
 * @what:	what is to be typed, in words: "the set's number"
 * @expected:	the same, as it must be
 *
 * Return: false after a message, also when standard input is no terminal.
 */
bool terminal_confirm(const struct ctl *ctl, const char *question, const char *what,
		      const char *expected);

/* set.c */

#define SET_NUMBER_SIZE 12 /* bytes that a set's number takes as text, with the NUL */

/**
 * struct set_options - which set, and where its files are
 * @ca, @certificate, @key:	--ca, --certificate, --key; paths that replace the configuration's
 * @other_issuer:	--other-issuer
 * @even_if_large:	--even-if-large
 * @reader:	with whose rights the files are opened; (uid_t)-1: one's own
 * @set:	its number
 * @name:	of its [credentials NAME]; NULL: files from the command line alone
 * @items:	which of its items are meant
 */
struct set_options {
	char *ca, *certificate, *key;
	gboolean other_issuer, even_if_large;
	uid_t reader;
	guint set;
	char *name;
	bool items[CREDENTIAL_ITEMS];
};

/* set_option_group() - --ca, --certificate, --key and kin, for struct ctl_usage */
GOptionGroup *set_option_group(struct set_options *options);
/**
 * set_find() - the set that SET and the files that the options and the configuration name
 * @which:	a set's number or a [credentials] group's name
 * @items:	names of items, NULL-terminated; none: all that have a file
 *
 * Return: CTL_OK, or a status after a message.
 */
int set_find(const struct ctl *ctl, const char *which, char **items, struct set_options *options);
/* set_items() - which items the names mean; all where there is none. Return: false after a message
 */
bool set_items(const struct ctl *ctl, char **names, bool items[CREDENTIAL_ITEMS]);
/**
 * set_load() - read and check the files of the items that are meant, and say what is wrong
 * @alone:	as credential_rules has it
 *
 * Return: NULL after the messages. Warnings are for the caller to show.
 */
struct credential_set *set_load(const struct ctl *ctl, const struct set_options *options,
				bool alone);
/* set_number() - "0" to "2". Return: false after a message */
bool set_number(const struct ctl *ctl, const char *text, guint *set);
void set_options_clear(struct set_options *options);

/* known.c */

/**
 * struct known - what the broker knows of the module and its sets
 * @reply:	owns the strings
 * @module:	its MAC
 * @product, @dialect:	as the identity has them
 */
struct known {
	GVariant *reply;
	const char *module, *product, *dialect;
};

/**
 * known_get() - ask the broker
 * @wait:	until the module is ready, up to a minute: a private broker has just been started
 *
 * Return: CTL_OK, or a status after a message.
 */
int known_get(const struct ctl *ctl, bool wait, struct known *known);
void known_clear(struct known *known);

/**
 * struct known_item - one row of the ledger for the module that is there
 * @state:	"blank", "uncertain", "burnt", "elsewhere"
 * @says:	what the module itself says: "blank", "used"; "" where its firmware does not
 */
struct known_item {
	const char *state, *says, *sha256, *subject, *when, *reason;
};

/* known_item() - one item; strings are "" where there is nothing, and belong to @known */
struct known_item known_item(const struct known *known, guint set, enum eswifi_item item);

#endif
