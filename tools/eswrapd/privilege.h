/* SPDX-License-Identifier: MIT */
/*
 * The user that the broker runs as, where root has started it and not systemd.
 *
 * DOC: Theory of operation
 *
 * `user =` of [broker] names the user; without it, the system's broker becomes "eswrap" where there
 * is such a user and he can do what is needed: write the state directory. (One that an earlier broker
 * has left to root he cannot. The broker says so and stays root: it must not stop serving because a
 * package was installed.) A private broker stays who has started it, unless the file says otherwise.
 *
 * The new user has his own groups, "dialout", which ttys belong to, and those of the port and of the
 * GPIO chip that the configuration names, so that a port that is unplugged can be opened again. What only root
 * can make is made before, for him: the state directory, and that of the default control socket.
 */
#ifndef ESWRAPD_PRIVILEGE_H
#define ESWRAPD_PRIVILEGE_H

#include <glib.h>
#include <stdbool.h>

#include "config/settings.h"

/* privilege_prepare() - as root: make the directory of the default control socket, for its user */
void privilege_prepare(const struct settings *settings, bool private);

/**
 * privilege_drop() - become that user, for good
 *
 * Who is not root stays who he is. The process has one thread, and the control socket already.
 *
 * Return: false with @error set: `user =` cannot be had.
 */
bool privilege_drop(const struct settings *settings, bool private, GError **error);

/**
 * privilege_check_state() - is the state what this broker, or root, has written?
 *
 * A ledger decides what is burnt, and cannot be checked against the module: the directory, and the
 * files in it, belong to root, to the broker's user, or to whoever owns the configuration. That
 * others can write them is warned of.
 *
 * Return: false with @error set.
 */
bool privilege_check_state(const struct settings *settings, GError **error);

#endif
