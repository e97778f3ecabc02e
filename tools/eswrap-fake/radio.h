/* SPDX-License-Identifier: MIT */
/* The radio: which networks there are, and what the one that was joined gives. */
#ifndef FAKE_RADIO_H
#define FAKE_RADIO_H

#include "eswrap-fake/module.h"

#define RADIO_SIGNAL_DBM (-43)

/**
 * struct network - addresses in text; 0.0.0.0 while there are none
 */
struct network {
	char address[INET_ADDRSTRLEN], netmask[INET_ADDRSTRLEN], gateway[INET_ADDRSTRLEN];
	char dns[INET_ADDRSTRLEN], dns2[INET_ADDRSTRLEN];
};

/* radio_network() - what C? shows of it now */
void radio_network(const struct module *module, struct network *network);

/* radio_in_range() - there is something to be heard: not after a loss of Wi-Fi, for a while */
bool radio_in_range(const struct module *module);

/* radio_finds() - the network of C1 to C3 is there and lets the module in */
bool radio_finds(const struct module *module);

#endif
