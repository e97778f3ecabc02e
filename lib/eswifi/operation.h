/* SPDX-License-Identifier: MIT */
#ifndef ESWIFI_OPERATION_H
#define ESWIFI_OPERATION_H

#include "session.h"

/* operation_open_tls() - Return: how many sockets speak TLS now */
guint operation_open_tls(const struct eswifi_module *module);

/* operation_keep_alive() - PK's time for what an owner has asked for, ms */
guint operation_keep_alive(guint ms);

/* operation_failed() - its start or look-up came to nothing. Return: as health_bad() */
bool operation_failed(struct eswifi_module *module);

#endif
