// SPDX-License-Identifier: MIT
/*
 * Starting a client. What a real connect gave is known here to the last detail, and told to the
 * host in the words that the firmware has for it, which are few: refused, unreachable and timed out
 * are one to it. The trace has the detail.
 */
#include "eswrap-fake/start.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

/* What C6.2.1.11 can say; which means what is known of some only. */
static const char *const failures[] = {
	"[TCP  RC] Failed to connect",
	"[TCP  RC] Already Connected",
	"[TCP  RC] Could not create TCP socket",
	"[TCP SSL] Simple context, failed to connect",
	"[TCP SSL] Advanced context, failed to connect",
	"[TCP SSL] Root CA certificate failed to initialize: 5035",
	"[TCP SSL] Initialize Identity failed",
	"[TCP SSL] No cert and/or key found.",
	"[TCP SSL] In use by socket 0",
	"[TCP SSL] Unable to enable TLS!",
	"[TCP SSL] Socket creation failed",
	"[TCP SSL] Connection issue",
	"[UDP  RC] Error connecting",
};

static bool is_stream(enum protocol protocol)
{
	return protocol == PROTOCOL_TCP || protocol == PROTOCOL_TLS;
}

/* @text: the words of C6.2, if the firmware has any. */
static enum verdict fail(struct module *module, const char *text, const char *why)
{
	answer_why(module, "Connect failed: %s", why);
	if (module->firmware->failure_text && text)
		answer_text(module, "%s", text);
	return VERDICT_ERROR;
}

/* A text that a fault gives, whatever the firmware. */
static enum verdict fail_with(struct module *module, const char *text)
{
	answer_why(module, "fault");
	answer_text(module, "%s", text);
	return VERDICT_ERROR;
}

/* The faults of a connect. Return: why it fails, or NULL. */
static const char *spoil(struct module *module)
{
	struct fault_event event;

	if (faults_take(module->faults, FAULT_SLOW, &event))
		loop_sleep_until(module->loop, now_ns() + event.ms * NS_PER_MS);
	if (faults_take(module->faults, FAULT_REFUSE, &event))
		return g_strerror(ECONNREFUSED);
	if (!faults_take(module->faults, FAULT_TIMEOUT, &event))
		return NULL;
	loop_sleep_until(module->loop, now_ns() + module->options->connect_ns);
	return g_strerror(ETIMEDOUT);
}

static const char *words_for(const struct socket *sock, enum tls_failure failure)
{
	if (!is_stream(sock->protocol))
		return "[UDP  RC] Error connecting";
	if (sock->protocol == PROTOCOL_TCP)
		return "[TCP  RC] Failed to connect";
	switch (failure) {
	case TLS_ROOT:
		return "[TCP SSL] Root CA certificate failed to initialize: 5035";
	case TLS_IDENTITY:
		return "[TCP SSL] Initialize Identity failed";
	case TLS_MISSING:
		return "[TCP SSL] No cert and/or key found.";
	default:
		return sock->verify == VERIFY_REQUIRED
			       ? "[TCP SSL] Advanced context, failed to connect"
			       : "[TCP SSL] Simple context, failed to connect";
	}
}

static const char *set_up_wrongly(struct module *module)
{
	const struct socket *sock = module_socket(module);

	if (!module->joined)
		return "Not joined";
	if (socket_is_open(sock))
		return "already started";
	if (sock->protocol == PROTOCOL_MQTT)
		return "MQTT is not simulated";
	if (is_stream(sock->protocol) && (!sock->remote_port || !sock->remote.s_addr))
		return "no remote address or port";
	return module->stale && !sock->stopped ? "it was not stopped first" : NULL;
}

/* A TLS connection that is in the way of another. Return: its socket, or -1. */
static int tls_in_the_way(const struct module *module)
{
	unsigned int i, open = 0;
	int last = -1;

	for (i = 0; i < SOCKET_COUNT; i++) {
		if (module->sockets[i].fd < 0 || !module->sockets[i].tls)
			continue;
		open++;
		last = (int)i;
	}
	return open >= module->firmware->tls_sockets ? last : -1;
}

/* An open UDP socket whose local port is this one's too: firmware that takes P4 for P2. */
static const struct socket *same_port(struct module *module)
{
	const struct socket *sock = module_socket(module), *other;
	unsigned int i;

	if (!module->firmware->udp_port_ignored)
		return NULL;
	for (i = 0; i < SOCKET_COUNT; i++) {
		other = &module->sockets[i];
		if (other != sock && other->fd >= 0 && !other->udp_server &&
		    !is_stream(other->open_as) && other->remote_port == sock->remote_port)
			return other;
	}
	return NULL;
}

static bool open_it(struct module *module, enum tls_failure *failure, char **why)
{
	const struct firmware *firmware = module->firmware;
	struct socket *sock = module_socket(module);
	bool udp = !is_stream(sock->protocol);
	struct socket_start start = {
		.tls = {
			.items = module->flash.item[module->active_set[FUNCTION_TLS]],
			.report_only = module->settings.report_only,
			.sni = firmware->sni,
			.check_names = firmware->check_names,
			.check_dates = firmware->check_dates,
			.tls13 = firmware->tls13,
			.pem_any = firmware->pem_any,
			.der = firmware->der,
			.trace = module->trace,
		},
		.anybody = udp && firmware->udp_port_ignored,
		.same_port = udp ? same_port(module) : NULL,
		.connect_ns = sock->call_ms ? sock->call_ms * NS_PER_MS
					    : module->options->connect_ns,
	};
	bool ok = socket_open(sock, module->loop, &start, failure, why);

	if (ok && start.anybody)
		sock->own_port = sock->remote_port;
	return ok;
}

static enum verdict started(struct module *module)
{
	const struct socket *sock = module_socket(module);
	const struct firmware *firmware = module->firmware;
	char address[INET_ADDRSTRLEN];
	bool tls = sock->open_as == PROTOCOL_TLS;

	if (firmware->start == START_BARE)
		return VERDICT_OK;
	if (!is_stream(sock->open_as)) {
		if (firmware->start == START_LONG)
			answer_text(module, "[UDP  RC] Socket opened on port %u", sock->own_port);
		return VERDICT_OK;
	}
	inet_ntop(AF_INET, &sock->remote, address, sizeof(address));
	tls = tls && firmware->start == START_LONG;
	answer_text(module, "[TCP %s] Connecting to %s", tls ? "SSL" : " RC", address);
	if (tls && sock->verify == VERIFY_REQUIRED)
		answer_text(module, "\r\n[TCP SSL] Advanced context, Connected");
	return VERDICT_OK;
}

static enum verdict try_to_start(struct module *module)
{
	const struct socket *sock = module_socket(module);
	enum tls_failure failure = TLS_NO_CONNECTION;
	g_autofree char *why = NULL;
	const char *spoilt;

	spoilt = spoil(module);
	if (spoilt)
		return fail(module, words_for(sock, failure), spoilt);
	if (!open_it(module, &failure, &why))
		return fail(module, words_for(sock, failure), why);
	return started(module);
}

enum verdict start_client(struct module *module)
{
	struct socket *sock = module_socket(module);
	bool tls = sock->protocol == PROTOCOL_TLS;
	const char *why = set_up_wrongly(module);
	g_autofree char *in_use = NULL;
	struct fault_event event;
	int other = -1;

	if (why)
		return fail(module,
			    socket_is_open(sock) ? "[TCP  RC] Already Connected"
						 : "[TCP  RC] Failed to connect",
			    why);
	sock->stopped = false;
	if (faults_take(module->faults, FAULT_START_ERROR, &event))
		return fail_with(module, event.text
						 ? event.text
						 : failures[event.chance % G_N_ELEMENTS(failures)]);
	if (tls && faults_take(module->faults, FAULT_IN_USE, &event))
		other = (int)((module->selected + 1) % SOCKET_COUNT);
	else if (tls)
		other = tls_in_the_way(module);
	if (other < 0)
		return try_to_start(module);
	in_use = g_strdup_printf("[TCP SSL] In use by socket %d", other);
	return fail_with(module, in_use);
}
