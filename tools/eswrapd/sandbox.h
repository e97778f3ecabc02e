/* SPDX-License-Identifier: MIT */
/*
 * What the broker may do to the machine once it serves, whoever started it.
 *
 * DOC: Theory of operation
 *
 * The broker reads what programs, the module and far ends send. Should one of them find a fault in it,
 * the kernel is to have forbidden beforehand what a broker never does. systemd's unit says this as well;
 * here it holds for a broker that was started by hand, or by a launcher.
 *
 * Landlock (where the kernel has it) leaves these files: to write, the state directory, the directory
 * of the control socket (for the policy) and of the port's lock; /dev, where the port is a tty, since
 * an adapter that is plugged in again is another node; to read, the directories of the configuration
 * and of its passphrase-file, systemd's credentials, the system's libraries, /etc, /sys (the serial
 * ports) and this process's own /proc. Nothing is executed. A TCP connection leads to the serial server
 * or to a name server. A reload, too, finds only files that are below these.
 *
 * The system call filter is a list of what is allowed. What no broker ever calls, but whoever has taken
 * one over would (execve, ptrace, mount, io_uring_setup, ...), kills the process. Any other call fails
 * with EPERM; one that the C library has an older way for with ENOSYS, which it falls back from. A
 * thread can be made, a process cannot, and memory is writable or executable, never both.
 *
 * `sandbox = no` in [broker] leaves both out: for debuggers, and for a C library that calls something new.
 */
#ifndef ESWRAPD_SANDBOX_H
#define ESWRAPD_SANDBOX_H

#include <glib.h>
#include <stdbool.h>

#include "config/settings.h"

/**
 * sandbox_enter() - from now on, and for good
 * @settings:		device, state directory, files
 * @socket_path:	of the control socket, or NULL
 *
 * The process has one thread only, its user already, and the control socket. A kernel that lacks one of the two is
 * logged; it keeps nobody from serving.
 *
 * Return: false with @error set.
 */
bool sandbox_enter(const struct settings *settings, const char *socket_path, GError **error);

#endif
