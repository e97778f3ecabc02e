/* SPDX-License-Identifier: MIT */
/* P6=1: everything that a start of a client may end in. */
#ifndef FAKE_START_H
#define FAKE_START_H

#include "eswrap-fake/run.h"

enum verdict start_client(struct module *module);

#endif
