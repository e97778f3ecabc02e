// SPDX-License-Identifier: MIT
/* The launcher's reader of ELF files, with whole, cut and changed ones. */
#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "eswrap/elf.h"
#include "support/suite.h"

/* So much of a file as holds its headers, its loader's name and its data segment. */
#define CHANGES 20000

static char *whole;
static gsize whole_size;

static void setup(void)
{
	ck_assert(g_file_get_contents("/proc/self/exe", &whole, &whole_size, NULL));
}

static void teardown(void)
{
	g_free(whole);
}

static bool read_bytes(const void *data, gsize size, struct elf_facts *facts)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);
	bool good;

	ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
	good = elf_read(fd, facts);
	close(fd);
	return good;
}

START_TEST(a_dynamic_program_has_a_loader_and_a_machine)
{
	struct elf_facts facts;

	ck_assert(read_bytes(whole, whole_size, &facts));
	ck_assert_ptr_nonnull(strstr(facts.interpreter, "/ld"));
	ck_assert_uint_eq(facts.class, sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32);
	ck_assert(!facts.go);
}
END_TEST

START_TEST(what_is_cut_anywhere_is_read_without_harm)
{
	struct elf_facts facts;
	gsize size, good = 0;

	for (size = 0; size < whole_size; size += size < 4096 ? 1 : whole_size / 512 + 1)
		good += read_bytes(whole, size, &facts);
	/* From where the headers are whole. */
	ck_assert_uint_gt(good, 0);
	ck_assert(!read_bytes(whole, EI_NIDENT, &facts));
}
END_TEST

START_TEST(what_is_changed_anywhere_is_read_without_harm)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(1);
	g_autofree char *changed = g_memdup2(whole, whole_size);
	int fd = memfd_create("elf", MFD_CLOEXEC), i;
	struct elf_facts facts;
	const gsize headers = MIN(whole_size, 1024);
	gsize at;

	ck_assert_int_eq(write(fd, whole, whole_size), (ssize_t)whole_size);
	for (i = 0; i < CHANGES; i++) {
		at = (gsize)g_rand_int_range(random, 0, (gint32)headers);
		changed[at] = (char)g_rand_int(random);
		ck_assert_int_eq(pwrite(fd, changed + at, 1, (off_t)at), 1);
		elf_read(fd, &facts);
		ck_assert_ptr_nonnull(memchr(facts.interpreter, 0, sizeof(facts.interpreter)));
		/* Now and then from the beginning, or the header soon is nobody's. */
		if (i % 8 == 0) {
			memcpy(changed, whole, headers);
			ck_assert_int_eq(pwrite(fd, whole, headers, 0), (ssize_t)headers);
		}
	}
	close(fd);
}
END_TEST

#if __SIZEOF_POINTER__ == 8
START_TEST(a_go_program_is_known_without_its_section_headers)
{
	Elf64_Phdr *segment;
	Elf64_Ehdr *header = (Elf64_Ehdr *)whole;
	struct elf_facts facts;
	guint i;

	header->e_shnum = 0;
	ck_assert(read_bytes(whole, whole_size, &facts));
	ck_assert(!facts.go);
	segment = (Elf64_Phdr *)(whole + header->e_phoff);
	for (i = 0; segment[i].p_type != PT_LOAD || !(segment[i].p_flags & PF_W); i++)
		;
	memcpy(whole + segment[i].p_offset + 32, "\xff Go buildinf:", 14);
	ck_assert(read_bytes(whole, whole_size, &facts));
	ck_assert(facts.go);
}
END_TEST
#endif

int main(void)
{
	Suite *suite = suite_create("elf");
	TCase *reader = tcase_create("reader");

	tcase_add_checked_fixture(reader, setup, teardown);
	tcase_add_test(reader, a_dynamic_program_has_a_loader_and_a_machine);
	tcase_add_test(reader, what_is_cut_anywhere_is_read_without_harm);
	tcase_add_test(reader, what_is_changed_anywhere_is_read_without_harm);
#if __SIZEOF_POINTER__ == 8
	tcase_add_test(reader, a_go_program_is_known_without_its_section_headers);
#endif
	suite_add_tcase(suite, reader);
	return suite_run(suite);
}
