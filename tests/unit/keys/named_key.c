#include "client/keys/named_key.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/keys/key_file.h"

static char folder[] = "/tmp/segel-keys-XXXXXX";
static char path[64];
static struct sg_error why;
static struct named_key key;

static bool write_open(BIO *out, EVP_PKEY *pair, const void *secret)
{
    return secret == NULL &&
           PEM_write_bio_PKCS8PrivateKey(out, pair, NULL, NULL, 0, NULL, NULL) == 1;
}

static int no_passphrase(char *buffer, int size, int writing, void *secret)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)secret;
    return 0;
}

static const struct key_form form = {.kind = NOTE_ED25519,
                                     .head = "segel test key: ",
                                     .called = "tester's key",
                                     .maker = "segel test",
                                     .example = "tester.example.go.id",
                                     .write = write_open,
                                     .passphrase = no_passphrase,
                                     .closed = SG_DENIED,
                                     .closed_why = "it holds none"};

static void begin(void)
{
    cr_assert_not_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/key", folder);
}

static void end(void)
{
    named_key_fini(&key);
    (void)unlink(path);
    cr_expect_eq(rmdir(folder), 0);
}

TestSuite(named_key, .init = begin, .fini = end);

static void put(const char *head, EVP_PKEY *pair)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;

    cr_assert_gt(BIO_printf(bio, "%s\n", head), 0);
    cr_assert(pair == NULL || write_open(bio, pair, NULL));
    long len = BIO_get_mem_data(bio, &text);
    (void)unlink(path);
    cr_assert_eq(key_file_make(path, slice_of(text, (size_t)len), &why), SG_OK);
    BIO_free(bio);
    EVP_PKEY_free(pair);
}

Test(named_key, signs_for_the_verifier_key_that_was_told_when_it_was_made)
{
    struct named_key loaded = {.pair = NULL};
    uint8_t signature[NOTE_ED25519_SIZE];
    char note[1024];
    struct slice whole = {0};
    struct lines_out lines;
    struct note parsed;
    struct note_verdict verdict;

    cr_assert_eq(named_key_make(&form, "t.example.go.id", path, &key, &why), SG_OK, "%s",
                 why.text);
    cr_expect_eq(named_key_look(&form, path, &why), SG_OK, "%s", why.text);
    cr_assert_eq(named_key_load(&form, path, &loaded, &why), SG_OK, "%s", why.text);
    cr_expect_str_eq(loaded.verifier.name, "t.example.go.id");
    cr_assert_eq(named_key_sign(&loaded, slice_str("text\n"), signature), SG_OK);
    lines_start(&lines, note, sizeof(note));
    note_begin(&lines, slice_str("text\n"));
    note_add_signature(&lines, slice_str(key.verifier.name), key.verifier.id,
                       slice_of(signature, sizeof(signature)));
    cr_assert_eq(lines_finish(&lines, &whole), SG_OK);
    cr_assert_eq(note_parse(whole, &parsed), SG_OK);
    cr_expect_eq(note_verify(&parsed, &key.verifier, &verdict), SG_OK);
    named_key_fini(&loaded);
}

Test(named_key, wrong_name_makes_no_file)
{
    cr_expect_eq(named_key_make(&form, "a b", path, &key, &why), SG_INVALID);
    cr_expect_not_null(strstr(why.text, form.example), "%s", why.text);
    cr_expect_neq(access(path, F_OK), 0);
    cr_expect_null(key.pair);
}

Test(named_key, another_first_line_is_another_kind_of_file)
{
    static const char *const others[] = {"segel-witness w", "segel test key: ", "", "x"};

    for (size_t i = 0; i < SG_COUNT(others); i++) {
        put(others[i], EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
        cr_expect_eq(named_key_look(&form, path, &why), SG_INVALID, "%s", others[i]);
        cr_expect_eq(named_key_load(&form, path, &key, &why), SG_INVALID);
        cr_expect_not_null(strstr(why.text, "'segel test' makes one"), "%s", why.text);
    }
}

Test(named_key, file_without_an_ed25519_key_is_closed)
{
    put("segel test key: t", NULL);
    cr_expect_eq(named_key_look(&form, path, &why), SG_OK, "%s", why.text);
    cr_expect_eq(named_key_load(&form, path, &key, &why), SG_DENIED);
    cr_expect_not_null(strstr(why.text, form.closed_why), "%s", why.text);
    put("segel test key: t", EVP_PKEY_Q_keygen(NULL, NULL, "X25519"));
    cr_expect_eq(named_key_load(&form, path, &key, &why), SG_DENIED);
    cr_expect_null(key.pair);
}

Test(named_key, name_that_is_none_does_not_load)
{
    put("segel test key: a b", EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
    cr_expect_eq(named_key_load(&form, path, &key, &why), SG_INVALID);
    cr_expect_null(key.pair);
}
