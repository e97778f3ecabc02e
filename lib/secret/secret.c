// SPDX-License-Identifier: MIT
/*
 * Pages for secrets, by mmap(). What is asked for ends where the guard page begins, but for the
 * alignment; how much it is stands in front of all.
 */
#include "secret/secret.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ALIGNMENT 16

/* At the beginning of the mapping. */
struct head {
	size_t mapped; /* with the guard page */
	size_t size;
	unsigned char *memory;
};

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t round_up(size_t size, size_t to)
{
	return (size + to - 1) / to * to;
}

static void fail(const char *what)
{
	perror(what);
	abort();
}

void *secret_new(size_t size)
{
	size_t page = page_size(), whole = round_up(sizeof(struct head), ALIGNMENT);
	size_t room = round_up(whole + round_up(size, ALIGNMENT), page);
	struct head *head = MAP_FAILED;

	if (size < SIZE_MAX / 2)
		head = mmap(NULL, room + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (head == MAP_FAILED || mprotect(head, room, PROT_READ | PROT_WRITE) < 0)
		fail("memory for a secret");
	madvise(head, room, MADV_DONTDUMP);
	/*
	 * Where the limit does not allow it the rest still holds. Not mlock(): AddressSanitizer and
	 * ThreadSanitizer make nothing of that.
	 */
	syscall(SYS_mlock, head, room);
	head->mapped = room + page;
	head->size = size;
	head->memory = (unsigned char *)head + room - round_up(size, ALIGNMENT);
	return head->memory;
}

char *secret_text(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(secret_new(size), text, size);
}

/* The head is at the beginning of the first page that the memory can begin in. */
static struct head *head_of(void *memory)
{
	uintptr_t at = (uintptr_t)memory, page = page_size();
	uintptr_t whole = round_up(sizeof(struct head), ALIGNMENT);

	return (struct head *)((at - whole) / page * page);
}

void secret_free(void *memory)
{
	struct head *head;

	if (!memory)
		return;
	head = head_of(memory);
	if (head->memory != memory)
		abort();
	explicit_bzero(memory, head->size);
	munmap(head, head->mapped);
}
