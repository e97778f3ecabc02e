// SPDX-License-Identifier: MIT
/*
 * Name look-ups in the background: getaddrinfo_a() and its kin.
 *
 * DOC: Theory of Operation
 *
 * libc's own call its getaddrinfo() from within, past us. So each look-up of a list gets a thread
 * here that calls ours, whatever the name is, and no request is ever one of libc's. As in libc the
 * state of a request is its __return, which gai_error() reads: EAI_INPROGRESS, and then the result.
 * A look-up cannot be taken back.
 *
 * Who waits, waits for a count of all look-ups that have ended (futex(2)), and looks again.
 */
#include "libc.h"

#include "shim.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>

/* One call of getaddrinfo_a(). The last of its look-ups frees it. */
struct call {
	int left; /* look-ups that have not ended */
	struct sigevent event;
};

struct lookup {
	struct call *call;
	struct gaicb *request;
};

/* How many look-ups have ended. */
static uint32_t ended;

static bool is_in_progress(const struct gaicb *request)
{
	return request && __atomic_load_n(&request->__return, __ATOMIC_ACQUIRE) == EAI_INPROGRESS;
}

static int count_in_progress(const struct gaicb *const list[], int count)
{
	int i, found = 0;

	for (i = 0; i < count; i++)
		found += is_in_progress(list[i]);
	return found;
}

/* A thread that no signal of the program's is handled in. Return: 0 or an errno. */
static int start_thread(const pthread_attr_t *attributes, void *(*run)(void *), void *data)
{
	sigset_t all, before;
	pthread_t thread;
	int error;

	libc()->sigfillset(&all);
	libc()->pthread_sigmask(SIG_SETMASK, &all, &before);
	error = libc()->pthread_create(&thread, attributes, run, data);
	libc()->pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!error)
		libc()->pthread_detach(thread);
	return error;
}

static void *call_back(void *data)
{
	const struct sigevent event = *(struct sigevent *)data;
	sigset_t none;

	libc()->free(data);
	/* As libc has it. */
	libc()->sigemptyset(&none);
	libc()->pthread_sigmask(SIG_SETMASK, &none, NULL);
	event.sigev_notify_function(event.sigev_value);
	return NULL;
}

static void notify(const struct sigevent *event)
{
	struct sigevent *copy;
	siginfo_t info;

	if (event->sigev_notify == SIGEV_SIGNAL) {
		memset(&info, 0, sizeof(info));
		info.si_signo = event->sigev_signo;
		info.si_code = SI_ASYNCNL;
		info.si_pid = libc()->getpid();
		info.si_uid = libc()->getuid();
		info.si_value = event->sigev_value;
		syscall(SYS_rt_sigqueueinfo, info.si_pid, info.si_signo, &info);
	} else if (event->sigev_notify == SIGEV_THREAD) {
		copy = libc()->malloc(sizeof(*copy));
		if (!copy)
			return;
		*copy = *event;
		if (start_thread(event->sigev_notify_attributes, call_back, copy))
			libc()->free(copy);
	}
}

static void look_up_name(const struct lookup *lookup)
{
	struct gaicb *request = lookup->request;
	int error = shim_getaddrinfo(request->ar_name, request->ar_service, request->ar_request,
				     &request->ar_result);

	/* From here on the request is the program's again. */
	__atomic_store_n(&request->__return, error, __ATOMIC_RELEASE);
	__atomic_add_fetch(&ended, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &ended, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
	if (__atomic_sub_fetch(&lookup->call->left, 1, __ATOMIC_ACQ_REL) == 0) {
		notify(&lookup->call->event);
		libc()->free(lookup->call);
	}
}

static void *look_up_in_thread(void *data)
{
	const struct lookup lookup = *(struct lookup *)data;

	libc()->free(data);
	look_up_name(&lookup);
	return NULL;
}

/* In a thread, or at once where there can be none. */
static void start(struct call *call, struct gaicb *request)
{
	const struct lookup lookup = { call, request };
	struct lookup *copy = libc()->malloc(sizeof(*copy));

	if (copy) {
		*copy = lookup;
		if (start_thread(NULL, look_up_in_thread, copy) == 0)
			return;
		libc()->free(copy);
	}
	look_up_name(&lookup);
}

EXPORT int getaddrinfo_a(int mode, struct gaicb *list[], int count, struct sigevent *event)
{
	const struct sigevent none = { .sigev_notify = SIGEV_NONE };
	const struct gaicb *const *requests = (const struct gaicb *const *)list;
	struct call *call;
	uint32_t seen;
	int i, total = 0;

	if (mode != GAI_WAIT && mode != GAI_NOWAIT) {
		errno = EINVAL;
		return EAI_SYSTEM;
	}
	if (mode == GAI_WAIT || !event)
		event = (struct sigevent *)&none;
	for (i = 0; i < count; i++)
		total += list[i] != NULL;
	if (!total) {
		notify(event);
		return 0;
	}
	call = libc()->malloc(sizeof(*call));
	if (!call)
		return EAI_MEMORY;
	call->left = total;
	call->event = *event;
	for (i = 0; i < count; i++)
		if (list[i])
			list[i]->__return = EAI_INPROGRESS;
	for (i = 0; i < count; i++)
		if (list[i])
			start(call, list[i]);
	while (mode == GAI_WAIT) {
		seen = __atomic_load_n(&ended, __ATOMIC_ACQUIRE);
		if (!count_in_progress(requests, count))
			break;
		syscall(SYS_futex, &ended, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
	}
	return 0;
}

/* Waits until @deadline (CLOCK_MONOTONIC; NULL: for ever) for one that is in progress to end. */
static int suspend(const struct gaicb *const list[], int count, const struct timespec *deadline)
{
	int before = count_in_progress(list, count);
	int saved = errno, error = 0;
	uint32_t seen;
	long result;

	if (!before)
		return EAI_ALLDONE;
	while (!error) {
		seen = __atomic_load_n(&ended, __ATOMIC_ACQUIRE);
		if (count_in_progress(list, count) < before)
			break;
		/* Unlike FUTEX_WAIT, the time is absolute. */
		result = syscall(SYS_futex, &ended, FUTEX_WAIT_BITSET_PRIVATE, seen, deadline, NULL,
				 FUTEX_BITSET_MATCH_ANY);
		if (result < 0 && errno == ETIMEDOUT)
			error = EAI_AGAIN;
		else if (result < 0 && errno == EINTR)
			error = EAI_INTR;
	}
	errno = saved;
	return error;
}

/* @seconds, @ns from now. A wait past what 32 bits hold is for ever. */
static int suspend_for(const struct gaicb *const list[], int count, int64_t seconds, long ns)
{
	struct timespec deadline;

	clock_gettime(CLOCK_MONOTONIC, &deadline);
	if (seconds > INT32_MAX - deadline.tv_sec - 1)
		return suspend(list, count, NULL);
	deadline.tv_sec += (time_t)seconds;
	deadline.tv_nsec += ns;
	if (deadline.tv_nsec >= 1000000000) {
		deadline.tv_nsec -= 1000000000;
		deadline.tv_sec++;
	}
	return suspend(list, count, &deadline);
}

EXPORT int gai_suspend(const struct gaicb *const list[], int count, const struct timespec *timeout)
{
	if (!timeout)
		return suspend(list, count, NULL);
	return suspend_for(list, count, timeout->tv_sec, timeout->tv_nsec);
}

EXPORT int gai_cancel(struct gaicb *request)
{
	return is_in_progress(request) ? EAI_NOTCANCELED : EAI_ALLDONE;
}

#if __TIMESIZE == 32
/* struct timespec of a program with 64-bit times [glibc, sysdeps/unix/sysv/linux/bits/types] */
struct timespec64 {
	int64_t seconds;
	int32_t ns;
	int32_t padding;
};

int __gai_suspend_time64(const struct gaicb *const list[], int count,
			 const struct timespec64 *timeout);

EXPORT int __gai_suspend_time64(const struct gaicb *const list[], int count,
				const struct timespec64 *timeout)
{
	if (!timeout)
		return suspend(list, count, NULL);
	return suspend_for(list, count, timeout->seconds, timeout->ns);
}
#endif
