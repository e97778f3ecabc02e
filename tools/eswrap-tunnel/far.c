// SPDX-License-Identifier: MIT
/* The way to the broker: the questions that the shim asks too, for whoever sent a packet. */
#include "eswrap-tunnel/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "wire/ask.h"

const char *far_control_path(void)
{
	const char *path = secure_getenv(ESWRAP_SOCKET_ENV);

	return path && *path ? path : ESWRAP_SOCKET_DEFAULT;
}

/* Whoever listens there decides where connections go: root, we, or the owner of its directory. */
bool far_is_trustworthy(int connected, const char *path)
{
	char directory[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	struct ucred peer;
	socklen_t len = sizeof(peer);
	struct stat status;
	char *slash;

	if (getsockopt(connected, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return false;
	if (peer.uid == 0 || peer.uid == geteuid())
		return true;
	strcpy(directory, path);
	slash = strrchr(directory, '/');
	if (!slash)
		return false;
	slash[slash == directory] = '\0';
	return stat(directory, &status) == 0 && status.st_uid == peer.uid;
}

static int connect_control(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = far_control_path();
	int control, error;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	control = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (control < 0)
		return -errno;
	if (connect(control, (struct sockaddr *)&address, sizeof(address)) < 0)
		error = errno;
	else
		error = far_is_trustworthy(control, path) ? 0 : EPERM;
	if (!error)
		return control;
	close(control);
	return -error;
}

/* Return: false where the environment names a route that cannot be. */
static bool set_asker(struct eswrap_request *request, enum eswrap_request_type type, uint32_t uid,
		      uint32_t inode)
{
	const char *route = secure_getenv(ESWRAP_ROUTE_ENV);

	memset(request, 0, sizeof(*request));
	request->magic = ESWRAP_MAGIC;
	request->type = (uint16_t)type;
	request->family = AF_INET;
	request->pid = who_holds(inode, request->program, sizeof(request->program));
	request->uid = uid;
	/* The user counts, also where the process cannot be seen. */
	if (!request->pid && inode)
		request->pid = getpid();
	if (route && strlen(route) >= sizeof(request->route))
		return false;
	if (route)
		strcpy(request->route, route);
	return true;
}

static int send_request(const struct eswrap_request *request)
{
	int control = connect_control();

	if (control < 0)
		return control;
	if (send(control, request, sizeof(*request), MSG_NOSIGNAL | MSG_DONTWAIT) ==
	    sizeof(*request))
		return control;
	close(control);
	return -EAGAIN;
}

int far_ask(enum eswrap_request_type type, const struct tuple *program, uint32_t uid,
	    uint32_t inode)
{
	struct eswrap_request request;

	if (!set_asker(&request, type, uid, inode))
		return -EACCES;
	request.dest.family = AF_INET;
	request.dest.port = ntohs(program->dest_port);
	memcpy(request.dest.address, &program->dest, 4);
	return send_request(&request);
}

int far_take(int ask, struct eswrap_reply *reply)
{
	int fd, error = eswrap_ask_take(ask, MSG_DONTWAIT, reply, &fd);

	if (error == EAGAIN || error == EINTR)
		return -EAGAIN;
	if (!error && reply->verdict == ESWRAP_GRANTED && fd >= 0)
		return fd;
	if (fd >= 0)
		close(fd);
	if (error)
		return -ENETDOWN;
	if (reply->verdict == ESWRAP_DIRECT)
		return -ENETUNREACH;
	return reply->verdict == ESWRAP_REFUSED && reply->error ? -reply->error : -EPROTO;
}
