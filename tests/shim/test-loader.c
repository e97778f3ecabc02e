// SPDX-License-Identifier: MIT
/* Libraries that would find libc's functions past the shim. */
#include <check.h>
#include <string.h>

#include "shim/stage.h"
#include "support/suite.h"

#define LOOPBACK "127.0.0.1"

/* A library with a function that connects and says whom it has reached. */
static const char plug_c[] =
	"#include <arpa/inet.h>\n"
	"#include <sys/socket.h>\n"
	"#include <sys/un.h>\n"
	"#include <unistd.h>\n"
	"int talk(int port)\n"
	"{\n"
	"	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };\n"
	"	int fd = socket(AF_INET, SOCK_STREAM, 0);\n"
	"	char back[4];\n"
	"	inet_pton(AF_INET, \"127.0.0.1\", &to.sin_addr);\n"
	"	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)\n"
	"		return 1;\n"
	"	return write(fd, \"ping\", 4) == 4 && read(fd, back, 4) == 4 ? 0 : 2;\n"
	"}\n";

/* The same by what RTLD_NEXT gives it; and a program that is linked with it. */
static const char next_c[] =
	"#define _GNU_SOURCE\n"
	"#include <arpa/inet.h>\n"
	"#include <dlfcn.h>\n"
	"#include <sys/socket.h>\n"
	"#include <unistd.h>\n"
	"int talk(int port)\n"
	"{\n"
	"	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };\n"
	"	int (*call)(int, const void *, socklen_t) = dlsym(RTLD_NEXT, \"connect\");\n"
	"	int fd = socket(AF_INET, SOCK_STREAM, 0);\n"
	"	char back[4];\n"
	"	inet_pton(AF_INET, \"127.0.0.1\", &to.sin_addr);\n"
	"	if (call(fd, &to, sizeof(to)) != 0)\n"
	"		return 1;\n"
	"	return write(fd, \"ping\", 4) == 4 && read(fd, back, 4) == 4 ? 0 : 2;\n"
	"}\n";
static const char talker_c[] = "#include <stdlib.h>\n"
			       "int talk(int port);\n"
			       "int main(int argc, char **argv) { return talk(atoi(argv[1])); }\n";
/* One that wraps connect() itself, and calls what comes next. */
static const char wrapper_c[] =
	"#define _GNU_SOURCE\n"
	"#include <dlfcn.h>\n"
	"#include <sys/socket.h>\n"
	"int connect(int fd, const struct sockaddr *to, socklen_t len)\n"
	"{\n"
	"	int (*call)(int, const void *, socklen_t) = dlsym(RTLD_NEXT, \"connect\");\n"
	"	return call(fd, to, len);\n"
	"}\n";

/* Loads the library in the way that argv[1] says, and calls it. */
static const char main_c[] =
	"#define _GNU_SOURCE\n"
	"#include <arpa/inet.h>\n"
	"#include <dlfcn.h>\n"
	"#include <stdlib.h>\n"
	"#include <string.h>\n"
	"#include <sys/socket.h>\n"
	"#include <unistd.h>\n"
	"typedef int (*connect_call)(int, const struct sockaddr *, socklen_t);\n"
	"static int by_handle(const char *name, int port)\n"
	"{\n"
	"	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };\n"
	"	void *libc = dlopen(name, RTLD_NOW);\n"
	"	connect_call call = (connect_call)dlsym(libc, \"connect\");\n"
	"	int fd = socket(AF_INET, SOCK_STREAM, 0);\n"
	"	char back[4];\n"
	"	inet_pton(AF_INET, \"127.0.0.1\", &to.sin_addr);\n"
	"	if (!call || call(fd, (struct sockaddr *)&to, sizeof(to)) != 0)\n"
	"		return 1;\n"
	"	return write(fd, \"ping\", 4) == 4 && read(fd, back, 4) == 4 ? 0 : 2;\n"
	"}\n"
	"int main(int argc, char **argv)\n"
	"{\n"
	"	int port = atoi(argv[2]);\n"
	"	int (*talk)(int);\n"
	"	void *library = NULL;\n"
	"	if (!strcmp(argv[1], \"handle\"))\n"
	"		return by_handle(\"libc.so.6\", port);\n"
	"	if (!strcmp(argv[1], \"deep\"))\n"
	"		library = dlopen(\"./plug.so\", RTLD_NOW | RTLD_DEEPBIND);\n"
	"	if (!strcmp(argv[1], \"namespace\"))\n"
	"		library = dlmopen(LM_ID_NEWLM, \"./plug.so\", RTLD_NOW);\n"
	"	talk = library ? (int (*)(int))dlsym(library, \"talk\") : NULL;\n"
	"	return talk ? talk(port) : 9;\n"
	"}\n";

/*
 * What depends on who calls: a library is found by the RUNPATH of the one that opens it, and
 * RTLD_NEXT is what comes behind the caller. Prints what it sees.
 */
static const char caller_c[] =
	"#define _GNU_SOURCE\n"
	"#include <dlfcn.h>\n"
	"#include <stdio.h>\n"
	"void *malloc_behind(void) { return dlsym(RTLD_NEXT, \"own_name\"); }\n"
	"int own_name(void) { return 1; }\n"
	"int open_neighbour(void) { return dlopen(\"neighbour.so\", RTLD_NOW) != NULL; }\n";
static const char user_c[] = "#include <stdio.h>\n"
			     "void *malloc_behind(void);\n"
			     "int open_neighbour(void);\n"
			     "int main(void)\n"
			     "{\n"
			     "	printf(\"behind %d, neighbour %d\\n\", malloc_behind() != NULL, "
			     "open_neighbour());\n"
			     "	return 0;\n"
			     "}\n";

/*
 * A program with a filter of libseccomp's that allows what it names and makes an errno of the rest.
 * Without an argument the network is none of it. Prints what a call comes to that it has not named.
 */
static const char filter_c[] =
	"#define _GNU_SOURCE\n"
	"#include <errno.h>\n"
	"#include <fcntl.h>\n"
	"#include <seccomp.h>\n"
	"#include <stdio.h>\n"
	"#include <string.h>\n"
	"#include <sys/syscall.h>\n"
	"#include <unistd.h>\n"
	"int main(int argc, char **argv)\n"
	"{\n"
	"	char line[64];\n"
	"	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));\n"
	"	seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 0);\n"
	"	seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(exit_group), 0);\n"
	"	seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,\n"
	"			 SCMP_A1(SCMP_CMP_EQ, F_GETFL));\n"
	"	if (argc > 1)\n"
	"		seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(connect), 0);\n"
	"	if (seccomp_load(filter) != 0)\n"
	"		return 1;\n"
	"	write(1, line, sprintf(line, \"fcntl %d %d, socket %d, file %d\\n\",\n"
	"		fcntl(1, F_GETFL) >= 0, fcntl(1, F_GETLK) >= 0,\n"
	"		(int)syscall(SYS_socket, 1, 1, 0) >= 0,\n"
	"		(int)syscall(SYS_openat, -100, \"/\", 0) >= 0));\n"
	"	return 0;\n"
	"}\n";

static void compile(const char *name, const char *source, const char *options)
{
	const char *path = harness_path(stage.h, harness_format(stage.h, "%s.c", name));

	ck_assert(g_file_set_contents(path, source, -1, NULL));
	ck_result_status(harness_run(stage.h, "sh", "-c",
				     harness_format(stage.h, "gcc -w %s.c %s", name, options),
				     NULL),
			 0);
}

static void goes_through_the_module_as_it_is(const char *way)
{
	guint before = harness_opened(stage.h);
	const char *port = harness_format(stage.h, "%u", stage.echo);

	ck_result_status(harness_run_wrapped(stage.h, "./main", way, port, NULL), 0);
	ck_assert_uint_eq(harness_opened(stage.h), before + 1);
}

static void goes_through_the_module(const char *way)
{
	compile("plug", plug_c, "-shared -fPIC -o plug.so");
	compile("main", main_c, "-o main");
	goes_through_the_module_as_it_is(way);
}

START_TEST(rtld_deepbind_does_not_go_past)
{
	goes_through_the_module("deep");
}
END_TEST

START_TEST(another_namespace_does_not_go_past)
{
	goes_through_the_module("namespace");
}
END_TEST

START_TEST(a_function_from_libcs_own_handle_does_not_go_past)
{
	goes_through_the_module("handle");
}
END_TEST

static void talker_goes_through(void)
{
	guint before = harness_opened(stage.h);
	const char *port = harness_format(stage.h, "%u", stage.echo);

	ck_result_status(harness_run_wrapped(stage.h, "./talker", port, NULL), 0);
	ck_assert_uint_eq(harness_opened(stage.h), before + 1);
}

START_TEST(rtld_next_of_a_library_does_not_go_past)
{
	compile("next", next_c, "-shared -fPIC -o next.so");
	compile("talker", talker_c, "-o talker ./next.so");
	talker_goes_through();
	/* The same library, loaded by the program. */
	compile("main", main_c, "-o main");
	ck_result_status(harness_run(stage.h, "cp", "next.so", "plug.so", NULL), 0);
	goes_through_the_module_as_it_is("deep");
}
END_TEST

START_TEST(a_library_that_wraps_what_we_wrap_finds_what_is_behind_it)
{
	compile("wrapper", wrapper_c, "-shared -fPIC -o wrapper.so");
	compile("plug", plug_c, "-shared -fPIC -o plug.so");
	compile("talker", talker_c, "-o talker -Wl,--no-as-needed ./wrapper.so ./plug.so");
	talker_goes_through();
}
END_TEST

START_TEST(who_calls_the_loader_is_still_seen)
{
	const struct result *native, *wrapped;

	ck_result_status(harness_run(stage.h, "mkdir", "-p", "sub", NULL), 0);
	compile("neighbour", "int neighbour;\n", "-shared -fPIC -o sub/neighbour.so");
	compile("caller", caller_c, "-shared -fPIC -o caller.so -Wl,-rpath,$PWD/sub");
	compile("user", user_c, "-o user caller.so -Wl,-rpath,$PWD");
	native = harness_run(stage.h, "./user", NULL);
	wrapped = harness_run_wrapped(stage.h, "./user", NULL);
	ck_assert_str_eq(native->out->str, "behind 0, neighbour 1\n");
	ck_assert_str_eq(wrapped->out->str, native->out->str);
}
END_TEST

START_TEST(a_program_with_address_sanitizer_runs)
{
	const char *port = harness_format(stage.h, "%u", stage.echo);
	guint before = harness_opened(stage.h);

	compile("main", main_c, "-fsanitize=address -o sanitized");
	ck_result_status(harness_run_wrapped(stage.h, "./sanitized", "handle", port, NULL), 0);
	ck_assert_uint_eq(harness_opened(stage.h), before + 1);
}
END_TEST

START_TEST(a_filter_that_shuts_the_network_out_is_left_as_it_is)
{
	const struct result *native, *wrapped;

	compile("filter", filter_c, "-o filter -lseccomp");
	native = harness_run(stage.h, "./filter", NULL);
	wrapped = harness_run_wrapped(stage.h, "./filter", NULL);
	ck_assert_str_eq(native->out->str, "fcntl 1 0, socket 0, file 0\n");
	ck_assert_str_eq(wrapped->out->str, native->out->str);
}
END_TEST

START_TEST(one_that_does_not_allows_what_a_connection_needs)
{
	const struct result *wrapped;

	compile("filter", filter_c, "-o filter -lseccomp");
	wrapped = harness_run_wrapped(stage.h, "./filter", "connects", NULL);
	ck_assert_str_eq(wrapped->out->str, "fcntl 1 0, socket 1, file 1\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("loader");
	TCase *loader = tcase_create("loader");

	tcase_add_test(loader, rtld_deepbind_does_not_go_past);
	tcase_add_test(loader, another_namespace_does_not_go_past);
	tcase_add_test(loader, a_function_from_libcs_own_handle_does_not_go_past);
	tcase_add_test(loader, rtld_next_of_a_library_does_not_go_past);
	tcase_add_test(loader, a_library_that_wraps_what_we_wrap_finds_what_is_behind_it);
	tcase_add_test(loader, who_calls_the_loader_is_still_seen);
	tcase_add_test(loader, a_program_with_address_sanitizer_runs);
	tcase_add_test(loader, a_filter_that_shuts_the_network_out_is_left_as_it_is);
	tcase_add_test(loader, one_that_does_not_allows_what_a_connection_needs);
	tcase_set_timeout(loader, 2 * HARNESS_DEADLINE_S);
	tcase_add_unchecked_fixture(loader, stage_set_up, stage_tear_down);
	suite_add_tcase(suite, loader);
	return suite_run(suite);
}
