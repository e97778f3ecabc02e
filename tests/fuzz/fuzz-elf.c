// SPDX-License-Identifier: MIT
/* Any bytes as a program that eswrap is to run: facts of bounded size, or none. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "eswrap/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	struct elf_facts facts;

	if (fd < 0)
		fd = memfd_create("elf", MFD_CLOEXEC);
	if (ftruncate(fd, 0) < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	elf_read(fd, &facts);
	if (!memchr(facts.interpreter, 0, sizeof(facts.interpreter)))
		abort();
	return 0;
}
