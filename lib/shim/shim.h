/* SPDX-License-Identifier: MIT */
/*
 * What the files of the shim share.
 *
 * DOC: Theory of Operation
 *
 * The shim is code without a memory of its own: what it must know of a flow is kept by the kernel,
 * in the names of the two ends (include/eswrap/wire.h) and in the notes on the program's end
 * (notes.c). Static data is written once, by init.c and load.c, before main(); hints that cost
 * nothing to be wrong are the exception (shim_has_flows, epoll.c).
 *
 * Each wrapper first lets libc do the call wherever that is possible, and looks at the socket only
 * when the result could be different for one of ours; so everything that is not ours costs what it
 * costs without us. libc's functions are found with dlsym(RTLD_NEXT) and not replaced by system
 * calls of our own: they stay cancellation points, and another preloaded library behind us is still
 * asked. The exchange with the broker is private: it uses syscall(2), so that a cancelled thread
 * cannot leave a descriptor behind.
 *
 * Nothing here allocates, locks or uses stdio, except the name look-ups (resolve.c, async.c), whose
 * libc originals do so too.
 */
#ifndef SHIM_H
#define SHIM_H

/*
 * With these the headers would rename or inline the very functions that are defined here. Debian's
 * build flags set the first, Arm's compilers in Debian 13 the other two.
 */
#undef _FORTIFY_SOURCE
#undef _TIME_BITS
#undef _FILE_OFFSET_BITS

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include "eswrap/wire.h"
#include "wire/ask.h"
#include "wire/endpoint.h"
#include "wire/name.h"
#include "wire/outcome.h"
#include "wire/policy.h"
#include "wire/strict.h"
#include "wire/tag.h"

#define EXPORT __attribute__((visibility("default")))

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* The most bytes that the module takes in one datagram [Inventek, "How to send data"]. */
#define DATAGRAM_MAX 1460

/*
 * The functions of libc that are wrapped: return type, name, parameters. Their order is also the
 * order of struct real and of the names that init.c looks up.
 */
#define SHIM_REAL(X)                                                                             \
	X(int, connect, (int, const struct sockaddr *, socklen_t))                               \
	X(int, getsockname, (int, struct sockaddr *, socklen_t *))                               \
	X(int, getpeername, (int, struct sockaddr *, socklen_t *))                               \
	X(int, getsockopt, (int, int, int, void *, socklen_t *))                                 \
	X(int, setsockopt, (int, int, int, const void *, socklen_t))                             \
	X(ssize_t, read, (int, void *, size_t))                                                  \
	X(ssize_t, readv, (int, const struct iovec *, int))                                      \
	X(ssize_t, recv, (int, void *, size_t, int))                                             \
	X(ssize_t, recvfrom, (int, void *, size_t, int, struct sockaddr *, socklen_t *))         \
	X(ssize_t, recvmsg, (int, struct msghdr *, int))                                         \
	X(int, recvmmsg, (int, struct mmsghdr *, unsigned int, int, struct timespec *))          \
	X(ssize_t, write, (int, const void *, size_t))                                           \
	X(ssize_t, writev, (int, const struct iovec *, int))                                     \
	X(ssize_t, send, (int, const void *, size_t, int))                                       \
	X(ssize_t, sendto, (int, const void *, size_t, int, const struct sockaddr *, socklen_t)) \
	X(ssize_t, sendmsg, (int, const struct msghdr *, int))                                   \
	X(int, sendmmsg, (int, struct mmsghdr *, unsigned int, int))                             \
	X(ssize_t, __read_chk, (int, void *, size_t, size_t))                                    \
	X(ssize_t, __recv_chk, (int, void *, size_t, size_t, int))                               \
	X(ssize_t, __recvfrom_chk,                                                               \
	  (int, void *, size_t, size_t, int, struct sockaddr *, socklen_t *))                    \
	X(int, epoll_ctl, (int, int, int, struct epoll_event *))                                 \
	X(int, bind, (int, const struct sockaddr *, socklen_t))                                  \
	X(int, listen, (int, int))                                                               \
	X(int, ioctl, (int, unsigned long, ...))                                                 \
	X(int, socket, (int, int, int))                                                          \
	X(int, dup, (int))                                                                       \
	X(int, dup2, (int, int))                                                                 \
	X(int, dup3, (int, int, int))                                                            \
	X(int, fcntl, (int, int, ...))                                                           \
	X(int, fcntl64, (int, int, ...))                                                         \
	SHIM_REAL_TIME64(X)

struct __res_state;
struct epoll_event;

/* Those that look names up: found when the first of them is called, as most programs call none. */
#define SHIM_LOOKUPS(X)                                                                           \
	X(int, getaddrinfo,                                                                       \
	  (const char *, const char *, const struct addrinfo *, struct addrinfo **))              \
	X(int, getnameinfo,                                                                       \
	  (const struct sockaddr *, socklen_t, char *, socklen_t, char *, socklen_t, int))        \
	X(struct hostent *, gethostbyname, (const char *))                                        \
	X(struct hostent *, gethostbyname2, (const char *, int))                                  \
	X(struct hostent *, gethostbyaddr, (const void *, socklen_t, int))                        \
	X(int, gethostbyname_r,                                                                   \
	  (const char *, struct hostent *, char *, size_t, struct hostent **, int *))             \
	X(int, gethostbyname2_r,                                                                  \
	  (const char *, int, struct hostent *, char *, size_t, struct hostent **, int *))        \
	X(int, gethostbyaddr_r,                                                                   \
	  (const void *, socklen_t, int, struct hostent *, char *, size_t, struct hostent **,     \
	   int *))                                                                                \
	X(int, res_query, (const char *, int, int, unsigned char *, int))                         \
	X(int, res_send, (const unsigned char *, int, unsigned char *, int))                      \
	X(int, res_nsend,                                                                         \
	  (struct __res_state *, const unsigned char *, int, unsigned char *, int))               \
	X(int, res_search, (const char *, int, int, unsigned char *, int))                        \
	X(int, res_querydomain, (const char *, const char *, int, int, unsigned char *, int))     \
	X(int, res_nquery, (struct __res_state *, const char *, int, int, unsigned char *, int))  \
	X(int, res_nsearch, (struct __res_state *, const char *, int, int, unsigned char *, int)) \
	X(int, res_nquerydomain,                                                                  \
	  (struct __res_state *, const char *, const char *, int, int, unsigned char *, int))

/*
 * On 32-bit machines whose time_t was once 32 bits wide, programs built with 64-bit times call
 * these instead (glibc 2.34 and later; Debian 13's armhf).
 */
#if __TIMESIZE == 32
#define SHIM_REAL_TIME64(X)                                                      \
	X(int, __getsockopt64, (int, int, int, void *, socklen_t *))             \
	X(int, __setsockopt64, (int, int, int, const void *, socklen_t))         \
	X(ssize_t, __recvmsg64, (int, struct msghdr *, int))                     \
	X(int, __recvmmsg64, (int, struct mmsghdr *, unsigned int, int, void *)) \
	X(ssize_t, __sendmsg64, (int, const struct msghdr *, int))               \
	X(int, __sendmmsg64, (int, struct mmsghdr *, unsigned int, int))         \
	X(int, __ioctl_time64, (int, unsigned long, ...))                        \
	X(int, __fcntl_time64, (int, int, ...))
#else
#define SHIM_REAL_TIME64(X)
#endif

#define SHIM_MEMBER(type, name, parameters) type(*name) parameters;
struct real {
	SHIM_REAL(SHIM_MEMBER)
};
struct lookups {
	SHIM_LOOKUPS(SHIM_MEMBER)
};

/**
 * struct shim - the static data, written by shim_init() only
 * @ready:		the rest is valid
 * @fallback_direct:	ESWRAP_FALLBACK=direct
 * @broker_len:		of @broker; 0 when ESWRAP_SOCKET does not fit
 * @is_strict, @strict:	under eswrap --strict, and what our own system calls carry then
 * @route_fits:		ESWRAP_ROUTE is absent or short enough to be asked for
 * @stderr_dev, @stderr_ino:	what descriptor 2 was at load; both 0: nothing. By load.c
 */
struct shim {
	bool ready;
	bool fallback_direct;
	bool route_fits;
	socklen_t broker_len;
	uint64_t stderr_dev, stderr_ino;
	struct sockaddr_un broker;
	bool is_strict;
	long strict[ESWRAP_STRICT_WORDS];
	char route[ESWRAP_ROUTE_MAX + 1];
	char program[ESWRAP_PROGRAM_MAX + 1];
	struct real real;
};

extern struct shim shim;

void shim_init(void);

/* The names in the two lists, one after the other. */
extern const char shim_real_names[];
extern const char shim_lookup_names[];

/* find.c */

typedef void *(*shim_dlsym)(void *, const char *);

shim_dlsym shim_libc_dlsym(void);
void *shim_find(const char *name);
void shim_find_all(void *handle, const char *names, void *functions);

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

/* Which of the values of SO_PROTOCOL a stream flow, or a datagram flow, can take the place of. */
static inline bool shim_is_stream(int protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP;
}

static inline bool shim_is_datagram(int protocol)
{
	return protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE;
}

/* real() - libc's own functions; also in a constructor that runs before ours */
static inline const struct real *real(void)
{
	if (UNLIKELY(!__atomic_load_n(&shim.ready, __ATOMIC_ACQUIRE)))
		shim_init();
	return &shim.real;
}

/* lookups() - libc's functions that look names up */
const struct lookups *lookups(void);

/* fail() - the end of a call that failed */
static inline int fail(int error)
{
	errno = error;
	return -1;
}

/* strict.c */

/* strict_apply() - under eswrap --strict, put functions that the filter lets pass in libc's place */
void strict_apply(struct real *functions);
/* strict_apply_lookups() - the same, behind it */
void strict_apply_lookups(struct lookups *functions);

/* broker.c */

#define SHIM_SAY_MAX 8 /* parts of a line for people */

void shim_say(const char *const *part, size_t count);
void shim_request_init(struct eswrap_request *request, enum eswrap_request_type type);
int shim_ask(const struct eswrap_request *request, int socket, struct eswrap_reply *reply, int *fd);

/* flow.c */

/*
 * May any descriptor of this process be a flow? As long as none can be, no call on any costs a
 * system call more than libc's. True once one was made here or in an ancestor since its last exec,
 * was inherited through an exec, or may have come in a message (SCM_RIGHTS).
 */
extern bool shim_has_flows;

static inline bool shim_may_have_flows(void)
{
	return UNLIKELY(__atomic_load_n(&shim_has_flows, __ATOMIC_RELAXED));
}

static inline void shim_expect_flows(void)
{
	if (!__atomic_load_n(&shim_has_flows, __ATOMIC_RELAXED))
		__atomic_store_n(&shim_has_flows, true, __ATOMIC_RELAXED);
}

void shim_find_inherited(void);

struct stat64;

int shim_fstat(int fd, struct stat64 *status);
bool shim_flow(int fd, struct eswrap_name *flow);
int shim_outcome_error(int fd);
int shim_get_int(int fd, int level, int option, int missing);

typedef bool (*shim_visitor)(int fd, void *user);

/* numbers.c */

void shim_note_registered(int fd);
bool shim_is_registered(int fd);
void shim_note_received(int fd);
void shim_visit_duplicates(int fd, bool hung_up, shim_visitor visit, void *user);

/* scan.c */

void shim_visit_numbers(int end, bool hung_up, shim_visitor visit, void *user);
int shim_numbers_end(void);
const char *shim_find_text(const char *text, const char *key);
void shim_put_number(char *to, int number);

/* notes.c */

/*
 * What a flow's socket must remember. The first ones are the shim's own; the others are the options
 * of the table in options.c, in its order.
 */
enum note {
	NOTE_UNREPORTED, /* which reports of how connect() ended are still due: UNREPORTED_* */
	NOTE_LOCAL_PORT, /* of the replaced socket; 0: it had none */
	NOTE_KEY,	 /* of a datagram flow: the words of struct eswrap_key */
	NOTE_LOCAL_ADDRESS =
		NOTE_KEY + 4, /* of a datagram flow: the module's, network byte order */
	NOTE_OPTIONS,	      /* first of the remembered options */
	NOTE_LEFT_OUT = NOTE_OPTIONS + 47, /* registrations that were disarmed, see epoll.c */
	NOTE_MAX = NOTE_OPTIONS + 48,
};

#define UNREPORTED_ERROR  1u /* SO_ERROR, or the next failing call, is still to say it */
#define UNREPORTED_RESULT 2u /* a further connect() is still to say it */

struct notes {
	uint32_t value[NOTE_MAX];
};

bool shim_notes_read(int fd, struct notes *notes);
bool shim_notes_write(int fd, const struct notes *notes);
bool shim_take_unreported(int fd, uint32_t which);
bool shim_key(int fd, struct eswrap_key *key);

/* policy.c */

void shim_policy_load(void);
int shim_policy_counter(const struct eswrap_endpoint *to, int type);

/* counts.c */

void shim_counts_load(void);
void shim_count(int counter);
bool shim_wants_page(void);
void shim_take_page(int fd);
bool shim_policy_vouches_for(uid_t uid);
socklen_t shim_door(struct sockaddr_un *address);

/* replace.c */

int shim_hold(int fd);
int shim_replace(int fd, int hold, int with);

/* epoll.c */

bool shim_maybe_registered(int fd);
bool shim_note_left_out(int fd, int count);
int shim_epoll(size_t nth);
void shim_expect_epolls(void);
bool shim_knows_epolls(void);

/* options.c */

uint32_t shim_keep_alive(int fd);
uint32_t shim_option(const struct notes *notes, int level, int name);
void shim_options_carry(int from, int to, struct notes *notes);
void shim_options_restore(int from, int to);

/* keepalive.c */

void shim_tell_keep_alive(const struct eswrap_name *flow, uint32_t seconds);

/* bind.c */

void shim_address_given(const struct eswrap_endpoint *endpoint);

/* control.c */

void shim_give_control(int fd, const struct eswrap_name *flow, struct msghdr *message, size_t room);

/* connect.c */

/* What the broker says of a destination. */
enum verdict { VERDICT_DIRECT, VERDICT_OURS, VERDICT_FAILED };

int shim_dress(int from, int granted, const struct eswrap_reply *reply);
enum verdict shim_claim(int fd, int family, bool stream, const struct eswrap_endpoint *to);
enum verdict shim_claim_internet_socket(int fd, int protocol, const struct sockaddr *address,
					socklen_t len);
int shim_give_back(int fd);
int shim_finish_connect(int fd);
int shim_connect(int fd, const struct sockaddr *address, socklen_t len);
int shim_peer_name(int fd, const struct eswrap_name *flow, const struct eswrap_endpoint *to,
		   struct sockaddr_un *name, socklen_t *len);
int shim_add_peer(int fd, const struct eswrap_name *flow, const struct eswrap_endpoint *to,
		  uint64_t *tag);

/* true once a datagram flow was made in this process or an ancestor since its last exec */
extern bool shim_has_datagrams;

/* resolve.c */

int shim_getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		     struct addrinfo **result);

/* loader.c */

void *shim_dlopen(const char *path, int mode);

/* local.c */

bool shim_is_in_hosts(const char *name);
bool shim_address_is_in_hosts(const struct eswrap_endpoint *address);
bool shim_is_own_name(const char *name);
bool shim_alias(const char *name, char *whole, size_t size);

/* search.c */

/* How a look-up went on. */
enum answer {
	ANSWER_DIRECT,	 /* libc is to do it */
	ANSWER_STAND_IN, /* a stand-in, or the name of one */
	ANSWER_TAKEN,	 /* libc has done it */
	ANSWER_UNKNOWN,	 /* no such name */
	ANSWER_AGAIN,
	ANSWER_FAIL,
	ANSWER_SYSTEM, /* errno says why */
};

#define SHIM_WHOLE (ESWRAP_NAME_MAX + 3) /* a name, a dot, and what it is put together in */

/* Looks a whole name up at libc. Return: ANSWER_TAKEN, or as shim_look_up() for one that failed. */
typedef enum answer (*shim_native)(const char *whole, void *user);

enum answer shim_search(const char *name, struct __res_state *state, char *whole,
			struct eswrap_reply *reply, shim_native native, void *user);
enum answer shim_look_up(const char *name, struct __res_state *state, char *whole,
			 struct eswrap_reply *reply, shim_native native, void *user);
enum answer shim_ask_address(const struct eswrap_endpoint *address, struct eswrap_reply *reply);
int shim_host_error(enum answer answer);

/* dns.c */

struct name_question {
	const char *name;
	int class;
	int type;
};

int shim_dns_answer(const struct name_question *question, unsigned int id, unsigned int code,
		    const struct eswrap_reply *reply, unsigned char *answer, int size,
		    unsigned int *records);

/* recv.c */

ssize_t shim_fix_read(int fd);

#endif
