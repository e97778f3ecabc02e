// SPDX-License-Identifier: MIT
/*
 * DOC: Theory of Operation
 *
 * A fault has a kind and a trigger. The line shows every byte to faults_bytes(), the module every
 * command to faults_command(); each looks at all triggers. A trigger that fires does one of two
 * things: a fault of bytes is done at once, to the very byte or to the next one in its direction;
 * any other becomes an event. An event is queued with the time it is due, and taken by the module
 * between two commands (faults_next()), or by the command it is meant for (faults_take()).
 *
 * A reset and a silence also cut the bytes off at the place of their trigger, and faults_cut()
 * makes the module leave a half-received command.
 *
 * Chance comes from a generator of each fault's own with the seed it was given, so that the same
 * bytes meet the same faults.
 */
#include "eswrap-fake/fault.h"
#include "eswrap-fake/loop.h"

#include <string.h>

#define SPEC_PARTS 8

enum trigger {
	TRIGGER_IN,    /* the n-th byte from the host */
	TRIGGER_OUT,   /* the n-th byte to the host */
	TRIGGER_COUNT, /* the n-th command */
	TRIGGER_NAME,  /* a command of this name, each or the n-th of them */
	TRIGGER_START, /* a start, each or the n-th of them */
	TRIGGER_RATE,  /* by chance */
};

struct fault {
	enum fault_kind kind;
	enum trigger trigger;
	guint64 at;   /* n, 0: each */
	guint64 seen; /* of what is counted */
	char name[3];
	double rate;
	GRand *chance;
	guint armed;	/* bytes that are still to be harmed */
	guint count;	/* bytes at a time */
	guint after_ms; /* from the trigger to the event */
	guint ms, size, baud;
	int socket;
	bool ok;
	char *text;
};

struct pending {
	const struct fault *fault;
	int64_t due;
	guint32 chance;
};

struct faults {
	struct trace *trace;
	struct fault pulled; /* the reset line */
	GPtrArray *all;
	GQueue pending;
};

static const char *const kind_words[FAULT_KINDS] = {
	[FAULT_LOSE_IN] = "lose-in",
	[FAULT_LOSE_OUT] = "lose-out",
	[FAULT_FLIP_IN] = "flip-in",
	[FAULT_FLIP_OUT] = "flip-out",
	[FAULT_ADD_IN] = "add-in",
	[FAULT_ADD_OUT] = "add-out",
	[FAULT_SILENCE] = "silence",
	[FAULT_RESET] = "reset",
	[FAULT_NOISE] = "noise",
	[FAULT_WIFI_LOSS] = "wifi-loss",
	[FAULT_REFUSE] = "refuse",
	[FAULT_TIMEOUT] = "timeout",
	[FAULT_SLOW] = "slow",
	[FAULT_LOOKUP] = "lookup",
	[FAULT_CLOSE] = "close",
	[FAULT_MESSAGE] = "message",
	[FAULT_READ_ERROR] = "read-error",
	[FAULT_WRITE_ERROR] = "write-error",
	[FAULT_START_ERROR] = "start-error",
	[FAULT_IN_USE] = "in-use",
	[FAULT_FRONT] = "front",
	[FAULT_UART_ERROR] = "uart-error",
	[FAULT_STALL] = "stall",
	[FAULT_NET_STALL] = "net-stall",
	[FAULT_STALE] = "stale",
	[FAULT_RESOLVER] = "stuck-resolver",
	[FAULT_PB] = "pb",
	[FAULT_HUMAN] = "human",
	[FAULT_RATE] = "rate",
};

static bool is_byte_fault(enum fault_kind kind)
{
	return kind <= FAULT_ADD_OUT;
}

static enum direction direction_of(enum fault_kind kind)
{
	return kind == FAULT_LOSE_IN || kind == FAULT_FLIP_IN || kind == FAULT_ADD_IN ? FROM_HOST
										      : TO_HOST;
}

static bool cuts(enum fault_kind kind)
{
	return kind == FAULT_RESET || kind == FAULT_SILENCE;
}

/* Kinds that wait until the command they spoil comes. */
static bool waits(enum fault_kind kind)
{
	switch (kind) {
	case FAULT_REFUSE:
	case FAULT_TIMEOUT:
	case FAULT_SLOW:
	case FAULT_LOOKUP:
	case FAULT_READ_ERROR:
	case FAULT_WRITE_ERROR:
	case FAULT_START_ERROR:
	case FAULT_IN_USE:
	case FAULT_FRONT:
	case FAULT_UART_ERROR:
	case FAULT_STALL:
		return true;
	default:
		return false;
	}
}

static bool has_text(enum fault_kind kind)
{
	return kind == FAULT_MESSAGE || kind == FAULT_NOISE || kind == FAULT_FRONT ||
	       kind == FAULT_READ_ERROR || kind == FAULT_WRITE_ERROR || kind == FAULT_START_ERROR;
}

static bool has_socket(enum fault_kind kind)
{
	return kind == FAULT_CLOSE || kind == FAULT_NET_STALL;
}

static void free_fault(void *data)
{
	struct fault *fault = data;

	if (fault->chance)
		g_rand_free(fault->chance);
	g_free(fault->text);
	g_free(fault);
}

struct faults *faults_new(struct trace *trace)
{
	struct faults *faults = g_new0(struct faults, 1);

	faults->trace = trace;
	faults->pulled.kind = FAULT_RESET;
	faults->all = g_ptr_array_new_with_free_func(free_fault);
	g_queue_init(&faults->pending);
	return faults;
}

void faults_free(struct faults *faults)
{
	if (!faults)
		return;
	g_queue_clear_full(&faults->pending, g_free);
	g_ptr_array_unref(faults->all);
	g_free(faults);
}

static bool parse_number(const char *text, guint64 max, guint *value)
{
	guint64 number;

	if (!g_ascii_string_to_unsigned(text, 10, 0, max, &number, NULL))
		return false;
	*value = (guint)number;
	return true;
}

/* PARAMETER=VALUE in front of the @. */
static bool parse_parameter(struct fault *fault, const char *part)
{
	const char *value = strchr(part, '=');
	guint number;

	if (!value)
		return false;
	value++;
	if (g_str_has_prefix(part, "count=") && is_byte_fault(fault->kind))
		return parse_number(value, 1000000, &fault->count) && fault->count;
	if (g_str_has_prefix(part, "after=") && !is_byte_fault(fault->kind))
		return parse_number(value, 3600000, &fault->after_ms);
	if (g_str_has_prefix(part, "ms="))
		return parse_number(value, 3600000, &fault->ms);
	if (g_str_has_prefix(part, "size=") && fault->kind == FAULT_NOISE)
		return parse_number(value, 1000000, &fault->size);
	if (g_str_has_prefix(part, "socket=") && has_socket(fault->kind)) {
		if (!parse_number(value, 3, &number))
			return false;
		fault->socket = (int)number;
		return true;
	}
	if (g_str_has_prefix(part, "baud=") && fault->kind == FAULT_RATE)
		return parse_number(value, 4000000, &fault->baud) && fault->baud >= 300;
	if (g_str_has_prefix(part, "form=") &&
	    (fault->kind == FAULT_FRONT || fault->kind == FAULT_MESSAGE)) {
		fault->ok = g_str_equal(value, "ok");
		return fault->ok || g_str_equal(value, "prompt");
	}
	if (g_str_has_prefix(part, "text=") && has_text(fault->kind)) {
		g_free(fault->text);
		fault->text = g_strcompress(value);
		return true;
	}
	return false;
}

/* NAME or NAME#N, where a name is a command's or "start". */
static bool parse_name(struct fault *fault, const char *text)
{
	size_t length = strcspn(text, "#");

	fault->trigger = TRIGGER_NAME;
	if (strncmp(text, "start", MAX(length, 1)) == 0 && length == strlen("start")) {
		fault->trigger = TRIGGER_START;
	} else {
		if (length < 1 || length > 2)
			return false;
		memcpy(fault->name, text, length);
		fault->name[length] = '\0';
	}
	return !text[length] ||
	       g_ascii_string_to_unsigned(text + length + 1, 10, 1, G_MAXINT64, &fault->at, NULL);
}

/* rate=P or rate=P,seed=S */
static bool parse_rate(struct fault *fault, const char *text)
{
	guint64 seed = 1;
	char *end;

	fault->trigger = TRIGGER_RATE;
	fault->rate = g_ascii_strtod(text, &end);
	if (end == text || !(fault->rate > 0 && fault->rate <= 1))
		return false;
	if (g_str_has_prefix(end, ",seed=")) {
		if (!g_ascii_string_to_unsigned(end + 6, 10, 0, G_MAXUINT32, &seed, NULL))
			return false;
	} else if (*end) {
		return false;
	}
	g_rand_set_seed(fault->chance, seed);
	return true;
}

static bool parse_trigger(struct fault *fault, const char *text)
{
	static const struct {
		const char *word;
		enum trigger trigger;
	} counts[] = {
		{ "in=", TRIGGER_IN },
		{ "out=", TRIGGER_OUT },
		{ "command=", TRIGGER_COUNT },
	};
	unsigned int i;

	if (g_str_has_prefix(text, "rate="))
		return parse_rate(fault, text + strlen("rate="));
	for (i = 0; i < G_N_ELEMENTS(counts); i++) {
		if (!g_str_has_prefix(text, counts[i].word))
			continue;
		fault->trigger = counts[i].trigger;
		return g_ascii_string_to_unsigned(text + strlen(counts[i].word), 10, 1, G_MAXINT64,
						  &fault->at, NULL);
	}
	return parse_name(fault, text);
}

static bool parse_kind(struct fault *fault, const char *word)
{
	unsigned int i;

	for (i = 0; i < FAULT_KINDS; i++) {
		if (g_str_equal(word, kind_words[i])) {
			fault->kind = i;
			return true;
		}
	}
	return false;
}

static bool parse_fault(struct fault *fault, const char *spec)
{
	const char *trigger = strrchr(spec, '@');
	char *head, **parts;
	unsigned int i;
	bool ok;

	if (!trigger)
		return false;
	head = g_strndup(spec, trigger - spec);
	parts = g_strsplit(head, ",", SPEC_PARTS);
	ok = parts[0] && parse_kind(fault, parts[0]);
	/* How long the ones that last do so if nothing else is said. */
	if (ok && fault->kind == FAULT_SILENCE)
		fault->ms = 3000;
	if (ok && (fault->kind == FAULT_SLOW || fault->kind == FAULT_NET_STALL))
		fault->ms = 2000;
	for (i = 1; ok && parts[i]; i++)
		ok = parse_parameter(fault, parts[i]);
	g_strfreev(parts);
	g_free(head);
	return ok && parse_trigger(fault, trigger + 1);
}

bool faults_add(struct faults *faults, const char *spec, GError **error)
{
	struct fault *fault = g_new0(struct fault, 1);

	fault->chance = g_rand_new_with_seed(1);
	fault->count = 1;
	fault->size = 16;
	fault->socket = -1;
	fault->baud = 9600;
	if (parse_fault(fault, spec)) {
		g_ptr_array_add(faults->all, fault);
		return true;
	}
	free_fault(fault);
	g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
		    "--fault %s: give KIND[,PARAMETER=VALUE]...@TRIGGER as in eswrap-fake(1)",
		    spec);
	return false;
}

static void fire(struct faults *faults, struct fault *fault)
{
	struct pending *pending;

	trace_note(faults->trace, "fault: %s", kind_words[fault->kind]);
	if (is_byte_fault(fault->kind)) {
		fault->armed += fault->count;
		return;
	}
	pending = g_new(struct pending, 1);
	pending->fault = fault;
	pending->due = now_ns() + fault->after_ms * NS_PER_MS;
	pending->chance = fault->chance ? g_rand_int(fault->chance) : 0;
	g_queue_push_tail(&faults->pending, pending);
}

/* Does this byte set the fault off? */
static bool byte_fires(struct fault *fault, enum direction direction)
{
	if (fault->trigger == TRIGGER_RATE)
		return is_byte_fault(fault->kind) && direction == direction_of(fault->kind) &&
		       g_rand_double(fault->chance) < fault->rate;
	if (fault->trigger != (direction == FROM_HOST ? TRIGGER_IN : TRIGGER_OUT))
		return false;
	return ++fault->seen == fault->at;
}

/* Harms one byte. Return: false when it is lost. */
static bool harm(struct fault *fault, uint8_t *byte, GByteArray *out)
{
	uint8_t extra;

	fault->armed--;
	switch (fault->kind) {
	case FAULT_LOSE_IN:
	case FAULT_LOSE_OUT:
		return false;
	case FAULT_FLIP_IN:
	case FAULT_FLIP_OUT:
		*byte ^= 1 << g_rand_int_range(fault->chance, 0, 8);
		return true;
	default:
		extra = g_rand_int_range(fault->chance, 0, 256);
		g_byte_array_append(out, &extra, 1);
		return true;
	}
}

/* One byte. Return: false when everything ends before it. */
static bool pass_byte(struct faults *faults, enum direction direction, uint8_t byte,
		      GByteArray *out)
{
	struct fault *fault;
	bool kept = true;
	unsigned int i;

	for (i = 0; i < faults->all->len; i++) {
		fault = g_ptr_array_index(faults->all, i);
		if (byte_fires(fault, direction)) {
			fire(faults, fault);
			if (cuts(fault->kind) && !fault->after_ms)
				return false;
		}
		while (fault->armed && kept && direction == direction_of(fault->kind)) {
			kept = harm(fault, &byte, out);
			if (fault->kind != FAULT_ADD_IN && fault->kind != FAULT_ADD_OUT)
				break;
		}
	}
	if (kept)
		g_byte_array_append(out, &byte, 1);
	return true;
}

bool faults_bytes(struct faults *faults, enum direction direction, const uint8_t *data, size_t size,
		  GByteArray *out)
{
	size_t i;

	if (!faults->all->len)
		return false;
	for (i = 0; i < size; i++)
		if (!pass_byte(faults, direction, data[i], out))
			break;
	return true;
}

static bool command_fires(struct fault *fault, const char *name)
{
	switch (fault->trigger) {
	case TRIGGER_COUNT:
		return ++fault->seen == fault->at;
	case TRIGGER_NAME:
		if (!g_str_equal(fault->name, name))
			return false;
		return ++fault->seen == fault->at || !fault->at;
	case TRIGGER_RATE:
		return !is_byte_fault(fault->kind) && g_rand_double(fault->chance) < fault->rate;
	default:
		return false;
	}
}

void faults_command(struct faults *faults, const char *name)
{
	struct fault *fault;
	unsigned int i;

	for (i = 0; i < faults->all->len; i++) {
		fault = g_ptr_array_index(faults->all, i);
		if (command_fires(fault, name))
			fire(faults, fault);
	}
}

void faults_start(struct faults *faults)
{
	struct fault *fault;
	unsigned int i;

	for (i = 0; i < faults->all->len; i++) {
		fault = g_ptr_array_index(faults->all, i);
		if (fault->trigger == TRIGGER_START && (++fault->seen == fault->at || !fault->at))
			fire(faults, fault);
	}
}

void faults_inject_reset(struct faults *faults)
{
	fire(faults, &faults->pulled);
}

bool faults_cut(const struct faults *faults)
{
	const struct pending *pending;
	const GList *each;

	for (each = faults->pending.head; each; each = each->next) {
		pending = each->data;
		if (cuts(pending->fault->kind) && pending->due <= now_ns())
			return true;
	}
	return false;
}

int64_t faults_due(const struct faults *faults)
{
	const struct pending *pending;
	int64_t first = INT64_MAX;
	const GList *each;

	for (each = faults->pending.head; each; each = each->next) {
		pending = each->data;
		if (!waits(pending->fault->kind))
			first = MIN(first, pending->due);
	}
	return first;
}

static void take_event(struct faults *faults, GList *link, struct fault_event *event)
{
	struct pending *pending = link->data;
	const struct fault *fault = pending->fault;

	*event = (struct fault_event){
		.kind = fault->kind,
		.ms = fault->ms,
		.size = fault->size,
		.baud = fault->baud,
		.socket = fault->socket,
		.text = fault->text,
		.ok = fault->ok,
		.chance = pending->chance,
	};
	g_queue_delete_link(&faults->pending, link);
	g_free(pending);
}

bool faults_next(struct faults *faults, struct fault_event *event)
{
	const struct pending *pending;
	GList *each;

	for (each = faults->pending.head; each; each = each->next) {
		pending = each->data;
		if (!waits(pending->fault->kind) && pending->due <= now_ns()) {
			take_event(faults, each, event);
			return true;
		}
	}
	return false;
}

bool faults_take(struct faults *faults, enum fault_kind kind, struct fault_event *event)
{
	const struct pending *pending;
	GList *each;

	for (each = faults->pending.head; each; each = each->next) {
		pending = each->data;
		if (pending->fault->kind == kind && pending->due <= now_ns()) {
			take_event(faults, each, event);
			return true;
		}
	}
	return false;
}

void faults_forget(struct faults *faults)
{
	g_queue_clear_full(&faults->pending, g_free);
}
