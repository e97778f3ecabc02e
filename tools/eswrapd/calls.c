// SPDX-License-Identifier: MIT
/* The filter of system calls: tables by name, and the few calls whose arguments matter. */
#include "eswrapd/calls.h"

#include <errno.h>
#include <gio/gio.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

/* Names that an architecture has no call for are passed over. */
static const char *const allowed[] = {
	/* Files: configuration, state, policy, lock, port. */
	"open", "openat", "creat", "close", "read", "readv", "write", "writev", "pread64",
	"pwrite64", "lseek", "_llseek", "stat", "stat64", "lstat", "lstat64", "fstat", "fstat64",
	"fstatat64", "newfstatat", "statx", "statfs", "statfs64", "fstatfs", "fstatfs64", "access",
	"faccessat", "readlink", "readlinkat", "getdents", "getdents64", "rename", "renameat",
	"renameat2", "unlink", "unlinkat", "mkdir", "mkdirat", "fsync", "fdatasync", "ftruncate",
	"ftruncate64", "fallocate", "fadvise64", "fadvise64_64", "arm_fadvise64_64", "fchmod",
	"fchown", "fchown32", "umask", "flock", "fcntl", "fcntl64", "memfd_create", "ioctl", "dup",
	"dup2", "dup3", "pipe", "pipe2", "getcwd", "sendfile", "sendfile64",
	/* Memory. */
	"brk", "munmap", "mremap", "madvise", "mlock", "mlock2", "munlock", "membarrier",
	/* Threads and what they wait for. */
	"set_robust_list", "get_robust_list", "rseq", "set_tid_address", "futex", "futex_time64",
	"sched_yield", "sched_getaffinity", "sched_getparam", "sched_getscheduler", "sched_getattr",
	"sched_setattr", "gettid", "getpid", "getppid", "tgkill", "exit", "exit_group",
	"arch_prctl", "set_tls", "get_tls", "restart_syscall",
	/* Signals. */
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "sigaction",
	"sigprocmask", "sigreturn", "sigaltstack",
	/* Time, and the main loop. */
	"clock_gettime", "clock_gettime64", "clock_getres", "clock_getres_time64",
	"clock_nanosleep", "clock_nanosleep_time64", "nanosleep", "gettimeofday", "time", "times",
	"timerfd_create", "timerfd_settime", "timerfd_settime64", "timerfd_gettime",
	"timerfd_gettime64", "eventfd2", "poll", "ppoll", "ppoll_time64", "select", "_newselect",
	"pselect6", "pselect6_time64", "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait",
	"epoll_pwait", "epoll_pwait2",
	/* Sockets. */
	"bind", "listen", "connect", "accept", "accept4", "getsockname", "getpeername",
	"getsockopt", "setsockopt", "send", "sendto", "sendmsg", "sendmmsg", "recv", "recvfrom",
	"recvmsg", "recvmmsg", "recvmmsg_time64", "shutdown",
	/* Who and where we are. */
	"pidfd_open", "getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid",
	"getgroups", "getuid32", "geteuid32", "getgid32", "getegid32", "getresuid32", "getresgid32",
	"getgroups32", "getrlimit", "ugetrlimit", "getrusage", "uname", "sysinfo", "getrandom",
	"getcpu", NULL
};

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

/* What sanitisers do, at the end for the most part, when another process looks at this one. */
static const char *const sanitizing[] = { "clone",
					  "ptrace",
					  "wait4",
					  "prctl",
					  "mmap",
					  "mmap2",
					  "mprotect",
					  "kill",
					  "prlimit64",
					  "setrlimit",
					  "process_vm_readv",
					  "sched_setaffinity",
					  "personality",
					  NULL };

/* An older call does as well, and the C library tries it. */
static const char *const not_there[] = { "clone3",     "faccessat2",  "fchmodat2",
					 "openat2",    "close_range", "futex_waitv",
					 "futex_wake", "futex_wait",  "map_shadow_stack",
					 "mseal",      "cachestat",   "rt_sigtimedwait_time64",
					 NULL };

/* The tools of those who take processes over. */
static const char *const deadly[] = { "execve",
				      "execveat",
				      "fork",
				      "vfork",
				      "ptrace",
				      "process_vm_readv",
				      "process_vm_writev",
				      "kcmp",
				      "pidfd_getfd",
				      "bpf",
				      "perf_event_open",
				      "io_uring_setup",
				      "io_uring_enter",
				      "io_uring_register",
				      "userfaultfd",
				      "memfd_secret",
				      "keyctl",
				      "add_key",
				      "request_key",
				      "mount",
				      "umount",
				      "umount2",
				      "move_mount",
				      "open_tree",
				      "fsopen",
				      "fsmount",
				      "pivot_root",
				      "chroot",
				      "unshare",
				      "setns",
				      "init_module",
				      "finit_module",
				      "delete_module",
				      "kexec_load",
				      "kexec_file_load",
				      "reboot",
				      "swapon",
				      "swapoff",
				      "open_by_handle_at",
				      "setuid",
				      "setgid",
				      "setreuid",
				      "setregid",
				      "setresuid",
				      "setresgid",
				      "setgroups",
				      "setfsuid",
				      "setfsgid",
				      "setuid32",
				      "setgid32",
				      "setreuid32",
				      "setregid32",
				      "setresuid32",
				      "setresgid32",
				      "setgroups32",
				      "capset",
				      "mknod",
				      "mknodat",
				      "modify_ldt",
				      "vm86",
				      "iopl",
				      "ioperm",
				      NULL };

/* Return: 0 or a negative errno; names that this architecture, or this library, lacks are passed over. */
static int add_names(scmp_filter_ctx filter, uint32_t action, const char *const *names)
{
	int r = 0, number;
	guint i;

	for (i = 0; names[i] && r == 0; i++) {
		number = seccomp_syscall_resolve_name(names[i]);
		if (number == __NR_SCMP_ERROR)
			continue;
		r = seccomp_rule_add(filter, action, number, 0);
		/* A call that is in two tables keeps its first action. */
		if (r == -EEXIST || r == -EDOM)
			r = 0;
	}
	return r;
}

/* Allows a call where what is compared holds; else it fails with EPERM. */
static void allow_if(scmp_filter_ctx filter, int call, struct scmp_arg_cmp holds, int *result)
{
	if (*result == 0)
		*result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 1, holds);
}

static int add_sockets(scmp_filter_ctx filter, bool internet)
{
	int r = 0;

	allow_if(filter, SCMP_SYS(socketpair), SCMP_A0_32(SCMP_CMP_EQ, AF_UNIX), &r);
	allow_if(filter, SCMP_SYS(socket), SCMP_A0_32(SCMP_CMP_EQ, AF_UNIX), &r);
	if (!internet)
		return r;
	allow_if(filter, SCMP_SYS(socket), SCMP_A0_32(SCMP_CMP_EQ, AF_INET), &r);
	allow_if(filter, SCMP_SYS(socket), SCMP_A0_32(SCMP_CMP_EQ, AF_INET6), &r);
	/* getaddrinfo() asks which addresses this machine has. */
	allow_if(filter, SCMP_SYS(socket), SCMP_A0_32(SCMP_CMP_EQ, AF_NETLINK), &r);
	return r;
}

/* Threads and no processes; memory that is written or executed. */
static int add_threads_and_memory(scmp_filter_ctx filter)
{
	static const guint32 both = PROT_WRITE | PROT_EXEC;
	const int maps[] = { SCMP_SYS(mmap), SCMP_SYS(mmap2) };
	int r = 0;
	guint i;

	allow_if(filter, SCMP_SYS(clone),
		 SCMP_A0_32(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD), &r);
	allow_if(filter, SCMP_SYS(prctl), SCMP_A0_32(SCMP_CMP_EQ, PR_SET_NAME), &r);
	allow_if(filter, SCMP_SYS(prctl), SCMP_A0_32(SCMP_CMP_EQ, PR_GET_NAME), &r);
	/* To read a limit, and not to set one. */
	allow_if(filter, SCMP_SYS(prlimit64), SCMP_A2_64(SCMP_CMP_EQ, 0), &r);
	allow_if(filter, SCMP_SYS(mprotect), SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0), &r);
	for (i = 0; i < G_N_ELEMENTS(maps); i++) {
		allow_if(filter, maps[i], SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_WRITE, 0), &r);
		allow_if(filter, maps[i], SCMP_A2_32(SCMP_CMP_MASKED_EQ, both, PROT_WRITE), &r);
	}
	return r;
}

static int load(scmp_filter_ctx filter, bool internet)
{
	int r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

	if (r == 0)
		r = add_names(filter, SCMP_ACT_ALLOW, allowed);
	if (r == 0)
		r = add_sockets(filter, internet);
	if (r == 0)
		r = SANITIZED ? add_names(filter, SCMP_ACT_ALLOW, sanitizing)
			      : add_threads_and_memory(filter);
	if (r == 0)
		r = add_names(filter, SCMP_ACT_ERRNO(ENOSYS), not_there);
	if (r == 0)
		r = add_names(filter, SCMP_ACT_KILL_PROCESS, deadly);
	return r == 0 ? seccomp_load(filter) : r;
}

bool calls_restrict(bool internet, GError **error)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = filter ? load(filter, internet) : -ENOMEM;

	if (filter)
		seccomp_release(filter);
	if (r == 0)
		return true;
	if (r == -EINVAL || r == -ENOSYS) {
		g_info("this kernel has no filter for system calls");
		return true;
	}
	/* Whoever has started us behind a filter of his own may have left none to be made. */
	if (r == -EPERM || r == -EACCES || r == -EOPNOTSUPP || r == -ECANCELED) {
		g_message("no filter of system calls of our own: %s", g_strerror(-r));
		return true;
	}
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "the filter of system calls: %s",
		    g_strerror(-r));
	return false;
}
