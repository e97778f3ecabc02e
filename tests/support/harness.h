/* SPDX-License-Identifier: MIT */
/*
 * What tests with processes are made of: a temporary directory, the simulated module, the broker,
 * servers, and programs that run under the shim.
 *
 * DOC: Theory of Operation
 *
 * A test makes one harness first and frees it last. Whatever goes wrong inside (a program that is
 * not there, a deadline that passes) fails the running Check test with the reason, so that callers
 * check nothing.
 *
 * Nothing is left behind, however the test ends. Processes die with the test (PR_SET_PDEATHSIG).
 * The directory is removed by a janitor: a process of its own group that waits for the test's end
 * of a pipe to close. A test that reaches harness_free() has told the janitor that all is well;
 * from any other the janitor shows the logs of the processes before it removes them.
 *
 * Nothing sleeps: a process says on standard output that it is ready, ends, or lets its port be
 * connected to, and each wait has the same deadline.
 *
 * Strings that a function returns belong to the harness.
 */
#ifndef TESTS_HARNESS_H
#define TESTS_HARNESS_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

/* No single wait takes longer, seconds; a Check test that waits needs tcase_set_timeout(). */
#define HARNESS_DEADLINE_S 30

/* The access point that harness_fake() offers and harness_broker() joins. */
#define HARNESS_SSID	   "plant-7"
#define HARNESS_PASSPHRASE "correct horse"

struct process;

/**
 * struct harness - one test's surroundings
 * @directory:	the temporary directory
 * @device:	of the latest harness_fake(), as a configuration's `device`: "unix:PATH"
 * @trace:	path of its --trace file
 * @config:	path of the latest broker's configuration
 * @socket:	path of its control socket
 * @fake, @broker:	their processes
 */
struct harness {
	char *directory;
	const char *device, *trace, *config, *socket;
	struct process *fake, *broker;
	/* Only harness.c looks at these. */
	GPtrArray *strings, *processes, *results;
	int janitor;
	pid_t janitor_pid;
};

struct harness *harness_new(void);

/**
 * harness_free() - stop every process, remove the directory
 *
 * Fails the test if the simulated module or the broker has crashed, or does not leave on SIGTERM.
 */
void harness_free(struct harness *h);

/* harness_format() - printf into a string of the harness */
const char *harness_format(struct harness *h, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* harness_path() - a name in the temporary directory */
const char *harness_path(struct harness *h, const char *name);
/* harness_file() - write a file in the temporary directory, mode 0600; Return: its path */
const char *harness_file(struct harness *h, const char *name, const char *format, ...)
	G_GNUC_PRINTF(3, 4);
/* harness_read() - the whole of a file, with a NUL behind it */
const char *harness_read(struct harness *h, const char *path);
/* harness_await_log() - wait for @text in the broker's log, which a thread writes; @behind another */
void harness_await_log(struct harness *h, const char *behind, const char *text);
/* harness_tool() - path of a built program: eswrap, eswrapd, eswrapctl, eswrap-fake */
const char *harness_tool(struct harness *h, const char *name);
/* harness_built() - path of anything else in the build tree */
const char *harness_built(struct harness *h, const char *name);
/* harness_shim() - path of the built libeswrap.so */
const char *harness_shim(struct harness *h);
/* harness_source() - path of a file in the source tree */
const char *harness_source(struct harness *h, const char *name);
/**
 * harness_credential() - path of a PEM file that `make check` has made, each with its .key
 *
 * ca.pem		the root that signed the next two
 * server.pem		for localhost, *.example, 127.0.0.1 and ::1
 * device.pem		the client certificate, CN=device-0001
 * other-ca.pem		a root that signed neither
 * stranger.pem		a client certificate that other-ca signed, CN=stranger
 */
const char *harness_credential(struct harness *h, const char *name);

/**
 * harness_fake() - start the simulated module and wait until it listens
 * @option:	further options (`--resolve-all`, `127.0.0.1`, ...), then NULL
 *
 * It keeps its flash in flash.bin, so that a second start in the same harness finds it again, and
 * offers one access point. Return: the device.
 */
const char *harness_fake(struct harness *h, const char *option, ...) G_GNUC_NULL_TERMINATED;

/* harness_opened() - how often the module has been asked to connect (P6=1) so far */
guint harness_opened(struct harness *h);

/**
 * harness_burn() - program items of a credentials set into the simulated module, as the product
 * note says
 * @set:	0..2
 * @ca, @certificate, @key:	names for harness_credential(), or NULL to leave the item blank
 *
 * Before the broker is started: the line has one owner.
 */
void harness_burn(struct harness *h, guint set, const char *ca, const char *certificate,
		  const char *key);

/**
 * harness_broker() - start the broker and wait until it is ready
 * @format:	the configuration but for [module] and [wifi], which are put before it, and, where
 *		it has none, [broker] with a state-dir
 *
 * Return: the control socket.
 */
const char *harness_broker(struct harness *h, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* harness_broker_file() - the same with a whole configuration file that is there already */
const char *harness_broker_file(struct harness *h, const char *path);
/* harness_private_broker() - as harness_broker_file(), a private one. Return: its control socket */
const char *harness_private_broker(struct harness *h, const char *path);
/* harness_config() - write what harness_broker() would, as eswrap.conf. Return: its path */
const char *harness_config(struct harness *h, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* process_ends_within() - does it end in the next @ms? */
bool process_ends_within(struct process *process, int ms);

/**
 * process_start() - start a program in the background
 * @name:	its standard error goes to NAME.log, and NAME stands in messages
 * @argv:	argv[0] is looked for in PATH; NULL-terminated
 * @environment:	"NAME=value" strings on top of the harness's own, NULL-terminated, or NULL
 */
struct process *process_start(struct harness *h, const char *name, const char *const *argv,
			      const char *const *environment);
/* process_start_wrapped() - the same under the shim, with ESWRAP_SOCKET of the latest broker */
struct process *process_start_wrapped(struct harness *h, const char *name, const char *const *argv);
/* process_await_line() - the next line of its standard output that begins so, without newline */
const char *process_await_line(struct process *process, const char *beginning);
/* process_await_port() - wait until a loopback port (IPv4) that the process opens takes connects */
void process_await_port(struct process *process, guint16 port);
pid_t process_pid(const struct process *process);
/* process_wait() - wait for its end. Return: its exit status, or 128 + signal */
int process_wait(struct process *process);
/* process_stop() - SIGTERM, then process_wait() */
int process_stop(struct process *process);
/* process_kill() - SIGKILL, and reap it; harness_free() will not mind */
void process_kill(struct process *process);

/**
 * struct result - how a program ended
 * @status:	its exit status, or 128 + signal
 * @out, @err:	its standard output and standard error, with a NUL behind them
 */
struct result {
	int status;
	GString *out, *err;
};

/**
 * struct run - how a program is to run
 * @wrapped:	under the shim, with ESWRAP_SOCKET set to the latest broker's
 * @environment:	"NAME=value" strings on top, NULL-terminated, or NULL
 * @directory:	where to run; NULL: the temporary directory
 * @input:	standard input, NULL: /dev/null
 * @input_size:	bytes in @input
 * @seconds:	deadline; 0: HARNESS_DEADLINE_S
 */
struct run {
	bool wrapped;
	const char *const *environment;
	const char *directory;
	const char *input;
	gsize input_size;
	guint seconds;
};

/* harness_run_as() - run a program to its end; argv[0] is looked for in PATH, NULL-terminated */
const struct result *harness_run_as(struct harness *h, const struct run *how,
				    const char *const *argv);
/* harness_run() - the same with nothing special; arguments end with NULL */
const struct result *harness_run(struct harness *h, const char *program,
				 ...) G_GNUC_NULL_TERMINATED;
/* harness_run_wrapped() - the same under the shim */
const struct result *harness_run_wrapped(struct harness *h, const char *program,
					 ...) G_GNUC_NULL_TERMINATED;

/* As much of a text as a message shows: Check ends a test whose message is too long. */
#define HARNESS_SHOWN "%.1200s"

/* Claims about results; what the program said stands in the message when they fail. */
#define ck_result_status(result, expected)                                                    \
	ck_assert_msg((result)->status == (expected),                                         \
		      "status %d, not %d; stdout: " HARNESS_SHOWN "; stderr: " HARNESS_SHOWN, \
		      (result)->status, (expected), (result)->out->str, (result)->err->str)
#define ck_text_has(text, part)                                                                    \
	do {                                                                                       \
		const char *text_ = (text), *part_ = (part);                                       \
		ck_assert_msg(strstr(text_, part_) != NULL, "no \"%s\" in: " HARNESS_SHOWN, part_, \
			      text_);                                                              \
	} while (0)
#define ck_text_lacks(text, part)                                                               \
	do {                                                                                    \
		const char *text_ = (text), *part_ = (part);                                    \
		ck_assert_msg(strstr(text_, part_) == NULL, "\"%s\" in: " HARNESS_SHOWN, part_, \
			      text_);                                                           \
	} while (0)

/* harness_free_port() - a loopback TCP port that was free a moment ago, for servers of others */
guint16 harness_free_port(void);

#endif
