// SPDX-License-Identifier: MIT
/* The reset line through libgpiod, in either of its two interfaces. */
#include "gpio.h"

#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

#ifndef HAVE_GPIOD
#define HAVE_GPIOD 0
#endif

#if HAVE_GPIOD
#include <gpiod.h>

#define CONSUMER "eswifi reset"
#define RUNS	 1
#define RESETS	 0

static const char *explain(int error)
{
	switch (error) {
	case ENOENT:
	case ENODEV:
		return "there is no such GPIO line";
	case EACCES:
	case EPERM:
		return "no permission (is the user in the group gpio?)";
	case EBUSY:
		return "the GPIO line is in use";
	default:
		return g_strerror(error);
	}
}
#endif

#if HAVE_GPIOD == 2

struct gpio {
	struct gpiod_line_request *request;
	unsigned int line;
};

static struct gpiod_line_request *request_output(struct gpiod_chip *chip, unsigned int line)
{
	struct gpiod_line_settings *settings = gpiod_line_settings_new();
	struct gpiod_line_config *lines = gpiod_line_config_new();
	struct gpiod_request_config *config = gpiod_request_config_new();
	struct gpiod_line_request *request = NULL;

	if (!settings || !lines || !config)
		goto out;
	gpiod_line_settings_set_direction(settings, GPIOD_LINE_DIRECTION_OUTPUT);
	gpiod_line_settings_set_output_value(settings, GPIOD_LINE_VALUE_ACTIVE);
	gpiod_request_config_set_consumer(config, CONSUMER);
	if (gpiod_line_config_add_line_settings(lines, &line, 1, settings) == 0)
		request = gpiod_chip_request_lines(chip, config, lines);
out:
	gpiod_request_config_free(config);
	gpiod_line_config_free(lines);
	gpiod_line_settings_free(settings);
	return request;
}

static struct gpio *open_line(const char *chip_name, unsigned int line)
{
	g_autofree char *path =
		*chip_name == '/' ? g_strdup(chip_name) : g_strdup_printf("/dev/%s", chip_name);
	struct gpiod_chip *chip = gpiod_chip_open(path);
	struct gpiod_line_request *request;
	struct gpio *gpio;

	if (!chip)
		return NULL;
	request = request_output(chip, line);
	gpiod_chip_close(chip);
	if (!request)
		return NULL;
	gpio = g_new0(struct gpio, 1);
	gpio->request = request;
	gpio->line = line;
	return gpio;
}

void gpio_close(struct gpio *gpio)
{
	if (!gpio)
		return;
	gpiod_line_request_release(gpio->request);
	g_free(gpio);
}

void gpio_reset(struct gpio *gpio, bool asserted)
{
	gpiod_line_request_set_value(gpio->request, gpio->line,
				     asserted ? GPIOD_LINE_VALUE_INACTIVE
					      : GPIOD_LINE_VALUE_ACTIVE);
}

#elif HAVE_GPIOD == 1

struct gpio {
	struct gpiod_chip *chip;
	struct gpiod_line *line;
};

static struct gpio *open_line(const char *chip_name, unsigned int number)
{
	struct gpiod_chip *chip = gpiod_chip_open_lookup(chip_name);
	struct gpiod_line *line = chip ? gpiod_chip_get_line(chip, number) : NULL;
	struct gpio *gpio;
	int error;

	if (!line || gpiod_line_request_output(line, CONSUMER, RUNS) < 0) {
		error = errno;
		if (chip)
			gpiod_chip_close(chip);
		errno = error;
		return NULL;
	}
	gpio = g_new0(struct gpio, 1);
	gpio->chip = chip;
	gpio->line = line;
	return gpio;
}

void gpio_close(struct gpio *gpio)
{
	if (!gpio)
		return;
	gpiod_chip_close(gpio->chip);
	g_free(gpio);
}

void gpio_reset(struct gpio *gpio, bool asserted)
{
	gpiod_line_set_value(gpio->line, asserted ? RESETS : RUNS);
}

#endif

#if HAVE_GPIOD
struct gpio *gpio_open(const char *name, const char **why)
{
	const char *colon = strrchr(name, ':');
	g_autofree char *chip = g_strndup(name, (gsize)(colon - name));
	struct gpio *gpio;

	errno = 0;
	gpio = open_line(chip, (unsigned int)strtoul(colon + 1, NULL, 10));
	if (!gpio)
		*why = explain(errno ? errno : ENOENT);
	return gpio;
}
#else
struct gpio *gpio_open(const char *name, const char **why)
{
	(void)name;
	*why = "this was built without libgpiod";
	return NULL;
}

void gpio_close(struct gpio *gpio)
{
	(void)gpio;
}

void gpio_reset(struct gpio *gpio, bool asserted)
{
	(void)gpio;
	(void)asserted;
}
#endif
