// SPDX-License-Identifier: MIT
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/keys.h"
#include "config/load.h"
#include "support/suite.h"

static char *dir, *path;

static void put(const char *name, const char *text, mode_t mode)
{
	char *file = g_build_filename(dir, name, NULL);

	ck_assert(g_file_set_contents(file, text, -1, NULL));
	ck_assert_int_eq(chmod(file, mode), 0);
	g_free(file);
}

static void setup(void)
{
	dir = g_dir_make_tmp("eswrap-settings-XXXXXX", NULL);
	path = g_build_filename(dir, "eswrap.conf", NULL);
	put("wifi.psk", "correct horse\n", 0600);
}

static void teardown(void)
{
	const char *name;
	GDir *files = g_dir_open(dir, 0, NULL);

	while ((name = g_dir_read_name(files))) {
		char *file = g_build_filename(dir, name, NULL);

		g_unlink(file);
		g_free(file);
	}
	g_dir_close(files);
	g_rmdir(dir);
	g_free(dir);
	g_free(path);
}

/* The least that is complete; 7 lines. */
#define BASE                           \
	"[module]\n"                   \
	"device = /dev/ttyAMA0\n"      \
	"[wifi]\n"                     \
	"ssid = plant-7\n"             \
	"passphrase-file = wifi.psk\n" \
	"[credentials aws]\n"          \
	"set = 0\n"

static struct settings *load(const char *text, GPtrArray *warnings)
{
	GError *error = NULL;
	struct settings *s;

	ck_assert(g_file_set_contents(path, text, -1, NULL));
	s = settings_load(path, warnings, &error);
	ck_assert_msg(s, "%s", error ? error->message : "no message");
	return s;
}

/* The whole message, without the file's name at the start of each line. */
static char *mistakes(const char *text)
{
	GError *error = NULL;
	struct settings *s;
	char **parts, *joined;

	ck_assert(g_file_set_contents(path, text, -1, NULL));
	s = settings_load(path, NULL, &error);
	ck_assert_ptr_null(s);
	ck_assert_ptr_nonnull(error);
	parts = g_strsplit(error->message, path, -1);
	joined = g_strjoinv("", parts);
	g_strfreev(parts);
	g_error_free(error);
	return joined;
}

static const struct {
	const char *text, *expected;
} wrong[] = {
	{ "", ": [module]: has no device; write device = /dev/..., unix:PATH or tcp:HOST:PORT\n"
	      ": [wifi]: the group is missing; it says which network to join: ssid = NAME and "
	      "passphrase-file = PATH" },
	{ BASE "[route a]\nthrough = direct\nto-port = 1\n",
	  ":8: [route a]: to-port is for through = tls, tcp and udp" },
	{ BASE "[route a]\nthrough = tcp\nto-port = 1-2\n",
	  ":10: [route a] to-port: \"1-2\" is not one port, 1 to 65535" },
	{ BASE "[modul]\n", ":8: [modul]: there is no such group; did you mean \"module\"?" },
	{ BASE "[x]\n", ":8: [x]: there is no such group; there are: module, wifi, "
			"credentials NAME, route NAME, default, broker" },
	{ "[module]\nboud = 1\n" BASE, ":3: [module]: duplicate; first defined on line 1" },
	{ "# first\n\n[module]\n  boud = 9600\ndevice=/dev/x\n[wifi]\nssid=s\nsecurity=open\n",
	  ":4: [module] boud: there is no such key; did you mean \"baud\"?" },
	{ "[module]\ndevice=/dev/x\nxyzzy = 1\n[wifi]\nssid=s\nsecurity=open\n",
	  ":3: [module] xyzzy: there is no such key; there are: device, baud, fast-baud, "
	  "flow-control, firmware, reset-line, guard-time, tls-sockets" },
	{ BASE "[broker]\nconnect-timeout = 5\nconnect-timeout = 6\n",
	  ":10: [broker] connect-timeout: duplicate; first defined on line 9" },
	{ "[module]\ndevice=/dev/x\nfast-baud = 1000000\n[wifi]\nssid=s\nsecurity=open\n",
	  ":3: [module] fast-baud: modules have no rate of 1000000 bit/s; they have 1200, 9600, "
	  "19200, 38400, 57600, 115200, 230400, 460800, 921600, 1152000, 1382400, 1612800, "
	  "1843200, 2073600" },
	{ "[module]\ndevice=/dev/x\nreset-line = gpio:17\n[wifi]\nssid=s\nsecurity=open\n",
	  ":3: [module] reset-line: a GPIO line is CHIP:LINE, as in gpiochip0:17" },
	{ "device = x\n" BASE, ":1: device: stands before the first [GROUP]" },
	{ BASE "what is this\n",
	  ":8: \"what is this\" is not KEY = VALUE, [GROUP] or a # comment" },
	{ BASE "; old style\n", ":8: \"; old style\" is not KEY = VALUE, [GROUP] or a # comment" },
	{ BASE "[default] # all\n",
	  ":8: \"[default] # all\" is not a group; write [name] and nothing else on the line" },
	{ BASE "[]\n", ":8: \"[]\" is not a group; write [name] and nothing else on the line" },
	{ BASE "[default]\nthrough = direct ; the rest\n",
	  ":9: [default] through: \"direct ; the rest\" looks as if it ended in a comment, which "
	  "needs a line of its own; where it is part of the value, write the blank before it as "
	  "\\s" },
	{ BASE "[default]\nthrough = direct # the rest\n",
	  ":9: [default] through: \"direct # the rest\" looks as if it ended in a comment, which "
	  "needs a line of its own; where it is part of the value, write the blank before it as "
	  "\\s" },
	{ BASE "[default]\nthrough =\n", ":9: [default] through: has no value" },
	{ BASE "[default]\nthrough = \\q\n", ":9: [default] through: \"\\q\" has a backslash that "
					     "is not \\s, \\n, \\t, \\r or \\\\" },
	{ BASE "[default]\nthrough = tsl\n",
	  ":9: [default] through: \"tsl\" is not one of: tls, tcp, udp, direct, refuse" },
	{ BASE "[default]\n",
	  ":8: [default]: has no through; write through = tls, tcp, udp, direct "
	  "or refuse" },
	{ BASE "[default]\nthrough = tls\n", ":8: [default]: through = tls needs credentials = "
					     "NAME of a [credentials NAME], unless verify = none" },
	{ BASE "[default]\nhost = x\nthrough = direct\n",
	  ":9: [default] host: there is no such key; there are: through, verify, credentials" },
	{ BASE "[route a]\nthrough = tls\ncredentials = asw\n",
	  ":10: [route a] credentials: there is no [credentials asw]" },
	{ BASE "[route a]\nthrough = tcp\nverify = none\n",
	  ":8: [route a]: verify and credentials are for through = tls" },
	{ BASE "[route default]\nthrough = direct\n",
	  ":8: [route default]: \"default\" is the name of [default]; choose another" },
	{ BASE "[route a b]\nthrough = direct\n",
	  ":8: [route a b]: \"a b\" is not a name: 1 to 63 letters, digits, - _ ." },
	{ BASE "[route a]\nthrough = direct\nport = 0\n",
	  ":10: [route a] port: \"0\" is not a number from 1 to 65535" },
	{ BASE "[route a]\nthrough = direct\nport = 80, 65536\n",
	  ":10: [route a] port: \"65536\" is not a number from 1 to 65535" },
	{ BASE "[route a]\nthrough = direct\nport = 90-80\n",
	  ":10: [route a] port: \"90-80\" ends before it begins" },
	{ BASE "[route a]\nthrough = direct\nport = 80,\n",
	  ":10: [route a] port: \"80,\" has an empty item; separate items with one comma" },
	{ BASE "[route a]\nthrough = direct\naddress = 10.0.0.1/8\n",
	  ":10: [route a] address: \"10.0.0.1/8\" has bits beyond its prefix; write 10.0.0.0/8" },
	{ BASE "[route a]\nthrough = direct\naddress = 10.0.0.0/33\n",
	  ":10: [route a] address: \"10.0.0.0/33\" is not an address or a block of them, such as "
	  "10.0.0.0/8 or 2001:db8::/32" },
	{ BASE "[route a]\nthrough = direct\nhost = 10.0.0.1\n",
	  ":10: [route a] host: \"10.0.0.1\" is an address, which has no name to match; use "
	  "address = 10.0.0.1" },
	{ BASE "[route a]\nthrough = direct\nhost = http://a.example/\n",
	  ":10: [route a] host: \"http://a.example/\" is not a host name or a pattern of one "
	  "(letters, digits, - _ . * ?)" },
	{ BASE "[route a]\nthrough = direct\nprogram = /usr/bin/curl\n",
	  ":10: [route a] program: \"/usr/bin/curl\" is not a program's name; write it without its "
	  "directory" },
	{ BASE "[route a]\nthrough = direct\nuser = no-such-user\n",
	  ":10: [route a] user: there is no user \"no-such-user\"" },
	{ BASE "[route a]\nthrough = direct\nmark = green\n",
	  ":10: [route a] mark: \"green\" is not a firewall mark (SO_MARK), such as 94 or 0x5e" },
	{ BASE "[credentials b]\nset = 0\n",
	  ":9: [credentials b] set: set 0 is taken by [credentials aws], line 6" },
	{ BASE "[credentials b]\nset = 4\n",
	  ":9: [credentials b] set: \"4\" is not a number from 0 to 3" },
	{ BASE "[credentials b]\nca = x\n",
	  ":8: [credentials b]: has no set; write set = 0, 1 or 2, or 3 for the one that can be "
	  "written again" },
	{ BASE "[module two]\n",
	  ":8: [module two]: this version drives one module; call its group [module]" },
	{ BASE "[broker]\nstand-in = 10.0.0.0/25\n",
	  ":9: [broker] stand-in: \"10.0.0.0/25\" is not an IPv4 block from /8 to /24, such as "
	  "198.18.0.0/15" },
	{ BASE "[broker]\nstand-in = 2001:db8::/32\n",
	  ":9: [broker] stand-in: \"2001:db8::/32\" is not an IPv4 block from /8 to /24, such as "
	  "198.18.0.0/15" },
	{ BASE "[broker]\nadmin-group = no-such-group\n",
	  ":9: [broker] admin-group: there is no group \"no-such-group\"" },
	{ BASE "[broker]\nconnect-timeout = 0\n",
	  ":9: [broker] connect-timeout: \"0\" is not a number from 1 to 86400" },
	{ "[module]\ndevice = ttyAMA0\n[wifi]\nssid = s\nsecurity = open\n",
	  ":2: [module] device: \"ttyAMA0\" is not the path of a tty (/dev/...), unix:PATH or "
	  "tcp:HOST:PORT" },
	{ "[module]\ndevice = tcp:host\n[wifi]\nssid = s\nsecurity = open\n",
	  ":2: [module] device: \"tcp:host\" is not tcp:HOST:PORT" },
	{ "[module]\ndevice = /dev/x\nbaud = fast\n[wifi]\nssid = s\nsecurity = open\n",
	  ":3: [module] baud: \"fast\" is not a number from 1200 to 4000000" },
	{ "[module]\ndevice = /dev/x\n[wifi]\nssid = a\\rb\nsecurity = open\n",
	  ":4: [wifi] ssid: the SSID holds a control character, which must not reach the module" },
	{ "[module]\ndevice = /dev/x\n[wifi]\nssid = 123456789012345678901234567890123\n"
	  "security = open\n",
	  ":4: [wifi] ssid: \"123456789012345678901234567890123\" is longer than 32 bytes, or "
	  "empty" },
	{ "[module]\ndevice = /dev/x\n[wifi]\nssid = s\nsecurity = open\ncountry = fr\n",
	  ":6: [wifi] country: \"fr\" is not a country code of two capital letters" },
	{ "[module]\ndevice = /dev/x\n[wifi]\nssid = s\nsecurity = open\naddress = 1.2.3\n",
	  ":6: [wifi] address: \"1.2.3\" is not an IPv4 address" },
	{ "[module]\ndevice = /dev/x\n[wifi]\nssid = s\nsecurity = open\naddress = 1.2.3.4\n",
	  ":3: [wifi]: address, netmask, gateway and dns go together; leave all out for DHCP" },
	/* All mistakes at once, each at its place. */
	{ BASE "[route a]\nthrough = tcp\nport = x\n[default]\nthrough = none\n",
	  ":10: [route a] port: \"x\" is not a number from 1 to 65535\n"
	  ":12: [default] through: \"none\" is not one of: tls, tcp, udp, direct, refuse" },
};

START_TEST(each_mistake_is_told_with_file_line_group_key_and_remedy)
{
	char *message = mistakes(wrong[_i].text);

	ck_assert_str_eq(message, wrong[_i].expected);
	g_free(message);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_named)
{
	GError *error = NULL;

	ck_assert_ptr_null(settings_load("/nonexistent/eswrap.conf", NULL, &error));
	ck_assert_str_eq(error->message, "/nonexistent/eswrap.conf: No such file or directory");
	g_error_free(error);
}
END_TEST

START_TEST(bytes_that_are_not_text_are_refused)
{
	GError *error = NULL;

	ck_assert(g_file_set_contents(path, "[module]\n\xff\n", -1, NULL));
	ck_assert_ptr_null(settings_load(path, NULL, &error));
	ck_assert(g_str_has_suffix(error->message, ": is not UTF-8 text"));
	g_clear_error(&error);
	ck_assert(g_file_set_contents(path, "[module]\n\0\n", 11, NULL));
	ck_assert_ptr_null(settings_load(path, NULL, &error));
	ck_assert(g_str_has_suffix(error->message, ": is not UTF-8 text"));
	g_error_free(error);
}
END_TEST

START_TEST(a_passphrase_file_that_others_may_read_is_refused)
{
	char *message, *expected;

	put("wifi.psk", "correct horse\n", 0640);
	message = mistakes(BASE);
	expected = g_strdup_printf(":5: [wifi] passphrase-file: %s/wifi.psk may be read by others "
				   "(mode 0640); chmod 600 %s/wifi.psk",
				   dir, dir);
	ck_assert_str_eq(message, expected);
	g_free(message);
	g_free(expected);
}
END_TEST

#define DIGITS_64 "1234567890123456789012345678901234567890123456789012345678901234"

static const struct {
	const char *text, *expected;
} bad_passphrases[] = {
	{ "", "does not hold one line of text" },
	{ "\n", "does not hold one line of text" },
	{ "two\nlines here\n", "does not hold one line of text" },
	{ "tab\there too", "the passphrase must be printable ASCII" },
	{ DIGITS_64 "5", "the passphrase must have 8 to 63 characters, or 64 hex digits" },
	{ "g234567890123456789012345678901234567890123456789012345678901234",
	  "the passphrase must have 8 to 63 characters, or 64 hex digits" },
};

START_TEST(a_passphrase_that_cannot_be_one_is_refused_and_never_shown)
{
	char *message;

	put("wifi.psk", bad_passphrases[_i].text, 0600);
	message = mistakes(BASE);
	ck_assert(strstr(message, bad_passphrases[_i].expected));
	ck_assert(!strstr(message, "here"));
	ck_assert(!strstr(message, "1234"));
	g_free(message);
}
END_TEST

START_TEST(a_short_passphrase_is_for_wep_alone)
{
	char *message;

	put("wifi.psk", "12345\n", 0600);
	message = mistakes(BASE);
	ck_assert_str_eq(message, ":3: [wifi]: the passphrase must have 8 to 63 characters, or 64 "
				  "hex digits");
	g_free(message);
	settings_free(load("[module]\ndevice=/dev/x\n[wifi]\nssid=s\nsecurity=wep\n"
			   "passphrase-file=wifi.psk\n",
			   NULL));
}
END_TEST

START_TEST(a_key_of_64_hex_digits_is_a_passphrase)
{
	struct settings *s;

	put("wifi.psk", DIGITS_64 "\n", 0600);
	s = load(BASE, NULL);
	ck_assert_str_eq(s->module.passphrase, DIGITS_64);
	settings_free(s);
}
END_TEST

START_TEST(every_key_arrives_where_it_belongs)
{
	struct settings *s = load("\xef\xbb\xbf# with a byte order mark and CR LF\r\n"
				  "[route all]\r\n"
				  "host = *.Example.COM., b.example\r\n"
				  "port = 443, 8000-8099\r\n"
				  "program = curl, wget\r\n"
				  "user = root, 1234\r\n"
				  "mark = 0x5e\r\n"
				  "to-port = 8883\r\n"
				  "through = tls\r\n"
				  "verify = optional\r\n"
				  "credentials = aws\r\n"
				  "[route nets]\n"
				  "address = 10.0.0.0/8, 2001:db8::/32, 192.0.2.1\n"
				  "through = udp\n"
				  "[module]\n"
				  "device = unix:fake.sock\n"
				  "baud = 9600\n"
				  "fast-baud = 2073600\n"
				  "flow-control = rtscts\n"
				  "firmware = st\n"
				  "reset-line = rts\n"
				  "guard-time = 20\n"
				  "[wifi]\n"
				  "ssid = plant\\s#7\n"
				  "passphrase-file = wifi.psk\n"
				  "security = wpa-wpa2\n"
				  "country = FR\n"
				  "address = 10.1.0.2\n"
				  "netmask = 255.255.0.0\n"
				  "gateway = 10.1.0.1\n"
				  "dns = 10.1.0.3\n"
				  "[credentials aws]\n"
				  "set = 2\n"
				  "ca = ca.pem\n"
				  "certificate = sub/../c.pem\n"
				  "key = /k.pem\n"
				  "[default]\n"
				  "through = refuse\n"
				  "[broker]\n"
				  "stand-in = 100.64.0.0/10\n"
				  "state-dir = state\n"
				  "admin-group = root\n"
				  "connect-timeout = 7\n"
				  "half-close-timeout = 8\n"
				  "idle-timeout = 9\n"
				  "give-up-idlest-after = 10\n",
				  NULL);
	const struct eswifi_settings *m = &s->module;
	const struct route *r = s->routes->pdata[0];
	const struct credentials *c = s->credentials->pdata[0];
	char *expected;

	expected = g_strdup_printf("unix:%s/fake.sock", dir);
	ck_assert_str_eq(m->device, expected);
	g_free(expected);
	ck_assert_uint_eq(m->baud, 9600);
	ck_assert_uint_eq(m->fast_baud, 2073600);
	ck_assert(m->rtscts);
	ck_assert_int_eq(m->firmware, ESWIFI_FIRMWARE_ST);
	ck_assert_int_eq(m->reset_line, ESWIFI_RESET_RTS);
	ck_assert_uint_eq(m->guard_ms, 20);
	ck_assert_str_eq(m->ssid, "plant #7");
	ck_assert_str_eq(m->passphrase, "correct horse");
	ck_assert_int_eq(m->security, ESWIFI_SECURITY_WPA_WPA2);
	ck_assert_str_eq(m->country, "FR");
	ck_assert_str_eq(m->address, "10.1.0.2");
	ck_assert_str_eq(m->netmask, "255.255.0.0");
	ck_assert_str_eq(m->gateway, "10.1.0.1");
	ck_assert_str_eq(m->dns, "10.1.0.3");

	ck_assert_uint_eq(s->routes->len, 2);
	ck_assert_str_eq(r->name, "all");
	ck_assert_str_eq(r->hosts->pdata[0], "*.example.com");
	ck_assert_str_eq(r->hosts->pdata[1], "b.example");
	ck_assert_uint_eq(g_array_index(r->ports, struct port_range, 0).last, 443);
	ck_assert_uint_eq(g_array_index(r->ports, struct port_range, 1).first, 8000);
	ck_assert_uint_eq(g_array_index(r->ports, struct port_range, 1).last, 8099);
	ck_assert_str_eq(r->programs->pdata[1], "wget");
	ck_assert_uint_eq(g_array_index(r->users, uid_t, 0), 0);
	ck_assert_uint_eq(g_array_index(r->users, uid_t, 1), 1234);
	ck_assert(r->has_mark && r->mark == 0x5e);
	ck_assert_uint_eq(r->to_port, 8883);
	ck_assert_int_eq(r->through, ROUTE_TLS);
	ck_assert_int_eq(r->verify, ESWIFI_VERIFY_OPTIONAL);
	ck_assert_ptr_eq(r->credentials, c);
	r = s->routes->pdata[1];
	ck_assert_uint_eq(r->addresses->len, 3);
	ck_assert_uint_eq(g_array_index(r->addresses, struct address_block, 0).prefix, 104);
	ck_assert_uint_eq(g_array_index(r->addresses, struct address_block, 2).prefix, 128);
	ck_assert_int_eq(r->through, ROUTE_UDP);
	ck_assert_int_eq(s->fallback->through, ROUTE_REFUSE);

	ck_assert_uint_eq(c->set, 2);
	expected = g_strdup_printf("%s/c.pem", dir);
	ck_assert_str_eq(c->certificate, expected);
	g_free(expected);
	ck_assert_str_eq(c->key, "/k.pem");
	ck_assert_uint_eq(s->stand_in.prefix, 106);
	expected = g_strdup_printf("%s/state", dir);
	ck_assert_str_eq(s->state_dir, expected);
	g_free(expected);
	ck_assert_uint_eq(s->admin_group, 0);
	ck_assert_uint_eq(s->connect_timeout, 7);
	ck_assert_uint_eq(s->half_close_timeout, 8);
	ck_assert_uint_eq(s->idle_timeout, 9);
	ck_assert_uint_eq(s->give_up_idlest_after, 10);
	settings_free(s);
}
END_TEST

START_TEST(what_is_left_out_is_as_documented)
{
	struct settings *s = load(BASE "[route a]\nthrough=tls\ncredentials=aws\n", NULL);
	const struct route *r = s->routes->pdata[0];

	ck_assert_int_eq(r->verify, ESWIFI_VERIFY_REQUIRED);
	ck_assert_int_eq(s->fallback->through, ROUTE_DIRECT);
	ck_assert_uint_eq(s->module.baud, 115200);
	ck_assert_uint_eq(s->module.fast_baud, 0);
	ck_assert_int_eq(s->module.security, ESWIFI_SECURITY_WPA2);
	ck_assert_int_eq(s->module.firmware, ESWIFI_FIRMWARE_AUTO);
	ck_assert_uint_eq(s->connect_timeout, 130);
	ck_assert_uint_eq(s->half_close_timeout, 60);
	ck_assert_uint_eq(s->idle_timeout, 0);
	ck_assert_uint_eq(s->give_up_idlest_after, 0);
	ck_assert_uint_eq(s->stand_in.prefix, 96 + 15);
	ck_assert_int_eq(s->admin_group, (gid_t)-1);
	settings_free(s);
}
END_TEST

START_TEST(verify_none_is_warned_of)
{
	GPtrArray *warnings = g_ptr_array_new_with_free_func(g_free);
	struct settings *s = load(BASE "[route a]\nthrough=tls\nverify=none\n", warnings);
	char *expected = g_strdup_printf("%s:8: [route a]: verify = none: anybody on the way can "
					 "read and change what this route carries",
					 path);

	ck_assert_uint_eq(warnings->len, 1);
	ck_assert_str_eq(warnings->pdata[0], expected);
	g_free(expected);
	g_ptr_array_free(warnings, TRUE);
	settings_free(s);
}
END_TEST

START_TEST(an_ssid_in_quotes_is_warned_of)
{
	g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
	struct settings *s = load("[module]\ndevice = /dev/x\n[wifi]\nssid = \"plant-7\"\n"
				  "security = open\n",
				  warnings);

	ck_assert_str_eq(s->module.ssid, "\"plant-7\"");
	ck_assert_uint_eq(warnings->len, 1);
	ck_assert_ptr_nonnull(strstr(warnings->pdata[0], ":4: [wifi] ssid: the quotes are part"));
	settings_free(s);
}
END_TEST

START_TEST(a_carriage_return_behind_the_passphrase_is_named)
{
	char *text;

	put("wifi.psk", "correct horse\r\n", 0600);
	text = mistakes(BASE);
	ck_assert_msg(strstr(text, "its line ends with a carriage return"), "%s", text);
	ck_assert_ptr_null(strstr(text, "horse"));
	g_free(text);
}
END_TEST

START_TEST(the_sample_file_loads_without_a_warning)
{
	char *sample = g_build_filename(g_getenv("top_srcdir"), "dist", "eswrap.conf", NULL);
	GPtrArray *warnings = g_ptr_array_new_with_free_func(g_free);
	struct settings *s;
	char *text;

	ck_assert(g_file_get_contents(sample, &text, NULL, NULL));
	s = load(text, warnings);
	ck_assert_uint_eq(warnings->len, 0);
	ck_assert_uint_eq(s->routes->len, 2);
	settings_free(s);
	g_ptr_array_free(warnings, TRUE);
	g_free(text);
	g_free(sample);
}
END_TEST

static const struct key *const tables[] = { module_keys, wifi_keys, credentials_keys, route_keys,
					    broker_keys };

/* Does a line that sets something in bold have this word? */
static bool is_described(const char *manual, const char *key)
{
	char *pattern = g_strdup_printf("^\\.BR? (.* )?%s( .*)?$", key);
	bool found = g_regex_match_simple(pattern, manual, G_REGEX_MULTILINE, 0);

	g_free(pattern);
	return found;
}

START_TEST(every_key_is_in_the_manual)
{
	char *path_of = g_build_filename(g_getenv("top_srcdir"), "doc", "eswrap.conf.5", NULL);
	const struct key *key;
	char *manual;
	guint i;

	ck_assert(g_file_get_contents(path_of, &manual, NULL, NULL));
	for (i = 0; i < G_N_ELEMENTS(tables); i++)
		for (key = tables[i]; key->name; key++)
			ck_assert_msg(is_described(manual, key->name), "no %s", key->name);
	ck_assert(!is_described(manual, "no-such-key"));
	g_free(manual);
	g_free(path_of);
}
END_TEST

START_TEST(the_nearest_word_is_the_one_with_fewest_changes)
{
	static const char *const words[] = { "baud", "fast-baud", "device", NULL };

	ck_assert_str_eq(ini_nearest("bauds", words), "baud");
	ck_assert_str_eq(ini_nearest("fastbaud", words), "fast-baud");
	ck_assert_str_eq(ini_nearest("devcie", words), "device");
	ck_assert_str_eq(ini_nearest("buad", words), "baud");
	ck_assert_ptr_null(ini_nearest("ssid", words));
	ck_assert_ptr_null(ini_nearest("", words));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("settings");
	TCase *tc = tcase_create("settings");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, each_mistake_is_told_with_file_line_group_key_and_remedy, 0,
			    G_N_ELEMENTS(wrong));
	tcase_add_test(tc, a_file_that_is_not_there_is_named);
	tcase_add_test(tc, bytes_that_are_not_text_are_refused);
	tcase_add_test(tc, a_passphrase_file_that_others_may_read_is_refused);
	tcase_add_loop_test(tc, a_passphrase_that_cannot_be_one_is_refused_and_never_shown, 0,
			    G_N_ELEMENTS(bad_passphrases));
	tcase_add_test(tc, a_short_passphrase_is_for_wep_alone);
	tcase_add_test(tc, a_key_of_64_hex_digits_is_a_passphrase);
	tcase_add_test(tc, every_key_arrives_where_it_belongs);
	tcase_add_test(tc, what_is_left_out_is_as_documented);
	tcase_add_test(tc, verify_none_is_warned_of);
	tcase_add_test(tc, an_ssid_in_quotes_is_warned_of);
	tcase_add_test(tc, a_carriage_return_behind_the_passphrase_is_named);
	tcase_add_test(tc, the_sample_file_loads_without_a_warning);
	tcase_add_test(tc, every_key_is_in_the_manual);
	tcase_add_test(tc, the_nearest_word_is_the_one_with_fewest_changes);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
