// SPDX-License-Identifier: MIT
/* Clients that write down what they are told. */
#include "unit/fake-client.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void fake_client_init(struct client *client, uid_t uid, pid_t pid)
{
	memset(client, 0, sizeof(*client));
	client->who.uid = uid;
	client->who.gid = client->group = uid;
	client->who.pid = pid;
	client->descriptor = client->fd = -1;
	client->packets = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
}

void fake_client_hang_up(struct client *client)
{
	client_gone gone = g_steal_pointer(&client->gone);

	client->waiting = client->holding = false;
	if (gone)
		gone(client->user);
}

void fake_client_clear(struct client *client)
{
	fake_client_hang_up(client);
	if (client->fd >= 0)
		close(client->fd);
	g_ptr_array_unref(client->packets);
}

void client_answer(struct client *client, gconstpointer packet, gsize size, int fd)
{
	if (client->answered || size != sizeof(client->reply))
		abort();
	memcpy(&client->reply, packet, size);
	client->fd = fd;
	client->answered = true;
	client->waiting = false;
	client->gone = NULL;
}

void client_wait(struct client *client, client_gone gone, gpointer user)
{
	client->waiting = true;
	client->gone = gone;
	client->user = user;
}

void client_hold(struct client *client, gconstpointer packet, gsize size, client_gone gone,
		 gpointer user)
{
	memcpy(&client->reply, packet, MIN(size, sizeof(client->reply)));
	client->holding = true;
	client->gone = gone;
	client->user = user;
}

void client_send(struct client *client, gconstpointer packet, gsize size)
{
	g_ptr_array_add(client->packets, g_bytes_new(packet, size));
}

int client_backlog(const struct client *client)
{
	return client->backlog;
}

void client_finish(struct client *client)
{
	client->answered = true;
	client->waiting = false;
}

const struct ucred *client_who(const struct client *client)
{
	return &client->who;
}

bool client_is_in_group(const struct client *client, gid_t group)
{
	return client->group == group;
}

int client_take_descriptor(struct client *client)
{
	int fd = client->descriptor;

	client->descriptor = -1;
	return fd;
}
