// SPDX-License-Identifier: MIT
/*
 * The tty path.
 *
 * DOC: Theory of Operation
 *
 * umockdev shows libserialport a serial adapter that does not exist: its entries in /sys, and a
 * device node whose other end this test holds. A thread joins that end to the pseudo-terminal of
 * the simulated module, and copies the rate that the driver has set to it before any byte: so the
 * simulated module hears garbage where the two rates differ, as a real one does. ioctls
 * that a pseudo-terminal does not have (the modem lines) are answered by a handler.
 */
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <umockdev.h>
#include <unistd.h>

#include "driver/drive.h"
#include "eswifi/port.h"
#include "support/harness.h"
#include "support/process.h"
#include "support/server.h"
#include "support/suite.h"

#define LINK_PATH "/dev/serial/by-id/modem"

/**
 * struct line - the adapter and the wire to the module
 * @host:	the test's end of the adapter's device node
 * @module:	the simulated module's pseudo-terminal
 * @deaf:	until the DTR line has been asserted and released, nothing passes
 * @drop:	a command that never arrives, NULL: none
 * @lines:	the modem lines that are asserted
 */
struct line {
	struct harness *h;
	UMockdevTestbed *testbed;
	UMockdevIoctlBase *handler;
	int host, module, stop[2];
	GThread *thread;
	gint deaf, pulses;
	const char *drop;
	guint lines;
};

static void copy_rate(int from, int to)
{
	struct termios2 host, module;

	if (ioctl(from, TCGETS2, &host) || ioctl(to, TCGETS2, &module))
		return;
	if (host.c_ospeed == module.c_ospeed)
		return;
	module.c_cflag = (module.c_cflag & ~(tcflag_t)CBAUD) | (host.c_cflag & CBAUD);
	module.c_ispeed = host.c_ispeed;
	module.c_ospeed = host.c_ospeed;
	ioctl(to, TCSETS2, &module);
}

static bool pass(struct line *line, int from, int to)
{
	char bytes[4096];
	ssize_t n = read(from, bytes, sizeof(bytes));

	if (n <= 0)
		return false;
	if (g_atomic_int_get(&line->deaf))
		return true;
	if (line->drop && from == line->host && (gsize)n == strlen(line->drop) &&
	    memcmp(bytes, line->drop, (gsize)n) == 0)
		return true;
	copy_rate(line->host, line->module);
	return write(to, bytes, (size_t)n) == n;
}

static gpointer run_wire(gpointer user)
{
	struct line *line = user;
	struct pollfd fds[] = {
		{ .fd = line->host, .events = POLLIN },
		{ .fd = line->module, .events = POLLIN },
		{ .fd = line->stop[0], .events = POLLIN },
	};

	while (poll(fds, G_N_ELEMENTS(fds), -1) > 0 && !fds[2].revents) {
		/* Before the driver opens the node it is hung up. */
		fds[0].events = POLLIN;
		if (fds[0].revents & POLLIN)
			pass(line, line->host, line->module);
		else if (fds[0].revents)
			g_usleep(1000);
		if (fds[1].revents & POLLIN && !pass(line, line->module, line->host))
			break;
	}
	return NULL;
}

static gboolean on_ioctl(UMockdevIoctlBase *base, UMockdevIoctlClient *client, gpointer user)
{
	struct line *line = user;
	gulong request = umockdev_ioctl_client_get_request(client);
	UMockdevIoctlData *argument = umockdev_ioctl_client_get_arg(client);
	gsize size =
		request == TCGETS2 || request == TCSETS2 ? sizeof(struct termios2) : sizeof(int);
	UMockdevIoctlData *data = umockdev_ioctl_data_resolve(argument, 0, size, NULL);
	int result = 0, bits;

	(void)base;
	memcpy(&bits, data->data, sizeof(bits));
	switch (request) {
	case TIOCMGET:
		memcpy(data->data, &line->lines, sizeof(line->lines));
		break;
	case TIOCMBIS:
		line->lines |= (guint)bits;
		break;
	case TIOCMBIC:
		if (line->lines & (guint)bits & TIOCM_DTR) {
			g_atomic_int_inc(&line->pulses);
			g_atomic_int_set(&line->deaf, 0);
			result = write(line->host, "\r\n> ", 4) != 4;
		}
		line->lines &= ~(guint)bits;
		break;
	case TCGETS2:
	case TCSETS2:
		/* On this end of a pseudo-terminal these act on the other. */
		result = ioctl(line->host, request, data->data);
		break;
	default:
		result = -1;
		break;
	}
	umockdev_ioctl_client_complete(client, result, result ? ENOTTY : 0);
	umockdev_ioctl_data_unref(data);
	return TRUE;
}

static const char usb_device[] = "E: DEVTYPE=usb_device\nA: idVendor=0403\nA: idProduct=6001\n"
				 "A: busnum=1\nA: devnum=2\n";

/* A USB adapter, or a UART of the machine, called @name. */
static void add_device(struct line *line, const char *name, bool usb)
{
	char *node = g_strdup_printf("/dev/%s", name);
	/* Each in a socket of its own. */
	char *hub = g_strdup_printf(usb ? "/devices/usb1/at-%s" : "/devices/platform/at-%s", name);
	char *parent = g_strdup_printf(usb ? "%s/1-1:1.0/%s" : "%s/%s", hub, name);
	char *text =
		g_strdup_printf("P: %s\nE: SUBSYSTEM=%s\n%s\n"
				"P: %s\nE: SUBSYSTEM=%s\n\n"
				"P: %s/tty/%s\nN: %s\nE: DEVNAME=%s\nE: SUBSYSTEM=tty\n"
				"L: device=../../../%s\n",
				hub, usb ? "usb" : "platform", usb ? usb_device : "", parent,
				usb ? "usb-serial" : "platform", parent, name, name, node, name);
	GError *error = NULL;

	if (!umockdev_testbed_add_from_string(line->testbed, text, &error) ||
	    !umockdev_testbed_attach_ioctl(line->testbed, node, line->handler, &error))
		ck_abort_msg("%s: %s", name, error->message);
	line->host = umockdev_testbed_get_dev_fd(line->testbed, node);
	ck_assert_int_ge(line->host, 0);
	/* Or the simulated module would keep it open. */
	fcntl(line->host, F_SETFD, FD_CLOEXEC);
	g_free(text);
	g_free(parent);
	g_free(hub);
	g_free(node);
}

/* What udev does: a name for this adapter that does not depend on the order of arrival. */
static void link_device(struct line *line, const char *name)
{
	char *root = umockdev_testbed_get_root_dir(line->testbed);
	char *directory = g_strdup_printf("%s/dev/serial/by-id", root);
	char *path = g_strdup_printf("%s" LINK_PATH, root);
	char *target = g_strdup_printf("../../%s", name);

	ck_assert_int_eq(g_mkdir_with_parents(directory, 0755), 0);
	unlink(path);
	ck_assert_int_eq(symlink(target, path), 0);
	g_free(target);
	g_free(path);
	g_free(directory);
	g_free(root);
}

/* @as: a profile or a report, NULL: the default */
static void start_module(struct line *line, const char *baud, const char *as)
{
	static const char *const environment[] = { "LD_PRELOAD=", NULL };
	const char *path = harness_path(line->h, "module");
	const char *argv[] = { harness_tool(line->h, "eswrap-fake"),
			       "--pty",
			       path,
			       "--baud",
			       baud,
			       "--access-point",
			       HARNESS_SSID ":" HARNESS_PASSPHRASE ":wpa2",
			       "--trace",
			       harness_path(line->h, "trace"),
			       as ? "--as" : NULL,
			       as,
			       NULL };

	process_await_line(process_start(line->h, "eswrap-fake", argv, environment), "");
	line->module = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(line->module, 0);
}

static void start_wire(struct line *line)
{
	ck_assert_int_eq(pipe(line->stop), 0);
	line->thread = g_thread_new("wire", run_wire, line);
}

static void stop_wire(struct line *line)
{
	ck_assert_int_eq(write(line->stop[1], "", 1), 1);
	g_thread_join(line->thread);
	close(line->stop[0]);
	close(line->stop[1]);
}

static void setup_as(struct line *line, const char *baud, const char *as)
{
	memset(line, 0, sizeof(*line));
	line->h = harness_new();
	line->testbed = umockdev_testbed_new();
	line->handler = g_object_new(UMOCKDEV_TYPE_IOCTL_BASE, NULL);
	g_signal_connect(line->handler, "handle-ioctl", G_CALLBACK(on_ioctl), line);
	add_device(line, "ttyUSB0", true);
	link_device(line, "ttyUSB0");
	start_module(line, baud, as);
	start_wire(line);
}

static void setup(struct line *line, const char *baud)
{
	setup_as(line, baud, NULL);
}

static void teardown(struct line *line)
{
	stop_wire(line);
	close(line->module);
	g_object_unref(line->testbed);
	g_object_unref(line->handler);
	harness_free(line->h);
}

static void exchange(struct drive *d)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), peer, end;
	GByteArray *got;
	guint8 bytes[4000];
	gsize i;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, size), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	ck_assert_int_eq(drive_open_tcp(d, 0, ntohs(address.sin_port)), 0);
	peer = accept(fd, NULL, NULL);
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (guint8)i;
	ck_assert_int_eq(write(peer, bytes, sizeof(bytes)), sizeof(bytes));
	got = drive_read_all(d, 0, sizeof(bytes), &end);
	ck_assert_uint_eq(got->len, sizeof(bytes));
	ck_assert_mem_eq(got->data, bytes, sizeof(bytes));
	g_byte_array_unref(got);
	drive_send_all(d, 0, bytes, sizeof(bytes));
	memset(bytes, 0, sizeof(bytes));
	ck_assert_int_eq(recv(peer, bytes, sizeof(bytes), MSG_WAITALL), sizeof(bytes));
	for (i = 0; i < sizeof(bytes); i++)
		ck_assert_uint_eq(bytes[i], (guint8)i);
	close(peer);
	close(fd);
	ck_assert_int_eq(drive_close(d, 0), 0);
}

START_TEST(a_tty_behind_a_link_carries_every_byte)
{
	struct line line;
	struct drive d;

	setup(&line, "115200");
	drive_ready(&d, LINK_PATH);
	exchange(&d);
	ck_assert_uint_eq(d.lost, 0);
	drive_free(&d);
	teardown(&line);
}
END_TEST

START_TEST(a_tty_in_use_is_a_clear_state)
{
	struct line line;
	struct drive d, second;

	setup(&line, "115200");
	drive_ready(&d, LINK_PATH);
	/* By its other name. */
	drive_prepare(&second, "/dev/ttyUSB0");
	drive_start(&second);
	drive_await_why(&second, "/dev/ttyUSB0: in use by another process");
	ck_assert_int_eq(eswifi_module_state(second.module), ESWIFI_CLOSED);
	drive_free(&second);
	drive_free(&d);
	teardown(&line);
}
END_TEST

START_TEST(what_is_not_a_serial_port_is_a_clear_error)
{
	struct eswifi_settings settings = { .device = "/dev/null", .baud = 115200 };
	GError *error = NULL;

	ck_assert_ptr_null(port_open(&settings, &error));
	ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED));
	ck_assert_str_eq(error->message, "/dev/null: not a serial port");
	g_clear_error(&error);
	settings.device = "/dev/ttyNOWHERE";
	ck_assert_ptr_null(port_open(&settings, &error));
	ck_assert(g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND));
	g_error_free(error);
}
END_TEST

START_TEST(the_guard_is_longer_behind_usb)
{
	struct eswifi_settings settings = { .device = "/dev/ttyUSB0", .baud = 115200 };
	struct port *usb, *native;
	struct line line;

	setup(&line, "115200");
	usb = port_open(&settings, NULL);
	ck_assert_ptr_nonnull(usb);
	add_device(&line, "ttyAMA0", false);
	settings.device = "/dev/ttyAMA0";
	native = port_open(&settings, NULL);
	ck_assert_ptr_nonnull(native);
	/* FTDI's latency timer is 16 ms. */
	ck_assert_uint_gt(port_guard_us(usb, 115200), 16000);
	ck_assert_uint_lt(port_guard_us(native, 115200), 10000);
	/* A FIFO's time-out is counted in characters. */
	ck_assert_uint_gt(port_guard_us(native, 9600), port_guard_us(native, 115200));
	port_close(usb);
	port_close(native);
	teardown(&line);
}
END_TEST

START_TEST(the_fast_rate_is_used)
{
	struct line line;
	struct drive d;

	setup(&line, "115200");
	drive_prepare(&d, LINK_PATH);
	d.settings.fast_baud = 921600;
	drive_start(&d);
	drive_await_state(&d, ESWIFI_READY);
	ck_assert_uint_eq(eswifi_module_identity(d.module)->baud, 921600);
	exchange(&d);
	drive_free(&d);
	teardown(&line);
}
END_TEST

START_TEST(a_fast_rate_that_does_not_answer_is_given_up)
{
	struct line line;
	struct drive d;

	setup(&line, "115200");
	line.drop = "U0\r";
	drive_prepare(&d, LINK_PATH);
	d.settings.fast_baud = 921600;
	drive_start(&d);
	drive_await_state(&d, ESWIFI_READY);
	ck_assert_uint_eq(eswifi_module_identity(d.module)->baud, 115200);
	exchange(&d);
	drive_free(&d);
	teardown(&line);
}
END_TEST

START_TEST(a_module_left_at_another_rate_is_found)
{
	struct line line;
	struct drive d;

	setup(&line, "460800");
	drive_ready(&d, LINK_PATH);
	ck_assert_uint_eq(eswifi_module_identity(d.module)->baud, 460800);
	exchange(&d);
	drive_free(&d);
	teardown(&line);
}
END_TEST

START_TEST(a_silent_module_is_reset_by_its_line)
{
	struct line line;
	struct drive d;

	setup(&line, "115200");
	drive_prepare(&d, LINK_PATH);
	d.settings.reset_line = ESWIFI_RESET_DTR;
	drive_start(&d);
	drive_await_state(&d, ESWIFI_READY);
	g_atomic_int_set(&line.pulses, 0);
	g_atomic_int_set(&line.deaf, 1);
	ck_assert_int_eq(drive_open_tcp(&d, 0, 1), -ETIMEDOUT);
	ck_assert_uint_eq(d.lost, 1);
	drive_await_state(&d, ESWIFI_READY);
	ck_assert_int_ge(g_atomic_int_get(&line.pulses), 1);
	ck_assert_uint_ge(eswifi_module_counters(d.module)->resets, 1);
	exchange(&d);
	drive_free(&d);
	teardown(&line);
}
END_TEST

START_TEST(an_adapter_may_come_back_under_another_name)
{
	struct line line;
	struct drive d;
	int old;

	setup(&line, "115200");
	drive_ready(&d, LINK_PATH);
	stop_wire(&line);
	old = line.host;
	umockdev_testbed_remove_device(line.testbed,
				       "/sys/devices/usb1/at-ttyUSB0/1-1:1.0/ttyUSB0/tty/ttyUSB0");
	close(old);
	drive_await_lost(&d, 1);
	drive_await_state(&d, ESWIFI_CLOSED);
	add_device(&line, "ttyUSB1", true);
	link_device(&line, "ttyUSB1");
	start_wire(&line);
	drive_await_state(&d, ESWIFI_READY);
	exchange(&d);
	drive_free(&d);
	teardown(&line);
}
END_TEST

/* As SSH does: it speaks first, and then it waits. */
static void greet(struct server_connection *c, gpointer user G_GNUC_UNUSED)
{
	static const char greeting[] = "SSH-2.0-nobody\r\n";
	char byte;

	server_put(c, greeting, sizeof(greeting) - 1);
	while (server_take(c, &byte, 1) > 0)
		;
}

/* The report of a module that is reset for it, on a line that was at its fast rate. Free it. */
static char *report_after_reset(const char *as)
{
	const struct server greeter = { .kind = SERVER_OWN, .serve = greet };
	struct line line;
	struct drive d;
	char *report;

	setup_as(&line, "115200", as);
	drive_prepare(&d, LINK_PATH);
	d.settings.fast_baud = 921600;
	drive_start(&d);
	drive_await_state(&d, ESWIFI_READY);
	eswifi_watch_reset(d.module);
	eswifi_module_reset(d.module, "to see how it comes back");
	drive_await_state(&d, ESWIFI_READY);
	ck_assert_int_eq(drive_probe(&d, 0, server_start(line.h, &greeter)), 0);
	report = g_strdup(d.text);
	drive_free(&d);
	teardown(&line);
	return report;
}

/* The answer of a row, and in @ms how long it took. Free it. */
static char *row_of(const char *report, const char *label, double *ms)
{
	g_auto(GStrv) lines = g_strsplit(report, "\n", 0);
	guint i;

	for (i = 1; lines[i]; i++) {
		g_auto(GStrv) fields = g_strsplit(lines[i], "\t", 0);

		if (g_strcmp0(fields[0], label) != 0)
			continue;
		*ms = g_ascii_strtod(fields[1], NULL);
		return g_strdup(fields[3]);
	}
	ck_abort_msg("no %s in %s", label, report);
}

static void expect_restart(const char *report, bool answers, const char *rate)
{
	double ms;
	g_autofree char *zr = row_of(report, "zr", &ms);
	g_autofree char *before = row_of(report, "rate.before", &ms);
	g_autofree char *after = row_of(report, "rate.after", &ms);
	g_autofree char *error = row_of(report, "mt.default.error", &ms);
	g_autofree char *first = row_of(report, "r0.first", &ms);

	ck_assert_msg((strstr(zr, "OK") != NULL) == answers, "%s", zr);
	ck_assert_str_eq(before, "921600");
	ck_assert_str_eq(after, rate);
	ck_text_has(error, "ERROR: Bad Argument");
	ck_text_has(first, "greeting");
	ck_assert_ptr_null(strstr(report, "nobody"));
}

START_TEST(a_report_tells_how_the_module_restarts_and_takes_its_place)
{
	static const struct {
		const char *as;
		bool answers;
		const char *rate;
	} profiles[] = { { "C3.5.2.5", false, "921600" },
			 { "C3.5.2.3", false, "115200" },
			 { "C6.2.1", true, "115200" },
			 { "note", false, "921600" } };
	g_autofree char *directory = g_dir_make_tmp("eswrap-report-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(directory, "report", NULL);
	g_autofree char *report = report_after_reset(profiles[_i].as), *again = NULL;

	expect_restart(report, profiles[_i].answers, profiles[_i].rate);
	ck_assert(g_file_set_contents(path, report, -1, NULL));
	again = report_after_reset(path);
	unlink(path);
	rmdir(directory);
	expect_restart(again, profiles[_i].answers, profiles[_i].rate);
}
END_TEST

int main(int argc, char **argv)
{
	Suite *suite = suite_create("tty");
	TCase *tty = tcase_create("tty");
	const char *preload = getenv("LD_PRELOAD");

	(void)argc;
	if (!preload || !strstr(preload, "umockdev")) {
		execlp("umockdev-wrapper", "umockdev-wrapper", argv[0], NULL);
		perror("umockdev-wrapper");
		return 1;
	}
	tcase_set_timeout(tty, 2 * DRIVE_DEADLINE_S);
	tcase_add_test(tty, a_tty_behind_a_link_carries_every_byte);
	tcase_add_test(tty, a_tty_in_use_is_a_clear_state);
	tcase_add_test(tty, what_is_not_a_serial_port_is_a_clear_error);
	tcase_add_test(tty, the_guard_is_longer_behind_usb);
	tcase_add_test(tty, the_fast_rate_is_used);
	tcase_add_test(tty, a_fast_rate_that_does_not_answer_is_given_up);
	tcase_add_test(tty, a_module_left_at_another_rate_is_found);
	tcase_add_test(tty, a_silent_module_is_reset_by_its_line);
	tcase_add_loop_test(tty, a_report_tells_how_the_module_restarts_and_takes_its_place, 0, 4);
	tcase_add_test(tty, an_adapter_may_come_back_under_another_name);
	suite_add_tcase(suite, tty);
	return suite_run(suite);
}
