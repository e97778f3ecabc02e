// SPDX-License-Identifier: MIT
#include "support/memory.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A sanitiser maps terabytes for its own notes, which hold no copies. */
#define MAP_MAX (1UL << 30)

void memory_turn(guint8 *bytes, gsize size)
{
	gsize i;

	for (i = 0; i < size; i++)
		bytes[i] = (guint8)~bytes[i];
}

static bool holds_turned(const guint8 *bytes, gsize size, const guint8 *needle)
{
	const guint8 *p = bytes, *end = bytes + size;
	gsize i;

	while (p + MEMORY_SECRET_SIZE <= end) {
		p = memchr(p, (guint8)~needle[0], (gsize)(end - p) - MEMORY_SECRET_SIZE + 1);
		if (!p)
			return false;
		for (i = 0; i < MEMORY_SECRET_SIZE && (p[i] ^ needle[i]) == 0xff; i++)
			;
		if (i == MEMORY_SECRET_SIZE)
			return true;
		p++;
	}
	return false;
}

/* Every writable page of this process; memory that was freed counts as well. */
bool memory_holds_turned(const guint8 needle[MEMORY_SECRET_SIZE])
{
	int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	char *maps, *line, *save = NULL;
	bool found = false;

	ck_assert_int_ge(memory, 0);
	ck_assert(g_file_get_contents("/proc/self/maps", &maps, NULL, NULL));
	for (line = strtok_r(maps, "\n", &save); line && !found;
	     line = strtok_r(NULL, "\n", &save)) {
		unsigned long from, to;
		char mode[5];
		guint8 *copy;
		gssize n;

		if (sscanf(line, "%lx-%lx %4s", &from, &to, mode) != 3 || mode[1] != 'w')
			continue;
		if (to - from > MAP_MAX)
			continue;
		/* Not from the heap, which would be looked at in its turn. */
		copy = mmap(NULL, to - from, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
		ck_assert_ptr_ne(copy, MAP_FAILED);
		n = pread(memory, copy, to - from, (off_t)from);
		found = n > 0 && holds_turned(copy, (gsize)n, needle);
		munmap(copy, to - from);
	}
	g_free(maps);
	close(memory);
	return found;
}
