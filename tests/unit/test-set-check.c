// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "eswrapctl/set-check.h"
#include "support/identity.h"
#include "support/memory.h"
#include "support/suite.h"

#define PASSPHRASE "open sesame"

static char *dir;
static struct identity *ca, *other_ca, *device;
static struct credential_rules rules;

static void setup(void)
{
	struct identity_request request = { .name = "root", .ca = true };

	dir = g_dir_make_tmp("test-set-check-XXXXXX", NULL);
	ck_assert_ptr_nonnull(dir);
	pem_setup();
	ca = identity_new(&request);
	request.name = "other root";
	other_ca = identity_new(&request);
	device = identity_new(&(struct identity_request){ .name = "device-0001", .issuer = ca });
	rules = (struct credential_rules){ .now = time(NULL) };
}

static void teardown(void)
{
	const char *name;
	GDir *list = g_dir_open(dir, 0, NULL);

	while ((name = g_dir_read_name(list))) {
		char *path = g_build_filename(dir, name, NULL);

		g_unlink(path);
		g_free(path);
	}
	g_dir_close(list);
	g_rmdir(dir);
	g_free(dir);
	identity_free(device);
	identity_free(other_ca);
	identity_free(ca);
}

static char *put(const char *name, GBytes *bytes)
{
	char *path = g_build_filename(dir, name, NULL);
	gsize size;
	const char *data = g_bytes_get_data(bytes, &size);

	ck_assert(g_file_set_contents_full(path, data, (gssize)size, G_FILE_SET_CONTENTS_CONSISTENT,
					   0600, NULL));
	g_bytes_unref(bytes);
	return path;
}

static char *put_text(const char *name, const char *text)
{
	return put(name, g_bytes_new(text, strlen(text)));
}

static char *put_certificate(const char *name, const struct identity *identity)
{
	return put(name, identity_certificate(identity, IDENTITY_PEM));
}

static char *put_key(const char *name, const struct identity *identity)
{
	return put(name, identity_key(identity, IDENTITY_PEM, NULL));
}

/* Loads the three files, which it frees the names of. */
static struct credential_set *load(char *ca_path, char *certificate_path, char *key_path)
{
	const char *paths[CREDENTIAL_ITEMS] = { ca_path, certificate_path, key_path };
	struct credential_set *set = credential_set_load(paths, &rules);

	g_free(ca_path);
	g_free(certificate_path);
	g_free(key_path);
	return set;
}

static const char *first(GPtrArray *strings)
{
	return strings->len ? g_ptr_array_index(strings, 0) : "(none)";
}

static bool any_has(GPtrArray *strings, const char *part)
{
	guint i;

	for (i = 0; i < strings->len; i++)
		if (strstr(g_ptr_array_index(strings, i), part))
			return true;
	return false;
}

/* Nothing but what is true of every set with a CA. */
static void expect_good(struct credential_set *set)
{
	bool has_ca = set->item[ESWIFI_ITEM_CA].pem.data;

	ck_assert_msg(set->errors->len == 0, "%s", first(set->errors));
	ck_assert_msg(set->warnings->len == has_ca, "%s", first(set->warnings));
	ck_assert(!has_ca || strstr(first(set->warnings), "checks neither names nor dates"));
	credential_set_free(set);
}

static void expect_error(struct credential_set *set, const char *part)
{
	ck_assert_msg(any_has(set->errors, part), "no \"%s\"; %s", part, first(set->errors));
	credential_set_free(set);
}

static void expect_warning(struct credential_set *set, const char *part)
{
	ck_assert_msg(set->errors->len == 0, "%s", first(set->errors));
	ck_assert_msg(any_has(set->warnings, part), "no \"%s\"; %s", part, first(set->warnings));
	credential_set_free(set);
}

/* A device certificate that @request describes, signed by ca, as a whole set. */
static struct credential_set *load_device(struct identity_request request)
{
	struct identity *identity;
	struct credential_set *set;

	if (!request.issuer)
		request.issuer = ca;
	if (!request.name)
		request.name = "device";
	identity = identity_new(&request);
	set = load(put_certificate("ca.pem", request.issuer),
		   put_certificate("device.pem", identity), put_key("device.key", identity));
	identity_free(identity);
	return set;
}

START_TEST(a_whole_set_is_good)
{
	expect_good(load(put_certificate("ca.pem", ca), put_certificate("device.pem", device),
			 put_key("device.key", device)));
}
END_TEST

START_TEST(a_ca_alone_is_good)
{
	expect_good(load(put_certificate("ca.pem", ca), NULL, NULL));
}
END_TEST

START_TEST(a_set_with_a_root_is_warned_of_what_no_module_checks)
{
	expect_warning(load(put_certificate("ca.pem", ca), NULL, NULL),
		       "use a root of your own, which signs your servers only");
}
END_TEST

/* The text around certificates is not sent: a chain of so many of the same is. */
static struct credential_set *load_chain(guint count)
{
	g_autoptr(GBytes) one = identity_certificate(ca, IDENTITY_PEM);
	g_autoptr(GString) text = g_string_new(NULL);

	while (count--)
		g_string_append_len(text, g_bytes_get_data(one, NULL),
				    (gssize)g_bytes_get_size(one));
	return load(NULL, put_text("device.pem", text->str), NULL);
}

START_TEST(items_larger_than_known_ones_are_warned_of_and_then_refused)
{
	struct credential_set *set = load_chain(1);
	guint each = (guint)set->item[ESWIFI_ITEM_CERTIFICATE].pem.size - 1;
	static const char known[] = "that a module takes more than 2048 is not known";

	ck_assert(!any_has(set->warnings, known));
	credential_set_free(set);
	set = load_chain(CREDENTIAL_SIZE_KNOWN / each + 1);
	ck_assert(any_has(set->warnings, known));
	credential_set_free(set);
	expect_error(load_chain(CREDENTIAL_SIZE_LIMIT / each + 1), "use --even-if-large");
	rules.even_if_large = true;
	set = load_chain(CREDENTIAL_SIZE_LIMIT / each + 1);
	ck_assert(any_has(set->warnings, known));
	ck_assert(!any_has(set->errors, "--even-if-large"));
	credential_set_free(set);
	rules.even_if_large = false;
}
END_TEST

START_TEST(the_digest_is_of_the_bytes_that_are_sent)
{
	struct credential_set *set = load(put_certificate("ca.pem", ca), NULL, NULL);
	guint8 digest[SHA256_DIGEST_LENGTH];
	char *text;

	SHA256(set->item[0].pem.data, set->item[0].pem.size, digest);
	text = g_compute_checksum_for_data(G_CHECKSUM_SHA256, set->item[0].pem.data,
					   set->item[0].pem.size);
	ck_assert_str_eq(set->item[0].sha256, text);
	ck_assert_str_eq(set->item[0].subject, "CN=root");
	g_free(text);
	credential_set_free(set);
}
END_TEST

/* The bytes of one item in @path, which it frees. */
static GBytes *normalised(char *path, enum eswifi_item item)
{
	struct pem_item loaded;
	GError *error = NULL;
	GBytes *bytes;

	pem_load(path, item, rules.ask, rules.user, &loaded, &error);
	ck_assert_msg(!error, "%s", error ? error->message : "");
	bytes = g_bytes_new(loaded.data, loaded.size);
	pem_clear(&loaded);
	g_free(path);
	return bytes;
}

/* What is sent has one NUL behind it, which the module's TLS library wants. */
static void expect_same(GBytes *expected, GBytes *bytes)
{
	gsize size, more;
	const char *text = g_bytes_get_data(expected, &size);
	const char *sent = g_bytes_get_data(bytes, &more);

	ck_assert_uint_eq(more, size + 1);
	ck_assert(memcmp(text, sent, size) == 0);
	ck_assert_uint_eq(strlen(sent), size);
	g_bytes_unref(bytes);
}

static char *replace_all(const char *text, const char *from, const char *to)
{
	char **parts = g_strsplit(text, from, -1);
	char *all = g_strjoinv(to, parts);

	g_strfreev(parts);
	return all;
}

START_TEST(line_ends_line_lengths_and_text_around_do_not_change_the_bytes)
{
	GBytes *plain = identity_certificate(ca, IDENTITY_PEM);
	char *text = g_strndup(g_bytes_get_data(plain, NULL), g_bytes_get_size(plain));
	char *crlf = replace_all(text, "\n", "\r\n");
	char *cr = replace_all(text, "\n", "\r");
	char *around = g_strdup_printf("\xef\xbb\xbfSubject: x\n\n%s\nbehind", text);
	char *spaces = replace_all(text, "\n", "  \n");
	char *cut = g_strndup(text, strlen(text) - 1);
	GString *narrow = g_string_new(NULL);
	const char *p;
	guint column = 0;

	/* Lines of 32 characters, but for the BEGIN and END lines. */
	for (p = text; *p; p++) {
		g_string_append_c(narrow, *p);
		column = *p == '\n' ? 0 : column + 1;
		if (column == 32 && p[1] != '\n' && !strchr(p, '-')) {
			g_string_append_c(narrow, '\n');
			column = 0;
		}
	}
	expect_same(plain, normalised(put_text("plain", text), ESWIFI_ITEM_CA));
	expect_same(plain, normalised(put_text("crlf", crlf), ESWIFI_ITEM_CA));
	expect_same(plain, normalised(put_text("cr", cr), ESWIFI_ITEM_CA));
	expect_same(plain, normalised(put_text("around", around), ESWIFI_ITEM_CA));
	expect_same(plain, normalised(put_text("spaces", spaces), ESWIFI_ITEM_CA));
	expect_same(plain, normalised(put_text("cut", cut), ESWIFI_ITEM_CA));
	expect_same(plain, normalised(put_text("narrow", narrow->str), ESWIFI_ITEM_CA));
	g_string_free(narrow, TRUE);
	g_free(cut);
	g_free(spaces);
	g_free(around);
	g_free(cr);
	g_free(crlf);
	g_free(text);
	g_bytes_unref(plain);
}
END_TEST

START_TEST(der_gives_the_bytes_that_pem_gives)
{
	static const char *const kinds[] = { "P-256", "P-384", "RSA-2048" };
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(kinds); i++) {
		struct identity_request request = { .name = "x", .kind = kinds[i] };
		struct identity *each = identity_new(&request);
		GBytes *certificate = identity_certificate(each, IDENTITY_PEM);
		GBytes *key = identity_key(each, IDENTITY_PEM, NULL);
		GBytes *old_key = identity_key(each, IDENTITY_OLD_PEM, NULL);

		expect_same(certificate,
			    normalised(put("c", identity_certificate(each, IDENTITY_DER)),
				       ESWIFI_ITEM_CERTIFICATE));
		expect_same(key, normalised(put("k", identity_key(each, IDENTITY_DER, NULL)),
					    ESWIFI_ITEM_KEY));
		expect_same(old_key,
			    normalised(put("o", identity_key(each, IDENTITY_OLD_DER, NULL)),
				       ESWIFI_ITEM_KEY));
		g_bytes_unref(old_key);
		g_bytes_unref(key);
		g_bytes_unref(certificate);
		identity_free(each);
	}
}
END_TEST

static bool say_passphrase(const char *path, char *passphrase, gpointer user, GError **error)
{
	(void)path;
	(void)error;
	strcpy(passphrase, user);
	return true;
}

START_TEST(an_encrypted_key_becomes_the_plain_one)
{
	GBytes *key = identity_key(device, IDENTITY_PEM, NULL);
	GBytes *old_key = identity_key(device, IDENTITY_OLD_PEM, NULL);

	rules.ask = say_passphrase;
	rules.user = (gpointer)PASSPHRASE;
	expect_same(key, normalised(put("k", identity_key(device, IDENTITY_SEALED, PASSPHRASE)),
				    ESWIFI_ITEM_KEY));
	expect_same(old_key,
		    normalised(put("o", identity_key(device, IDENTITY_OLD_SEALED, PASSPHRASE)),
			       ESWIFI_ITEM_KEY));
	g_bytes_unref(old_key);
	g_bytes_unref(key);
}
END_TEST

START_TEST(a_wrong_passphrase_is_said_to_be_wrong)
{
	rules.ask = say_passphrase;
	rules.user = (gpointer) "close sesame";
	expect_error(load(NULL, NULL, put("k", identity_key(device, IDENTITY_SEALED, PASSPHRASE))),
		     "the passphrase does not open the key");
	expect_error(load(NULL, NULL,
			  put("o", identity_key(device, IDENTITY_OLD_SEALED, PASSPHRASE))),
		     "the passphrase does not open the key");
}
END_TEST

START_TEST(an_encrypted_key_without_anyone_to_ask_is_refused)
{
	expect_error(load(NULL, NULL, put("k", identity_key(device, IDENTITY_SEALED, PASSPHRASE))),
		     "the key is encrypted");
}
END_TEST

START_TEST(curve_parameters_before_a_key_are_passed_over)
{
	static const char parameters[] = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
					 "-----END EC PARAMETERS-----\n";
	GBytes *key = identity_key(device, IDENTITY_OLD_PEM, NULL);
	char *text = g_strdup_printf("%s%.*s", parameters, (int)g_bytes_get_size(key),
				     (const char *)g_bytes_get_data(key, NULL));

	expect_same(key, normalised(put_text("k", text), ESWIFI_ITEM_KEY));
	g_free(text);
	g_bytes_unref(key);
}
END_TEST

START_TEST(a_file_of_another_kind_is_called_what_it_is)
{
	expect_error(load(put_key("ca", ca), NULL, NULL), "holds a private key, where only the CA");
	expect_error(load(put("ca", identity_key(ca, IDENTITY_DER, NULL)), NULL, NULL),
		     "holds a private key, where only the CA");
	expect_error(load(NULL, NULL, put_certificate("k", device)),
		     "holds a CERTIFICATE, where the private key alone should be");
	expect_error(load(NULL, NULL, put("k", identity_certificate(device, IDENTITY_DER))),
		     "holds a CERTIFICATE, where the private key alone should be");
	expect_error(load(put_text("ca", "hello\n"), NULL, NULL), "is neither PEM nor DER");
	expect_error(load(put_text("ca", ""), NULL, NULL), "is empty");
	expect_error(load(g_strdup(dir), NULL, NULL), "is a directory");
	expect_error(load(g_strdup("/dev/zero"), NULL, NULL), "is neither a file nor a pipe");
	expect_error(load(g_build_filename(dir, "none", NULL), NULL, NULL),
		     "No such file or directory");
}
END_TEST

START_TEST(a_file_beyond_all_sizes_is_refused)
{
	char *text = g_strnfill(PEM_FILE_MAX + 1, '\n');

	expect_error(load(put_text("ca", text), NULL, NULL), "larger than");
	g_free(text);
}
END_TEST

/* Two files of one kind, one behind the other. */
static char *put_both(const char *name, GBytes *one, GBytes *two)
{
	GByteArray *all = g_byte_array_new();

	g_byte_array_append(all, g_bytes_get_data(one, NULL), (guint)g_bytes_get_size(one));
	g_byte_array_append(all, g_bytes_get_data(two, NULL), (guint)g_bytes_get_size(two));
	g_bytes_unref(one);
	g_bytes_unref(two);
	return put(name, g_byte_array_free_to_bytes(all));
}

START_TEST(one_key_and_nothing_else_is_a_key_file)
{
	expect_error(load(NULL, NULL,
			  put_both("k", identity_key(device, IDENTITY_PEM, NULL),
				   identity_key(ca, IDENTITY_PEM, NULL))),
		     "more than one private key");
	expect_error(load(NULL, NULL,
			  put_both("k", identity_key(device, IDENTITY_PEM, NULL),
				   identity_certificate(device, IDENTITY_PEM))),
		     "holds a CERTIFICATE");
	expect_error(load(NULL,
			  put_both("c", identity_certificate(device, IDENTITY_PEM),
				   identity_key(device, IDENTITY_PEM, NULL)),
			  NULL),
		     "holds a private key, where only the certificate");
}
END_TEST

START_TEST(one_root_is_a_ca_file)
{
	expect_error(load(put_both("ca", identity_certificate(ca, IDENTITY_PEM),
				   identity_certificate(other_ca, IDENTITY_PEM)),
			  NULL, NULL),
		     "holds 2 certificates");
}
END_TEST

START_TEST(a_block_that_is_cut_or_changed_is_damaged)
{
	GBytes *bytes = identity_certificate(ca, IDENTITY_PEM);
	gsize size = g_bytes_get_size(bytes), cut, i;
	const char *data = g_bytes_get_data(bytes, NULL);
	char *text;

	/* Without the last line's newline it is whole. */
	for (cut = 1; cut < size - 1; cut += 7) {
		struct credential_set *set;

		text = g_strndup(data, cut);
		set = load(put_text("ca", text), NULL, NULL);
		ck_assert_msg(set->errors->len > 0, "taken when cut at %zu", cut);
		credential_set_free(set);
		g_free(text);
	}
	/* Somewhere in the base64: not base64 any more. */
	text = g_strndup(data, size);
	for (i = 40; i < size - 40; i += 11) {
		char kept = text[i];

		text[i] = '!';
		expect_error(load(put_text("ca", text), NULL, NULL), "ca");
		text[i] = kept;
	}
	g_free(text);
	g_bytes_unref(bytes);
}
END_TEST

START_TEST(bytes_behind_a_der_structure_are_refused)
{
	expect_error(load(put_both("ca", identity_certificate(ca, IDENTITY_DER),
				   g_bytes_new_static("x", 1)),
			  NULL, NULL),
		     "neither PEM nor DER");
}
END_TEST

START_TEST(a_key_that_others_may_read_is_refused)
{
	static const mode_t bad[] = { 0640, 0604, 0660, 0610, 0644, 0606 };
	static const mode_t good[] = { 0600, 0400, 0700 };
	char *path = put_key("k", device);
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(bad); i++) {
		ck_assert_int_eq(chmod(path, bad[i]), 0);
		expect_error(load(NULL, put_certificate("c", device), g_strdup(path)), "chmod 600");
	}
	for (i = 0; i < G_N_ELEMENTS(good); i++) {
		ck_assert_int_eq(chmod(path, good[i]), 0);
		expect_good(load(NULL, put_certificate("c", device), g_strdup(path)));
	}
	g_free(path);
}
END_TEST

START_TEST(a_key_may_come_through_a_pipe)
{
	GBytes *key = identity_key(device, IDENTITY_PEM, NULL);
	int ends[2];
	char *path;

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	ck_assert_int_eq(write(ends[1], g_bytes_get_data(key, NULL), g_bytes_get_size(key)),
			 (int)g_bytes_get_size(key));
	close(ends[1]);
	path = g_strdup_printf("/dev/fd/%d", ends[0]);
	expect_good(load(NULL, put_certificate("c", device), path));
	close(ends[0]);
	g_bytes_unref(key);
}
END_TEST

START_TEST(a_key_that_does_not_fit_is_refused)
{
	expect_error(load(put_certificate("ca.pem", ca), put_certificate("device.pem", device),
			  put_key("stranger.key", other_ca)),
		     "stranger.key: is not the key of");
}
END_TEST

START_TEST(a_certificate_and_its_key_come_together)
{
	expect_error(load(put_certificate("ca", ca), put_certificate("c", device), NULL),
		     "its private key is missing");
	expect_error(load(put_certificate("ca", ca), NULL, put_key("k", device)),
		     "the certificate that it belongs to is missing");
	expect_error(load(NULL, NULL, NULL), "no file is named");
	rules.alone = true;
	expect_good(load(NULL, put_certificate("c", device), NULL));
}
END_TEST

START_TEST(a_chain_that_does_not_lead_to_the_ca_is_refused_unless_said_to_be_so)
{
	expect_error(load(put_certificate("other-ca.pem", other_ca),
			  put_certificate("device.pem", device), put_key("device.key", device)),
		     "device.pem: does not lead to the CA in");
	rules.other_issuer = true;
	expect_warning(load(put_certificate("other-ca.pem", other_ca),
			    put_certificate("device.pem", device), put_key("device.key", device)),
		       "was not issued by");
}
END_TEST

START_TEST(a_ca_of_the_same_name_with_another_key_is_not_the_ca)
{
	struct identity_request request = { .name = "root", .ca = true };
	struct identity *namesake = identity_new(&request);

	expect_error(load(put_certificate("ca", namesake), put_certificate("c", device),
			  put_key("k", device)),
		     "does not lead to the CA");
	identity_free(namesake);
}
END_TEST

START_TEST(intermediate_certificates_come_behind_the_devices_own_in_order)
{
	struct identity_request request = { .name = "middle", .ca = true, .issuer = ca };
	struct identity *middle = identity_new(&request);
	struct identity *leaf =
		identity_new(&(struct identity_request){ .name = "leaf", .issuer = middle });

	expect_warning(load(put_certificate("ca", ca),
			    put_both("c", identity_certificate(leaf, IDENTITY_PEM),
				     identity_certificate(middle, IDENTITY_PEM)),
			    put_key("k", leaf)),
		       "holds 2 certificates");
	expect_error(load(put_certificate("ca", ca),
			  put_both("c", identity_certificate(middle, IDENTITY_PEM),
				   identity_certificate(leaf, IDENTITY_PEM)),
			  put_key("k", leaf)),
		     "the key fits certificate 2");
	expect_error(load(put_certificate("ca", ca),
			  put_both("c", identity_certificate(leaf, IDENTITY_PEM),
				   identity_certificate(device, IDENTITY_PEM)),
			  put_key("k", leaf)),
		     "certificate 2 in it is not the issuer of certificate 1");
	/* Without the certificate between them the two do not meet. */
	expect_error(load(put_certificate("ca", ca), put_certificate("c", leaf),
			  put_key("k", leaf)),
		     "does not lead to the CA");
	identity_free(leaf);
	identity_free(middle);
}
END_TEST

START_TEST(dates_are_checked_against_the_clock)
{
	expect_error(load_device((struct identity_request){ .from = -3 * IDENTITY_DAY,
							    .until = -IDENTITY_DAY }),
		     "CN=device expired on 20");
	expect_error(load_device((struct identity_request){ .from = IDENTITY_DAY,
							    .until = 400 * IDENTITY_DAY }),
		     "is not valid before 20");
	expect_warning(load_device((struct identity_request){ .until = 30 * IDENTITY_DAY + 60 }),
		       "in 30 days");
	/* A date beyond what 32 bits of seconds hold, and no date: year 9999 (RFC 5280, 4.1.2.5) */
	expect_good(load_device(
		(struct identity_request){ .until = (gint64)100 * 365 * IDENTITY_DAY }));
}
END_TEST

START_TEST(a_clock_that_is_not_set_is_warned_of_and_dates_are_not_judged)
{
	rules.now = 0;
	expect_warning(load_device((struct identity_request){ .from = -3 * IDENTITY_DAY,
							      .until = -IDENTITY_DAY }),
		       "clock is not set");
}
END_TEST

START_TEST(keys_that_the_module_cannot_be_expected_to_do_are_refused)
{
	static const char *const bad[] = { "RSA-1024", "P-521", "secp256k1", "ED25519" };
	static const char *const good[] = { "RSA-2048", "P-256", "P-384" };
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(bad); i++)
		expect_error(load_device((struct identity_request){ .kind = bad[i] }),
			     "the module can be expected to do");
	for (i = 0; i < G_N_ELEMENTS(good); i++)
		expect_good(load_device((struct identity_request){ .kind = good[i] }));
	/* Its PEM is longer than any that a module is known to take. */
	expect_warning(load_device((struct identity_request){ .kind = "RSA-3072" }),
		       "that a module takes more than 2048 is not known");
}
END_TEST

START_TEST(old_signatures_are_refused_but_on_a_root)
{
	struct identity_request request = { .name = "old root", .ca = true, .digest = "SHA1" };
	struct identity *root = identity_new(&request);

	expect_error(load_device((struct identity_request){ .digest = "SHA1" }), "is signed with");
	expect_good(load_device((struct identity_request){ .issuer = root }));
	identity_free(root);
}
END_TEST

START_TEST(certificates_of_the_wrong_use_are_refused)
{
	expect_error(load_device((struct identity_request){ .usage = "serverAuth" }),
		     "is not for TLS clients");
	expect_good(load_device((struct identity_request){ .usage = "clientAuth,serverAuth" }));
	expect_error(load_device((struct identity_request){ .ca = true }),
		     "is a CA's certificate, not a device's");
	expect_error(load(put_certificate("ca", device), NULL, NULL), "is not a CA's certificate");
}
END_TEST

START_TEST(an_intermediate_as_ca_is_warned_of)
{
	struct identity_request request = { .name = "middle", .ca = true, .issuer = ca };
	struct identity *middle = identity_new(&request);

	expect_warning(load(put_certificate("ca", middle), NULL, NULL), "is not a root CA");
	identity_free(middle);
}
END_TEST

START_TEST(an_item_longer_than_pg_takes_is_refused)
{
	GString *names = g_string_new("DNS:a.example");
	guint i;

	for (i = 0; i < 700; i++)
		g_string_append_printf(names, ",DNS:a%u.example", i);
	expect_error(load_device((struct identity_request){ .names = names->str }),
		     "an item takes 9999");
	g_string_free(names, TRUE);
}
END_TEST

START_TEST(subjects_are_fit_for_terminals)
{
	struct identity_request request = { .name = "\x1b[31mr\xc3\xa9"
						    "d\n",
					    .ca = true };
	struct identity *loud = identity_new(&request);
	struct credential_set *set = load(put_certificate("ca", loud), NULL, NULL);
	const char *p;

	for (p = set->item[0].subject; *p; p++)
		ck_assert(g_ascii_isprint(*p));
	credential_set_free(set);
	identity_free(loud);
}
END_TEST

START_TEST(a_certificate_without_a_subject_has_its_serial_number_for_one)
{
	struct identity *nobody =
		identity_new(&(struct identity_request){ .issuer = ca, .names = "DNS:x.example" });
	struct credential_set *set = load(NULL, put_certificate("c", nobody), put_key("k", nobody));

	ck_assert_msg(strstr(set->item[1].subject, "serial number"), "%s", set->item[1].subject);
	credential_set_free(set);
	identity_free(nobody);
}
END_TEST

START_TEST(all_mistakes_are_found_in_one_run)
{
	struct identity_request request = { .name = "x",
					    .issuer = other_ca,
					    .from = -3 * IDENTITY_DAY,
					    .until = -IDENTITY_DAY,
					    .usage = "serverAuth" };
	struct identity *bad = identity_new(&request);
	struct credential_set *set =
		load(put_certificate("ca", ca), put_certificate("c", bad), put_key("k", device));

	ck_assert(any_has(set->errors, "expired"));
	ck_assert(any_has(set->errors, "is not for TLS clients"));
	ck_assert(any_has(set->errors, "is not the key of"));
	ck_assert(any_has(set->errors, "does not lead to the CA"));
	credential_set_free(set);
	identity_free(bad);
}
END_TEST

#define SCALAR_OFFSET 36 /* in its PKCS #8 structure */

/* The key is made by another program: what making it leaves behind is not what is asked here. */
static void make_key_file(const char *path, guint8 text[MEMORY_SECRET_SIZE],
			  guint8 scalar[MEMORY_SECRET_SIZE], guint8 reversed[MEMORY_SECRET_SIZE])
{
	const char *argv[] = { "openssl", "genpkey",  "-algorithm",
			       "EC",	  "-pkeyopt", "ec_paramgen_curve:P-256",
			       "-out",	  path,	      NULL };
	char base64[256] = "", *p, *line;
	gsize i, size;
	int fd, status;

	ck_assert(g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL,
			       NULL, &status, NULL));
	ck_assert_int_eq(status, 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_gt(read(fd, base64, sizeof(base64) - 1), 0);
	close(fd);
	line = strchr(base64, '\n') + 1;
	/* The second line of base64 is secret from its beginning. */
	memcpy(text, strchr(line, '\n') + 1, MEMORY_SECRET_SIZE);
	memory_turn(text, MEMORY_SECRET_SIZE);
	*strstr(line, "-----END") = '\0';
	for (p = line; *p; p++)
		if (*p == '\n')
			memmove(p, p + 1, strlen(p));
	g_base64_decode_inplace(line, &size);
	ck_assert_uint_gt(size, SCALAR_OFFSET + MEMORY_SECRET_SIZE);
	memcpy(scalar, line + SCALAR_OFFSET, MEMORY_SECRET_SIZE);
	memory_turn(scalar, MEMORY_SECRET_SIZE);
	explicit_bzero(base64, sizeof(base64));
	/* As the words of a little-endian machine's big number. */
	for (i = 0; i < MEMORY_SECRET_SIZE; i++)
		reversed[i] = scalar[MEMORY_SECRET_SIZE - 1 - i];
}

START_TEST(no_byte_of_a_key_stays_in_memory)
{
	char *path = g_build_filename(dir, "fresh.key", NULL);
	guint8 text[MEMORY_SECRET_SIZE], scalar[MEMORY_SECRET_SIZE], reversed[MEMORY_SECRET_SIZE];
	struct credential_set *set;

	make_key_file(path, text, scalar, reversed);
	ck_assert(!memory_holds_turned(text));
	ck_assert(!memory_holds_turned(scalar));
	set = load(NULL, put_certificate("c", device), path);
	/* The search does find it while it is there. */
	ck_assert_msg(any_has(set->errors, "is not the key of"), "%s", first(set->errors));
	ck_assert(memory_holds_turned(text));
	ck_assert(memory_holds_turned(reversed));
	credential_set_free(set);
	ck_assert(!memory_holds_turned(text));
	ck_assert(!memory_holds_turned(scalar));
	ck_assert(!memory_holds_turned(reversed));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("set-check");
	TCase *files = tcase_create("files");
	TCase *together = tcase_create("rules");

	tcase_add_checked_fixture(files, setup, teardown);
	tcase_add_test(files, a_whole_set_is_good);
	tcase_add_test(files, a_ca_alone_is_good);
	tcase_add_test(files, the_digest_is_of_the_bytes_that_are_sent);
	tcase_add_test(files, a_set_with_a_root_is_warned_of_what_no_module_checks);
	tcase_add_test(files, items_larger_than_known_ones_are_warned_of_and_then_refused);
	tcase_add_test(files, line_ends_line_lengths_and_text_around_do_not_change_the_bytes);
	tcase_add_test(files, der_gives_the_bytes_that_pem_gives);
	tcase_add_test(files, an_encrypted_key_becomes_the_plain_one);
	tcase_add_test(files, a_wrong_passphrase_is_said_to_be_wrong);
	tcase_add_test(files, an_encrypted_key_without_anyone_to_ask_is_refused);
	tcase_add_test(files, curve_parameters_before_a_key_are_passed_over);
	tcase_add_test(files, a_file_of_another_kind_is_called_what_it_is);
	tcase_add_test(files, a_file_beyond_all_sizes_is_refused);
	tcase_add_test(files, one_key_and_nothing_else_is_a_key_file);
	tcase_add_test(files, one_root_is_a_ca_file);
	tcase_add_test(files, a_block_that_is_cut_or_changed_is_damaged);
	tcase_add_test(files, bytes_behind_a_der_structure_are_refused);
	tcase_add_test(files, a_key_that_others_may_read_is_refused);
	tcase_add_test(files, a_key_may_come_through_a_pipe);
	tcase_add_checked_fixture(together, setup, teardown);
	tcase_set_timeout(together, 30);
	tcase_add_test(together, a_key_that_does_not_fit_is_refused);
	tcase_add_test(together, a_certificate_and_its_key_come_together);
	tcase_add_test(together,
		       a_chain_that_does_not_lead_to_the_ca_is_refused_unless_said_to_be_so);
	tcase_add_test(together, a_ca_of_the_same_name_with_another_key_is_not_the_ca);
	tcase_add_test(together, intermediate_certificates_come_behind_the_devices_own_in_order);
	tcase_add_test(together, dates_are_checked_against_the_clock);
	tcase_add_test(together, a_clock_that_is_not_set_is_warned_of_and_dates_are_not_judged);
	tcase_add_test(together, keys_that_the_module_cannot_be_expected_to_do_are_refused);
	tcase_add_test(together, old_signatures_are_refused_but_on_a_root);
	tcase_add_test(together, certificates_of_the_wrong_use_are_refused);
	tcase_add_test(together, an_intermediate_as_ca_is_warned_of);
	tcase_add_test(together, an_item_longer_than_pg_takes_is_refused);
	tcase_add_test(together, subjects_are_fit_for_terminals);
	tcase_add_test(together, a_certificate_without_a_subject_has_its_serial_number_for_one);
	tcase_add_test(together, all_mistakes_are_found_in_one_run);
	tcase_add_test(together, no_byte_of_a_key_stays_in_memory);
	suite_add_tcase(suite, files);
	suite_add_tcase(suite, together);
	return suite_run(suite);
}
