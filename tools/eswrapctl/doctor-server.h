/* SPDX-License-Identifier: MIT */
/* A place that programs connect to, as `eswrapctl doctor` looks at it. */
#ifndef ESWRAPCTL_DOCTOR_SERVER_H
#define ESWRAPCTL_DOCTOR_SERVER_H

#include "eswrapctl/finding.h"

/**
 * struct doctor_place - where to
 * @scheme:	of a URL; NULL: the place was given as host and port
 */
struct doctor_place {
	char *scheme, *host, *port;
};

/**
 * doctor_server() - a step: the route, the name, an echo request, a connection
 * @launcher, @self:	the paths of eswrap and of this program
 *
 * Return: false after doctor_bad().
 */
bool doctor_server(struct doctor *doctor, const struct doctor_place *place, const char *launcher,
		   const char *self);

/* doctor_connect() - what the program under eswrap does. Return: why not, to be freed; NULL: it does */
char *doctor_connect(const char *host, const char *port);

#endif
