/* SPDX-License-Identifier: MIT */
/*
 * claims: a small C program with one function for each thing that a program may do to a socket. It
 * prints what it sees, and nothing that may differ from one run to the next; so a run under the
 * shim must print what a run without it prints.
 *
 *	claims NAME [ADDRESS PORT...]
 *
 * Libc only: it is also built for other machines and run under an emulator (cross.sh).
 */
#ifndef TESTS_CLAIMS_H
#define TESTS_CLAIMS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/**
 * struct place - where a claim is to connect; from the command line
 * @address:	in text
 * @ports:	as many as the claim needs; the rest 0
 */
struct place {
	const char *address;
	uint16_t ports[4];
};

struct claim {
	const char *name;
	void (*run)(const struct place *place);
};

/* Each ends with an entry whose name is NULL. */
extern const struct claim connect_claims[];
extern const struct claim option_claims[];
extern const struct claim process_claims[];
extern const struct claim data_claims[];
extern const struct claim datagram_claims[];
extern const struct claim name_claims[];
extern const struct claim invariant_claims[];
extern const struct claim socket_claims[];

/* say() - print a line */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* say_result() - print what a call returned: its result, or -1 and the name of errno */
long say_result(const char *what, long result);
/* give_up() - print why the claim cannot be tried at all, and exit with 1 */
void give_up(const char *what) __attribute__((noreturn));

/* place_address() - the address of a place's port number @n, in the family of its text */
socklen_t place_address(const struct place *place, int n, struct sockaddr_storage *to);
/* place_socket() - a socket of that family; flags as for socket() */
int place_socket(const struct place *place, int type);
/* place_connect() - connect() to port number @n; the result is connect()'s */
int place_connect(const struct place *place, int n, int fd);
/* place_connected() - a blocking stream socket that is connected to port number @n */
int place_connected(const struct place *place, int n);

/* await() - poll() for events without a time limit; Return: revents */
short await(int fd, short events);
/* so_error() - what SO_ERROR says */
int so_error(int fd);
/* say_talk() - say "ping" to an echo server, and print what comes back */
void say_talk(const char *who, int fd);
/* self() - path of the program */
const char *self(void);

#endif
