// SPDX-License-Identifier: MIT
/*
 * Counting what goes out directly.
 *
 * DOC: Theory of Operation
 *
 * What the policy calls direct makes no system call, and so nobody hears of it. It is counted in a page
 * of memory that the broker reads (struct eswrap_counts), this user's own. The launcher leaves it open
 * to us, and it is mapped at load. Who was started in another way, or has closed the descriptor before
 * he became another program, counts for himself until he asks the broker something anyway: then he
 * asks for the page as well, and puts there what he has counted.
 *
 * A program that never asks anything, and was not started by the launcher, is not counted.
 */
#include "shim.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* So many routes are counted before there is a page; it is static data, of which there is little. */
#define COUNTED_HERE 16

/* What the broker seals it with. */
#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW)

static struct eswrap_counts *shared;
static uint32_t here[COUNTED_HERE];
static bool tried;

static struct eswrap_counts *page(void)
{
	return __atomic_load_n(&shared, __ATOMIC_ACQUIRE);
}

/**
 * shim_count() - something goes out directly
 * @counter:	from shim_policy_counter(); -1: nothing does
 */
void shim_count(int counter)
{
	struct eswrap_counts *counts = page();

	if (counter < 0)
		return;
	if (LIKELY(counts))
		__atomic_fetch_add(&counts->direct[counter], 1, __ATOMIC_RELAXED);
	else if (counter < COUNTED_HERE)
		__atomic_fetch_add(&here[counter], 1, __ATOMIC_RELAXED);
}

/* The number may have become another file: only what looks like the broker's memory is written to. */
static bool is_page(int fd)
{
	struct stat64 status;

	return syscall(SYS_fcntl, fd, F_GET_SEALS) == SEALS && shim_fstat(fd, &status) == 0 &&
	       status.st_size == sizeof(struct eswrap_counts);
}

/* Takes the page, and puts there what was counted before. */
static void map_page(int fd)
{
	const size_t size = sizeof(struct eswrap_counts);
	struct eswrap_counts *none = NULL, *counts;
	size_t i;

	if (!is_page(fd))
		return;
	counts = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (counts == MAP_FAILED)
		return;
	if (!__atomic_compare_exchange_n(&shared, &none, counts, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE)) {
		/* Another thread was faster. */
		syscall(SYS_munmap, counts, size);
		return;
	}
	for (i = 0; i < COUNTED_HERE; i++) {
		uint32_t before = __atomic_exchange_n(&here[i], 0, __ATOMIC_RELAXED);

		if (before)
			__atomic_fetch_add(&counts->direct[i], before, __ATOMIC_RELAXED);
	}
}

/**
 * shim_counts_load() - take the page that the launcher has left open
 *
 * Once, at load.
 */
void shim_counts_load(void)
{
	const char *value = secure_getenv(ESWRAP_COUNTS_ENV);
	int fd = 0;

	if (!value || !*value)
		return;
	for (; *value >= '0' && *value <= '9' && fd < 1000000; value++)
		fd = fd * 10 + (*value - '0');
	if (!*value)
		map_page(fd);
}

/* shim_wants_page() - is there something to count, no page for it yet, and none asked for? */
bool shim_wants_page(void)
{
	size_t i;

	if (LIKELY(page()) || __atomic_load_n(&tried, __ATOMIC_RELAXED))
		return false;
	for (i = 0; i < COUNTED_HERE; i++)
		if (__atomic_load_n(&here[i], __ATOMIC_RELAXED))
			return true;
	return false;
}

/* shim_take_page() - the broker's answer; -1: it has none for us. The descriptor stays the caller's */
void shim_take_page(int fd)
{
	__atomic_store_n(&tried, true, __ATOMIC_RELAXED);
	if (fd >= 0)
		map_page(fd);
}
