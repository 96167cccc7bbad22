/* Answers whose certificates were seen before are judged as if they had not been. */
#define _GNU_SOURCE /* NOLINT: the name is the C library's */
#include "client/verify/known.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "client/verify/signed_data.h"
#include "tests/unit/verify/support/lawful.h"

static struct verify_known *known;
static struct signed_data parts;

static struct slice digest(void)
{
    return slice_of(lawful.digest, sizeof(lawful.digest));
}

/* The certificates of the lawful answer are known. */
static void begin(void)
{
    lawful_begin(PKI_P256);
    lawful_make();
    known = verify_known_new();
    cr_assert_not_null(known);
    cr_assert(signed_data_split(lawful.made, &parts));
    cr_assert_eq(verify_answer_known(known, lawful.made, digest(), NULL), SG_OK);
}

static void end(void)
{
    verify_known_free(known);
    lawful_end();
}

TestSuite(known, .init = begin, .fini = end);

static void expect_refused(struct slice cms, const char *words)
{
    struct sg_error why = {0};

    cr_expect_eq(verify_answer_known(known, cms, digest(), &why), SG_CORRUPT);
    cr_expect_not_null(strstr(why.text, words), "%s", why.text);
}

/* --- What is kept ------------------------------------------------------------------ */

Test(known, the_certificates_of_a_good_answer_are_kept_and_taken_again)
{
    struct known_chain *chain = known_chain_take(known, parts.certificates);

    cr_assert_not_null(chain);
    cr_expect_gt(sk_X509_num(known_chain_stack(chain)), 0);
    known_chain_drop(chain);
    cr_expect_eq(verify_answer_known(known, lawful.made, digest(), NULL), SG_OK);
    lawful_make(); /* another signature by the same */
    cr_expect_eq(verify_answer_known(known, lawful.made, digest(), NULL), SG_OK);
}

Test(known, other_bytes_are_not_those_that_are_kept)
{
    uint8_t *other = malloc(parts.certificates.len);

    cr_assert_not_null(other);
    memcpy(other, parts.certificates.data, parts.certificates.len);
    other[parts.certificates.len - 1] ^= 1;
    cr_expect_null(known_chain_take(known, slice_of(other, parts.certificates.len)));
    cr_expect_null(known_chain_take(known, slice_of(other, parts.certificates.len - 1)));
    free(other);
}

Test(known, the_certificates_of_a_false_answer_are_not_kept)
{
    struct verify_known *fresh = verify_known_new();
    struct sg_error why = {0};

    cr_assert_not_null(fresh);
    lawful.digest[0] ^= 1;
    cr_expect_eq(verify_answer_known(fresh, lawful.made, digest(), &why), SG_CORRUPT);
    cr_expect_null(known_chain_take(fresh, parts.certificates));
    verify_known_free(fresh);
}

Test(known, without_a_memory_it_is_verify_answer)
{
    cr_expect_eq(verify_answer_known(NULL, lawful.made, digest(), NULL), SG_OK);
}

/* --- What is refused --------------------------------------------------------------- */

Test(known, a_signature_of_another_document_is_refused)
{
    lawful.digest[0] ^= 1;
    expect_refused(lawful.made, "another document");
}

/* A letter would be without them: it is not the same as an answer with those known. */
Test(known, an_answer_without_certificates_is_refused)
{
    uint8_t *bare = NULL;
    size_t len = 0;

    cr_assert_eq(signed_data_bare(&parts, &bare, &len), SG_OK);
    expect_refused(slice_of(bare, len), "no CMS");
    free(bare);
}

/* Puts bytes behind the certificates and mends the lengths: all four of them are two
 * bytes long here (82 xx xx). */
static struct slice with_more(const uint8_t *more, size_t more_len)
{
    size_t at =
        (size_t)(parts.certificates.data - lawful.made.data) + parts.certificates.len;
    uint8_t *made = malloc(lawful.made.len + more_len);
    const size_t heads[] = {0, 15, 19};

    cr_assert_not_null(made);
    memcpy(made, lawful.made.data, at);
    memcpy(made + at, more, more_len);
    memcpy(made + at + more_len, lawful.made.data + at, lawful.made.len - at);
    for (size_t i = 0; i < SG_COUNT(heads); i++) {
        uint8_t *head = made + heads[i];
        cr_assert_eq(head[1], 0x82);
        unsigned len = ((unsigned)head[2] << 8 | head[3]) + (unsigned)more_len;
        head[2] = (uint8_t)(len >> 8);
        head[3] = (uint8_t)len;
    }
    return slice_of(made, lawful.made.len + more_len);
}

static void expect_as_without(struct slice cms, enum sg_status wanted)
{
    struct sg_error plain = {0};
    struct sg_error why = {0};

    cr_expect_eq(verify_answer(cms, digest(), &plain), wanted, "%s", plain.text);
    cr_expect_eq(verify_answer_known(known, cms, digest(), &why), wanted, "%s", why.text);
    cr_expect_str_eq(why.text, plain.text);
}

Test(known, a_second_set_of_certificates_is_refused)
{
    static const uint8_t empty[] = {0xA0, 0x00};
    struct slice made = with_more(empty, sizeof(empty));

    expect_as_without(made, SG_CORRUPT);
    free(sg_unconst(made.data));
}

/* Lawful, and not of the kind that is looked up. */
Test(known, an_answer_with_revocation_lists_is_taken_as_ever)
{
    static const uint8_t none[] = {0xA1, 0x00};
    struct slice made = with_more(none, sizeof(none));
    struct signed_data data;

    cr_expect_not(signed_data_split(made, &data));
    expect_as_without(made, SG_OK);
    free(sg_unconst(made.data));
}

/* Any one byte of the answer. */
Test(known, every_spoiled_byte_is_judged_as_without, .timeout = 120)
{
    uint8_t *spoiled = malloc(lawful.made.len);
    size_t differences = 0;

    cr_assert_not_null(spoiled);
    for (size_t i = 0; i < lawful.made.len; i++) {
        memcpy(spoiled, lawful.made.data, lawful.made.len);
        spoiled[i] ^= (uint8_t)(1U << (i % 8));
        struct slice cms = slice_of(spoiled, lawful.made.len);
        differences += verify_answer(cms, digest(), NULL) !=
                               verify_answer_known(known, cms, digest(), NULL)
                           ? 1
                           : 0;
    }
    cr_expect_eq(differences, 0);
    free(spoiled);
}

/* The signature itself stays good: what fails is that it names another certificate. */
Test(known, a_certificate_that_was_not_signed_for_is_refused, .timeout = 120)
{
    uint8_t *der = NULL;
    int len = i2d_X509(lawful.pki.leaf, &der);
    uint8_t *spoiled = malloc(lawful.made.len);
    size_t taken = 0;

    cr_assert(len > 0 && spoiled != NULL);
    const uint8_t *own = memmem(lawful.made.data, lawful.made.len, der, (size_t)len);
    cr_assert_not_null(own);
    for (int i = 0; i < len; i++) {
        memcpy(spoiled, lawful.made.data, lawful.made.len);
        spoiled[own - lawful.made.data + i] ^= 1;
        taken +=
            verify_answer(slice_of(spoiled, lawful.made.len), digest(), NULL) == SG_OK;
    }
    cr_expect_eq(taken, 0);
    OPENSSL_free(der);
    free(spoiled);
}

Test(known, every_answer_that_is_cut_short_is_judged_as_without, .timeout = 120)
{
    for (size_t len = 0; len < lawful.made.len; len++) {
        struct slice cms = slice_of(lawful.made.data, len);
        cr_expect_eq(verify_answer_known(known, cms, digest(), NULL), SG_CORRUPT);
    }
}

/* --- Many threads ------------------------------------------------------------------ */

enum { THREADS = 4, ROUNDS = 50 };
static struct slice answers[2]; /* of two gateways, of one digest */

static void *ask(void *context)
{
    size_t bad = 0;

    (void)context;
    for (size_t i = 0; i < ROUNDS; i++) {
        bad +=
            verify_answer_known(known, answers[i % 2], digest(), NULL) == SG_OK ? 0 : 1;
    }
    return bad == 0 ? NULL : known;
}

static struct slice copy_of(struct slice bytes)
{
    uint8_t *copy = malloc(bytes.len);

    cr_assert_not_null(copy);
    memcpy(copy, bytes.data, bytes.len);
    return slice_of(copy, bytes.len);
}

Test(known, threads_share_what_others_put_in_its_place)
{
    pthread_t threads[THREADS];

    answers[0] = copy_of(lawful.made);
    lawful_end();
    lawful_begin(PKI_P256);
    lawful_make();
    answers[1] = lawful.made;
    for (size_t i = 0; i < THREADS; i++) {
        cr_assert_eq(pthread_create(&threads[i], NULL, ask, NULL), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *bad = NULL;
        cr_assert_eq(pthread_join(threads[i], &bad), 0);
        cr_expect_null(bad);
    }
    free(sg_unconst(answers[0].data));
}
