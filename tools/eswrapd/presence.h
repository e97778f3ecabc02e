/* SPDX-License-Identifier: MIT */
/*
 * Whether anybody still needs a private broker.
 *
 * DOC: Theory of operation
 *
 * Whoever has a reason for the broker to stay enters, and leaves when it is over: a launcher that
 * holds, a process that was started by one, a connection, an item that is being burnt. Who comes
 * without entering (a child of a program that has gone) is looked for.
 *
 *	OCCUPIED	somebody is in
 *	EMPTY		nobody is in; somebody may be there: every look_ms it is looked whether one
 *			is to be seen
 *	LEFT		nobody was in and nobody to be seen at two looks in a row: the owner is told,
 *			once
 *
 * A broker begins EMPTY. Two looks, because a program that becomes another one (exec) is not to be
 * seen for a moment, and because a shell script starts one program after the other.
 *
 * The system's broker has no presence: it stays. The functions take NULL for it.
 */
#ifndef ESWRAPD_PRESENCE_H
#define ESWRAPD_PRESENCE_H

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

struct presence;

/**
 * struct presence_ops - what the owner must say and hear
 * @seen:	is somebody there who has not entered?
 * @nobody:	nobody is there; called once
 */
struct presence_ops {
	bool (*seen)(gpointer user);
	void (*nobody)(gpointer user);
};

/* presence_new() - nobody is in; @look_ms lies between two looks */
struct presence *presence_new(const struct presence_ops *ops, gpointer user, guint look_ms);
void presence_free(struct presence *presence);

/* presence_enter(), presence_leave() - as often as each other */
void presence_enter(struct presence *presence);
void presence_leave(struct presence *presence);

/**
 * presence_enter_process() - in for as long as a process lives, whatever it becomes
 * @pid:	of the process; one that has gone, or is in no namespace that we see, is not in
 */
void presence_enter_process(struct presence *presence, pid_t pid);

#endif
