// SPDX-License-Identifier: MIT
/* What the namespace's kernel says of a program's socket: sock_diag(7). */
#include "eswrap-tunnel/engine.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

struct question {
	struct nlmsghdr header;
	struct inet_diag_req_v2 body;
};

enum holder diag_holder(int diag, int protocol, const struct tuple *program, uint32_t *uid,
			uint32_t *inode)
{
	/* The kernel has source and destination of datagrams the other way round. */
	bool udp = protocol == IPPROTO_UDP;
	struct question question = {
		.header = { sizeof(question), SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST, 1, 0 },
		.body = { .sdiag_family = AF_INET,
			  .sdiag_protocol = (uint8_t)protocol,
			  .idiag_states = ~0u,
			  .id = { .idiag_sport = udp ? program->dest_port : program->source_port,
				  .idiag_dport = udp ? program->source_port : program->dest_port,
				  .idiag_src = { udp ? program->dest : program->source },
				  .idiag_dst = { udp ? program->source : program->dest },
				  .idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE } } },
	};
	_Alignas(struct nlmsghdr) char text[4096];
	struct inet_diag_msg message;
	struct nlmsghdr header;
	ssize_t got;

	*uid = *inode = 0;
	/* Where the kernel does not say, nothing is taken from the program. */
	if (send(diag, &question, sizeof(question), MSG_DONTWAIT) < 0)
		return HOLDER_THERE;
	got = recv(diag, text, sizeof(text), 0);
	if (got < (ssize_t)sizeof(header))
		return HOLDER_THERE;
	memcpy(&header, text, sizeof(header));
	if (header.nlmsg_type == NLMSG_ERROR)
		return HOLDER_NONE;
	if (got < (ssize_t)(NLMSG_HDRLEN + sizeof(message)))
		return HOLDER_THERE;
	memcpy(&message, text + NLMSG_HDRLEN, sizeof(message));
	*uid = message.idiag_uid;
	*inode = message.idiag_inode;
	/* A socket without an inode was closed. */
	return message.idiag_inode ? HOLDER_THERE : HOLDER_NONE;
}
