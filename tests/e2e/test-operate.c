// SPDX-License-Identifier: MIT
/* eswrapctl's commands for whoever operates a gateway, as they are typed. */
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "e2e/operator.h"
#include "support/server.h"
#include "support/suite.h"

START_TEST(metrics_are_open_metrics_and_end_with_eof)
{
	const struct result *result;

	operator_start();
	await_ready();
	result = shell("\"$ctl\" metrics");
	ck_result_status(result, 0);
	ck_text_has(result->out->str, "eswrap_up 1\n");
	ck_text_has(result->out->str, "eswrap_module_ready 1\n");
	ck_text_has(result->out->str, "eswrap_module_state{state=\"ready\"} 1\n");
	ck_text_has(result->out->str, "eswrap_module_state{state=\"joining\"} 0\n");
	ck_text_has(result->out->str, "eswrap_module_info{product=\"ISM43362");
	ck_text_has(result->out->str, "# TYPE eswrap_line_commands counter\n");
	ck_text_has(result->out->str, "eswrap_line_bytes_total{direction=\"sent\"} ");
	ck_text_has(result->out->str, "eswrap_sockets_used 0\n");
	ck_assert(g_str_has_suffix(result->out->str, "# EOF\n"));
}
END_TEST

START_TEST(signal_and_load_of_the_line_are_told)
{
	const struct result *result;

	operator_start();
	await_ready();
	/* It is asked for a second after the module was ready. */
	ck_result_status(shell("until \"$ctl\" status | grep -q dBm; do :; done"), 0);
	result = shell("\"$ctl\" status");
	ck_text_has(result->out->str, "wifi      plant-7, address ");
	ck_text_has(result->out->str, ", signal -43 dBm\n");
	ck_text_has(result->out->str, " bytes/s lately, ");
	ck_text_has(result->out->str, " % of what the line can do\n");
	ck_text_has(shell("\"$ctl\" metrics")->out->str, "eswrap_wifi_signal_dbm -43\n");
	ck_text_has(shell("\"$ctl\" --json status")->out->str, "\"signal\":-43");
}
END_TEST

START_TEST(what_was_opened_failed_and_went_directly_is_counted)
{
	static const struct server echo = { SERVER_ECHO };
	const char *port = harness_format(h, "%u", server_start(h, &echo));
	static const char script[] = "exec 3<>/dev/tcp/a.example/$0; exec 4<>/dev/tcp/a.example/1; "
				     "exec 5<>/dev/tcp/127.0.0.1/$0; :";
	const struct result *result;

	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	/* For one user alone: the policy cannot say it, and so each is asked about. */
	harness_broker(h, "[route tcp]\nhost = *.example\nthrough = tcp\n"
			  "[route other]\naddress = 127.0.0.0/8\nuser = nobody\nthrough = tcp\n"
			  "[route local]\naddress = 127.0.0.0/8\n"
			  "through = direct\n");
	harness_run_wrapped(h, "bash", "-c", script, port, NULL);
	result = shell("\"$ctl\" metrics");
	ck_text_has(result->out->str, "eswrap_flows_opened_total{route=\"tcp\"} 1\n");
	ck_text_has(result->out->str, "eswrap_connects_failed_total{reason=\"ECONNREFUSED\"} 1\n");
	result = shell("\"$ctl\" status");
	ck_text_has(result->out->str, "opened    tcp 1\n");
	ck_text_has(result->out->str, "failed    ECONNREFUSED 1\n");
	if (geteuid() == 0)
		ck_text_has(result->out->str, "direct    local 1\n");
}
END_TEST

START_TEST(without_a_broker_the_metric_says_so)
{
	const struct result *result = shell("\"$ctl\" metrics");

	ck_result_status(result, EX_UNAVAILABLE);
	ck_assert_str_eq(result->out->str, "# TYPE eswrap_up gauge\n"
					   "# HELP eswrap_up 1 where the broker answers.\n"
					   "eswrap_up 0\n# EOF\n");
	ck_text_has(result->err->str, "no broker answers");
}
END_TEST

START_TEST(a_text_file_for_node_exporter_is_replaced_whole)
{
	const struct result *result;
	struct stat st;

	operator_start();
	await_ready();
	result = shell("echo old >eswrap.prom; \"$ctl\" metrics --textfile eswrap.prom; echo $?; "
		       "cat eswrap.prom; ls eswrap.prom*");
	ck_result_status(result, 0);
	ck_text_has(result->out->str, "0\n# TYPE eswrap_up gauge\n");
	/* Prometheus' own format: the whole name, and no end mark. */
	ck_text_has(result->out->str, "# TYPE eswrap_line_commands_total counter\n");
	ck_text_lacks(result->out->str, "# EOF");
	ck_assert(g_str_has_suffix(result->out->str, "\neswrap.prom\n"));
	ck_assert_int_eq(stat(harness_path(h, "eswrap.prom"), &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0644);
	ck_result_status(shell("\"$ctl\" metrics --textfile /nonexistent/x.prom"), EX_IOERR);
}
END_TEST

START_TEST(one_http_request_is_answered)
{
	const struct result *result;

	operator_start();
	await_ready();
	result = shell("printf 'GET /metrics HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' | "
		       "\"$ctl\" metrics --http");
	ck_result_status(result, 0);
	ck_assert(g_str_has_prefix(result->out->str, "HTTP/1.0 200 OK\r\n"));
	ck_text_has(result->out->str, "application/openmetrics-text");
	ck_assert(g_str_has_suffix(result->out->str, "# EOF\n"));
	result = shell("printf 'GET / HTTP/1.1\\r\\n\\r\\n' | \"$ctl\" metrics --http");
	ck_assert(g_str_has_prefix(result->out->str, "HTTP/1.0 404 "));
	result = shell("printf 'POST /metrics HTTP/1.1\\r\\n\\r\\n' | \"$ctl\" metrics --http");
	ck_assert(g_str_has_prefix(result->out->str, "HTTP/1.0 405 "));
	result = shell("printf 'GET /metrics HT' | \"$ctl\" metrics --http");
	ck_assert(g_str_has_prefix(result->out->str, "HTTP/1.0 400 "));
}
END_TEST

static const char routes[] = "[route vault]\nhost = vault.example\nuser = root\nthrough = refuse\n"
			     "[route cloud]\nhost = *.example\nport = 8883\nprogram = sensor\n"
			     "through = tls\nverify = none\n"
			     "[route lan]\naddress = 10.0.0.0/8\nthrough = tcp\n";

START_TEST(a_route_is_explained_in_words)
{
	const struct result *result;

	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	harness_broker(h, "%s", routes);
	result = shell("\"$ctl\" route A.example. 8883 --program sensor --user 65534");
	ck_result_status(result, 0);
	ck_assert_str_eq(
		result->out->str,
		"A.example. port 8883: [route cloud], through = tls\n"
		"  [route vault]: no, host = names others\n"
		"  [route cloud]: all of its conditions hold\n"
		"  the name is looked up by the module; programs get a stand-in address\n");
	result = shell("\"$ctl\" route vault.example 443 --user root");
	ck_text_has(result->out->str, "[route vault], through = refuse\n");
	ck_text_has(result->out->str, "the name is not looked up at all");
	result = shell("\"$ctl\" route vault.example 443 --user 65534");
	ck_text_has(result->out->str, "[default], through = direct\n");
	ck_text_has(result->out->str, "[route vault]: no, user = does not name user 65534\n");
	ck_text_has(result->out->str, "[route cloud]: no, port = does not name 443\n");
	ck_text_has(result->out->str, "[route lan]: no, address = wants an address");
	result = shell("\"$ctl\" route 10.1.2.3 22 --udp");
	ck_text_has(result->out->str, "[route lan]: no, through = tcp does not take datagram");
	result = shell("\"$ctl\" --json route 10.1.2.3 22");
	ck_text_has(result->out->str, "\"route\":\"lan\"");
	ck_text_has(shell("\"$ctl\" route ::1 22")->out->str, "no route; direct");
	ck_result_status(shell("\"$ctl\" route a.example 0"), EX_USAGE);
	ck_result_status(shell("\"$ctl\" route a.example"), EX_USAGE);
	ck_result_status(shell("\"$ctl\" route a.example 1 --user no-such-user"), EX_USAGE);
}
END_TEST

/* A shell under the shim that holds a connection, and then makes others. */
static const char holder[] = "exec 3<>/dev/tcp/a.example/$0 && echo up && read go <\"$1\" && "
			     "echo one >&3 && read -u 3 line && echo $line && "
			     "(exec 4<>/dev/tcp/b.example/$0 && echo again >&4 && "
			     "read -u 4 line && echo $line)";

START_TEST(a_reload_changes_routes_and_leaves_what_is_connected)
{
	static const struct server echo = { SERVER_ECHO };
	const char *port, *fifo = harness_path(h, "fifo");
	const struct result *result;
	struct process *program;

	port = harness_format(h, "%u", server_start(h, &echo));
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	harness_broker(h, "[route a]\nhost = a.example\nthrough = tcp\n"
			  "[route b]\nhost = b.example\nthrough = refuse\n");
	program = process_start_wrapped(
		h, "bash", (const char *const[]){ "bash", "-c", holder, port, fifo, NULL });
	process_await_line(program, "up");
	/* First one that is wrong: nothing changes. */
	result = shell("cp eswrap.conf good.conf; echo 'nonsense = 1' >>eswrap.conf; "
		       "\"$ctl\" reload");
	ck_result_status(result, EX_CONFIG);
	ck_text_has(result->err->str, "nonsense");
	ck_text_has(shell("\"$ctl\" route b.example 1")->out->str, "through = refuse");
	result = shell("sed -e s/refuse/tcp/ -e 's/^host = a.example/host = x.example/' "
		       "-e 's/^device.*/&\\nguard-time = 21/' good.conf >eswrap.conf; "
		       "\"$ctl\" reload");
	ck_result_status(result, 0);
	ck_text_has(result->out->str, "eswrap.conf was read again");
	ck_text_has(result->out->str, "[module] has changed: `systemctl restart");
	result = harness_run(h, "sh", "-c", "echo go >\"$0\"", fifo, NULL);
	ck_assert_str_eq(process_await_line(program, ""), "one");
	ck_assert_str_eq(process_await_line(program, ""), "again");
	ck_assert_int_eq(process_wait(program), 0);
	ck_text_has(shell("\"$ctl\" route a.example 1")->out->str, "direct");
}
END_TEST

/* How often a process has a text in memory that it can write; the shadow of a sanitizer is terabytes. */
static const char count_in_memory[] = "import sys\n"
				      "n = 0\n"
				      "for line in open(f'/proc/{sys.argv[1]}/maps'):\n"
				      " where, rights = line.split()[:2]\n"
				      " if rights[:2] != 'rw': continue\n"
				      " a, b = (int(x, 16) for x in where.split('-'))\n"
				      " if b - a > 1 << 30: continue\n"
				      " with open(f'/proc/{sys.argv[1]}/mem', 'rb') as memory:\n"
				      "  memory.seek(a)\n"
				      "  n += memory.read(b - a).count(sys.argv[2].encode())\n"
				      "print(n)\n";

static int passphrases(void)
{
	const char *pid = harness_format(h, "%d", (int)process_pid(h->broker));
	const struct result *result =
		harness_run(h, "python3", "-c", count_in_memory, pid, HARNESS_PASSPHRASE, NULL);

	ck_result_status(result, 0);
	return atoi(result->out->str);
}

START_TEST(what_reloads_leave_behind_goes_though_a_connection_stays)
{
	static const struct server echo = { SERVER_ECHO };
	const char *port, *fifo = harness_path(h, "fifo");
	struct process *program;
	int before, i;

	/* Others may not look into the broker's memory. */
	if (geteuid() != 0)
		return;
	port = harness_format(h, "%u", server_start(h, &echo));
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	operator_start();
	program = process_start_wrapped(
		h, "bash", (const char *const[]){ "bash", "-c", holder, port, fifo, NULL });
	process_await_line(program, "up");
	ck_result_status(shell("\"$ctl\" reload"), 0);
	before = passphrases();
	ck_assert_int_ge(before, 1);
	for (i = 0; i < 20; i++)
		ck_result_status(shell("\"$ctl\" reload"), 0);
	ck_assert_int_le(passphrases(), before + 2);
	harness_run(h, "sh", "-c", "echo go >\"$0\"", fifo, NULL);
	ck_assert_str_eq(process_await_line(program, ""), "one");
}
END_TEST

START_TEST(sighup_reloads_and_ends_nothing)
{
	const struct result *result;

	operator_start();
	await_ready();
	result = shell("sed s/tcp/refuse/ eswrap.conf >new && cp new eswrap.conf");
	ck_result_status(result, 0);
	ck_assert_int_eq(kill(process_pid(h->broker), SIGHUP), 0);
	harness_await_log(h, "", "was read again");
	ck_text_has(shell("\"$ctl\" route a.example 1")->out->str, "through = refuse");
}
END_TEST

START_TEST(the_module_is_asked_for_itself_and_for_names)
{
	const struct result *result;

	harness_fake(h, "--as", "C3.5.2.5", "--resolve", "a.example=192.0.2.7", NULL);
	harness_broker(h, "[default]\nthrough = direct\n");
	await_ready();
	result = shell("\"$ctl\" module info");
	ck_result_status(result, 0);
	ck_text_has(result->out->str, "firmware  C3.5.2");
	result = shell("\"$ctl\" module probe");
	ck_result_status(result, 0);
	ck_text_has(result->out->str, "eswrap-module-report 1\nidentity\t");
	ck_text_has(result->out->str, "\nu2.again\t");
	ck_text_lacks(result->out->str, "\nzr\t");
	ck_text_has(shell("\"$ctl\" module probe --reset")->err->str, "use --yes");
	ck_result_status(shell("\"$ctl\" module probe --peer a.example:22"), EX_USAGE);
	ck_result_status(shell("\"$ctl\" module probe --peer 127.0.0.1"), EX_USAGE);
	ck_result_status(shell("\"$ctl\" module probe --peer 127.0.0.1:0"), EX_USAGE);
	/* Nobody is there, which is an answer too. */
	result = shell("\"$ctl\" module probe --reset --yes --peer 127.0.0.1:1");
	ck_result_status(result, 0);
	ck_text_has(result->out->str, "\nzr\t");
	ck_text_has(result->out->str, "\npeer.p6\t");
	ck_text_has(result->out->str, "\nr0.first\t");
	result = shell("\"$ctl\" module resolve A.example");
	ck_result_status(result, 0);
	ck_text_has(result->out->str, "A.example is 192.0.2.7, found in ");
	result = shell("\"$ctl\" module resolve nobody.example");
	ck_result_status(result, 1);
	ck_text_has(result->err->str, "finds no such name");
	result = shell("\"$ctl\" module resolve \"a$(printf '\\r')ZO=9\"");
	ck_result_status(result, EX_USAGE);
	ck_text_has(result->err->str, "no host name");
	ck_text_lacks(harness_read(h, h->trace), "ZO=9");
	ck_text_has(shell("\"$ctl\" module")->err->str, "resolve");
	ck_text_has(shell("\"$ctl\" module reset")->err->str, "use --yes");
	ck_result_status(shell("\"$ctl\" module reset --yes"), 0);
	await_ready();
	ck_text_has(shell("\"$ctl\" metrics")->out->str, "eswrap_module_resets_total 2\n");
}
END_TEST

START_TEST(networks_are_listed_also_where_none_can_be_joined)
{
	const struct result *result;

	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	harness_broker(h, "[default]\nthrough = direct\n");
	await_ready();
	result = shell("\"$ctl\" wifi scan");
	ck_result_status(result, 0);
	ck_text_has(result->out->str, " dBm  plant-7 ");
	result = shell("\"$ctl\" --json wifi scan");
	ck_text_has(result->out->str, "\"ssid\":\"plant-7\"");
	ck_result_status(shell("\"$ctl\" wifi leave"), 0);
	ck_result_status(shell("until \"$ctl\" status | grep -q 'left, as was'; do :; done"), 0);
	result = shell("\"$ctl\" wifi scan");
	ck_result_status(result, 0);
	ck_text_has(result->out->str, "plant-7");
	/* It has not joined again because of that. */
	result = shell("\"$ctl\" status");
	ck_text_has(result->out->str, "left, as was asked");
	ck_text_has(result->out->str, "warning   the module stays away from the Wi-Fi network");
	expect_remedy("\"$ctl\" doctor", "bad   wifi", "eswrapctl wifi join");
	ck_result_status(shell("\"$ctl\" wifi join"), 0);
	await_ready();
	ck_result_status(shell("\"$ctl\" wifi leave now"), EX_USAGE);
}
END_TEST

START_TEST(the_module_is_asked_to_ping)
{
	const struct result *result;

	harness_fake(h, "--resolve", "a.example=127.0.0.1", NULL);
	harness_broker(h, "[default]\nthrough = direct\n");
	await_ready();
	result = shell("\"$ctl\" module ping 127.0.0.1");
	ck_result_status(result, 0);
	ck_text_has(result->out->str, "127.0.0.1: request 1 is answered after ");
	result = shell("\"$ctl\" module ping a.example");
	ck_result_status(result, 0);
	ck_text_has(result->out->str, "127.0.0.1: request 1 is answered after ");
	ck_result_status(shell("\"$ctl\" module ping ::1"), EX_USAGE);
	ck_result_status(shell("\"$ctl\" module ping nobody.example"), 1);
	ck_result_status(shell("\"$ctl\" module ping"), EX_USAGE);
}
END_TEST

START_TEST(the_modules_clock_is_asked)
{
	const struct result *result;

	operator_start();
	await_ready();
	result = shell("\"$ctl\" module time");
	ck_result_status(result, 0);
	ck_assert(g_regex_match_simple("^20\\d\\d/\\d\\d/\\d\\d,", result->out->str, 0, 0));
	ck_text_has(shell("\"$ctl\" --json module time")->out->str, "{\"lines\":\"20");
	ck_result_status(shell("\"$ctl\" module time now"), EX_USAGE);
}
END_TEST

START_TEST(a_configuration_is_judged_for_the_user_who_will_read_it)
{
	const struct result *result;

	harness_file(h, "wifi.psk", "correct horse\n");
	harness_file(h, "gate.conf",
		     "[module]\ndevice = /dev/x\n[wifi]\nssid = s\npassphrase-file = wifi.psk\n");
	ck_result_status(shell("\"$ctl\" check-config gate.conf"), 0);
	ck_result_status(shell("\"$ctl\" check-config --user no-such-user gate.conf"), EX_USAGE);
	if (geteuid() != 0)
		return;
	result = shell("chmod 755 . && chmod 644 gate.conf && chown root wifi.psk && "
		       "\"$ctl\" check-config --user nobody gate.conf");
	ck_result_status(result, EX_CONFIG);
	ck_text_has(result->err->str, "wifi.psk: Permission denied");
	result = shell("chgrp nogroup wifi.psk && chmod 640 wifi.psk && "
		       "\"$ctl\" check-config --user nobody gate.conf");
	ck_result_status(result, 0);
}
END_TEST

static const char *drop_in(void)
{
	return harness_read(h, harness_path(h, "units/gate.service.d/50-eswrap.conf"));
}

START_TEST(a_service_is_wrapped_with_its_words_and_prefixes_as_they_are)
{
	const struct result *result;

	put_systemctl(operator_unit, "");
	result = shell("\"$ctl\" wrap gate --directory \"$PWD/units\"");
	ck_result_status(result, 0);
	ck_text_has(drop_in(), "[Service]\nExecStart=\nExecStart=-/");
	ck_text_has(drop_in(), "/eswrap -- /usr/sbin/gate --name \"a b\"     $OPTIONS\n");
	ck_text_has(drop_in(), "After=eswrapd.socket\n");
	ck_text_has(result->out->str, drop_in());
	ck_text_has(result->out->str, "systemctl restart gate.service");
	ck_assert_str_eq(harness_read(h, harness_path(h, "reloads")), "reloaded\n");
	/* And again, with the drop-in in the unit's files: the same. */
	harness_file(h, "unit.text", "%s# /x/gate.service.d/50-eswrap.conf\n%s", operator_unit,
		     drop_in());
	result = shell("\"$ctl\" wrap gate.service --seal --directory \"$PWD/units\"");
	ck_result_status(result, 0);
	ck_text_has(drop_in(), "/eswrap -- /usr/sbin/gate --name");
	ck_text_has(drop_in(), "\nIPAddressDeny=any\n");
	ck_text_lacks(drop_in(), "/eswrap -- /usr/bin/eswrap");
	result = shell("\"$ctl\" unwrap gate --directory \"$PWD/units\"; "
		       "ls units; \"$ctl\" unwrap gate --directory \"$PWD/units\"");
	ck_result_status(result, 1);
	ck_text_has(result->err->str, "`wrap` has not been used");
	ck_text_lacks(result->out->str, "gate.service.d\n");
}
END_TEST

/* Nothing of the unit changes but its network: no launcher, whatever its sandbox is. */
START_TEST(an_isolated_service_joins_the_tunnels_namespace)
{
	const struct result *result;

	put_systemctl(operator_unit, "RestrictAddressFamilies=AF_INET");
	result = shell("\"$ctl\" wrap gate --isolate --seal --directory \"$PWD/units\"");
	ck_result_status(result, 0);
	ck_assert_str_eq(drop_in(),
			 "# Written by `eswrapctl wrap`; `eswrapctl unwrap` removes it.\n"
			 "[Unit]\nRequires=eswrap-tunnel.service\n"
			 "After=eswrap-tunnel.service\n"
			 "JoinsNamespaceOf=eswrap-tunnel.service\n\n"
			 "[Service]\nPrivateNetwork=yes\n");
	put_systemctl(operator_unit, "NetworkNamespacePath=/run/netns/other");
	result = shell("\"$ctl\" wrap gate --isolate --directory \"$PWD/units\"");
	ck_result_status(result, 1);
	ck_text_has(result->err->str, "NetworkNamespacePath=");
}
END_TEST

START_TEST(a_sandbox_is_opened_just_so_far)
{
	const struct result *result;

	put_systemctl(operator_unit, "RestrictAddressFamilies=AF_INET AF_INET6\n"
				     "SystemCallFilter=connect sendto recvmsg fcntl read\n"
				     "TemporaryFileSystem=/run:ro\n");
	result = shell("\"$ctl\" wrap gate --directory \"$PWD/units\"");
	ck_result_status(result, 0);
	ck_text_has(drop_in(), "\nRestrictAddressFamilies=AF_UNIX\n");
	ck_text_has(drop_in(), "\nSystemCallFilter=dup3\n");
	ck_text_has(drop_in(), "\nBindPaths=/run/eswrap\n");
	put_systemctl(operator_unit,
		      "RestrictAddressFamilies=~AF_PACKET\nSystemCallFilter=~mount\n");
	ck_result_status(shell("\"$ctl\" wrap gate --directory \"$PWD/units\""), 0);
	ck_text_lacks(drop_in(), "Restrict");
	ck_text_lacks(drop_in(), "SystemCallFilter");
}
END_TEST

START_TEST(what_cannot_be_wrapped_is_said_and_nothing_is_written)
{
	static const struct {
		const char *properties, *why;
	} cases[] = {
		{ "RestrictAddressFamilies=~AF_UNIX\n", "take AF_UNIX out of it" },
		{ "SystemCallFilter=~dup3 open\n", "forbids system calls" },
		{ "InaccessiblePaths=-/run/eswrap\n", "hides /run/eswrap" },
		{ "RootDirectory=/srv/jail\n", "root directory of its own" },
	};
	const struct result *result;
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(cases); i++) {
		put_systemctl(operator_unit, cases[i].properties);
		result = shell("\"$ctl\" wrap gate --directory \"$PWD/units\"");
		ck_result_status(result, 1);
		ck_text_has(result->err->str, cases[i].why);
	}
	put_systemctl("[Service]\nExecStart=@/bin/sh gate -c x\n", "");
	ck_text_has(shell("\"$ctl\" wrap gate")->err->str, "another name (@)");
	put_systemctl("[Service]\n", "");
	ck_text_has(shell("\"$ctl\" wrap gate")->err->str, "starts no program");
	ck_text_has(shell("\"$ctl\" wrap nosuch")->err->str, "knows no such unit");
	ck_result_status(shell("\"$ctl\" wrap a.socket"), EX_USAGE);
	ck_result_status(shell("\"$ctl\" wrap ../x"), EX_USAGE);
	ck_assert(!g_file_test(harness_path(h, "units"), G_FILE_TEST_EXISTS));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("operate");
	TCase *metrics = tcase_create("metrics"), *wrap = tcase_create("wrap"),
	      *route = tcase_create("route");

	tcase_add_checked_fixture(metrics, operator_setup, operator_teardown);
	tcase_set_timeout(metrics, 2 * HARNESS_DEADLINE_S);
	tcase_add_test(metrics, metrics_are_open_metrics_and_end_with_eof);
	tcase_add_test(metrics, signal_and_load_of_the_line_are_told);
	tcase_add_test(metrics, what_was_opened_failed_and_went_directly_is_counted);
	tcase_add_test(metrics, without_a_broker_the_metric_says_so);
	tcase_add_test(metrics, a_text_file_for_node_exporter_is_replaced_whole);
	tcase_add_test(metrics, one_http_request_is_answered);
	tcase_add_checked_fixture(wrap, operator_setup, operator_teardown);
	tcase_set_timeout(wrap, 2 * HARNESS_DEADLINE_S);
	tcase_add_test(wrap, a_service_is_wrapped_with_its_words_and_prefixes_as_they_are);
	tcase_add_test(wrap, an_isolated_service_joins_the_tunnels_namespace);
	tcase_add_test(wrap, a_sandbox_is_opened_just_so_far);
	tcase_add_test(wrap, what_cannot_be_wrapped_is_said_and_nothing_is_written);
	tcase_add_checked_fixture(route, operator_setup, operator_teardown);
	tcase_set_timeout(route, 2 * HARNESS_DEADLINE_S);
	tcase_add_test(route, a_route_is_explained_in_words);
	tcase_add_test(route, a_reload_changes_routes_and_leaves_what_is_connected);
	tcase_add_test(route, what_reloads_leave_behind_goes_though_a_connection_stays);
	tcase_add_test(route, sighup_reloads_and_ends_nothing);
	tcase_add_test(route, the_module_is_asked_for_itself_and_for_names);
	tcase_add_test(route, networks_are_listed_also_where_none_can_be_joined);
	tcase_add_test(route, the_module_is_asked_to_ping);
	tcase_add_test(route, the_modules_clock_is_asked);
	tcase_add_test(route, a_configuration_is_judged_for_the_user_who_will_read_it);
	suite_add_tcase(suite, metrics);
	suite_add_tcase(suite, route);
	suite_add_tcase(suite, wrap);
	return suite_run(suite);
}
