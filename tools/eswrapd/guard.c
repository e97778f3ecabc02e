// SPDX-License-Identifier: MIT
/* The theory of operation is in guard.h. */
#include "eswrapd/guard.h"

#include <errno.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* Instructions that jump to the last one, which drops the datagram, and how far that is. */
#define END	      10
#define DROP_FROM(at) (END - (at)-1)

/* As the filter loads it: most significant byte first. */
static guint32 word_of(const guint8 *bytes)
{
	guint32 word;

	memcpy(&word, bytes, sizeof(word));
	return GUINT32_FROM_BE(word);
}

int guard_attach(struct guard *guard, int fd)
{
	struct sock_filter code[END + 1];
	const struct sock_fprog program = { .len = G_N_ELEMENTS(code), .filter = code };

	if (getrandom(guard->secret, sizeof(guard->secret), 0) < 0)
		return -errno;
	code[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0);
	code[1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, GUARD_SECRET, 0,
					       DROP_FROM(1));
	code[2] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_SUB | BPF_K, GUARD_SECRET);
	code[3] = (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TAX, 0);
	code[4] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0);
	code[5] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, word_of(guard->secret), 0,
					       DROP_FROM(5));
	code[6] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_IND, sizeof(guint32));
	code[7] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
					       word_of(guard->secret + sizeof(guint32)), 0,
					       DROP_FROM(7));
	code[8] = (struct sock_filter)BPF_STMT(BPF_MISC | BPF_TXA, 0);
	/* As many bytes are kept. */
	code[9] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_A, 0);
	code[END] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, 0);
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0 ? -errno
											   : 0;
}

ssize_t guard_send(const struct guard *guard, int fd, const guint8 *data, gsize size)
{
	struct iovec parts[] = {
		{ .iov_base = (gpointer)data, .iov_len = size },
		{ .iov_base = (gpointer)guard->secret, .iov_len = sizeof(guard->secret) },
	};
	const struct msghdr message = { .msg_iov = parts, .msg_iovlen = G_N_ELEMENTS(parts) };

	return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}
