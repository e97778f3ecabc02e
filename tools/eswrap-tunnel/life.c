// SPDX-License-Identifier: MIT
/*
 * Does anybody live in the namespace? A descriptor that programs inherit says nothing: daemons close
 * them all. So one process of the namespace is waited for, and when it has ended another is looked
 * for.
 */
#include "eswrap-tunnel/engine.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A process that forks while /proc is read can be missed once. */
#define LOOKS 3

static bool lives_in(int pid, const char *space)
{
	char path[64], target[64];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	len = readlink(path, target, sizeof(target) - 1);
	target[len > 0 ? len : 0] = '\0';
	return strcmp(target, space) == 0;
}

static int look(const char *space)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	int pid, pidfd = -1;

	while (processes && pidfd < 0 && (entry = readdir(processes))) {
		pid = atoi(entry->d_name);
		if (pid <= 0 || !lives_in(pid, space))
			continue;
		pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
		/* It may have ended, and its number be another's, between the two. */
		if (pidfd >= 0 && !lives_in(pid, space)) {
			close(pidfd);
			pidfd = -1;
		}
	}
	if (processes)
		closedir(processes);
	return pidfd;
}

int life_find(const char *space)
{
	int pidfd = -1, i;

	for (i = 0; i < LOOKS && pidfd < 0; i++)
		pidfd = look(space);
	return pidfd;
}
