// SPDX-License-Identifier: MIT
/* eswrapctl, administration of the broker and of the module's credentials. */
#include <locale.h>
#include <string.h>

#include "eswrapctl/ctl.h"

static const struct ctl_command commands[] = {
	{ "status", ctl_status, "the module, its sockets, the routes and what to mind" },
	{ "check-config", ctl_check_config, "check a configuration file; starts nothing" },
	{ "credentials", ctl_credentials, "the module's one-time certificates and keys" },
	{ "flows", ctl_flows, "the connections that go through the module" },
	{ "watch", ctl_watch, "all of that, live" },
	{ "doctor", ctl_doctor, "what keeps connections from working, and what to do" },
	{ "module", ctl_module, "what the module itself can be asked" },
	{ "wifi", ctl_wifi, "the networks in range, and the module's" },
	{ "reload", ctl_reload, "have the broker read its configuration again" },
	{ "route", ctl_route, "which route takes a destination, and why" },
	{ "metrics", ctl_metrics, "numbers for Prometheus" },
	{ "trace", ctl_trace, "what is said on the line, live" },
	{ "wrap", ctl_wrap, "let a service's connections go through the module" },
	{ "unwrap", ctl_unwrap, "undo that" },
	{ NULL },
};

int main(int argc, char **argv)
{
	struct ctl ctl = { NULL };
	int status;

	/* Before OpenSSL does anything: keys are read by this process. */
	pem_setup();
	setlocale(LC_ALL, "");
	status = ctl_dispatch(&ctl, "eswrapctl", commands, argc, argv);
	g_free(ctl.config);
	g_free(ctl.socket);
	return ctl_finish(status);
}
