// SPDX-License-Identifier: MIT
/*
 * DOC: Theory of Operation
 *
 * What preloading does not reach (static programs, Go, raw system calls, functions that were taken
 * from libc's own handle, children that sudo has started) connects natively, without a word. Under
 * --strict a seccomp filter sees the system calls themselves, of the program and of all that it
 * ever starts.
 *
 * The filter cannot see where a call leads: a socket's address is in memory. So it lets pass what
 * comes from libeswrap.so, and hands the rest to a supervisor, which reads the address: what is not
 * the internet's goes on, what is fails with EACCES, and a line on standard error says whose call
 * it was. A call is libeswrap.so's when the registers that the system call does not use hold a
 * secret, which the library is told in $ESWRAP_STRICT. That is a guard against what happens by
 * accident, not against a program that means to deceive: it could read the secret, or change the
 * address after it was looked at.
 *
 *	connect, sendmsg	three words of the secret in the fourth to sixth register
 *	sendmmsg		two, in the fifth and sixth
 *	sendto			has no register left: the library sends a message instead
 *	io_uring_setup		ENOSYS: what goes through a ring is no system call
 *
 * libc's own resolver connects from inside libc. The library makes a call that says so before and
 * after (the third word inverted): in between, that thread's calls pass.
 *
 * The supervisor is a grandchild, as a private broker is, made before the filter is. It ends when
 * the last process behind the filter has. If it is killed, such calls fail with ENOSYS: closed.
 */
#include "strict.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wire/strict.h"

/* A look-up that has not said its end by then never will: its thread was cancelled. */
#define LOOKUP_MAX_US (300 * G_USEC_PER_SEC)
/* A program that tries again and again is told of once in so long. */
#define REPEAT_US (10 * G_USEC_PER_SEC)

/**
 * struct supervisor - what the supervisor knows
 * @listener:	of the filter
 * @secret:	of libeswrap.so
 * @lookups:	thread id (GUINT_TO_POINTER) to when it said that libc's resolver is at work
 * @said:	the last line, and when
 */
struct supervisor {
	int listener;
	guint32 secret[ESWRAP_STRICT_WORDS];
	GHashTable *lookups;
	char said[256];
	gint64 said_at;
};

G_GNUC_PRINTF(2, 3)
static bool fail(char **error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	*error = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	return false;
}

static bool read_memory(pid_t pid, guint64 from, void *to, gsize size)
{
	struct iovec local = { to, size }, remote = { (void *)(uintptr_t)from, size };

	return process_vm_readv(pid, &local, 1, &remote, 1, 0) == (ssize_t)size;
}

/* The families of both widths look the same, a pointer's does not. */
static bool read_pointer(pid_t pid, guint64 from, bool wide, guint64 *to)
{
	guint32 narrow = 0;

	if (wide)
		return read_memory(pid, from, to, sizeof(*to));
	if (!read_memory(pid, from, &narrow, sizeof(narrow)))
		return false;
	*to = narrow;
	return true;
}

/* A place that a call leads to; none: @size is 0. */
struct place {
	guint64 at;
	guint32 size;
};

/* msg_name and msg_namelen are the first two members, in both widths. */
static bool place_of_message(pid_t pid, guint64 message, bool wide, struct place *place)
{
	if (!read_pointer(pid, message, wide, &place->at) ||
	    !read_memory(pid, message + (wide ? 8 : 4), &place->size, sizeof(place->size)))
		return false;
	if (!place->at)
		place->size = 0;
	return true;
}

/* SYS_CONNECT, ... of socketcall(2), whose arguments are in memory. */
static const char *socketcall_name(guint64 call)
{
	switch (call) {
	case 3:
		return "connect";
	case 11:
		return "sendto";
	case 16:
		return "sendmsg";
	case 20:
		return "sendmmsg";
	}
	return "";
}

static bool is_wide(guint32 arch)
{
	return arch == SCMP_ARCH_X86_64 || arch == SCMP_ARCH_AARCH64;
}

/* Unfolds socketcall(2). Return: the name of the call; NULL where its arguments cannot be read. */
static const char *name_of_call(const struct seccomp_notif *notice, char **name, guint64 args[6])
{
	guint32 words[6] = { 0 };
	int i;

	memcpy(args, notice->data.args, sizeof(notice->data.args));
	*name = seccomp_syscall_resolve_num_arch(notice->data.arch, notice->data.nr);
	if (!*name || strcmp(*name, "socketcall"))
		return *name;
	if (!read_memory((pid_t)notice->pid, args[1], words, sizeof(words)))
		return NULL;
	for (i = 0; i < 6; i++)
		args[i] = words[i];
	return socketcall_name(notice->data.args[0]);
}

/* Where the call leads: of several messages, where the first does that leads anywhere. */
static bool find_place(const struct seccomp_notif *notice, struct place *place)
{
	bool wide = is_wide(notice->data.arch);
	pid_t pid = (pid_t)notice->pid;
	char *allocated = NULL;
	guint64 args[6], i;
	const char *name = name_of_call(notice, &allocated, args);
	bool good = name != NULL;

	*place = (struct place){ 0 };
	if (good && !strcmp(name, "connect"))
		*place = (struct place){ args[1], (guint32)args[2] };
	else if (good && !strcmp(name, "sendto") && args[4])
		*place = (struct place){ args[4], (guint32)args[5] };
	else if (good && !strcmp(name, "sendmsg"))
		good = place_of_message(pid, args[1], wide, place);
	else if (good && !strcmp(name, "sendmmsg"))
		for (i = 0; good && i < MIN(args[2], 1024) && !place->size; i++)
			good = place_of_message(pid, args[1] + i * (wide ? 64 : 32), wide, place);
	free(allocated);
	return good;
}

/* Return: false where it is no internet address; @text: as a person writes it */
static bool internet_address(const guint8 *data, gsize size, char *text, gsize text_size)
{
	char host[INET6_ADDRSTRLEN];
	struct sockaddr_in6 six;
	struct sockaddr_in four;
	sa_family_t family;

	memcpy(&family, data, sizeof(family));
	if (family == AF_INET && size >= sizeof(four)) {
		memcpy(&four, data, sizeof(four));
		inet_ntop(AF_INET, &four.sin_addr, host, sizeof(host));
		g_snprintf(text, text_size, "%s:%u", host, ntohs(four.sin_port));
	} else if (family == AF_INET6 && size >= offsetof(struct sockaddr_in6, sin6_scope_id)) {
		memset(&six, 0, sizeof(six));
		memcpy(&six, data, MIN(size, sizeof(six)));
		inet_ntop(AF_INET6, &six.sin6_addr, host, sizeof(host));
		g_snprintf(text, text_size, "[%s]:%u", host, ntohs(six.sin6_port));
	} else {
		/* Too short for its family: the kernel says EINVAL. */
		return false;
	}
	return true;
}

/* Return: may the call go on? @text: where it leads, if not */
static bool may_go_on(const struct seccomp_notif *notice, char *text, gsize text_size)
{
	guint8 data[sizeof(struct sockaddr_in6)] = { 0 };
	struct place place;
	gsize size;

	g_strlcpy(text, "somewhere (its memory cannot be read)", text_size);
	if (!find_place(notice, &place))
		return false;
	if (place.size < sizeof(sa_family_t))
		return true;
	size = MIN(place.size, sizeof(data));
	/* The kernel says EFAULT, then. */
	if (!read_memory((pid_t)notice->pid, place.at, data, size))
		return errno == EFAULT;
	return !internet_address(data, size, text, text_size);
}

static void report(struct supervisor *supervisor, pid_t pid, const char *to)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/comm", (int)pid), *name = NULL;
	gint64 now = g_get_monotonic_time();
	char line[sizeof(supervisor->said)];

	if (g_file_get_contents(path, &name, NULL, NULL))
		g_strdelimit(g_strchomp(name), "\n\r\033", '?');
	g_snprintf(line, sizeof(line), "%s to %s", name ? name : "a program", to);
	if (!strcmp(line, supervisor->said) && now - supervisor->said_at < REPEAT_US)
		return;
	g_strlcpy(supervisor->said, line, sizeof(supervisor->said));
	supervisor->said_at = now;
	dprintf(STDERR_FILENO,
		"eswrap: %s (process %d): not through libeswrap.so, refused (--strict)\n", line,
		(int)pid);
}

/* "libc's resolver is at work in this thread", or no longer. Return: was it this? */
static bool note_lookup(struct supervisor *supervisor, const struct seccomp_notif *notice)
{
	const guint32 *secret = supervisor->secret;
	gpointer thread = GUINT_TO_POINTER(notice->pid);
	gint64 *since;

	if ((guint32)notice->data.args[3] != secret[0] ||
	    (guint32)notice->data.args[4] != secret[1] ||
	    (guint32)notice->data.args[5] != ~secret[2])
		return false;
	g_hash_table_remove(supervisor->lookups, thread);
	if (notice->data.args[1] == ESWRAP_STRICT_ENTER) {
		since = g_new(gint64, 1);
		*since = g_get_monotonic_time();
		g_hash_table_insert(supervisor->lookups, thread, since);
	}
	return true;
}

static bool in_lookup(const struct supervisor *supervisor, pid_t thread)
{
	const gint64 *since =
		g_hash_table_lookup(supervisor->lookups, GUINT_TO_POINTER((guint)thread));

	return since && g_get_monotonic_time() - *since < LOOKUP_MAX_US;
}

static void answer_notice(struct supervisor *supervisor, const struct seccomp_notif *notice)
{
	struct seccomp_notif_resp reply = { .id = notice->id };
	char to[128];

	if (!note_lookup(supervisor, notice)) {
		reply.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		if (!may_go_on(notice, to, sizeof(to)) &&
		    !in_lookup(supervisor, (pid_t)notice->pid)) {
			/* It may have been interrupted, and its number be another's by now. */
			if (seccomp_notify_id_valid(supervisor->listener, notice->id) < 0)
				return;
			report(supervisor, (pid_t)notice->pid, to);
			reply.flags = 0;
			reply.error = -EACCES;
		}
	}
	seccomp_notify_respond(supervisor->listener, &reply);
}

static void supervise(struct supervisor *supervisor)
{
	struct pollfd poller = { .fd = supervisor->listener, .events = POLLIN };
	struct seccomp_notif *notice;

	supervisor->lookups = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	if (seccomp_notify_alloc(&notice, NULL) < 0)
		return;
	while (poll(&poller, 1, -1) > 0 || errno == EINTR) {
		if (poller.revents & POLLIN) {
			/* The kernel wants it empty, in the size that it knows. */
			memset(notice, 0, sizeof(*notice));
			if (seccomp_notify_receive(supervisor->listener, notice) == 0)
				answer_notice(supervisor, notice);
		} else if (poller.revents & (POLLHUP | POLLERR)) {
			return;
		}
	}
}

static bool send_listener(int to, int listener, const guint32 *secret)
{
	char space[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 0;
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = space,
				  .msg_controllen = sizeof(space) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &listener, sizeof(int));
	/* Nobody listens yet: this one must pass by itself. */
	return syscall(SYS_sendmsg, to, &message, 0, (long)secret[0], (long)secret[1],
		       (long)secret[2]) == 1;
}

static int receive_listener(int from)
{
	char space[CMSG_SPACE(sizeof(int))] = { 0 }, byte;
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = space,
				  .msg_controllen = sizeof(space) };
	struct cmsghdr *header;
	int listener = -1;

	if (recvmsg(from, &message, MSG_CMSG_CLOEXEC) == 1 && (header = CMSG_FIRSTHDR(&message)) &&
	    header->cmsg_type == SCM_RIGHTS)
		memcpy(&listener, CMSG_DATA(header), sizeof(int));
	return listener;
}

/* The grandchild: nothing of the user's but standard error. */
static G_GNUC_NORETURN void become_supervisor(int from, const guint32 *secret)
{
	struct supervisor supervisor = { .listener = -1 };
	int null = open("/dev/null", O_RDWR);

	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(from, STDERR_FILENO + 1);
	closefrom(STDERR_FILENO + 2);
	from = STDERR_FILENO + 1;
	memcpy(supervisor.secret, secret, sizeof(supervisor.secret));
	if (chdir("/") == 0)
		supervisor.listener = receive_listener(from);
	if (supervisor.listener < 0)
		_exit(1);
	/* The launcher waits for this end. */
	close(from);
	supervise(&supervisor);
	_exit(0);
}

/* Return: this side's end of the connection to a supervisor; -1 */
static int start_supervisor(const guint32 *secret, pid_t *pid)
{
	int ends[2], status, pipe_ends[2];
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 ||
	    pipe2(pipe_ends, O_CLOEXEC) < 0 || (child = fork()) < 0)
		return -1;
	if (child == 0) {
		setsid();
		child = fork();
		if (child == 0)
			become_supervisor(ends[1], secret);
		if (write(pipe_ends[1], &child, sizeof(child)) != sizeof(child))
			_exit(1);
		_exit(child < 0 ? 1 : 0);
	}
	close(ends[1]);
	close(pipe_ends[1]);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (read(pipe_ends[0], pid, sizeof(*pid)) != sizeof(*pid) || *pid < 0) {
		close(ends[0]);
		ends[0] = -1;
	}
	close(pipe_ends[0]);
	return ends[0];
}

/* A call passes when each of the registers holds its word: else the supervisor has a look. */
static int add_rules(scmp_filter_ctx filter, const char *call, guint first, const guint32 *secret)
{
	int number = seccomp_syscall_resolve_name(call), result = 0;
	guint i;

	for (i = first; result == 0 && i < 6; i++)
		result = seccomp_rule_add(filter, SCMP_ACT_NOTIFY, number, 1,
					  SCMP_CMP(i, SCMP_CMP_NE, secret[i - first]));
	return result;
}

/* What else a machine's kernel runs: 32-bit programs, whose system calls have other numbers. */
static void add_machines(scmp_filter_ctx filter)
{
	switch (seccomp_arch_native()) {
	case SCMP_ARCH_X86_64:
		seccomp_arch_add(filter, SCMP_ARCH_X86);
		seccomp_arch_add(filter, SCMP_ARCH_X32);
		break;
	case SCMP_ARCH_AARCH64:
		seccomp_arch_add(filter, SCMP_ARCH_ARM);
		break;
	}
}

/* Return: the listener, or a negative errno */
static int load_filter(const guint32 *secret)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int result = -ENOMEM;

	if (!filter)
		return result;
	add_machines(filter);
	/*
	 * Who may do it without giving up what set-user-ID programs gain does: sudo then works, and
	 * what it starts is behind the filter.
	 */
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, geteuid() != 0);
	result = add_rules(filter, "connect", 3, secret);
	if (result == 0)
		result = add_rules(filter, "sendmsg", 3, secret);
	if (result == 0)
		result = add_rules(filter, "sendmmsg", 4, secret);
	if (result == 0)
		result = seccomp_rule_add(filter, SCMP_ACT_NOTIFY, SCMP_SYS(sendto), 1,
					  SCMP_A4(SCMP_CMP_NE, 0));
	if (result == 0)
		result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(io_uring_setup),
					  0);
	if (result == 0)
		result = seccomp_load(filter);
	if (result == 0)
		result = fcntl(seccomp_notify_fd(filter), F_DUPFD_CLOEXEC, 0);
	seccomp_release(filter);
	return result;
}

bool strict_begin(char **error)
{
	guint32 secret[ESWRAP_STRICT_WORDS];
	g_autofree char *value = NULL;
	int supervisor, listener;
	char byte;
	pid_t pid;

	if (g_getenv(ESWRAP_STRICT_ENV))
		return true;
	if (getrandom(secret, sizeof(secret), 0) != sizeof(secret) ||
	    (supervisor = start_supervisor(secret, &pid)) < 0)
		return fail(error, "--strict: cannot start its supervisor: %s", g_strerror(errno));
	/* Where Yama lets a process be read by its ancestors only. */
	prctl(PR_SET_PTRACER, pid);
	listener = load_filter(secret);
	if (listener < 0) {
		close(supervisor);
		return fail(error, "--strict: the kernel takes no filter: %s",
			    g_strerror(-listener));
	}
	value = g_strdup_printf("%d:%08x%08x%08x", (int)pid, secret[0], secret[1], secret[2]);
	g_setenv(ESWRAP_STRICT_ENV, value, TRUE);
	if (!send_listener(supervisor, listener, secret) || read(supervisor, &byte, 1) != 0)
		return fail(error, "--strict: its supervisor does not answer");
	close(listener);
	close(supervisor);
	return true;
}
