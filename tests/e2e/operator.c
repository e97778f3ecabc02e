// SPDX-License-Identifier: MIT
/* Whoever operates a gateway, at a shell. */
#include "e2e/operator.h"

#include <check.h>
#include <sys/stat.h>

struct harness *h;

void operator_setup(void)
{
	h = harness_new();
}

void operator_teardown(void)
{
	harness_free(h);
}

void operator_start(void)
{
	harness_fake(h, "--resolve-all", "127.0.0.1", NULL);
	harness_broker(h, "[route tcp]\nhost = *.example\nthrough = tcp\n");
}

const struct result *shell(const char *line)
{
	const char *socket = harness_format(h, "ESWRAP_SOCKET=%s",
					    h->socket ? h->socket : "/nonexistent/eswrapd.sock");
	const char *path = harness_format(h, "PATH=%s:%s", h->directory, g_getenv("PATH"));
	const char *ctl = harness_format(h, "ctl=%s", harness_tool(h, "eswrapctl"));
	const char *const environment[] = { socket, path, ctl, NULL };
	const struct run how = { .environment = environment };
	const char *const argv[] = { "sh", "-c", line, NULL };

	return harness_run_as(h, &how, argv);
}

void await_ready(void)
{
	ck_result_status(shell("\"$ctl\" credentials list --wait"), 0);
}

void put_config(const char *device)
{
	harness_file(h, "wifi.psk", "correct horse\n");
	harness_file(h, "gate.conf",
		     "[module]\ndevice = %s\n[wifi]\nssid = plant-7\n"
		     "passphrase-file = wifi.psk\n",
		     device);
}

void expect_remedy(const char *line, const char *text, const char *remedy)
{
	const struct result *result = shell(line);

	ck_result_status(result, 1);
	ck_text_has(result->out->str, text);
	ck_text_has(result->out->str, remedy);
}

void put_systemctl(const char *unit, const char *properties)
{
	const char *path;

	harness_file(h, "unit.text", "%s", unit);
	harness_file(h, "unit.show", "%s", properties);
	path = harness_file(h, "systemctl",
			    "#!/bin/sh\n"
			    "d=${0%%/*}\n"
			    "case $1 in\n"
			    "cat) [ $2 = gate.service ] && cat $d/unit.text ;;\n"
			    "show) sed -n \"s/^${3#--property=}=//p\" $d/unit.show ;;\n"
			    "daemon-reload) echo reloaded >>$d/reloads ;;\n"
			    "*) exit 1 ;;\n"
			    "esac\n");
	ck_assert_int_eq(chmod(path, 0755), 0);
}

const char operator_unit[] = "# /lib/systemd/system/gate.service\n[Service]\n"
			     "ExecStart=/bin/old\n"
			     "# /etc/systemd/system/gate.service.d/10-more.conf\n[Service]\n"
			     "ExecStart=\nExecStart=-/usr/sbin/gate --name \"a b\" \\\n"
			     "   $OPTIONS\n";
