// SPDX-License-Identifier: MIT
/*
 * DOC: Theory of Operation
 *
 * Preloading is done by the dynamic loader, so it silently does nothing for a program that has no
 * loader, has another C library's, or runs with more rights than its caller (ld.so(8), "secure
 * execution"). Such a program's connections would go out natively, which is what eswrap promises
 * will not happen. Hence the file is read before it is executed. This is advice and no guard:
 * between the check and the execution the file may change, and what the program itself executes is
 * not looked at.
 */
#include "program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

/* The kernel reads this much of a #! line (BINPRM_BUF_SIZE); an ELF header is shorter. */
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
		return refuse(check, STATUS_CANNOT_EXECUTE,
			      "%s: is set-user-ID, which a preloaded library cannot reach; run "
			      "eswrap as that user instead",
			      path);
	if ((st->st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && st->st_gid != getgid())
		return refuse(check, STATUS_CANNOT_EXECUTE,
			      "%s: is set-group-ID, which a preloaded library cannot reach; run "
			      "eswrap as that group instead",
			      path);
	if (getuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0)
		return refuse(check, STATUS_CANNOT_EXECUTE,
			      "%s: has file capabilities, which a preloaded library cannot reach; "
			      "remove them (setcap -r) or run eswrap as root",
			      path);
	return 0;
}

/* What counts of an ELF file, in the width of its class. */
struct elf_head {
	guint8 class;
	guint16 machine;
	guint16 count, entry_size;
	guint64 table;
};

static bool elf_parse(const guint8 *data, gsize size, struct elf_head *head)
{
	Elf64_Ehdr e64;
	Elf32_Ehdr e32;

	/* A foreign byte order means a foreign machine, and the fields do not matter. */
	head->class = data[EI_CLASS];
	if (head->class == ELFCLASS64 && size >= sizeof(e64)) {
		memcpy(&e64, data, sizeof(e64));
		*head = (struct elf_head){ ELFCLASS64, e64.e_machine, e64.e_phnum, e64.e_phentsize,
					   e64.e_phoff };
		return e64.e_phentsize == sizeof(Elf64_Phdr);
	}
	if (head->class == ELFCLASS32 && size >= sizeof(e32)) {
		memcpy(&e32, data, sizeof(e32));
		*head = (struct elf_head){ ELFCLASS32, e32.e_machine, e32.e_phnum, e32.e_phentsize,
					   e32.e_phoff };
		return e32.e_phentsize == sizeof(Elf32_Phdr);
	}
	return false;
}

/* The loader that program header @index asks for, or NULL where it does not. */
static char *elf_interpreter(int fd, const struct elf_head *head, guint index)
{
	guint64 at = head->table + (guint64)index * head->entry_size, offset, size;
	char *name;
	Elf64_Phdr p64;
	Elf32_Phdr p32;
	bool wide = head->class == ELFCLASS64;

	if (pread(fd, wide ? (void *)&p64 : (void *)&p32, head->entry_size, (off_t)at) !=
	    head->entry_size)
		return NULL;
	if ((wide ? p64.p_type : p32.p_type) != PT_INTERP)
		return NULL;
	offset = wide ? p64.p_offset : p32.p_offset;
	size = wide ? p64.p_filesz : p32.p_filesz;
	if (size == 0 || size > PATH_MAX)
		return NULL;
	name = g_malloc0(size + 1);
	if (pread(fd, name, size, (off_t)offset) != (ssize_t)size)
		g_clear_pointer(&name, g_free);
	return name;
}

/* Debian's folder name for a machine: what "$LIB" is there, behind "lib/" (ld.so(8)). */
static const char *multiarch(const struct elf_head *head)
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
		if (table[i].machine == head->machine && table[i].class == head->class)
			return table[i].name;
	return NULL;
}

/* The class and machine of this launcher, which is those of the library beside it. */
static bool is_native(const struct elf_head *head)
{
	struct elf_head own;
	guint8 data[sizeof(Elf64_Ehdr)];
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	bool native = fd >= 0 && read(fd, data, sizeof(data)) == sizeof(data) &&
		      elf_parse(data, sizeof(data), &own) && own.class == head->class &&
		      own.machine == head->machine;

	if (fd >= 0)
		close(fd);
	return native;
}

/* Is the library there when "$LIB" stands for @folder? */
static bool library_in(const struct check *check, const char *folder)
{
	const char *at = strstr(check->library, "$LIB");
	char *path = g_strdup_printf("%.*s%s%s", (int)(at - check->library), check->library, folder,
				     at + strlen("$LIB"));
	bool found = access(path, R_OK) == 0;

	g_free(path);
	return found;
}

static int check_machine(struct check *check, const char *path, const struct elf_head *head)
{
	const char *arch = multiarch(head);
	bool wide = head->class == ELFCLASS64, found;
	char *folder;

	if (is_native(head))
		return 0;
	found = false;
	if (arch && strstr(check->library, "$LIB")) {
		folder = g_strdup_printf("lib/%s", arch);
		/* Debian's folders, then those of the other distributions. */
		found = library_in(check, folder) || library_in(check, wide ? "lib64" : "lib");
		g_free(folder);
	}
	if (found)
		return 0;
	return refuse(check, STATUS_CANNOT_EXECUTE,
		      "%s: is for another machine or word size (%s, %d bits), and there is no "
		      "libeswrap.so for that here; install eswrap's library for it as well",
		      path, arch ? arch : "unknown", wide ? 64 : 32);
}

static int check_elf(struct check *check, const char *path, int fd, const guint8 *data, gsize size)
{
	char *interpreter = NULL, *base;
	struct elf_head head;
	bool musl;
	guint i;

	if (!elf_parse(data, size, &head))
		return refuse(check, STATUS_CANNOT_EXECUTE, "%s: is a damaged ELF file", path);
	for (i = 0; i < head.count && !interpreter; i++)
		interpreter = elf_interpreter(fd, &head, i);
	if (!interpreter)
		return refuse(check, STATUS_CANNOT_EXECUTE,
			      "%s: is statically linked, so that no library can be preloaded into "
			      "it",
			      path);
	base = g_path_get_basename(interpreter);
	musl = g_str_has_prefix(base, "ld-musl");
	g_free(base);
	g_free(interpreter);
	if (musl)
		return refuse(
			check, STATUS_CANNOT_EXECUTE,
			"%s: uses another C library (musl), into which libeswrap.so cannot be "
			"preloaded",
			path);
	return check_machine(check, path, &head);
}

/* `env [OPTION]... [NAME=VALUE]... PROGRAM` of a script's first line: go on with PROGRAM. */
static int check_env(struct check *check, const char *path, char **words)
{
	for (; *words && (**words == '-' || strchr(*words, '=')); words++) {
		if (g_str_has_prefix(*words, "-i") || g_str_equal(*words, "-") ||
		    g_str_equal(*words, "--ignore-environment") ||
		    g_str_equal(*words, "LD_PRELOAD=") || g_str_equal(*words, "-uLD_PRELOAD") ||
		    g_str_equal(*words, "--unset=LD_PRELOAD"))
			return refuse(check, STATUS_CANNOT_EXECUTE,
				      "%s: its #! line removes LD_PRELOAD from the environment "
				      "(%s), so that libeswrap.so is not preloaded",
				      path, *words);
		if (g_str_equal(*words, "-u") || g_str_equal(*words, "-C"))
			words += words[1] ? 1 : 0;
	}
	/* Without a program, env only prints. */
	return *words ? check_name(check, *words) : 0;
}

/* The words behind "env" on a #! line: one, as the kernel passes it, unless -S splits it. */
static char **env_words(const char *argument)
{
	char **words = NULL;

	if (g_str_has_prefix(argument, "--split-string="))
		argument += strlen("--split-string=");
	else if (g_str_has_prefix(argument, "-S"))
		argument += strlen("-S");
	else
		return g_strsplit(argument, "\n", 0);
	if (!g_shell_parse_argv(argument, NULL, &words, NULL))
		words = g_new0(char *, 1);
	return words;
}

/* The interpreter of "INTERPRETER[ ARGUMENT]", which is what stands behind #!. */
static int check_script(struct check *check, const char *path, const char *line)
{
	char **parts, **words, *base;
	int status;

	if (++check->depth > DEPTH_MAX)
		return refuse(check, STATUS_CANNOT_EXECUTE, "%s: too many scripts that run scripts",
			      path);
	if (!*line)
		return refuse(check, STATUS_CANNOT_EXECUTE, "%s: its #! line names no program",
			      path);
	parts = g_strsplit_set(line, " \t", 2);
	base = g_path_get_basename(parts[0]);
	if (g_str_equal(base, "env")) {
		words = env_words(parts[1] ? g_strstrip(parts[1]) : "");
		status = check_env(check, path, words);
		g_strfreev(words);
	} else {
		status = check_path(check, parts[0]);
	}
	g_free(base);
	g_strfreev(parts);
	return status;
}

static int check_content(struct check *check, const char *path, const struct stat *st, int fd)
{
	guint8 data[HEAD_SIZE + 1] = "";
	ssize_t size = read(fd, data, HEAD_SIZE);
	char *line;
	int status;

	if (size < 0)
		return refuse(check, STATUS_CANNOT_EXECUTE, "%s: %s", path, g_strerror(errno));
	if (size >= EI_NIDENT && memcmp(data, ELFMAG, SELFMAG) == 0) {
		status = check_elf(check, path, fd, data, (gsize)size);
		/* Only here: the kernel ignores these bits on a script. */
		return status ? status : check_rights(check, path, st);
	}
	if (size < 2 || memcmp(data, "#!", 2) != 0)
		/* execvp() gives what the kernel does not know to the shell. */
		return check_script(check, path, "/bin/sh");
	line = g_strndup((char *)data + 2, strcspn((char *)data + 2, "\n"));
	g_strstrip(line);
	status = check_script(check, path, line);
	g_free(line);
	return status;
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
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return refuse(check, STATUS_CANNOT_EXECUTE,
			      "%s: cannot be read (%s), so eswrap cannot tell whether preloading "
			      "reaches it",
			      path, g_strerror(errno));
	status = check_content(check, path, &st, fd);
	close(fd);
	return status;
}

/* Look along PATH as execvp() does: what may not be executed is passed over. */
static int check_name(struct check *check, const char *name)
{
	const char *path = g_getenv("PATH");
	char **folders, *candidate = NULL;
	bool found = false, denied = false;
	int i, status;

	if (!*name)
		return refuse(check, STATUS_NOT_FOUND, "the program's name is empty");
	if (strchr(name, '/'))
		return check_path(check, name);
	folders = g_strsplit(path ? path : PATH_DEFAULT, ":", 0);
	for (i = 0; folders[i] && !found; i++) {
		g_free(candidate);
		candidate = g_build_filename(*folders[i] ? folders[i] : ".", name, NULL);
		found = access(candidate, X_OK) == 0 && !g_file_test(candidate, G_FILE_TEST_IS_DIR);
		denied = denied || (!found && access(candidate, F_OK) == 0);
	}
	g_strfreev(folders);
	if (found)
		status = check_path(check, candidate);
	else if (denied)
		status = refuse(check, STATUS_CANNOT_EXECUTE, "%s: %s", name, g_strerror(EACCES));
	else
		status = refuse(check, STATUS_NOT_FOUND, "%s: no such program in PATH", name);
	g_free(candidate);
	return status;
}

int program_check(const char *name, const char *library, char **error)
{
	struct check check = { .library = library };
	int status = check_name(&check, name);

	*error = check.error;
	return status;
}
