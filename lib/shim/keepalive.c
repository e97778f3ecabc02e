// SPDX-License-Identifier: MIT
/*
 * Telling the broker that the program wants to know, or no longer, whether the far end lives.
 */
#include "shim.h"

#include <sys/syscall.h>

/**
 * shim_tell_keep_alive() - what the program wants has changed on an open flow
 * @seconds:	of silence; 0: never
 *
 * When it cannot be told the module goes on as before.
 */
void shim_tell_keep_alive(const struct eswrap_name *flow, uint32_t seconds)
{
	struct eswrap_request request;
	struct eswrap_reply reply;
	int none;

	shim_request_init(&request, ESWRAP_KEEP_ALIVE);
	request.id = flow->id;
	request.keep_alive = seconds;
	if (shim_ask(&request, -1, &reply, &none) == 0 && none >= 0)
		syscall(SYS_close, none);
}
