/* SPDX-License-Identifier: MIT */
/* The serial port, as `eswrapctl doctor` looks at it. */
#ifndef ESWRAPCTL_DOCTOR_PORT_H
#define ESWRAPCTL_DOCTOR_PORT_H

#include "eswrapctl/finding.h"

/* doctor_port() - a step. Return: false after doctor_bad(): the consultation ends */
bool doctor_port(struct doctor *doctor);
/* doctor_rate() - a step: is the rate the one that the configuration has? Return: true */
bool doctor_rate(struct doctor *doctor);

#endif
