// SPDX-License-Identifier: MIT
/*
 * DOC: Theory of Operation
 *
 * A private broker belongs to a user and a configuration file, because the file names the serial
 * port and only one process can own that: launchers with the same file share one. Its socket is in
 * a directory that only the user can enter, under a name made from the file's real path. It is
 * started for -c only: where the system's broker is expected, a second one on the same port, with
 * another user's ledger, would be worse than none.
 *
 * Beside the socket lies a lock file, which a launcher holds from its first look at the socket
 * until the broker has granted its hold. So two launchers never start two brokers, and a broker
 * that is just leaving (it takes the connection and closes it without an answer) is replaced.
 *
 * The broker is started as a grandchild in a session of its own: the program, which this process is
 * about to become, must not find a child that it does not know of, and ^C is for the program alone.
 * It says "ready" on a pipe, or why it does not start.
 */
#include "broker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "eswrap/wire.h"

/* A broker that says nothing for this long is not going to, s: it opens a port and listens. */
#define READY_TIMEOUT_S 30
/* ... and one that does not answer a hold is stuck. */
#define HOLD_TIMEOUT_S 10
/* Descriptors below this are the program's; select() can still name those up to FD_SETSIZE. */
#define HOLD_MARGIN 16
/* Where the started broker has its end of the pipe. */
#define READY_FD 3

G_GNUC_PRINTF(2, 3)
static bool fail(char **error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	*error = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	return false;
}

/* Return: a connection to the broker, or a negative errno. */
static int connect_broker(const char *path)
{
	struct timeval timeout = { .tv_sec = HOLD_TIMEOUT_S };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd, result;

	if (strlen(path) >= sizeof(un.sun_path))
		return -ENAMETOOLONG;
	strcpy(un.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) == 0)
		return fd;
	result = -errno;
	close(fd);
	return result;
}

/*
 * Connect and ask to hold. Return: the connection, or a negative errno; -EPIPE: it is leaving,
 * -EINVAL: it has no such route.
 * @unreachable:	what it says of programs that preloading does not reach
 */
static int hold(const char *path, enum eswrap_unreachable *unreachable)
{
	struct eswrap_request request = { .magic = ESWRAP_MAGIC, .type = ESWRAP_HOLD };
	const char *route = g_getenv(ESWRAP_ROUTE_ENV);
	int fd = connect_broker(path), result = 0;
	struct eswrap_reply reply;
	ssize_t got;

	if (fd < 0)
		return fd;
	g_strlcpy(request.route, route ? route : "", sizeof(request.route));
	if (send(fd, &request, sizeof(request), MSG_NOSIGNAL) < 0) {
		result = -EPIPE;
	} else {
		got = recv(fd, &reply, sizeof(reply), 0);
		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			result = -ETIMEDOUT;
		else if (got <= 0)
			result = -EPIPE;
		else if (got != sizeof(reply) || reply.magic != ESWRAP_MAGIC)
			result = -EPROTO;
		else if (reply.verdict != ESWRAP_GRANTED)
			result = -reply.error;
		else
			*unreachable = (enum eswrap_unreachable)reply.error;
	}
	if (result < 0) {
		close(fd);
		return result;
	}
	return fd;
}

/* Reads the answer to a question for a page of counts. Return: the page, or -1. */
static int take_counts(int control)
{
	char ancillary[CMSG_SPACE(sizeof(int))] __attribute__((aligned(sizeof(size_t))));
	struct eswrap_reply reply = { 0 };
	struct iovec part = { &reply, sizeof(reply) };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = ancillary,
				  .msg_controllen = sizeof(ancillary) };
	struct cmsghdr *header;
	int fd = -1;

	if (recvmsg(control, &message, MSG_CMSG_CLOEXEC) != sizeof(reply))
		return -1;
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

/* Out of the way of programs that count their descriptors from 3, and kept across exec. */
static int move_up(int fd)
{
	struct rlimit limit;
	int moved = -1;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > 4 * HOLD_MARGIN)
		moved = fcntl(fd, F_DUPFD, (int)MIN(limit.rlim_cur, FD_SETSIZE) - HOLD_MARGIN);
	if (moved >= 0)
		close(fd);
	else
		fcntl(fd, F_SETFD, 0);
	return moved >= 0 ? moved : fd;
}

/* Return: false with @why set where it is not one that only this user can enter, and cannot be. */
static bool is_private(const char *path, const char **why)
{
	struct stat st;

	*why = NULL;
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		*why = g_strerror(errno);
	else if (lstat(path, &st) < 0)
		*why = g_strerror(errno);
	else if (!S_ISDIR(st.st_mode))
		*why = "it is no directory";
	else if (st.st_uid != geteuid())
		*why = "it belongs to somebody else";
	else if (st.st_mode & 077)
		*why = "others than its owner can enter it; chmod 700 it";
	return !*why;
}

/* Does a control socket's name fit, and is the parent there? */
static bool is_usable(const char *parent, const char *path)
{
	return g_path_is_absolute(parent) && g_file_test(parent, G_FILE_TEST_IS_DIR) &&
	       strlen(path) + strlen("/0123456789abcdef.sock") <
		       sizeof(((struct sockaddr_un *)NULL)->sun_path);
}

/* One place for private brokers' sockets; NULL with a line in @tried where it cannot be used. */
static char *try_directory(const char *parent, const char *name, GString *tried)
{
	g_autofree char *path = g_build_filename(parent, name, NULL);
	const char *why;

	if (!is_usable(parent, path))
		return NULL;
	if (is_private(path, &why))
		return g_steal_pointer(&path);
	g_string_append_printf(tried, "%s%s: %s", tried->len ? "\n" : "", path, why);
	return NULL;
}

/*
 * The directory for private brokers' sockets, made where it is not there; NULL with @error set.
 * Launchers must agree on it, so the places are tried in one order. Anybody can take a name in
 * /tmp: what is below the user's home then serves.
 */
static char *runtime_directory(char **error)
{
	g_autofree char *user = g_strdup_printf("/run/user/%u", (unsigned int)geteuid());
	g_autofree char *name = g_strdup_printf("eswrap-%u", (unsigned int)geteuid());
	g_autoptr(GString) tried = g_string_new(NULL);
	const char *runtime = g_getenv("XDG_RUNTIME_DIR");
	struct stat st;
	char *path = NULL;

	/* What is set for another user (sudo -E) is not ours. */
	if (runtime && stat(runtime, &st) == 0 && st.st_uid == geteuid())
		path = try_directory(runtime, "eswrap", tried);
	if (!path && !runtime)
		path = try_directory(user, "eswrap", tried);
	if (!path)
		path = try_directory("/tmp", name, tried);
	if (!path)
		path = try_directory(g_get_user_cache_dir(), "eswrap", tried);
	if (!path)
		fail(error,
		     "no directory for the private broker's socket; set XDG_RUNTIME_DIR to one of "
		     "yours\n%s",
		     tried->str);
	return path;
}

/* The grandchild: nothing of the user's terminal, descriptors or preloaded libraries. */
static G_GNUC_NORETURN void become_broker(const char *eswrapd, const char *config,
					  const char *socket, int ready)
{
	char *log = g_strdup_printf("%.*slog", (int)(strlen(socket) - strlen("sock")), socket);
	char number[8];
	sigset_t none;
	int fd;

	signal(SIGHUP, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	fd = open("/dev/null", O_RDWR);
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
	dup2(fd >= 0 ? fd : STDOUT_FILENO, STDERR_FILENO);
	dup2(ready, READY_FD);
	closefrom(READY_FD + 1);
	fcntl(READY_FD, F_SETFD, 0);
	g_unsetenv("LD_PRELOAD");
	if (chdir("/") < 0)
		_exit(1);
	g_snprintf(number, sizeof(number), "%d", READY_FD);
	execl(eswrapd, eswrapd, "--config", config, "--socket", socket, "--private", "--ready-fd",
	      number, (char *)NULL);
	dprintf(READY_FD, "%s: %s\n", eswrapd, g_strerror(errno));
	_exit(1);
}

/* Everything up to "ready" or the end, without those; true when it is ready. */
static bool await_ready(int fd, GString *said)
{
	gint64 deadline = g_get_monotonic_time() + READY_TIMEOUT_S * G_USEC_PER_SEC, left;
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	char buffer[1024];
	ssize_t got;

	while (!g_str_has_suffix(said->str, "ready\n")) {
		left = (deadline - g_get_monotonic_time()) / 1000;
		if (left <= 0 || poll(&poller, 1, (int)left) == 0) {
			g_string_append_printf(said, "eswrapd: did not get ready within %d s\n",
					       READY_TIMEOUT_S);
			return false;
		}
		got = read(fd, buffer, sizeof(buffer));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		g_string_append_len(said, buffer, got);
	}
	g_string_truncate(said, said->len - strlen("ready\n"));
	return true;
}

static bool start(const char *eswrapd, const char *config, const char *socket, char **error)
{
	g_autoptr(GString) said = g_string_new(NULL);
	int ends[2], status;
	bool ready;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0 || (child = fork()) < 0)
		return fail(error, "cannot start %s: %s", eswrapd, g_strerror(errno));
	if (child == 0) {
		setsid();
		child = fork();
		if (child == 0)
			become_broker(eswrapd, config, socket, ends[1]);
		_exit(child < 0 ? 1 : 0);
	}
	close(ends[1]);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	ready = await_ready(ends[0], said);
	close(ends[0]);
	g_strchomp(said->str);
	if (ready && *said->str)
		g_printerr("%s\n", said->str);
	else if (!ready)
		fail(error, "%s", *said->str ? said->str : "eswrapd: ended without a message");
	return ready;
}

/* Why hold() gave no connection, for the user. */
static bool fail_hold(char **error, const char *path, int result)
{
	bool system = g_str_equal(path, ESWRAP_SOCKET_DEFAULT);

	if (result == -EINVAL)
		return fail(error,
			    "there is no [route %s] in the configuration of the broker at %s",
			    g_getenv(ESWRAP_ROUTE_ENV), path);
	if (system && (result == -ENOENT || result == -ECONNREFUSED))
		return fail(
			error,
			"the system's broker does not run (%s: %s)\n"
			"`systemctl start eswrapd.socket` starts it, `systemctl status eswrapd` "
			"says why it does not run; -c FILE starts a private one",
			path, g_strerror(-result));
	if (system && result == -ETIMEDOUT)
		return fail(error,
			    "%s: nothing came from the broker within %d s\n"
			    "`systemctl status eswrapd` says what it is doing",
			    path, HOLD_TIMEOUT_S);
	return fail(error, "%s: no broker answers there: %s%s", path, g_strerror(-result),
		    result == -EAFNOSUPPORT ? "; add AF_UNIX to RestrictAddressFamilies= of the "
					      "service that this runs in"
					    : "");
}

/* Under the lock: take the broker that is there, or start one. */
static int hold_or_start(const char *eswrapd, const char *config, struct broker_link *link,
			 char **error)
{
	int fd = hold(link->socket, &link->unreachable);

	/* Nobody listens any more, or it is just leaving. */
	if (fd == -ENOENT || fd == -ECONNREFUSED || fd == -EPIPE) {
		if (!start(eswrapd, config, link->socket, error))
			return -1;
		fd = hold(link->socket, &link->unreachable);
	}
	if (fd < 0)
		fail_hold(error, link->socket, fd);
	return fd;
}

static bool find_private(const char *config, const char *eswrapd, struct broker_link *link,
			 char **error)
{
	g_autofree char *real = realpath(config, NULL), *directory = NULL, *digest = NULL;
	g_autofree char *path = NULL;
	int lock;

	if (!real)
		return fail(error, "%s: %s", config, g_strerror(errno));
	directory = runtime_directory(error);
	if (!directory)
		return false;
	digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, real, -1);
	link->socket = g_strdup_printf("%s/%.16s.sock", directory, digest);
	path = g_strdup_printf("%s/%.16s.lock", directory, digest);
	lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		fail(error, "%s: %s", path, g_strerror(errno));
	else
		link->hold = hold_or_start(eswrapd, real, link, error);
	if (lock >= 0)
		close(lock);
	return link->hold >= 0;
}

/* $ESWRAP_SOCKET's broker, or the system's. */
static bool find_shared(struct broker_link *link, char **error)
{
	const char *named = g_getenv(ESWRAP_SOCKET_ENV);

	link->socket = g_strdup(named && *named ? named : ESWRAP_SOCKET_DEFAULT);
	link->hold = hold(link->socket, &link->unreachable);
	return link->hold >= 0 || fail_hold(error, link->socket, link->hold);
}

bool broker_find(const char *config, const char *eswrapd, struct broker_link *link, char **error)
{
	*link = (struct broker_link){ .hold = -1 };
	if (!(config ? find_private(config, eswrapd, link, error) : find_shared(link, error))) {
		g_clear_pointer(&link->socket, g_free);
		return false;
	}
	link->hold = move_up(link->hold);
	return true;
}

void broker_leave_counts(const struct broker_link *link)
{
	struct eswrap_request request = { .magic = ESWRAP_MAGIC, .type = ESWRAP_COUNT };
	g_autofree char *number = NULL;
	int control = connect_broker(link->socket), fd = -1;

	/* Another broker's may be there already. */
	g_unsetenv(ESWRAP_COUNTS_ENV);
	if (control < 0)
		return;
	if (send(control, &request, sizeof(request), MSG_NOSIGNAL) == sizeof(request))
		fd = take_counts(control);
	close(control);
	if (fd < 0)
		return;
	number = g_strdup_printf("%d", move_up(fd));
	g_setenv(ESWRAP_COUNTS_ENV, number, TRUE);
}
