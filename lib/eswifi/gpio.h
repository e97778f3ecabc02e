/* SPDX-License-Identifier: MIT */
/* A GPIO line that resets the module while it is low. */
#ifndef ESWIFI_GPIO_H
#define ESWIFI_GPIO_H

#include <stdbool.h>

struct gpio;

/**
 * gpio_open() - make a line an output and let the module run
 * @name:	"CHIP:LINE", CHIP as in /dev or a path
 * @why:	set to a phrase for people when it fails; not to be freed
 *
 * Return: the line, to be closed with gpio_close(), or NULL.
 */
struct gpio *gpio_open(const char *name, const char **why);
void gpio_close(struct gpio *gpio);

/* gpio_reset() - hold the module in reset, or let it run */
void gpio_reset(struct gpio *gpio, bool asserted);

#endif
