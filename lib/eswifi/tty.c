// SPDX-License-Identifier: MIT
/* Serial ports. */
#include "tty.h"

#include <errno.h>
#include <fcntl.h>
#include <libserialport.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "protocol.h"
#include "rate.h"

/* Longer chains of links are taken for a loop. */
#define LINKS_MAX 16

/**
 * struct tty
 * @serial:	libserialport's
 * @fd:		libserialport's, too
 * @guard_us:	see tty_guard_us()
 */
struct tty {
	struct sp_port *serial;
	int fd;
	guint guard_us;
	enum eswifi_reset_line reset_line;
};

static bool configure_tty(struct sp_port *serial, const struct eswifi_settings *settings)
{
	struct sp_port_config *config;
	bool ok;

	if (sp_new_config(&config) != SP_OK)
		return false;
	ok = sp_get_config(serial, config) == SP_OK &&
	     sp_set_config_baudrate(config, settings->baud) == SP_OK &&
	     sp_set_config_bits(config, 8) == SP_OK &&
	     sp_set_config_parity(config, SP_PARITY_NONE) == SP_OK &&
	     sp_set_config_stopbits(config, 1) == SP_OK &&
	     sp_set_config_flowcontrol(config, settings->rtscts ? SP_FLOWCONTROL_RTSCTS
								: SP_FLOWCONTROL_NONE) == SP_OK;
	if (ok && settings->reset_line == ESWIFI_RESET_DTR)
		ok = sp_set_config_dtr(config, SP_DTR_OFF) == SP_OK;
	if (ok && settings->reset_line == ESWIFI_RESET_RTS)
		ok = sp_set_config_rts(config, SP_RTS_OFF) == SP_OK;
	ok = ok && sp_set_config(serial, config) == SP_OK;
	sp_free_config(config);
	return ok;
}

/* libserialport sets TIOCEXCL, which does not stop root: flock() does. */
static int open_serial(struct sp_port *serial, const struct eswifi_settings *settings, int *fd)
{
	int r;

	errno = 0;
	if (sp_open(serial, SP_MODE_READ_WRITE) != SP_OK)
		return errno ? errno : ENOTTY;
	r = EIO;
	if (sp_get_port_handle(serial, fd) != SP_OK)
		goto out_close;
	if (flock(*fd, LOCK_EX | LOCK_NB)) {
		r = errno;
		goto out_close;
	}
	errno = 0;
	if (!configure_tty(serial, settings)) {
		r = errno ? errno : EINVAL;
		goto out_close;
	}
	sp_flush(serial, SP_BUF_BOTH);
	return 0;
out_close:
	sp_close(serial);
	return r;
}

static bool kernel_lists(const char *path)
{
	char *name = g_path_get_basename(path);
	char *entry = g_build_filename("/sys/class/tty", name, NULL);
	bool listed = access(entry, F_OK) == 0;

	g_free(entry);
	g_free(name);
	return listed;
}

/*
 * libserialport 0.1.1 does not follow udev's links, which name the same adapter on any port. So
 * they are followed here, until the name is one that the kernel lists. Return: a negative errno, or
 * 0 with @to set, to be freed.
 */
static int follow_links(const char *device, char **to)
{
	char *path = g_strdup(device);
	char target[PATH_MAX], *directory;
	gssize length;
	guint links;

	for (links = 0; links < LINKS_MAX && !kernel_lists(path); links++) {
		length = readlink(path, target, sizeof(target) - 1);
		if (length < 0 && errno == EINVAL)
			break;
		if (length < 0) {
			length = -errno;
			g_free(path);
			return (int)length;
		}
		target[length] = '\0';
		directory = g_path_get_dirname(path);
		g_free(path);
		path = g_canonicalize_filename(target, directory);
		g_free(directory);
	}
	*to = path;
	return 0;
}

static guint guard_of(struct sp_port *serial, int fd)
{
	bool hurries = rate_hurry(fd);

	if (sp_get_port_transport(serial) != SP_TRANSPORT_USB)
		return GUARD_NATIVE_US;
	return hurries ? GUARD_USB_LOW_US : GUARD_USB_US;
}

int tty_open(const struct eswifi_settings *settings, struct tty **to)
{
	struct sp_port *serial = NULL;
	g_autofree char *path = NULL;
	int fd = -1, r;

	r = follow_links(settings->device, &path);
	if (r == 0 && access(path, F_OK))
		r = -errno;
	else if (r == 0 && sp_get_port_by_name(path, &serial) != SP_OK)
		r = -ENOTTY;
	if (r)
		return r;
	r = open_serial(serial, settings, &fd);
	if (r) {
		sp_free_port(serial);
		return -r;
	}
	*to = g_new0(struct tty, 1);
	(*to)->serial = serial;
	(*to)->fd = fd;
	(*to)->guard_us = guard_of(serial, fd);
	(*to)->reset_line = settings->reset_line;
	return 0;
}

void tty_close(struct tty *tty)
{
	sp_close(tty->serial);
	sp_free_port(tty->serial);
	g_free(tty);
}

int tty_fd(const struct tty *tty)
{
	return tty->fd;
}

guint tty_guard_us(const struct tty *tty)
{
	return tty->guard_us;
}

bool tty_set_baud(struct tty *tty, guint baud)
{
	return sp_set_baudrate(tty->serial, (int)baud) == SP_OK && rate_is(tty->fd, baud);
}

void tty_set_reset(struct tty *tty, bool asserted)
{
	if (tty->reset_line == ESWIFI_RESET_DTR)
		sp_set_dtr(tty->serial, asserted ? SP_DTR_ON : SP_DTR_OFF);
	else if (tty->reset_line == ESWIFI_RESET_RTS)
		sp_set_rts(tty->serial, asserted ? SP_RTS_ON : SP_RTS_OFF);
}
