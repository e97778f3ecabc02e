// SPDX-License-Identifier: MIT
/*
 * DOC: Theory of Operation
 *
 * Preloading is done by the dynamic loader, so it silently does nothing for a program that has no
 * loader, has another C library's, or runs with more rights than its caller (ld.so(8), "secure
 * execution"); and it is of no use for one that makes its system calls itself, as Go programs do.
 * Such a program's connections would go out natively, which is what eswrap promises will not
 * happen. Hence the file is read before it is executed. So are the arguments of programs that are
 * known to run another one without our environment. This is advice and no guard: between the check
 * and the execution the file may change, and what the program itself executes is not looked at.
 * --strict (strict.c) is the guard.
 */
#include "program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "elf.h"

/* The kernel reads this much of a #! line (BINPRM_BUF_SIZE). */
#define HEAD_SIZE 256
/* Scripts that run scripts: the kernel follows five. */
#define DEPTH_MAX 5

/* What the C library searches where PATH is not set (confstr(3), _CS_PATH). */
#define PATH_DEFAULT "/bin:/usr/bin"

/**
 * struct check - one program_check() under way
 * @library:	as given
 * @depth:	scripts followed so far
 * @error:	the sentence for the user
 */
struct check {
	const char *library;
	int depth;
	char *error;
};

static int check_command(struct check *check, char **words);
static int check_name(struct check *check, const char *name);
static int check_path(struct check *check, const char *path);

G_GNUC_PRINTF(3, 4)
static int refuse(struct check *check, int status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	check->error = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	return status;
}

/* Would execve() give the program other rights than ours? Then the loader ignores LD_PRELOAD. */
static int check_rights(struct check *check, const char *path, const struct stat *st)
{
	if ((st->st_mode & S_ISUID) && st->st_uid != getuid())
		return refuse(check, STATUS_UNREACHED,
			      "%s: is set-user-ID, which a preloaded library cannot reach; run "
			      "eswrap as that user instead",
			      path);
	if ((st->st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && st->st_gid != getgid())
		return refuse(check, STATUS_UNREACHED,
			      "%s: is set-group-ID, which a preloaded library cannot reach; run "
			      "eswrap as that group instead",
			      path);
	if (getuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0)
		return refuse(check, STATUS_UNREACHED,
			      "%s: has file capabilities, which a preloaded library cannot reach; "
			      "remove them (setcap -r) or run eswrap as root",
			      path);
	return 0;
}

/* Debian's directory name for a machine: what "$LIB" is there, behind "lib/" (ld.so(8)). */
static const char *multiarch(const struct elf_facts *facts)
{
	static const struct {
		guint16 machine;
		guint8 class;
		const char *name;
	} table[] = {
		{ EM_X86_64, ELFCLASS64, "x86_64-linux-gnu" },
		{ EM_X86_64, ELFCLASS32, "x86_64-linux-gnux32" },
		{ EM_386, ELFCLASS32, "i386-linux-gnu" },
		{ EM_AARCH64, ELFCLASS64, "aarch64-linux-gnu" },
		{ EM_ARM, ELFCLASS32, "arm-linux-gnueabihf" },
		{ EM_RISCV, ELFCLASS64, "riscv64-linux-gnu" },
	};
	guint i;

	for (i = 0; i < G_N_ELEMENTS(table); i++)
		if (table[i].machine == facts->machine && table[i].class == facts->class)
			return table[i].name;
	return NULL;
}

/* Are class and machine those of this launcher, and so of the library beside it? */
static bool is_native(const struct elf_facts *facts)
{
	struct elf_facts own;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	bool native = fd >= 0 && elf_read(fd, &own) && own.class == facts->class &&
		      own.machine == facts->machine;

	if (fd >= 0)
		close(fd);
	return native;
}

/* Is the library there when "$LIB" stands for @directory? */
static bool library_in(const struct check *check, const char *directory)
{
	const char *at = strstr(check->library, "$LIB");
	g_autofree char *path = g_strdup_printf("%.*s%s%s", (int)(at - check->library),
						check->library, directory, at + strlen("$LIB"));

	return access(path, R_OK) == 0;
}

static int check_machine(struct check *check, const char *path, const struct elf_facts *facts)
{
	const char *arch = multiarch(facts);
	bool wide = facts->class == ELFCLASS64;
	g_autofree char *directory = NULL;

	if (is_native(facts))
		return 0;
	if (arch && strstr(check->library, "$LIB")) {
		directory = g_strdup_printf("lib/%s", arch);
		/* Debian's directories, then those of the other distributions. */
		if (library_in(check, directory) || library_in(check, wide ? "lib64" : "lib"))
			return 0;
	}
	return refuse(check, STATUS_UNREACHED,
		      "%s: is for another machine or word size (%s, %d bits), and there is no "
		      "libeswrap.so for that here; install eswrap's library for it as well",
		      path, arch ? arch : "unknown", wide ? 64 : 32);
}

/* glibc's loaders, by the names that its ABI has on Debian's machines: ld-linux-x86-64.so.2, ... */
static bool is_glibc(const char *interpreter)
{
	g_autofree char *base = g_path_get_basename(interpreter);

	return g_str_has_prefix(base, "ld-linux") || g_str_has_prefix(base, "ld64.so.") ||
	       g_str_has_prefix(base, "ld.so.");
}

static int check_elf(struct check *check, const char *path, int fd)
{
	struct elf_facts facts;

	if (!elf_read(fd, &facts))
		return refuse(check, STATUS_CANNOT_EXECUTE, "%s: is a damaged ELF file", path);
	if (facts.go)
		return refuse(
			check, STATUS_UNREACHED,
			"%s: is a Go program, which connects without the C library, so that a "
			"preloaded library does not see it",
			path);
	if (!*facts.interpreter)
		return refuse(check, STATUS_UNREACHED,
			      "%s: is statically linked, so that no library can be preloaded into "
			      "it",
			      path);
	if (!is_glibc(facts.interpreter))
		return refuse(check, STATUS_UNREACHED,
			      "%s: uses another C library (its loader is %s), into which "
			      "libeswrap.so cannot be preloaded",
			      path, facts.interpreter);
	return check_machine(check, path, &facts);
}

static int refuse_clean(struct check *check, const char *path, const char *word)
{
	return refuse(
		check, STATUS_UNREACHED,
		"%s: removes LD_PRELOAD from the environment (%s), so that libeswrap.so is not "
		"preloaded; put eswrap behind it",
		path, word);
}

/*
 * One option of env(1), which may be several letters. @more: it takes the next word, too
 * Return: does it take LD_PRELOAD away?
 */
static bool env_option(const struct check *check, const char *word, const char *next, bool *more)
{
	static const char unset[] = "--unset";
	const char *letter, *name = NULL;

	*more = false;
	if (g_str_has_prefix(word, "LD_PRELOAD="))
		return !strstr(word, check->library);
	if (g_str_equal(word, "-") || g_str_has_prefix(word, "--ignore-e"))
		return true;
	if (g_str_has_prefix(word, "--")) {
		*more = g_str_equal(word, unset) || g_str_equal(word, "--chdir");
		name = g_str_has_prefix(word, "--unset=") ? word + sizeof(unset) : NULL;
		if (g_str_equal(word, unset))
			name = next;
	}
	for (letter = word + 1; *word == '-' && word[1] != '-' && *letter; letter++) {
		if (*letter == 'i')
			return true;
		if (*letter != 'u' && *letter != 'C')
			continue;
		*more = !letter[1];
		name = *letter == 'u' ? (letter[1] ? letter + 1 : next) : NULL;
		break;
	}
	return name && g_str_equal(name, "LD_PRELOAD");
}

/* "-S STRING", "-SSTRING", "--split-string=STRING": STRING. @more: it is the next word */
static const char *env_string(char **words, bool *more)
{
	*more = g_str_equal(*words, "-S") || g_str_equal(*words, "--split-string");
	if (*more)
		return words[1];
	if (g_str_has_prefix(*words, "--split-string="))
		return *words + strlen("--split-string=");
	return g_str_has_prefix(*words, "-S") ? *words + strlen("-S") : NULL;
}

/* `env [OPTION]... [NAME=VALUE]... PROGRAM [ARGUMENT]...`: go on with PROGRAM. */
static int check_env(struct check *check, const char *path, char **words)
{
	g_auto(GStrv) split = NULL;
	const char *string;
	bool more;

	for (; *words && (**words == '-' || strchr(*words, '=')); words++) {
		if (g_str_equal(*words, "--"))
			continue;
		string = env_string(words, &more);
		if (string) {
			/* What stands behind it are arguments of the program in it. */
			if (!g_shell_parse_argv(string, NULL, &split, NULL))
				return 0;
			return check_env(check, path, split);
		}
		if (env_option(check, *words, words[1], &more))
			return refuse_clean(check, path, *words);
		words += more && words[1] ? 1 : 0;
	}
	/* Without a program, env only prints. */
	return *words ? check_command(check, words) : 0;
}

/* Does su(1) or runuser(1) make a login shell, with an environment of its own? */
static int check_su(struct check *check, const char *path, char **words)
{
	const char *letter;

	for (; *words && !g_str_equal(*words, "--"); words++) {
		if (g_str_equal(*words, "-") || g_str_has_prefix(*words, "--l"))
			return refuse_clean(check, path, *words);
		if (**words != '-' || (*words)[1] == '-')
			continue;
		for (letter = *words + 1; *letter && !strchr("cCgGsuwT", *letter); letter++)
			if (*letter == 'l')
				return refuse_clean(check, path, *words);
		/* Its argument is the next word. */
		if (*letter && !letter[1] && words[1])
			words++;
	}
	return 0;
}

/* Another root directory is one without our library, unless somebody has put it there. */
static int check_chroot(struct check *check, const char *path, char **words)
{
	g_autofree char *inside = NULL;

	while (*words && **words == '-')
		words++;
	if (!*words || g_str_equal(*words, "/") || strstr(check->library, "$LIB"))
		return 0;
	inside = g_build_filename(*words, check->library, NULL);
	if (access(inside, R_OK) == 0)
		return 0;
	return refuse(check, STATUS_CANNOT_EXECUTE,
		      "%s: there is no %s in %s, so that nothing would be preloaded", path,
		      check->library, *words);
}

static int check_elsewhere(struct check *check, const char *path, char **words G_GNUC_UNUSED)
{
	return refuse(check, STATUS_UNREACHED,
		      "%s: gives the program an environment without LD_PRELOAD, so that "
		      "libeswrap.so is not preloaded; put eswrap behind it: %s ... eswrap PROGRAM",
		      path, path);
}

/* Programs that run another one, and what becomes of LD_PRELOAD in it. */
static int check_wrapper(struct check *check, const char *name, char **words)
{
	static const struct {
		const char *name;
		int (*check)(struct check *check, const char *path, char **words);
	} wrappers[] = {
		{ "env", check_env },	     { "sudo", check_elsewhere },
		{ "doas", check_elsewhere }, { "pkexec", check_elsewhere },
		{ "su", check_su },	     { "systemd-run", check_elsewhere },
		{ "runuser", check_su },     { "chroot", check_chroot },
	};
	g_autofree char *base = g_path_get_basename(name);
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(wrappers); i++)
		if (g_str_equal(base, wrappers[i].name))
			return wrappers[i].check(check, name, words);
	return 0;
}

/* A program and its arguments. */
static int check_command(struct check *check, char **words)
{
	int status = check_wrapper(check, words[0], words + 1);

	return status ? status : check_name(check, words[0]);
}

/* "INTERPRETER[ ARGUMENT]", which is what stands behind #!: the kernel makes two words of it. */
static int check_script(struct check *check, const char *path, const char *line)
{
	g_auto(GStrv) words = NULL;
	int status;

	if (++check->depth > DEPTH_MAX)
		return refuse(check, STATUS_CANNOT_EXECUTE, "%s: too many scripts that run scripts",
			      path);
	if (!*line)
		return refuse(check, STATUS_CANNOT_EXECUTE, "%s: its #! line names no program",
			      path);
	words = g_strsplit_set(line, " \t", 2);
	if (words[1])
		g_strstrip(words[1]);
	status = check_wrapper(check, words[0], words + 1);
	return status ? status : check_path(check, words[0]);
}

static int check_content(struct check *check, const char *path, const struct stat *st, int fd)
{
	guint8 data[HEAD_SIZE + 1] = "";
	ssize_t size = pread(fd, data, HEAD_SIZE, 0);
	g_autofree char *line = NULL;
	int status;

	if (size < 0)
		return refuse(check, STATUS_CANNOT_EXECUTE, "%s: %s", path, g_strerror(errno));
	if (size >= EI_NIDENT && memcmp(data, ELFMAG, SELFMAG) == 0) {
		status = check_elf(check, path, fd);
		/* Only here: the kernel ignores these bits on a script. */
		return status ? status : check_rights(check, path, st);
	}
	if (size < 2 || memcmp(data, "#!", 2) != 0)
		/* execvp() gives what the kernel does not know to the shell. */
		return check_script(check, path, "/bin/sh");
	line = g_strndup((char *)data + 2, strcspn((char *)data + 2, "\n"));
	return check_script(check, path, g_strstrip(line));
}

static int check_path(struct check *check, const char *path)
{
	struct stat st;
	int fd, status;

	if (stat(path, &st) < 0)
		return refuse(check,
			      errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND
								  : STATUS_CANNOT_EXECUTE,
			      "%s: %s", path, g_strerror(errno));
	if (!S_ISREG(st.st_mode))
		return refuse(check, STATUS_CANNOT_EXECUTE, "%s: is not a program", path);
	if (access(path, X_OK) < 0)
		return refuse(check, STATUS_CANNOT_EXECUTE, "%s: %s", path, g_strerror(errno));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return refuse(check, STATUS_UNREACHED,
			      "%s: cannot be read (%s), so eswrap cannot tell whether preloading "
			      "reaches it",
			      path, g_strerror(errno));
	/* What was looked at a moment ago may be a pipe by now. */
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		status = refuse(check, STATUS_CANNOT_EXECUTE, "%s: is not a program", path);
	else
		status = check_content(check, path, &st, fd);
	close(fd);
	return status;
}

/* Look along PATH as execvp() does: what may not be executed is passed over. */
static int check_name(struct check *check, const char *name)
{
	const char *path = g_getenv("PATH");
	g_auto(GStrv) directories = g_strsplit(path ? path : PATH_DEFAULT, ":", 0);
	g_autofree char *candidate = NULL;
	bool denied = false;
	int i;

	if (!*name)
		return refuse(check, STATUS_NOT_FOUND, "the program's name is empty");
	if (strchr(name, '/'))
		return check_path(check, name);
	for (i = 0; directories[i]; i++) {
		g_free(candidate);
		candidate = g_build_filename(*directories[i] ? directories[i] : ".", name, NULL);
		if (access(candidate, X_OK) == 0 && !g_file_test(candidate, G_FILE_TEST_IS_DIR))
			return check_path(check, candidate);
		denied = denied || access(candidate, F_OK) == 0;
	}
	if (denied)
		return refuse(check, STATUS_CANNOT_EXECUTE, "%s: %s", name, g_strerror(EACCES));
	return refuse(check, STATUS_NOT_FOUND, "%s: no such program in PATH", name);
}

int program_check(char **argv, const char *library, char **error)
{
	struct check check = { .library = library };
	int status = check_command(&check, argv);

	*error = check.error;
	return status;
}
