// SPDX-License-Identifier: MIT
/* The scheduler's rig: channels whose owners are the test. */
#include "unit/sched-rig.h"

#include <check.h>

struct sched *sched;

static struct owner *owner_of(struct channel *channel)
{
	return (struct owner *)channel;
}

static void on_opened(struct channel *channel, int result, const char *text G_GNUC_UNUSED)
{
	owner_of(channel)->opened++;
	owner_of(channel)->opened_result = result;
}

static gsize on_peek(struct channel *channel, const guint8 **data)
{
	static const guint8 bytes[ESWIFI_PAYLOAD_MAX];

	*data = bytes;
	return MIN(owner_of(channel)->unsent, sizeof(bytes));
}

static void on_sent(struct channel *channel, int result)
{
	if (result > 0)
		owner_of(channel)->unsent -= (gsize)result;
}

static bool on_may_receive(struct channel *channel)
{
	return !owner_of(channel)->full;
}

static void on_received(struct channel *channel, int result, const guint8 *data G_GNUC_UNUSED)
{
	owner_of(channel)->received += result;
}

static void on_lost(struct channel *channel, const char *why G_GNUC_UNUSED)
{
	owner_of(channel)->lost++;
}

const struct channel_ops owner_ops = {
	.opened = on_opened,
	.peek = on_peek,
	.sent = on_sent,
	.may_receive = on_may_receive,
	.received = on_received,
	.lost = on_lost,
};

void rig_setup(void)
{
	sched = sched_new();
	fake_line_init(sched);
}

void rig_teardown(void)
{
	sched_free(sched);
}

void ask_for(struct owner *owner, uid_t uid, const char *host)
{
	owner->channel.ops = &owner_ops;
	owner->channel.uid = uid;
	owner->channel.target.host = host;
	owner->channel.target.port = 80;
	owner->channel.socket = -1;
	sched_open(sched, &owner->channel);
}

void open_all(struct owner *owners, int count, uid_t uid)
{
	int i;

	for (i = 0; i < count; i++) {
		ask_for(&owners[i], uid, "far");
		until(OPEN);
		end(0, 5 * MS);
		ck_assert_int_eq(owners[i].opened, 1);
	}
}
