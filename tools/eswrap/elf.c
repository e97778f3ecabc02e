// SPDX-License-Identifier: MIT
/*
 * Reading ELF files, of either width. Nothing in them is believed: each read is of a size that is
 * known beforehand, and one that the file does not satisfy ends the search for what it was for.
 */
#include "elf.h"

#include <elf.h>
#include <string.h>
#include <unistd.h>

/* Where a section's name is looked at: longer than the one that is looked for. */
#define NAME_SIZE 16

/*
 * The Go linker puts this section, and these bytes at its beginning, into everything that it makes,
 * for `go version FILE` (package debug/buildinfo). strip(1) leaves it alone.
 */
static const char go_section[] = ".go.buildinfo";
static const char go_magic[] = "\xff Go buildinf:";
/* The bytes stand at such a boundary of the first segment that can be written, near its beginning.
 */
#define GO_ALIGN 16
#define GO_SIZE	 (1024 * 1024)

/* The ELF header, in one width. */
struct header {
	int fd;
	bool wide;
	guint16 machine;
	guint16 segments, sections, names;
	guint64 segment_table, section_table;
};

/* A program header, or a section header. */
struct part {
	guint32 type, flags, name;
	guint64 offset, size;
};

static bool read_at(int fd, void *to, gsize size, guint64 offset)
{
	return offset <= G_MAXINT64 - size && pread(fd, to, size, (off_t)offset) == (ssize_t)size;
}

static bool read_header(int fd, struct header *header)
{
	guint8 ident[EI_NIDENT];
	Elf64_Ehdr e64;
	Elf32_Ehdr e32;

	if (!read_at(fd, ident, sizeof(ident), 0) || memcmp(ident, ELFMAG, SELFMAG) != 0)
		return false;
	/* A foreign byte order means a foreign machine, and then the other fields do not matter. */
	if (ident[EI_CLASS] == ELFCLASS64 && read_at(fd, &e64, sizeof(e64), 0) &&
	    e64.e_phentsize == sizeof(Elf64_Phdr)) {
		*header =
			(struct header){ fd,	      true,	      e64.e_machine, e64.e_phnum,
					 e64.e_shnum, e64.e_shstrndx, e64.e_phoff,   e64.e_shoff };
		if (e64.e_shentsize != sizeof(Elf64_Shdr))
			header->sections = 0;
		return true;
	}
	if (ident[EI_CLASS] == ELFCLASS32 && read_at(fd, &e32, sizeof(e32), 0) &&
	    e32.e_phentsize == sizeof(Elf32_Phdr)) {
		*header =
			(struct header){ fd,	      false,	      e32.e_machine, e32.e_phnum,
					 e32.e_shnum, e32.e_shstrndx, e32.e_phoff,   e32.e_shoff };
		if (e32.e_shentsize != sizeof(Elf32_Shdr))
			header->sections = 0;
		return true;
	}
	return false;
}

static bool read_segment(const struct header *header, guint index, struct part *part)
{
	Elf64_Phdr p64;
	Elf32_Phdr p32;

	if (header->wide) {
		if (!read_at(header->fd, &p64, sizeof(p64),
			     header->segment_table + (guint64)index * sizeof(p64)))
			return false;
		*part = (struct part){ p64.p_type, p64.p_flags, 0, p64.p_offset, p64.p_filesz };
		return true;
	}
	if (!read_at(header->fd, &p32, sizeof(p32),
		     header->segment_table + (guint64)index * sizeof(p32)))
		return false;
	*part = (struct part){ p32.p_type, p32.p_flags, 0, p32.p_offset, p32.p_filesz };
	return true;
}

static bool read_section(const struct header *header, guint index, struct part *part)
{
	Elf64_Shdr s64;
	Elf32_Shdr s32;

	if (header->wide) {
		if (!read_at(header->fd, &s64, sizeof(s64),
			     header->section_table + (guint64)index * sizeof(s64)))
			return false;
		*part = (struct part){ s64.sh_type, 0, s64.sh_name, s64.sh_offset, s64.sh_size };
		return true;
	}
	if (!read_at(header->fd, &s32, sizeof(s32),
		     header->section_table + (guint64)index * sizeof(s32)))
		return false;
	*part = (struct part){ s32.sh_type, 0, s32.sh_name, s32.sh_offset, s32.sh_size };
	return true;
}

/* Return: false where the loader's name is no name. */
static bool read_interpreter(const struct header *header, struct elf_facts *facts)
{
	struct part part;
	guint i;

	for (i = 0; i < header->segments && read_segment(header, i, &part); i++) {
		if (part.type != PT_INTERP)
			continue;
		if (part.size == 0 || part.size >= sizeof(facts->interpreter) ||
		    !read_at(header->fd, facts->interpreter, part.size, part.offset))
			return false;
		facts->interpreter[part.size] = '\0';
		return *facts->interpreter != '\0';
	}
	return true;
}

static bool has_go_section(const struct header *header)
{
	struct part part, names;
	char name[NAME_SIZE];
	guint i;

	if (!read_section(header, header->names, &names))
		return false;
	for (i = 0; i < header->sections && read_section(header, i, &part); i++)
		if (read_at(header->fd, name, sizeof(go_section), names.offset + part.name) &&
		    memcmp(name, go_section, sizeof(go_section)) == 0)
			return true;
	return false;
}

/* Where the section headers are gone (sstrip and kin). */
static bool has_go_magic(const struct header *header)
{
	g_autofree guint8 *data = NULL;
	struct part part = { .type = PT_NULL };
	gssize size, at;
	guint i;

	for (i = 0; i < header->segments && read_segment(header, i, &part); i++)
		if (part.type == PT_LOAD && (part.flags & PF_W))
			break;
	if (part.type != PT_LOAD || !(part.flags & PF_W) || part.offset > G_MAXINT64 - GO_SIZE)
		return false;
	size = (gssize)MIN(part.size, GO_SIZE);
	data = g_malloc((gsize)size + 1);
	size = pread(header->fd, data, (gsize)size, (off_t)part.offset);
	for (at = 0; at + (gssize)sizeof(go_magic) <= size; at += GO_ALIGN)
		if (memcmp(data + at, go_magic, sizeof(go_magic) - 1) == 0)
			return true;
	return false;
}

bool elf_read(int fd, struct elf_facts *facts)
{
	struct header header;

	memset(facts, 0, sizeof(*facts));
	if (!read_header(fd, &header))
		return false;
	facts->class = header.wide ? ELFCLASS64 : ELFCLASS32;
	facts->machine = header.machine;
	facts->go = header.sections ? has_go_section(&header) : has_go_magic(&header);
	return read_interpreter(&header, facts);
}
