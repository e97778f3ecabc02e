// SPDX-License-Identifier: MIT
/*
 * Which process has a socket? /proc knows. The one that was found last is asked first: most connects
 * come from the same few.
 */
#include "eswrap-tunnel/engine.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool has_socket(int pid, const char *link)
{
	char path[64], target[64];
	struct dirent *entry;
	bool found = false;
	ssize_t len;
	DIR *fds;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	fds = opendir(path);
	if (!fds)
		return false;
	while (!found && (entry = readdir(fds))) {
		len = readlinkat(dirfd(fds), entry->d_name, target, sizeof(target) - 1);
		target[len > 0 ? len : 0] = '\0';
		found = strcmp(target, link) == 0;
	}
	closedir(fds);
	return found;
}

static int find(const char *link)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	int pid = 0, found = 0;

	while (processes && !found && (entry = readdir(processes))) {
		pid = atoi(entry->d_name);
		if (pid > 0 && has_socket(pid, link))
			found = pid;
	}
	if (processes)
		closedir(processes);
	return found;
}

static void read_name(int pid, char *program, size_t size)
{
	char path[64];
	ssize_t got = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		got = read(fd, program, size - 1);
		close(fd);
	}
	program[got > 0 ? got : 0] = '\0';
	program[strcspn(program, "\n")] = '\0';
}

int who_holds(uint32_t inode, char *program, size_t size)
{
	static int last;
	char link[32];

	*program = '\0';
	if (!inode)
		return 0;
	snprintf(link, sizeof(link), "socket:[%u]", inode);
	if (!last || !has_socket(last, link))
		last = find(link);
	if (last)
		read_name(last, program, size);
	return last;
}
