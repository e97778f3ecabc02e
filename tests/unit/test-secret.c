// SPDX-License-Identifier: MIT
/* Memory for secrets: what the kernel says of its pages. */
#include <glib.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "secret/secret.h"
#include "support/suite.h"

/* Has the mapping that @memory lies in this flag [proc(5), VmFlags]? */
static bool has_flag(const void *memory, const char *flag)
{
	unsigned long at = (unsigned long)memory, from = 0, to = 0;
	FILE *maps = fopen("/proc/self/smaps", "re");
	bool inside = false, found = false;
	char line[512], word[8];

	ck_assert_ptr_nonnull(maps);
	snprintf(word, sizeof(word), " %s", flag);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = at >= from && at < to;
		else if (inside && strncmp(line, "VmFlags:", 8) == 0)
			found = strstr(line, word);
	}
	fclose(maps);
	return found;
}

START_TEST(it_is_of_zeros_aligned_and_of_any_size)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 4063, 4064, 4065, 4096, 73000 };
	unsigned char *memory;
	size_t i, at;

	for (i = 0; i < G_N_ELEMENTS(sizes); i++) {
		memory = secret_new(sizes[i]);
		ck_assert_uint_eq((uintptr_t)memory % 16, 0);
		for (at = 0; at < sizes[i]; at++)
			ck_assert_uint_eq(memory[at], 0);
		memset(memory, 0xff, sizes[i]);
		secret_free(memory);
	}
	secret_free(NULL);
}
END_TEST

START_TEST(it_is_locked_and_in_no_core_dump)
{
	char *text = secret_text("of nobody's business");

	ck_assert_str_eq(text, "of nobody's business");
	ck_assert(has_flag(text, "lo"));
	ck_assert(has_flag(text, "dd"));
	secret_free(text);
}
END_TEST

static void stopped(int signo G_GNUC_UNUSED)
{
	_exit(7);
}

START_TEST(what_is_written_beyond_its_end_stops_there)
{
	volatile char *memory = secret_new(64);
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGSEGV, stopped);
		memory[63] = 1;
		memory[64] = 1;
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 7);
	secret_free((void *)memory);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("secret");
	TCase *tcase = tcase_create("secret");

	tcase_add_test(tcase, it_is_of_zeros_aligned_and_of_any_size);
	tcase_add_test(tcase, it_is_locked_and_in_no_core_dump);
	tcase_add_test(tcase, what_is_written_beyond_its_end_stops_there);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
