// SPDX-License-Identifier: MIT
/* How the connect of a stream flow stands: the name of the broker's end says it. */
#include "wire/outcome.h"

#include <errno.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool is_said(int fd, struct eswrap_name *outcome)
{
	struct sockaddr_un address;
	socklen_t len = sizeof(address);

	return syscall(SYS_getpeername, fd, &address, &len) == 0 &&
	       eswrap_name_parse(&address, len, outcome) && outcome->kind == ESWRAP_NAME_OUTCOME;
}

enum outcome eswrap_outcome(int fd, struct eswrap_name *outcome)
{
	struct pollfd hangup = { .fd = fd };
	enum outcome result = OUTCOME_NONE;
	int saved = errno;

	if (is_said(fd, outcome))
		result = OUTCOME_KNOWN;
	else if (poll(&hangup, 1, 0) > 0 && (hangup.revents & POLLHUP))
		/* It may have been said between the two looks. */
		result = is_said(fd, outcome) ? OUTCOME_KNOWN : OUTCOME_ORPHAN;
	errno = saved;
	return result;
}
