// SPDX-License-Identifier: MIT
/* eswrapctl credentials, through the broker, to the simulated module: what is burnt, and what not.
 */
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "burn/device.h"
#include "support/suite.h"

#define PASSPHRASE "open sesame"
/* A sanitiser maps terabytes for its own notes, which hold no copies. */
#define MAP_MAX (1UL << 30)

static const char configuration[] =
	DEVICE_GROUP "\n"
		     "[route gateway]\nhost = *.example\nthrough = tls\n"
		     "credentials = gateway\n";

static void start_broker(void)
{
	credentials_broker(h, "%s", configuration);
	expect_status(credentials_ctl(h, "credentials", "list", "--wait", NULL), 0);
}

/* Firmware that cannot be asked what is blank: then the ledger's rules are all there is. */
#define WITHOUT_PE "--as", "C3.5.2.3"

static void start(void)
{
	harness_fake(h, WITHOUT_PE, "--resolve-all", "127.0.0.1", NULL);
	start_broker();
}

static void expect_ledger(enum ledger_state ca_state, enum ledger_state certificate_state,
			  enum ledger_state key_state)
{
	ck_assert_int_eq(credentials_ledger(h, 0, ESWIFI_ITEM_CA, NULL), ca_state);
	ck_assert_int_eq(credentials_ledger(h, 0, ESWIFI_ITEM_CERTIFICATE, NULL),
			 certificate_state);
	ck_assert_int_eq(credentials_ledger(h, 0, ESWIFI_ITEM_KEY, NULL), key_state);
}

START_TEST(a_set_is_burnt_in_both_dialects_and_ledger_and_flash_say_so)
{
	static const char *const dialects[] = { "note", "st" };

	harness_fake(h, "--firmware", dialects[_i], NULL);
	start_broker();
	expect_status(device_program(), 0);
	expect_burnt();
	/* Once to burn it, and once to compare it with what was sent. */
	ck_assert_uint_eq(credentials_sent(h), 6);
}
END_TEST

START_TEST(a_set_may_be_named_by_its_group_or_by_files)
{
	start();
	expect_status(credentials_ctl(h, "credentials", "program", "gateway", "--yes", NULL), 0);
	expect_burnt();
	expect_status(credentials_ctl(h, "credentials", "program", "2", "--yes", "--ca",
				      harness_path(h, "ca.pem"), NULL),
		      0);
	ck_assert_int_eq(credentials_ledger(h, 2, ESWIFI_ITEM_CA, NULL), LEDGER_BURNT);
	expect_status(credentials_ctl(h, "credentials", "program", "1", "--yes", NULL), EX_USAGE);
	expect_status(credentials_ctl(h, "credentials", "program", "nobody", "--yes", NULL),
		      EX_USAGE);
}
END_TEST

START_TEST(programming_again_only_compares)
{
	const struct result *again;

	start();
	expect_status(device_program(), 0);
	again = device_program();
	ck_result_status(again, 0);
	ck_text_has(again->out->str, "certificate  equal");
	ck_assert_uint_eq(credentials_sent(h), 6 + 3);
	expect_burnt();
}
END_TEST

START_TEST(a_set_that_is_burnt_with_other_files_is_refused_before_anything_is_sent)
{
	struct identity *other =
		identity_new(&(struct identity_request){ .name = "device-0002", .issuer = ca });
	const struct result *result;
	guint sent;

	start();
	expect_status(device_program(), 0);
	sent = credentials_sent(h);
	credentials_put(h, "device", other);
	result = device_program();
	ck_result_status(result, 1);
	ck_text_has(result->err->str, "the certificate of set 0 is burnt with other bytes "
				      "(CN=device-0001)");
	ck_assert_uint_eq(credentials_sent(h), sent);
	expect_burnt();
	identity_free(other);
}
END_TEST

/* Bad input of every kind, each made by one function out of the good files. */
static void empty_ca(void)
{
	harness_file(h, "ca.pem", "%s", "");
}

static void no_ca(void)
{
	g_unlink(harness_path(h, "ca.pem"));
}

static void damaged_certificate(void)
{
	const char *text = harness_read(h, harness_path(h, "device.pem"));

	harness_file(h, "device.pem", "%.*s", (int)strlen(text) / 2, text);
}

static void readable_key(void)
{
	ck_assert_int_eq(chmod(harness_path(h, "device.key"), 0640), 0);
}

static void key_of_another(void)
{
	harness_file(h, "device.key", "%s", harness_read(h, harness_path(h, "ca.key")));
}

static void encrypted_key(void)
{
	GBytes *bytes = identity_key(device, IDENTITY_SEALED, PASSPHRASE);

	harness_file(h, "device.key", "%.*s", (int)g_bytes_get_size(bytes),
		     (const char *)g_bytes_get_data(bytes, NULL));
	g_bytes_unref(bytes);
}

static void swapped_files(void)
{
	const char *certificate = harness_read(h, harness_path(h, "device.pem"));

	harness_file(h, "device.pem", "%s", harness_read(h, harness_path(h, "device.key")));
	harness_file(h, "device.key", "%s", certificate);
}

static void put_device(struct identity_request request)
{
	struct identity *identity;

	if (!request.issuer)
		request.issuer = ca;
	request.name = "device";
	identity = identity_new(&request);
	credentials_put(h, "device", identity);
	identity_free(identity);
}

static void expired_certificate(void)
{
	put_device((struct identity_request){ .from = -2 * IDENTITY_DAY, .until = -60 });
}

static void foreign_certificate(void)
{
	struct identity_request request = { .name = "other", .ca = true };
	struct identity *other = identity_new(&request);

	put_device((struct identity_request){ .issuer = other });
	identity_free(other);
}

static void unknown_curve(void)
{
	put_device((struct identity_request){ .kind = "P-521" });
}

static void server_certificate(void)
{
	put_device((struct identity_request){ .usage = "serverAuth" });
}

static void certificate_beyond_pg(void)
{
	GString *names = g_string_new("DNS:a.example");
	guint i;

	for (i = 0; i < 700; i++)
		g_string_append_printf(names, ",DNS:a%u.example", i);
	put_device((struct identity_request){ .names = names->str });
	g_string_free(names, TRUE);
}

static const struct bad_input {
	void (*make)(void);
	const char *said;
} bad_inputs[] = {
	{ empty_ca, "ca.pem: is empty" },
	{ no_ca, "ca.pem: No such file or directory" },
	{ damaged_certificate, "device.pem: PEM block 1 is damaged" },
	{ readable_key, "device.key: its mode is 0640" },
	{ key_of_another, "device.key: is not the key of" },
	{ encrypted_key, "device.key: the key is encrypted" },
	{ swapped_files, "device.pem: holds a private key" },
	{ expired_certificate, "device.pem: CN=device expired on" },
	{ foreign_certificate, "device.pem: does not lead to the CA" },
	{ unknown_curve, "device.pem: its key is EC on secp521r1" },
	{ server_certificate, "device.pem: is not for TLS clients" },
	{ certificate_beyond_pg, "an item takes 9999" },
};

START_TEST(bad_input_ends_before_the_first_byte_of_pg)
{
	const struct result *result;

	start();
	bad_inputs[_i].make();
	result = device_program();
	ck_result_status(result, EX_DATAERR);
	ck_text_has(result->err->str, bad_inputs[_i].said);
	result = credentials_ctl(h, "credentials", "check", "0", NULL);
	ck_result_status(result, EX_DATAERR);
	ck_text_has(result->err->str, bad_inputs[_i].said);
	ck_assert_uint_eq(credentials_sent(h), 0);
	expect_ledger(LEDGER_BLANK, LEDGER_BLANK, LEDGER_BLANK);
}
END_TEST

START_TEST(check_needs_no_broker_and_sends_nothing)
{
	const struct result *result;

	result = harness_run(h, harness_tool(h, "eswrapctl"), "--socket", "/nonexistent",
			     "credentials", "check", "1", "--ca", harness_path(h, "ca.pem"),
			     "--certificate", harness_path(h, "device.pem"), "--key",
			     harness_path(h, "device.key"), NULL);
	ck_result_status(result, 0);
	ck_text_has(result->out->str, "CN=device-0001");
	ck_text_has(result->out->str, "set 1: good to program");
}
END_TEST

START_TEST(without_a_terminal_or_yes_nothing_is_sent)
{
	const struct result *result;

	start();
	result = credentials_ctl(h, "credentials", "program", "0", NULL);
	ck_result_status(result, EX_USAGE);
	ck_text_has(result->err->str, "--yes");
	ck_assert_uint_eq(credentials_sent(h), 0);
}
END_TEST

static struct terminal *program_on_terminal(void)
{
	const char *argv[] = {
		harness_tool(h, "eswrapctl"), "-s", h->socket, "credentials", "program", "0", NULL
	};

	return terminal_start(h, argv);
}

START_TEST(on_a_terminal_the_number_of_the_set_confirms)
{
	struct terminal *terminal;
	const char *shown;

	start();
	terminal = program_on_terminal();
	terminal_await(terminal, "CN=device-0001");
	terminal_await(terminal, "Type the set's number to go on: ");
	terminal_type(terminal, "1\n");
	ck_assert_int_eq(terminal_end(terminal, &shown), EX_USAGE);
	ck_text_has(shown, "not confirmed; nothing was sent");
	ck_assert_uint_eq(credentials_sent(h), 0);
	terminal = program_on_terminal();
	terminal_await(terminal, "can never be changed");
	terminal_await(terminal, "Type the set's number to go on: ");
	terminal_type(terminal, "0\n");
	ck_assert_int_eq(terminal_end(terminal, &shown), 0);
	ck_text_has(shown, "writing...");
	ck_text_has(shown, "comparing...");
	expect_burnt();
}
END_TEST

START_TEST(on_a_terminal_a_passphrase_is_asked_for_and_not_shown)
{
	struct terminal *terminal;
	const char *shown;

	start();
	encrypted_key();
	terminal = program_on_terminal();
	terminal_await(terminal, "Passphrase of ");
	terminal_await(terminal, "device.key: ");
	terminal_type(terminal, PASSPHRASE "\n");
	terminal_await(terminal, "Type the set's number to go on: ");
	terminal_type(terminal, "0\n");
	ck_assert_int_eq(terminal_end(terminal, &shown), 0);
	ck_text_lacks(shown, PASSPHRASE);
	expect_burnt();
}
END_TEST

START_TEST(ctrl_c_at_the_passphrase_ends_it_at_once)
{
	struct terminal *terminal;
	const char *shown;

	start();
	encrypted_key();
	terminal = program_on_terminal();
	terminal_await(terminal, "device.key: ");
	terminal_type(terminal, "open");
	terminal_interrupt(terminal);
	ck_assert_int_eq(terminal_end(terminal, &shown), 128 + SIGINT);
	ck_text_lacks(shown, "open");
	ck_assert_uint_eq(credentials_sent(h), 0);
}
END_TEST

START_TEST(verify_compares_what_is_burnt_and_refuses_what_may_be_blank)
{
	const struct result *result;

	start();
	result = credentials_ctl(h, "credentials", "verify", "0", NULL);
	ck_result_status(result, 1);
	ck_text_has(result->err->str, "comparing a blank item burns it");
	ck_assert_uint_eq(credentials_sent(h), 0);
	expect_status(device_program(), 0);
	result = credentials_ctl(h, "credentials", "verify", "0", NULL);
	ck_result_status(result, 0);
	ck_text_has(result->out->str, "set 0 of module " MODULE_MAC " holds these bytes");
	ck_assert_uint_eq(credentials_sent(h), 6 + 3);
	expect_status(credentials_ctl(h, "credentials", "verify", "0", "ca", NULL), 0);
	ck_assert_uint_eq(credentials_sent(h), 6 + 3 + 1);
}
END_TEST

START_TEST(verify_even_if_blank_burns_and_says_so)
{
	const struct result *result;

	start();
	result = credentials_ctl(h, "credentials", "verify", "0", "ca", "--even-if-blank", NULL);
	ck_result_status(result, EX_USAGE);
	ck_assert_uint_eq(credentials_sent(h), 0);
	result = credentials_ctl(h, "credentials", "verify", "0", "ca", "--even-if-blank", "--yes",
				 NULL);
	ck_result_status(result, 0);
	ck_text_has(result->out->str, "will be BURNT");
	expect_ledger(LEDGER_BURNT, LEDGER_BLANK, LEDGER_BLANK);
}
END_TEST

/* Another tool has burnt a certificate of its own: the note's ERROR to other bytes. */
START_TEST(the_first_error_stops_and_says_what_is_burnt)
{
	const struct result *result;

	harness_fake(h, WITHOUT_PE, NULL);
	harness_burn(h, 0, NULL, "device.pem", NULL);
	start_broker();
	result = device_program();
	ck_result_status(result, 1);
	ck_text_has(result->err->str, "the item holds other bytes, which another tool has "
				      "programmed");
	ck_text_has(result->err->str, "ca           burnt");
	ck_text_has(result->err->str, "certificate  uncertain");
	ck_text_has(result->err->str, "key          blank");
	expect_ledger(LEDGER_BURNT, LEDGER_UNCERTAIN, LEDGER_BLANK);
	ck_assert_uint_eq(credentials_sent_item(h, 0, ESWIFI_ITEM_KEY), 0);
}
END_TEST

START_TEST(certificates_that_end_soon_are_listed)
{
	const struct result *result;

	start();
	expect_status(device_program(), 0);
	result = credentials_ctl(h, "credentials", "expires", "--days", "1", NULL);
	ck_result_status(result, 0);
	ck_text_has(result->out->str, "nothing ends within 1 days");
	result = credentials_ctl(h, "credentials", "expires", "--days", "40000", NULL);
	ck_result_status(result, 1);
	ck_text_has(result->out->str, "set 0, ca: CN=root ends on 20");
	ck_text_has(result->out->str, "set 0, certificate: CN=device-0001 ends on 20");
	ck_text_lacks(result->out->str, "key");
}
END_TEST

START_TEST(a_set_that_another_tool_programmed_is_adopted)
{
	const struct result *result;

	harness_fake(h, WITHOUT_PE, NULL);
	start_broker();
	result = credentials_ctl(h, "credentials", "adopt", "0", NULL);
	ck_result_status(result, 0);
	expect_ledger(LEDGER_ELSEWHERE, LEDGER_ELSEWHERE, LEDGER_ELSEWHERE);
	ck_assert_uint_eq(credentials_sent(h), 0);
	/* The route that wants all three is content now. */
	result = credentials_ctl(h, "status", NULL);
	ck_text_lacks(result->out->str, "verify = required");
	result = credentials_ctl(h, "credentials", "verify", "0", NULL);
	ck_result_status(result, 1);
	ck_text_has(result->err->str, "--even-if-blank");
	ck_assert_uint_eq(credentials_sent(h), 0);
	result = credentials_ctl(h, "credentials", "adopt", "1", "--unknown", "key", NULL);
	ck_result_status(result, 0);
	ck_assert_int_eq(credentials_ledger(h, 1, ESWIFI_ITEM_KEY, NULL), LEDGER_ELSEWHERE);
	ck_assert_int_eq(credentials_ledger(h, 1, ESWIFI_ITEM_CA, NULL), LEDGER_BLANK);
}
END_TEST

START_TEST(what_was_burnt_from_here_is_not_adopted)
{
	start();
	expect_status(device_program(), 0);
	expect_status(credentials_ctl(h, "credentials", "adopt", "0", NULL), 1);
	expect_burnt();
}
END_TEST

START_TEST(forgetting_makes_the_ledger_blank_and_leaves_the_module_alone)
{
	guint sent;

	start();
	expect_status(device_program(), 0);
	sent = credentials_sent(h);
	expect_status(credentials_ctl(h, "credentials", "forget-ledger", "0", NULL), EX_USAGE);
	expect_status(credentials_ctl(h, "credentials", "forget-ledger", "0", "key", "--yes", NULL),
		      0);
	expect_ledger(LEDGER_BURNT, LEDGER_BURNT, LEDGER_BLANK);
	expect_status(credentials_ctl(h, "credentials", "forget-ledger", "--all", "--yes", NULL),
		      0);
	expect_ledger(LEDGER_BLANK, LEDGER_BLANK, LEDGER_BLANK);
	ck_assert_uint_eq(credentials_sent(h), sent);
	/* And the same files still come to a good end: the module finds them equal. */
	expect_status(device_program(), 0);
	expect_burnt();
}
END_TEST

/* The firmware takes ST's form of PF, but a byte of it is lost: it seems to take neither. */
START_TEST(a_detection_that_is_not_sure_never_programs)
{
	const struct result *result;

	/* Neither form of PF is taken. */
	harness_fake(h, "--without", "PF", NULL);
	start_broker();
	result = device_program();
	ck_result_status(result, 1);
	ck_text_has(result->err->str, "set firmware = note or firmware = st in [module]");
	ck_assert_uint_eq(credentials_sent(h), 0);
	expect_ledger(LEDGER_BLANK, LEDGER_BLANK, LEDGER_BLANK);
}
END_TEST

START_TEST(a_damaged_ledger_stops_everything_and_stays_as_it_is)
{
	static const char text[] = "[ledger]\nversion=1\nsum=0\n";
	const char *path = harness_path(h, STATE_DIR "/" LEDGER_FILE);
	const struct result *result;

	start();
	ck_assert_int_eq(g_mkdir_with_parents(harness_path(h, STATE_DIR), 0700), 0);
	ck_assert(g_file_set_contents(path, text, -1, NULL));
	result = device_program();
	ck_result_status(result, 1);
	ck_text_has(result->err->str, "ledger.ini: is damaged");
	result = credentials_ctl(h, "status", NULL);
	ck_text_has(result->out->str, "ledger.ini: is damaged");
	ck_assert_uint_eq(credentials_sent(h), 0);
	ck_assert_str_eq(harness_read(h, path), text);
}
END_TEST

START_TEST(a_route_that_lacks_items_is_warned_of_and_its_connects_say_why)
{
	const struct result *result;

	start();
	result = credentials_ctl(h, "status", NULL);
	ck_text_has(result->out->str, "warning   [route gateway]: verify = required, but the "
				      "ledger does not hold all of set 0");
	result = harness_run_wrapped(h, "curl", "-sS", "http://server.example:9/", NULL);
	ck_assert_int_ne(result->status, 0);
	harness_await_log(h, "connect to ", "ca (blank), certificate (blank), key (blank)");
	expect_status(device_program(), 0);
	result = credentials_ctl(h, "status", NULL);
	ck_text_lacks(result->out->str, "warning");
}
END_TEST

START_TEST(an_optional_route_without_a_ca_is_warned_of)
{
	const struct result *result;

	harness_fake(h, WITHOUT_PE, NULL);
	credentials_broker(h, "[credentials web]\nset = 1\nca = ca.pem\n\n"
			      "[route web]\nhost = *.example\nthrough = tls\nverify = optional\n"
			      "credentials = web\n");
	expect_status(credentials_ctl(h, "credentials", "list", "--wait", NULL), 0);
	result = credentials_ctl(h, "status", NULL);
	ck_text_has(result->out->str, "the ledger holds no CA in set 1");
	expect_status(credentials_ctl(h, "credentials", "program", "web", "--yes", NULL), 0);
	result = credentials_ctl(h, "status", NULL);
	ck_text_lacks(result->out->str, "the ledger holds no CA");
}
END_TEST

/* Whether standard output is one JSON object in which the Python expression is true. */
static void expect_json(const struct result *result, const char *expression)
{
	const char *script = harness_format(
		h, "import json, sys\nr = json.load(sys.stdin)\nassert %s, r\n", expression);
	const char *argv[] = { "python3", "-c", script, NULL };
	const struct run how = { .input = result->out->str, .input_size = result->out->len };

	expect_status(harness_run_as(h, &how, argv), 0);
	ck_assert_str_eq(result->err->str, "");
}

START_TEST(json_says_the_same_for_scripts)
{
	const struct result *result;

	start();
	expect_json(credentials_ctl(h, "--json", "status", NULL),
		    "r['state'] == 'ready' and len(r['warnings']) == 1 and 'done' not in r");
	expect_json(credentials_ctl(h, "credentials", "check", "0", "--json", NULL),
		    "[i['item'] for i in r['items']] == ['ca', 'certificate', 'key']");
	result = credentials_ctl(h, "--json", "credentials", "program", "0", NULL);
	ck_result_status(result, EX_USAGE);
	expect_json(result, "'--yes' in r['error']");
	result = credentials_ctl(h, "credentials", "--json", "program", "0", "--yes", NULL);
	ck_result_status(result, 0);
	expect_json(result, "[i['result'] for i in r['items']] == 3 * ['burnt, and compared'] "
			    "and r['set'] == 0 and 'error' not in r");
	result = credentials_ctl(h, "credentials", "list", "--json", NULL);
	expect_json(result, "[i['state'] for i in r['items']] == 3 * ['burnt'] + 6 * ['blank'] "
			    "and r['module'] == '" MODULE_MAC "'");
	readable_key();
	result = credentials_ctl(h, "credentials", "check", "0", "--json", NULL);
	ck_result_status(result, EX_DATAERR);
	expect_json(result, "'chmod 600' in r['errors'][0]");
	expect_json(credentials_ctl(h, "--json", "check-config", h->config, NULL),
		    "r['good'] is True");
}
END_TEST

START_TEST(list_shows_each_item_and_modules_that_are_not_there)
{
	struct ledger_entry entry = { .state = LEDGER_BURNT, .subject = "CN=old", .when = 1 };
	const struct result *result;

	memset(entry.sha256, 'a', LEDGER_SHA256_HEX);
	start();
	ck_assert(ledger_put(harness_path(h, STATE_DIR), "c4:7f:51:00:00:02", 1,
			     ESWIFI_ITEM_CERTIFICATE, &entry, NULL));
	expect_status(device_program(), 0);
	result = credentials_ctl(h, "credentials", "list", NULL);
	ck_result_status(result, 0);
	ck_text_has(result->out->str, "module " MODULE_MAC " (ISM43362");
	ck_text_has(result->out->str, "0  certificate  burnt      20");
	ck_text_has(result->out->str, "2  key          blank\n");
	ck_text_has(result->out->str, "module c4:7f:51:00:00:02, which is not the one that is "
				      "connected\n1  certificate  burnt");
	expect_status(credentials_ctl(h, "credentials", "forget-ledger", "--all", "--module",
				      "c4:7f:51:00:00:02", "--yes", NULL),
		      0);
	result = credentials_ctl(h, "credentials", "list", NULL);
	ck_text_lacks(result->out->str, "c4:7f:51:00:00:02");
	expect_burnt();
}
END_TEST

START_TEST(without_a_broker_the_socket_is_named)
{
	const struct result *result = harness_run(h, harness_tool(h, "eswrapctl"), "--socket",
						  harness_path(h, "nobody.sock"), "status", NULL);

	ck_result_status(result, EX_UNAVAILABLE);
	ck_text_has(result->err->str, "nobody.sock: No such file or directory");
}
END_TEST

START_TEST(output_that_cannot_be_written_is_said)
{
	static const char *const commands[] = { "--version", "help", "check-config \"$2\"" };
	const char *path = harness_file(h, "good.conf",
					"[module]\ndevice = /dev/ttyS0\n"
					"[wifi]\nssid = plant-7\nsecurity = open\n");
	const struct result *result;
	const char *script;
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(commands); i++) {
		script = harness_format(h, "\"$1\" %s >/dev/full", commands[i]);
		result = harness_run(h, "sh", "-c", script, "sh", harness_tool(h, "eswrapctl"),
				     path, NULL);
		ck_result_status(result, EX_IOERR);
		ck_text_has(result->err->str, "No space left on device");
	}
}
END_TEST

START_TEST(check_config_names_file_and_line)
{
	const char *path = harness_file(h, "bad.conf", "[module]\ndevise = /dev/ttyS0\n");
	const struct result *result =
		harness_run(h, harness_tool(h, "eswrapctl"), "check-config", path, NULL);

	ck_result_status(result, EX_CONFIG);
	ck_text_has(result->err->str, "bad.conf:2: [module]");
	ck_text_has(result->err->str, "device");
}
END_TEST

/* The second line of the key's base64 is secret from its beginning. */
static const char *secret_of(const char *path)
{
	char **lines = g_strsplit(harness_read(h, path), "\n", -1);
	const char *secret = harness_format(h, "%s", lines[2]);

	ck_assert_uint_gt(strlen(secret), 40);
	g_strfreev(lines);
	return secret;
}

START_TEST(keys_are_in_no_log_ledger_or_output)
{
	const char *secret, *names[] = { "eswrapd.log", STATE_DIR "/" LEDGER_FILE };
	const struct result *result;
	gsize i;

	start();
	secret = secret_of(harness_path(h, "device.key"));
	result = device_program();
	ck_result_status(result, 0);
	ck_text_lacks(result->out->str, secret);
	ck_text_lacks(result->err->str, secret);
	for (i = 0; i < G_N_ELEMENTS(names); i++)
		ck_text_lacks(harness_read(h, harness_path(h, names[i])), secret);
}
END_TEST

/* Of another process, page by page; 0 where nobody but the kernel may read it. */
static bool process_holds(pid_t pid, const char *secret)
{
	char *maps = NULL, *line, *save = NULL;
	FILE *memory = fopen(harness_format(h, "/proc/%d/mem", (int)pid), "re");
	bool found = false;

	/* The broker is not dumpable: only root gets here. */
	ck_assert_msg(memory != NULL || geteuid() != 0, "no /proc/%d/mem", (int)pid);
	if (!memory)
		return false;
	ck_assert(g_file_get_contents(harness_format(h, "/proc/%d/maps", (int)pid), &maps, NULL,
				      NULL));
	for (line = strtok_r(maps, "\n", &save); line && !found;
	     line = strtok_r(NULL, "\n", &save)) {
		unsigned long from, to;
		char mode[5];
		gssize n;
		char *copy;

		if (sscanf(line, "%lx-%lx %4s", &from, &to, mode) != 3 || mode[1] != 'w' ||
		    to - from > MAP_MAX)
			continue;
		copy = g_malloc(to - from);
		n = pread(fileno(memory), copy, to - from, (off_t)from);
		found = n > 0 && memmem(copy, (size_t)n, secret, strlen(secret));
		g_free(copy);
	}
	g_free(maps);
	fclose(memory);
	return found;
}

START_TEST(the_broker_forgets_a_key_when_it_is_burnt)
{
	const char *secret;

	start();
	secret = secret_of(harness_path(h, "device.key"));
	expect_status(device_program(), 0);
	ck_assert(!process_holds(process_pid(h->broker), secret));
	/* The search finds it where it is known to be. */
	ck_assert(geteuid() != 0 || process_holds(getpid(), secret));
}
END_TEST

/* Only root can become somebody else. */
START_TEST(others_may_ask_for_the_status_and_nothing_more)
{
	const char *tool = harness_tool(h, "eswrapctl");
	const struct result *result;

	start();
	ck_assert_int_eq(chmod(h->directory, 0711), 0);
	result = harness_run(h, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", tool,
			     "-s", h->socket, "status", NULL);
	ck_result_status(result, 0);
	result = harness_run(h, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", tool,
			     "-s", h->socket, "credentials", "list", NULL);
	ck_result_status(result, EX_NOPERM);
	ck_text_has(result->err->str, "only root");
	result = harness_run(h, "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", tool,
			     "-s", h->socket, "credentials", "forget-ledger", "0", "--yes",
			     "--module", MODULE_MAC, NULL);
	ck_result_status(result, EX_NOPERM);
}
END_TEST

/* A group of one's own: any that root can put itself into will do. */
START_TEST(members_of_the_admin_group_may_administer)
{
	const char *tool = harness_tool(h, "eswrapctl");

	harness_fake(h, WITHOUT_PE, NULL);
	credentials_broker(h, "admin-group = nogroup\n\n%s", configuration);
	ck_assert_int_eq(chmod(h->directory, 0711), 0);
	expect_status(harness_run(h, "setpriv", "--reuid=65534", "--regid=65533", "--groups=65534",
				  tool, "-s", h->socket, "credentials", "list", "--wait", NULL),
		      0);
	expect_status(harness_run(h, "setpriv", "--reuid=65534", "--regid=65533", "--clear-groups",
				  tool, "-s", h->socket, "credentials", "list", NULL),
		      EX_NOPERM);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("credentials");
	TCase *good = tcase_create("burning"), *bad = tcase_create("refusing");

	tcase_add_checked_fixture(good, device_setup, device_teardown);
	tcase_set_timeout(good, 60);
	tcase_add_loop_test(good, a_set_is_burnt_in_both_dialects_and_ledger_and_flash_say_so, 0,
			    2);
	tcase_add_test(good, a_set_may_be_named_by_its_group_or_by_files);
	tcase_add_test(good, programming_again_only_compares);
	tcase_add_test(good, on_a_terminal_the_number_of_the_set_confirms);
	tcase_add_test(good, on_a_terminal_a_passphrase_is_asked_for_and_not_shown);
	tcase_add_test(good, ctrl_c_at_the_passphrase_ends_it_at_once);
	tcase_add_test(good, verify_compares_what_is_burnt_and_refuses_what_may_be_blank);
	tcase_add_test(good, verify_even_if_blank_burns_and_says_so);
	tcase_add_test(good, certificates_that_end_soon_are_listed);
	tcase_add_test(good, a_set_that_another_tool_programmed_is_adopted);
	tcase_add_test(good, forgetting_makes_the_ledger_blank_and_leaves_the_module_alone);
	tcase_add_test(good, json_says_the_same_for_scripts);
	tcase_add_test(good, list_shows_each_item_and_modules_that_are_not_there);
	tcase_add_test(good, a_route_that_lacks_items_is_warned_of_and_its_connects_say_why);
	tcase_add_test(good, an_optional_route_without_a_ca_is_warned_of);
	tcase_add_test(good, keys_are_in_no_log_ledger_or_output);
	tcase_add_test(good, the_broker_forgets_a_key_when_it_is_burnt);
	tcase_add_checked_fixture(bad, device_setup, device_teardown);
	tcase_set_timeout(bad, 60);
	tcase_add_loop_test(bad, bad_input_ends_before_the_first_byte_of_pg, 0,
			    G_N_ELEMENTS(bad_inputs));
	tcase_add_test(bad,
		       a_set_that_is_burnt_with_other_files_is_refused_before_anything_is_sent);
	tcase_add_test(bad, check_needs_no_broker_and_sends_nothing);
	tcase_add_test(bad, without_a_terminal_or_yes_nothing_is_sent);
	tcase_add_test(bad, the_first_error_stops_and_says_what_is_burnt);
	tcase_add_test(bad, what_was_burnt_from_here_is_not_adopted);
	tcase_add_test(bad, a_detection_that_is_not_sure_never_programs);
	tcase_add_test(bad, a_damaged_ledger_stops_everything_and_stays_as_it_is);
	tcase_add_test(bad, without_a_broker_the_socket_is_named);
	tcase_add_test(bad, output_that_cannot_be_written_is_said);
	tcase_add_test(bad, check_config_names_file_and_line);
	if (geteuid() == 0) {
		tcase_add_test(bad, others_may_ask_for_the_status_and_nothing_more);
		tcase_add_test(bad, members_of_the_admin_group_may_administer);
	}
	suite_add_tcase(suite, good);
	suite_add_tcase(suite, bad);
	return suite_run(suite);
}
