/* SPDX-License-Identifier: MIT */
/* What an ELF file says about itself, as far as the launcher has to know it. */
#ifndef ESWRAP_ELF_H
#define ESWRAP_ELF_H

#include <glib.h>
#include <limits.h>
#include <stdbool.h>

/**
 * struct elf_facts - one program
 * @class:	ELFCLASS32 or ELFCLASS64
 * @machine:	EM_...
 * @interpreter:	its loader (PT_INTERP), "" for a program without: a static one
 * @go:		made by the Go tool chain, whose run-time makes system calls without libc
 */
struct elf_facts {
	guint8 class;
	guint16 machine;
	char interpreter[PATH_MAX];
	bool go;
};

/**
 * elf_read() - read an ELF file of any content
 * @fd:		of a regular file, at any position
 *
 * Return: false where it is none, or a damaged one.
 */
bool elf_read(int fd, struct elf_facts *facts);

#endif
