// SPDX-License-Identifier: MIT
/* What the doctor finds, for people as it comes, and kept for --json. */
#include "eswrapctl/finding.h"

#include <stdio.h>

static void add(struct doctor *doctor, const char *step, const char *result, const char *text,
		const char *remedy)
{
	GVariantDict dict;

	g_variant_dict_init(&dict, NULL);
	g_variant_dict_insert(&dict, "step", "s", step);
	g_variant_dict_insert(&dict, "result", "s", result);
	g_variant_dict_insert(&dict, "text", "s", text);
	g_variant_dict_insert(&dict, "remedy", "s", remedy);
	g_ptr_array_add(doctor->findings, g_variant_ref_sink(g_variant_dict_end(&dict)));
	if (doctor->ctl->json)
		return;
	printf("%-5s %-14s %s\n", result, step, text);
	if (*remedy)
		printf("%-5s %-14s -> %s\n", "", "", remedy);
	fflush(stdout);
}

bool doctor_good(struct doctor *doctor, const char *step, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	text = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	add(doctor, step, "good", text, "");
	return true;
}

bool doctor_mind(struct doctor *doctor, const char *step, const char *text, const char *remedy)
{
	add(doctor, step, "mind", text, remedy);
	return true;
}

bool doctor_bad(struct doctor *doctor, const char *step, const char *text, const char *remedy)
{
	add(doctor, step, "bad", text, remedy);
	return false;
}
