// SPDX-License-Identifier: MIT
/*
 * What this machine knows by itself: the files that libc looks at before it asks a name server.
 *
 * They are read for each look-up, as libc does, and seen as the program sees them: in a container
 * or a chroot they are its own.
 */
#include "libc.h"

#include "shim.h"

#define LINE 1024

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Words are kept apart by blanks; a word that begins with # ends the line. */
static char *next_word(char **rest)
{
	char *word, *p = *rest;

	while (is_blank(*p))
		p++;
	if (!*p || *p == '#')
		return NULL;
	word = p;
	while (*p && *p != '#' && !is_blank(*p))
		p++;
	if (*p == '#')
		*p = '\0';
	else if (*p)
		*p++ = '\0';
	*rest = p;
	return word;
}

typedef bool (*line_test)(char *line, const void *what);

/* Is there a line in the file of which this is true? A line that is too long is read in pieces. */
static bool any_line(const char *path, line_test test, const void *what)
{
	FILE *file = libc()->fopen(path, "rce");
	char line[LINE];
	bool found = false;

	if (!file)
		return false;
	while (!found && libc()->fgets(line, sizeof(line), file))
		found = test(line, what);
	libc()->fclose(file);
	return found;
}

static bool line_has_name(char *line, const void *what)
{
	char *word, *rest = line;

	if (!next_word(&rest))
		return false;
	while ((word = next_word(&rest)))
		if (libc()->strcasecmp(word, what) == 0)
			return true;
	return false;
}

static bool line_has_address(char *line, const void *what)
{
	const struct eswrap_endpoint *wanted = what;
	uint8_t address[16] = { 0 };
	char *rest = line, *word = next_word(&rest);

	return word && libc()->inet_pton(wanted->family, word, address) == 1 &&
	       memcmp(address, wanted->address, wanted->family == AF_INET ? 4 : 16) == 0;
}

/* "hosts: files dns": do the files come before any name server? */
static bool line_has_files_first(char *line, const void *what)
{
	char *word, *rest = line;

	(void)what;
	word = next_word(&rest);
	if (!word || libc()->strcmp(word, "hosts:") != 0)
		return false;
	while ((word = next_word(&rest)) && libc()->strcmp(word, "dns") != 0 &&
	       libc()->strcmp(word, "resolve") != 0)
		if (libc()->strcmp(word, "files") == 0)
			return true;
	return false;
}

static bool line_is_of_hosts(char *line, const void *what)
{
	char *rest = line, *word = next_word(&rest);

	(void)what;
	return word && libc()->strcmp(word, "hosts:") == 0;
}

static bool files_are_first(void)
{
	static const char path[] = "/etc/nsswitch.conf";

	return any_line(path, line_has_files_first, NULL) ||
	       !any_line(path, line_is_of_hosts, NULL);
}

/* shim_is_in_hosts() - would libc find this name in /etc/hosts before it asks anybody? */
bool shim_is_in_hosts(const char *name)
{
	return any_line("/etc/hosts", line_has_name, name) && files_are_first();
}

/* shim_address_is_in_hosts() - and this address? */
bool shim_address_is_in_hosts(const struct eswrap_endpoint *address)
{
	return any_line("/etc/hosts", line_has_address, address) && files_are_first();
}

static bool ends_in(const char *name, const char *end)
{
	size_t len = strlen(name), tail = strlen(end);

	return len > tail && libc()->strcasecmp(name + len - tail, end) == 0;
}

/**
 * shim_is_own_name() - is this the machine's own name, or one that only the local network knows?
 * @name:	without a dot at its end
 */
bool shim_is_own_name(const char *name)
{
	char own[ESWRAP_NAME_MAX + 1];
	size_t len;

	if (ends_in(name, ".local") || libc()->strcasecmp(name, "_gateway") == 0 ||
	    libc()->strcasecmp(name, "_outbound") == 0)
		return true;
	if (libc()->gethostname(own, sizeof(own)) != 0)
		return false;
	own[sizeof(own) - 1] = '\0';
	len = libc()->strcspn(own, ".");
	return libc()->strcasecmp(name, own) == 0 ||
	       (strlen(name) == len && libc()->strncasecmp(name, own, len) == 0);
}

struct alias {
	const char *name;
	char *whole;
	size_t size;
};

static bool line_is_alias(char *line, const void *what)
{
	const struct alias *alias = what;
	char *rest = line, *word = next_word(&rest);

	if (!word || libc()->strcasecmp(word, alias->name) != 0)
		return false;
	word = next_word(&rest);
	if (!word || strlen(word) >= alias->size)
		return false;
	strcpy(alias->whole, word);
	return true;
}

/**
 * shim_alias() - what HOSTALIASES makes of a name (hostname(7))
 * @whole:	filled in when true is returned
 */
bool shim_alias(const char *name, char *whole, size_t size)
{
	const struct alias alias = { name, whole, size };
	const char *path = secure_getenv("HOSTALIASES");

	return path && !memchr(name, '.', strlen(name)) && any_line(path, line_is_alias, &alias);
}
