// SPDX-License-Identifier: MIT
/* eswrapctl doctor: the serial port. Is it there, ours to open, and nobody else's? */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "eswrapctl/doctor-port.h"

#define STEP "port"

static char *read_system(const struct doctor *doctor, const char *path)
{
	g_autofree char *whole = g_strconcat(doctor->root, path, NULL);
	char *text = NULL;

	g_file_get_contents(whole, &text, NULL, NULL);
	return text;
}

/* /dev/ttyS0, also by its links: ttyS0 */
static char *tty_name(const char *device)
{
	g_autofree char *real = realpath(device, NULL);

	return g_path_get_basename(real ? real : device);
}

static bool has_console_word(const char *cmdline, const char *tty)
{
	g_auto(GStrv) words = g_strsplit_set(cmdline, " \n", 0);
	g_autofree char *word = g_strdup_printf("console=%s", tty);
	int i;

	for (i = 0; words[i]; i++)
		if (g_str_has_prefix(words[i], word) && !isalnum((guchar)words[i][strlen(word)]))
			return true;
	return false;
}

/* The kernel writes its messages there, and reads a login's. */
static bool no_console(struct doctor *doctor, const char *tty)
{
	g_autofree char *consoles = read_system(doctor, "/proc/consoles");
	g_autofree char *cmdline = read_system(doctor, "/proc/cmdline");
	g_auto(GStrv) lines = g_strsplit(consoles ? consoles : "", "\n", 0);
	g_autofree char *text = NULL;
	bool is_one = cmdline && has_console_word(cmdline, tty);
	int i;

	for (i = 0; lines[i]; i++)
		is_one |= g_str_has_prefix(lines[i], tty) && lines[i][strlen(tty)] == ' ';
	if (!is_one)
		return true;
	text = g_strdup_printf("%s is the kernel's console", tty);
	return doctor_bad(
		doctor, STEP, text,
		"take console= of this port out of the kernel's command line and restart; "
		"on a Raspberry Pi: sudo raspi-config nonint do_serial_cons 1");
}

/* On a Pi with Bluetooth the good UART is Bluetooth's until an overlay says otherwise. */
static bool is_the_headers(struct doctor *doctor, const char *tty)
{
	g_autofree char *model = read_system(doctor, "/proc/device-tree/model");
	g_autofree char *config = read_system(doctor, "/boot/firmware/config.txt");
	g_autofree char *old = read_system(doctor, "/boot/config.txt");
	const char *text = config ? config : old;
	bool wireless;

	if (!model || !g_str_has_prefix(model, "Raspberry Pi") || strcmp(tty, "ttyAMA0") || !text)
		return true;
	wireless = strstr(model, "Pi 3") || strstr(model, "Pi 4") || strstr(model, "Zero W") ||
		   strstr(model, "Zero 2 W");
	if (wireless && !strstr(text, "\ndtoverlay=disable-bt") &&
	    !strstr(text, "\ndtoverlay=miniuart-bt"))
		return doctor_bad(doctor, STEP,
				  "on this Raspberry Pi /dev/ttyAMA0 is the Bluetooth chip",
				  "write dtoverlay=disable-bt into config.txt, "
				  "sudo raspi-config nonint do_serial_hw 0, and restart");
	if (strstr(model, "Pi 5") && !strstr(text, "\ndtparam=uart0"))
		return doctor_bad(
			doctor, STEP,
			"on a Raspberry Pi 5 the header's UART is off until it is asked for",
			"write dtparam=uart0=on into config.txt, and restart");
	return true;
}

/* Whose descriptor it is: "agetty (process 812)"; NULL. Root sees all, others their own. */
static char *owner_of(dev_t device, pid_t not_this)
{
	g_autoptr(GDir) processes = g_dir_open("/proc", 0, NULL);
	const char *name;

	while (processes && (name = g_dir_read_name(processes))) {
		g_autofree char *fds = g_strdup_printf("/proc/%s/fd", name);
		g_autoptr(GDir) list = isdigit((guchar)*name) && atoi(name) != not_this
					       ? g_dir_open(fds, 0, NULL)
					       : NULL;
		const char *fd;

		while (list && (fd = g_dir_read_name(list))) {
			g_autofree char *path = g_build_filename(fds, fd, NULL);
			g_autofree char *comm = g_strdup_printf("/proc/%s/comm", name);
			g_autofree char *text = NULL;
			struct stat st;

			if (stat(path, &st) < 0 || !S_ISCHR(st.st_mode) || st.st_rdev != device)
				continue;
			g_file_get_contents(comm, &text, NULL, NULL);
			return g_strdup_printf("%s (process %s)", text ? g_strchomp(text) : "?",
					       name);
		}
	}
	return NULL;
}

static bool nobody_has_it(struct doctor *doctor, const struct stat *st, const char *tty)
{
	pid_t broker = doctor->reply ? (pid_t)ctl_number(doctor->reply, "pid") : getpid();
	g_autofree char *owner = owner_of(st->st_rdev, broker);
	g_autofree char *text = NULL, *getty = NULL;
	const char *remedy = "end it, or give the module another port";

	if (!owner)
		return true;
	text = g_strdup_printf("%s has the port open", owner);
	if (strstr(owner, "getty") || g_str_has_prefix(owner, "login"))
		remedy = getty = g_strdup_printf(
			"sudo systemctl disable --now serial-getty@%s.service", tty);
	else if (g_str_has_prefix(owner, "ModemManager"))
		remedy = "ModemManager is told to leave it by eswrap's udev rule: "
			 "sudo udevadm trigger, and plug the adapter in again";
	else if (g_str_has_prefix(owner, "eswrapd"))
		remedy = "that is another broker; only one can have the port";
	return doctor_bad(doctor, STEP, text, remedy);
}

static bool is_permitted(struct doctor *doctor, const char *device)
{
	g_autofree char *text = NULL;
	bool good;

	if (doctor->user != (uid_t)-1 && !rights_take(doctor->user, NULL))
		return true;
	good = faccessat(AT_FDCWD, device, R_OK | W_OK, AT_EACCESS) == 0;
	rights_restore();
	if (good)
		return true;
	text = g_strdup_printf("%s may not be opened by the broker's user", device);
	return doctor_bad(
		doctor, STEP, text,
		"put the user into the port's group: sudo usermod -aG dialout eswrap (for "
		"a private broker: yourself), and start it again");
}

/* 16 ms by default, which a half-duplex line waits for again and again. */
static void look_at_latency(struct doctor *doctor, const char *tty)
{
	g_autofree char *path = g_strdup_printf("/sys/class/tty/%s/device/latency_timer", tty);
	g_autofree char *value = read_system(doctor, path);
	g_autofree char *text = NULL;

	if (!value || atoi(value) <= 1)
		return;
	text = g_strdup_printf("the USB adapter holds bytes back for %d ms", atoi(value));
	doctor_mind(doctor, STEP, text,
		    "eswrap's udev rule sets it to 1 when the adapter is plugged in: sudo udevadm "
		    "trigger");
}

bool doctor_port(struct doctor *doctor)
{
	const char *device = doctor->settings->module.device;
	g_autofree char *tty = NULL, *text = NULL;
	struct stat st;

	if (g_str_has_prefix(device, "unix:") || g_str_has_prefix(device, "tcp:"))
		return doctor_good(doctor, STEP, "%s, no serial port of this machine", device);
	if (stat(device, &st) < 0) {
		text = g_strdup_printf("%s: %s", device, g_strerror(errno));
		return doctor_bad(
			doctor, STEP, text,
			"`ls /dev/serial/by-id /dev/serial0` shows what there is; correct "
			"device = in [module], or plug the adapter in");
	}
	if (!S_ISCHR(st.st_mode)) {
		text = g_strdup_printf("%s is no serial port", device);
		return doctor_bad(doctor, STEP, text, "correct device = in [module]");
	}
	tty = tty_name(device);
	if (!no_console(doctor, tty) || !is_the_headers(doctor, tty) ||
	    !is_permitted(doctor, device) || !nobody_has_it(doctor, &st, tty))
		return false;
	look_at_latency(doctor, tty);
	return doctor_good(doctor, STEP, "%s", device);
}

bool doctor_rate(struct doctor *doctor)
{
	const struct eswifi_settings *module = &doctor->settings->module;
	guint baud = (guint)ctl_number(doctor->reply, "baud");
	g_autofree char *text = NULL, *remedy = NULL;

	/* Of another machine's port nothing is known. */
	if (*module->device != '/' || baud == module->baud ||
	    (module->fast_baud && baud == module->fast_baud))
		return true;
	text = g_strdup_printf("the module answers at %u bit/s, and the configuration has baud = "
			       "%u: each start looks for the rate, for seconds",
			       baud, module->baud);
	remedy = g_strdup_printf("write baud = %u into [module]", baud);
	return doctor_mind(doctor, STEP, text, remedy);
}
