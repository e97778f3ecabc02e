// SPDX-License-Identifier: MIT
/* Duplicates, forks, execs, threads, signal handlers. Port 0 is an echo server. */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "claims.h"

static void dup_before_connect(const struct place *place)
{
	int fd = place_socket(place, SOCK_STREAM);
	int other = dup(fd), high = dup2(fd, 100);

	say_result("connect", place_connect(place, 0, fd));
	say_talk("duplicate", other);
	say_talk("high duplicate", high);
	close(fd);
	say_talk("without the first", other);
}

static void dup_after_connect(const struct place *place)
{
	int fd = place_connected(place, 0);
	int other = dup(fd);

	close(fd);
	say_talk("duplicate", other);
	say_result("again", place_connect(place, 0, other));
}

static void wait_for(pid_t child)
{
	int status;

	if (child < 0)
		give_up("fork");
	waitpid(child, &status, 0);
	say("child %d", status);
}

static void fork_child_talks(const struct place *place)
{
	int fd = place_connected(place, 0);
	pid_t child = fork();

	if (child == 0) {
		say_talk("child", fd);
		_exit(0);
	}
	wait_for(child);
	say_talk("parent", fd);
}

static void fork_child_connects(const struct place *place)
{
	int fd = place_socket(place, SOCK_STREAM);
	pid_t child = fork();

	if (child == 0) {
		say_result("connect", place_connect(place, 0, fd));
		say_talk("child", fd);
		_exit(0);
	}
	wait_for(child);
}

static void fork_parent_closes(const struct place *place)
{
	int fd = place_connected(place, 0);
	int pipes[2];
	char byte;
	pid_t child;

	if (pipe(pipes) != 0)
		give_up("pipe");
	child = fork();
	if (child == 0) {
		close(pipes[1]);
		/* End of file once the parent has closed the socket. */
		if (read(pipes[0], &byte, 1) == 0)
			say_talk("child", fd);
		_exit(0);
	}
	close(fd);
	close(pipes[1]);
	wait_for(child);
}

/* What the new program does: it knows the number of the descriptor and nothing else. */
static void inherited(const struct place *place)
{
	int fd = place->ports[1];
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);

	say_result("getpeername", getpeername(fd, (struct sockaddr *)&address, &len));
	say("family %d port as asked: %d", address.ss_family,
	    ntohs(((struct sockaddr_in *)&address)->sin_port) == place->ports[0]);
	say("SO_ERROR %d", so_error(fd));
	say_talk("new program", fd);
	say_result("connect", place_connect(place, 0, fd));
}

static void become_inherited(const struct place *place, int fd)
{
	char port[8], number[8];

	snprintf(port, sizeof(port), "%u", (unsigned int)place->ports[0]);
	snprintf(number, sizeof(number), "%d", fd);
	execl(self(), self(), "inherited", place->address, port, number, NULL);
	_exit(127);
}

static void exec_talks(const struct place *place)
{
	int fd = place_connected(place, 0);

	fflush(stdout);
	become_inherited(place, fd);
}

static void vfork_exec_talks(const struct place *place)
{
	int fd = place_connected(place, 0);
	pid_t child = vfork();

	if (child == 0)
		become_inherited(place, fd);
	wait_for(child);
	say_talk("parent", fd);
}

static void vfork_child_connects(const struct place *place)
{
	int fd = place_socket(place, SOCK_STREAM);
	volatile int result = 1;
	pid_t child = vfork();

	if (child == 0) {
		result = place_connect(place, 0, fd);
		_exit(0);
	}
	wait_for(child);
	say("connect: %d", result);
}

#define THREADS 8

static void *thread_connects(void *argument)
{
	const struct place *place = argument;
	int fd = place_connected(place, 0);
	char out[64], in[64];
	size_t got = 0;
	ssize_t n;

	snprintf(out, sizeof(out), "thread %lx on %d", (unsigned long)pthread_self(), fd);
	if (write(fd, out, sizeof(out)) != sizeof(out))
		give_up("write");
	while (got < sizeof(in) && (n = read(fd, in + got, sizeof(in) - got)) > 0)
		got += (size_t)n;
	close(fd);
	return got == sizeof(in) && memcmp(in, out, sizeof(in)) == 0 ? argument : NULL;
}

static void threads(const struct place *place)
{
	pthread_t thread[THREADS];
	void *result;
	int i, good = 0;

	for (i = 0; i < THREADS; i++) {
		if (pthread_create(&thread[i], NULL, thread_connects, (void *)(uintptr_t)place) !=
		    0)
			give_up("pthread_create");
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(thread[i], &result);
		good += result != NULL;
	}
	say("%d of %d", good, THREADS);
}

/* The smallest stack that a thread can have. */
static void small_stack(const struct place *place)
{
	pthread_attr_t attributes;
	pthread_t thread;
	void *result = NULL;

	if (pthread_attr_init(&attributes) != 0 ||
	    pthread_attr_setstacksize(&attributes, (size_t)PTHREAD_STACK_MIN) != 0 ||
	    pthread_create(&thread, &attributes, thread_connects, (void *)(uintptr_t)place) != 0)
		give_up("pthread_create");
	pthread_join(thread, &result);
	say("%s", result ? "good" : "bad");
}

static const struct place *handler_place;
static volatile sig_atomic_t handler_fd, handler_errno;

static void connect_in_handler(int signal)
{
	(void)signal;
	errno = EDOM;
	handler_fd = place_connected(handler_place, 0);
	handler_errno = errno;
}

/* The handler interrupts malloc() and stdio at work: neither may be used in there. */
static void signal_handler_connects(const struct place *place)
{
	struct sigaction action = { .sa_handler = connect_in_handler, .sa_flags = SA_RESTART };
	char *volatile block;

	handler_place = place;
	sigaction(SIGALRM, &action, NULL);
	ualarm(20000, 0);
	while (!handler_fd) {
		block = malloc(64);
		free(block);
	}
	say("errno kept: %d", handler_errno == EDOM);
	say_talk("from the handler", handler_fd);
}

static void closed_standard_descriptors(const struct place *place)
{
	int fd;

	close(0);
	close(2);
	fd = place_socket(place, SOCK_STREAM);
	say("fd %d", fd);
	say_result("connect", place_connect(place, 0, fd));
	say_talk("back", fd);
	say("next free %d", dup(fd));
}

/* Stays until it is killed. */
static void hold(const struct place *place)
{
	place_connected(place, 0);
	say("connected");
	pause();
}

/* Reads until the other side is gone, and says how it went. */
static void read_to_end(const struct place *place)
{
	int fd = place_connected(place, 0);
	static char buffer[4096];
	long total = 0;
	ssize_t got;

	say("connected");
	while ((got = read(fd, buffer, sizeof(buffer))) > 0)
		total += got;
	say("%ld bytes", total);
	say_result("read", got);
	say_result("read", read(fd, buffer, 1));
}

const struct claim process_claims[] = {
	{ "dup_before_connect", dup_before_connect },
	{ "dup_after_connect", dup_after_connect },
	{ "fork_child_talks", fork_child_talks },
	{ "fork_child_connects", fork_child_connects },
	{ "fork_parent_closes", fork_parent_closes },
	{ "inherited", inherited },
	{ "exec_talks", exec_talks },
	{ "vfork_exec_talks", vfork_exec_talks },
	{ "vfork_child_connects", vfork_child_connects },
	{ "threads", threads },
	{ "small_stack", small_stack },
	{ "signal_handler_connects", signal_handler_connects },
	{ "closed_standard_descriptors", closed_standard_descriptors },
	{ "hold", hold },
	{ "read_to_end", read_to_end },
	{ NULL },
};
