/* SPDX-License-Identifier: MIT */
#ifndef ESWIFI_LOCK_H
#define ESWIFI_LOCK_H

/**
 * lock_take() - keep a second driver of this user off a port that cannot be locked itself
 * @what:	names the port
 *
 * The lock is a file in a directory that belongs to this user, so that nobody else can hold it.
 *
 * Return: a descriptor that holds the lock until it is closed, or -EBUSY; another negative errno
 * when there is no place for the file.
 */
int lock_take(const char *what);

#endif
