// SPDX-License-Identifier: MIT
/* eswrapctl doctor on ordinary mistakes: each time what is wrong, and what to do. */
#include <glib/gstdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "e2e/operator.h"
#include "support/server.h"
#include "support/suite.h"

START_TEST(the_doctor_finds_all_well_up_to_a_server)
{
	static const struct server echo = { SERVER_ECHO };
	guint16 port = server_start(h, &echo);
	const struct result *result;

	operator_start();
	await_ready();
	result = shell(harness_format(h, "\"$ctl\" doctor a.example %u", port));
	ck_result_status(result, 0);
	ck_text_has(result->out->str, "good  module         ISM43362");
	ck_text_has(result->out->str, "good  wifi           plant-7, address ");
	ck_text_has(result->out->str, "good  route          tcp, through = tcp");
	ck_text_has(result->out->str, "good  name           a.example is 127.0.0.1, found in ");
	ck_text_has(result->out->str, "good  ping           127.0.0.1 answers");
	ck_text_has(result->out->str, harness_format(h, "a.example port %u takes", port));
	ck_text_has(result->out->str, ", firmware C");
	ck_text_has(result->out->str, " TLS connections at a time)");
	result = shell("\"$ctl\" --json doctor");
	ck_text_has(result->out->str, "\"good\":true");
	expect_remedy("\"$ctl\" doctor a.example 1", "bad   server", "eswrapctl route");
}
END_TEST

START_TEST(the_doctor_goes_the_whole_way_to_a_server)
{
	harness_fake(h, "--resolve", "a.example=127.0.0.1", NULL);
	harness_broker(h, "[route not]\nhost = refused.example\nthrough = refuse\n"
			  "[route tcp]\nhost = *.example\nthrough = tcp\n");
	await_ready();
	expect_remedy("\"$ctl\" doctor nobody.example 443",
		      "bad   name           nobody.example: ", "name server");
	expect_remedy("\"$ctl\" doctor refused.example 443", "[route not] refuses refused.example",
		      "eswrapctl route");
	expect_remedy("\"$ctl\" doctor 127.0.0.1 1", "127.0.0.1 port 1 does not go through",
		      "bad   server         127.0.0.1 port 1: Connection refused");
}
END_TEST

START_TEST(the_doctor_knows_mistakes_of_the_configuration)
{
	put_config("/dev/nosuch");
	expect_remedy("\"$ctl\" -c gate.conf doctor", "/dev/nosuch: No such file",
		      "correct device = in [module]");
	put_config("/etc/hostname");
	expect_remedy("\"$ctl\" -c gate.conf doctor", "is no serial port", "correct device");
	harness_file(h, "gate.conf", "[module]\ndevice = /dev/null\n");
	expect_remedy("\"$ctl\" -c gate.conf doctor", "[wifi]: the group is missing",
		      "check-config");
	expect_remedy("\"$ctl\" -c gate.conf doctor; chmod 644 wifi.psk; "
		      "\"$ctl\" -c gate.conf doctor",
		      "bad   configuration", "correct it");
}
END_TEST

START_TEST(the_doctor_knows_who_has_the_port)
{
	if (geteuid() != 0)
		return;
	harness_file(h, "gate.conf",
		     "[module]\ndevice = %s/ttyX\n[wifi]\nssid = s\nsecurity = open\n",
		     h->directory);
	/* A device that this machine does not have, and one that somebody opens. */
	ck_result_status(shell("mknod ttyX c 4 63 && mknod zero c 1 5"), 0);
	expect_remedy("\"$ctl\" -c gate.conf doctor", "no broker answers", "-c FILE");
	ck_result_status(shell("mkdir -p r/proc && printf 'ttyX -W- (EC p a)  4:63\\n' "
			       ">r/proc/consoles"),
			 0);
	expect_remedy("\"$ctl\" -c gate.conf doctor --root r", "is the kernel's console",
		      "do_serial_cons 1");
	harness_file(h, "zero.conf",
		     "[module]\ndevice = %s/zero\n[wifi]\nssid = s\nsecurity = open\n",
		     h->directory);
	expect_remedy("sleep 1000 <zero & \"$ctl\" -c zero.conf doctor; s=$?; kill $!; exit $s",
		      "has the port open", "end it, or give the module another port");
	ck_result_status(shell("echo 'root=x console=ttyX,115200' >r/proc/cmdline; "
			       "rm r/proc/consoles"),
			 0);
	expect_remedy("\"$ctl\" -c gate.conf doctor --root r", "is the kernel's console",
		      "do_serial_cons 1");
}
END_TEST

START_TEST(the_doctor_knows_a_passphrase_that_is_wrong)
{
	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	harness_config(h, "[default]\nthrough = direct\n");
	ck_result_status(shell("printf 'wrong horse\\n' >wrong.psk && chmod 600 wrong.psk && "
			       "sed 's,^passphrase-file.*,passphrase-file = wrong.psk,' "
			       "eswrap.conf >wrong.conf"),
			 0);
	harness_broker_file(h, harness_path(h, "wrong.conf"));
	expect_remedy("until \"$ctl\" status | grep -q refused; do :; done; \"$ctl\" doctor",
		      "not joined to \"plant-7\"", "check ssid");
}
END_TEST

static const char *shell_as_nobody(const char *line)
{
	return harness_format(h, "setpriv --reuid 65534 --regid 65534 --clear-groups sh -c '%s'",
			      line);
}

START_TEST(the_doctor_knows_a_port_that_may_not_be_opened)
{
	if (geteuid() != 0)
		return;
	harness_file(h, "gate.conf",
		     "[module]\ndevice = %s/ttyX\n[wifi]\nssid = s\nsecurity = open\n",
		     h->directory);
	ck_result_status(shell("mknod -m 660 ttyX c 4 63 && chmod 755 . && chmod 644 gate.conf"),
			 0);
	expect_remedy(shell_as_nobody("\"$ctl\" -c gate.conf doctor"), "may not be opened",
		      "sudo usermod -aG dialout");
}
END_TEST

START_TEST(the_doctor_knows_a_login_and_modemmanager_by_name)
{
	static const struct {
		const char *name, *remedy;
	} cases[] = {
		{ "agetty", "disable --now serial-getty@ttyX.service" },
		{ "ModemManager", "udev rule" },
	};
	gsize i;

	if (geteuid() != 0)
		return;
	harness_file(h, "gate.conf",
		     "[module]\ndevice = %s/ttyX\n[wifi]\nssid = s\nsecurity = open\n",
		     h->directory);
	ck_result_status(shell("mknod ttyX c 1 5"), 0);
	for (i = 0; i < G_N_ELEMENTS(cases); i++)
		expect_remedy(
			harness_format(h,
				       "cp \"$(command -v sleep)\" %s && ./%s 1000 <ttyX & p=$!; "
				       "until [ \"$(cat /proc/$p/comm)\" = %s ]; do :; done; "
				       "\"$ctl\" -c gate.conf doctor; s=$?; kill $p; exit $s",
				       cases[i].name, cases[i].name, cases[i].name),
			harness_format(h, "%s (process", cases[i].name), cases[i].remedy);
}
END_TEST

/* What comes from a module at a rate that none of ours fits, whatever it is asked. */
START_TEST(the_doctor_knows_a_module_of_which_only_noise_comes)
{
	static const char noise[] = "import os, socket, sys\n"
				    "s = socket.socket(socket.AF_UNIX)\n"
				    "s.bind(sys.argv[1])\ns.listen()\nprint('up', flush=True)\n"
				    "while True:\n"
				    " c, _ = s.accept()\n"
				    " try:\n"
				    "  while c.recv(100): c.send(os.urandom(40))\n"
				    " except OSError: pass\n";
	const char *argv[] = { "python3", "-c", noise, harness_path(h, "noise.sock"), NULL };

	process_await_line(process_start(h, "noise", argv, NULL), "up");
	put_config(harness_format(h, "unix:%s/noise.sock", h->directory));
	harness_broker_file(h, harness_path(h, "gate.conf"));
	expect_remedy("until \"$ctl\" status | grep -q syncing; do :; done; \"$ctl\" doctor",
		      "bad   module", "no answer at any rate");
}
END_TEST

START_TEST(the_doctor_knows_an_ssid_that_is_not_in_range)
{
	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	put_config(h->device);
	ck_result_status(shell("sed s/plant-7/plant-8/ gate.conf >wrong.conf"), 0);
	harness_broker_file(h, harness_path(h, "wrong.conf"));
	expect_remedy("until \"$ctl\" status | grep -q 'not in range'; do :; done; \"$ctl\" doctor",
		      "SSID plant-8: not in range, among ", "check ssid");
}
END_TEST

START_TEST(the_doctor_knows_a_key_that_cannot_be_read)
{
	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	harness_broker(h, "[credentials aws]\nset = 0\nkey = device.key\n");
	await_ready();
	expect_remedy("\"$ctl\" doctor", "[credentials aws]: key is not programmed yet",
		      "credentials program aws");
	harness_file(h, "device.key", "x");
	ck_result_status(shell("\"$ctl\" doctor"), 0);
	if (geteuid() != 0)
		return;
	ck_result_status(shell("chmod 600 device.key && chmod 755 . && chmod 644 eswrap.conf"), 0);
	/* Whoever is no administrator is told of the broker, not of its files. */
	ck_result_status(shell(shell_as_nobody("\"$ctl\" doctor")), 1);
}
END_TEST

START_TEST(the_doctor_knows_tls_inside_tls)
{
	static const struct server hold = { SERVER_HOLD, .tls = true };
	const char *port = harness_format(h, "%u", server_start(h, &hold));
	const char *url;

	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	harness_broker(h, "[route aws]\nhost = *.example\nthrough = tls\nverify = none\n");
	await_ready();
	url = harness_format(h, "\"$ctl\" doctor https://a.example:%s/x", port);
	expect_remedy(url, "https:// has the program speak TLS itself", "through = tcp");
	ck_result_status(shell(harness_format(h, "\"$ctl\" doctor http://a.example:%s/", port)), 0);
	ck_result_status(shell("\"$ctl\" doctor mqtts://a.example/"), EX_USAGE);
	/* And afterwards, when one has. */
	harness_run_wrapped(h, "bash", "-c",
			    "exec 3<>/dev/tcp/a.example/$0 && printf '\\026\\003\\001' >&3 && "
			    "read -t 1 x <&3; :",
			    port, NULL);
	ck_text_has(shell("\"$ctl\" doctor")->out->str, "on [route aws] 1 programs spoke TLS");
	ck_text_has(shell("\"$ctl\" status")->out->str, "tls twice aws 1\n");
}
END_TEST

START_TEST(the_doctor_knows_what_programs_preloading_does_not_reach)
{
	operator_start();
	await_ready();
	expect_remedy(harness_format(h, "\"$ctl\" doctor --program \"%s\"",
				     harness_built(h, "tests/e2e/static-program")),
		      "static-program: ", "eswrap --isolate reaches every program");
	ck_result_status(shell("\"$ctl\" doctor --program bash"), 0);
	/* sudo, in the order that does not work. */
	ck_result_status(shell("printf '#!/bin/sh\\n' >sudo && chmod 755 sudo"), 0);
	expect_remedy("\"$ctl\" doctor --program sudo", "sudo: gives the program an environment",
		      "--isolate");
}
END_TEST

START_TEST(the_doctor_knows_sudo_and_routes_for_users)
{
	const struct result *result;

	if (geteuid() != 0)
		return;
	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	harness_broker(h, "[route mine]\nhost = *.example\nuser = nobody\nthrough = tcp\n");
	await_ready();
	result = shell("SUDO_USER=nobody \"$ctl\" doctor");
	ck_result_status(result, 0);
	ck_text_has(result->out->str, "what `sudo eswrap` starts is root's, not nobody's");
	ck_text_has(result->out->str, "-> start eswrap without sudo");
	ck_text_lacks(shell("\"$ctl\" doctor")->out->str, "sudo");
}
END_TEST

START_TEST(the_doctor_knows_a_crontab_that_does_not_find_eswrap)
{
	operator_start();
	await_ready();
	ck_result_status(
		shell("mkdir -p r/etc/cron.d && "
		      "printf '# eswrap\\n* * * * * root eswrap send-it\\n' >r/etc/cron.d/x"),
		0);
	expect_remedy("\"$ctl\" doctor --root r", "/etc/cron.d/x:2: cron does not find eswrap",
		      "/eswrap there, or PATH=");
	ck_result_status(
		shell("d=${ctl%/*/*} && printf \"PATH=/bin:$(realpath $d)/eswrapctl/../eswrap\\n"
		      "* * * * * root eswrap x\\n\" >r/etc/cron.d/x"),
		0);
	ck_result_status(shell("\"$ctl\" doctor --root r"), 0);
	ck_result_status(shell("printf '* * * * * root /opt/bin/eswrap x\\n' >r/etc/cron.d/x"), 0);
	ck_result_status(shell("\"$ctl\" doctor --root r"), 0);
}
END_TEST

START_TEST(the_doctor_knows_a_library_in_ld_so_preload)
{
	operator_start();
	await_ready();
	ck_result_status(shell("mkdir -p r/etc && echo /usr/lib/eswrap/libeswrap.so "
			       ">r/etc/ld.so.preload"),
			 0);
	expect_remedy("\"$ctl\" doctor --root r",
		      "/etc/ld.so.preload has /usr/lib/eswrap/libeswrap.so", "take the line out");
	ck_result_status(shell("echo /usr/lib/other.so >r/etc/ld.so.preload"), 0);
	ck_result_status(shell("\"$ctl\" doctor --root r"), 0);
}
END_TEST

START_TEST(the_doctor_knows_units_that_are_kept_from_the_broker)
{
	static const char wrapped[] =
		"ExecStart={ path=/usr/bin/eswrap ; argv[]=/usr/bin/eswrap -- x }\n";

	operator_start();
	await_ready();
	put_systemctl(operator_unit, "");
	expect_remedy("\"$ctl\" doctor --unit nosuch", "knows no such unit", "wrap");
	expect_remedy("\"$ctl\" doctor --unit gate", "gate is not started by eswrap",
		      "sudo eswrapctl wrap gate");
	put_systemctl(operator_unit,
		      harness_format(h, "%sRestrictAddressFamilies=AF_INET AF_INET6\n", wrapped));
	expect_remedy("\"$ctl\" doctor --unit gate", "its sandbox allows no AF_UNIX sockets",
		      "sudo eswrapctl wrap gate");
	put_systemctl(operator_unit,
		      harness_format(h, "%sRestrictAddressFamilies=~AF_UNIX\n", wrapped));
	expect_remedy("\"$ctl\" doctor --unit gate", "RestrictAddressFamilies=~AF_UNIX keeps",
		      "take AF_UNIX out");
	put_systemctl(operator_unit, wrapped);
	ck_result_status(shell("\"$ctl\" doctor --unit gate"), 0);
	put_systemctl(operator_unit, "JoinsNamespaceOf=eswrap-tunnel.service\n");
	ck_result_status(shell("\"$ctl\" doctor --unit gate.service"), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("doctor");
	TCase *doctor = tcase_create("doctor");

	tcase_add_checked_fixture(doctor, operator_setup, operator_teardown);
	tcase_set_timeout(doctor, 2 * HARNESS_DEADLINE_S);
	tcase_add_test(doctor, the_doctor_finds_all_well_up_to_a_server);
	tcase_add_test(doctor, the_doctor_goes_the_whole_way_to_a_server);
	tcase_add_test(doctor, the_doctor_knows_mistakes_of_the_configuration);
	tcase_add_test(doctor, the_doctor_knows_who_has_the_port);
	tcase_add_test(doctor, the_doctor_knows_a_passphrase_that_is_wrong);
	tcase_add_test(doctor, the_doctor_knows_a_port_that_may_not_be_opened);
	tcase_add_test(doctor, the_doctor_knows_a_login_and_modemmanager_by_name);
	tcase_add_test(doctor, the_doctor_knows_a_module_of_which_only_noise_comes);
	tcase_add_test(doctor, the_doctor_knows_an_ssid_that_is_not_in_range);
	tcase_add_test(doctor, the_doctor_knows_a_key_that_cannot_be_read);
	tcase_add_test(doctor, the_doctor_knows_tls_inside_tls);
	tcase_add_test(doctor, the_doctor_knows_what_programs_preloading_does_not_reach);
	tcase_add_test(doctor, the_doctor_knows_sudo_and_routes_for_users);
	tcase_add_test(doctor, the_doctor_knows_a_crontab_that_does_not_find_eswrap);
	tcase_add_test(doctor, the_doctor_knows_a_library_in_ld_so_preload);
	tcase_add_test(doctor, the_doctor_knows_units_that_are_kept_from_the_broker);
	suite_add_tcase(suite, doctor);
	return suite_run(suite);
}
