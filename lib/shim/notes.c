// SPDX-License-Identifier: MIT
/*
 * Values that the kernel keeps for us on a flow's socket.
 *
 * DOC: Theory of Operation
 *
 * A program that sets TCP_KEEPIDLE wants to read it back, also from a duplicate of the descriptor,
 * after fork and after exec; so the value has to stay with the socket. Linux lets anyone attach a
 * classic BPF filter to a socket (SO_ATTACH_FILTER) and read the filter's own instructions back
 * (SO_GET_FILTER, both since 3.8 at the latest, the same on 32 and 64 bits). The notes stand behind
 * the last instruction that is ever reached, and carry one value each:
 *
 *	guard			what the broker has put there (include/eswrap/wire.h), or, where it
 *				has put nothing: ret 0xffffffff, accept
 *	ld  #value 0		an instruction for each note
 *	...
 *	ret NOTES_MAGIC		a filter has to end so; also says that the notes are there
 *
 * On a stream AF_UNIX socket no filter is ever run. One that is written costs about 20 us, one that
 * is read below 1 us. Where a kernel or an emulator has no SO_GET_FILTER, values are taken and
 * not remembered.
 *
 * Two threads that write different notes of one socket at the same moment may lose one of them.
 */
#include "shim.h"

#include <linux/filter.h>

#define NOTES_MAGIC 0x65737701u

/* The longest guard that is kept, instructions. */
#define GUARD_MAX 32

#define NOTES_LEN (NOTE_MAX + 1)

/**
 * struct filter - what is attached to a flow
 * @guard:	how many of its instructions come before the notes
 * @known:	the kernel has said; else there may be a guard that must not be replaced
 */
struct filter {
	bool known;
	struct sock_filter code[GUARD_MAX + NOTES_LEN];
	socklen_t len, guard;
};

/* Return: false when there are no notes; @filter has the guard then, if there is one. */
static bool read_filter(int fd, struct filter *filter)
{
	const struct sock_filter *last;
	int saved = errno;

	filter->len = sizeof(filter->code) / sizeof(filter->code[0]);
	filter->known =
		real()->getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, filter->code, &filter->len) == 0;
	errno = saved;
	if (!filter->known)
		filter->len = 0;
	filter->guard = filter->len;
	if (filter->len < NOTES_LEN)
		return false;
	last = &filter->code[filter->len - 1];
	if (last->code != (BPF_RET | BPF_K) || last->k != NOTES_MAGIC)
		return false;
	filter->guard = filter->len - NOTES_LEN;
	return true;
}

/**
 * shim_notes_read() - the notes of a flow
 * @fd:		the program's end
 * @notes:	filled in; all 0 when there are none
 *
 * Return: false when there are none.
 */
bool shim_notes_read(int fd, struct notes *notes)
{
	struct filter filter;
	bool there = read_filter(fd, &filter);
	size_t i;

	for (i = 0; i < NOTE_MAX; i++)
		notes->value[i] = there ? filter.code[filter.guard + i].k : 0;
	return there;
}

/**
 * shim_notes_write() - replace the notes of a flow
 *
 * The guard stays. errno is left alone.
 *
 * Return: false when the kernel did not take them.
 */
bool shim_notes_write(int fd, const struct notes *notes)
{
	struct sock_fprog program;
	struct filter filter;
	int saved = errno;
	bool taken;
	size_t i;

	read_filter(fd, &filter);
	if (!filter.known || filter.guard > GUARD_MAX)
		return false;
	if (filter.guard == 0)
		filter.code[filter.guard++] =
			(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0xffffffffu);
	for (i = 0; i < NOTE_MAX; i++)
		filter.code[filter.guard + i] =
			(struct sock_filter)BPF_STMT(BPF_LD | BPF_IMM, notes->value[i]);
	filter.code[filter.guard + NOTE_MAX] =
		(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, NOTES_MAGIC);
	program.len = (unsigned short)(filter.guard + NOTES_LEN);
	program.filter = filter.code;
	taken = real()->setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) ==
		0;
	errno = saved;
	return taken;
}

/**
 * shim_key() - the key of a datagram flow
 *
 * Return: false when it is not known.
 */
bool shim_key(int fd, struct eswrap_key *key)
{
	struct notes notes;

	if (!shim_notes_read(fd, &notes))
		return false;
	memcpy(key, notes.value + NOTE_KEY, sizeof(*key));
	return true;
}

/**
 * shim_take_unreported() - is this report of how connect() ended still due? From now on it is not.
 * @fd:		the program's end
 * @which:	one of UNREPORTED_*
 */
bool shim_take_unreported(int fd, uint32_t which)
{
	struct notes notes;

	if (!shim_notes_read(fd, &notes) || !(notes.value[NOTE_UNREPORTED] & which))
		return false;
	notes.value[NOTE_UNREPORTED] &= ~which;
	shim_notes_write(fd, &notes);
	return true;
}
