/* SPDX-License-Identifier: MIT */
/*
 * Closes descriptors that come from strangers.
 *
 * close() of the last reference to a socket can block: one with SO_LINGER and unsent data for as
 * long as its owner liked (socket(7)), and whoever sends a descriptor with SCM_RIGHTS can see to it
 * that ours is the last. So neither such a descriptor, nor a socket in whose queue one may still
 * be, is closed by the thread that serves everybody: a second thread does nothing else.
 */
#ifndef ESWRAPD_CLOSER_H
#define ESWRAPD_CLOSER_H

/* closer_close() - close @fd, soon, without waiting for it; -1 is none */
void closer_close(int fd);

/**
 * closer_refuse() - have the kernel refuse descriptors that are sent to @fd (SO_PASSRIGHTS, Linux 6.16)
 *
 * Where an older kernel cannot, they come, and go to the closer with the socket that has them queued.
 */
void closer_refuse(int fd);

#endif
