/* Statements from files that are given, of which nothing may be passed over, and from a
 * letter, of which whatever can be read is taken. */
#include <stdlib.h>

#include <criterion/criterion.h>
#include <openssl/bio.h>
#include <openssl/pem.h>

#include "client/verify/material.h"
#include "proto/base.h"
#include "tests/unit/cms/support/writable.h"
#include "tests/unit/verify/support/authority.h"

DEFINE_STACK_OF(OCSP_BASICRESP)

enum { NOW_S = 1767225600 };

static struct pki pki;
static struct authority authority;
static struct verify_material material;
static struct slice list;
static struct slice answer;

static void begin(void)
{
    pki_make(&pki, PKI_P256);
    authority_make(&authority, &pki, NOW_S);
    list = authority_crl(&authority, &(struct authority_list){.this_s = NOW_S});
    answer =
        authority_ocsp(&authority, pki.leaf, false, NOW_S, pki.issuing, pki.issuing_key);
    material = (struct verify_material){.crls = NULL};
}

static void end(void)
{
    verify_material_fini(&material);
    OPENSSL_free(writable(list));
    OPENSSL_free(writable(answer));
    authority_free(&authority);
    pki_free(&pki);
}

TestSuite(verify_material, .init = begin, .fini = end);

/* To be freed. */
static struct slice join(struct slice first, struct slice second)
{
    uint8_t *both = malloc(first.len + second.len);

    cr_assert_not_null(both);
    memcpy(both, first.data, first.len);
    memcpy(both + first.len, second.data, second.len);
    return slice_of(both, first.len + second.len);
}

static struct slice in_pem(struct slice der)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;

    cr_assert_gt(PEM_write_bio(bio, "X509 CRL", "", der.data, (long)der.len), 0);
    long len = BIO_get_mem_data(bio, &text);
    struct slice copy = join(slice_of(text, (size_t)len), slice_of("", 0));
    BIO_free(bio);
    return copy;
}

static void expect_file(struct slice bytes, bool ocsp, enum sg_status status)
{
    verify_material_fini(&material);
    cr_expect_eq(verify_material_file(&material, bytes, ocsp), status);
}

Test(verify_material, a_file_may_hold_one_list_or_answer_in_der)
{
    expect_file(list, false, SG_OK);
    cr_expect_eq(sk_X509_CRL_num(material.crls), 1);
    expect_file(answer, true, SG_OK);
    cr_expect_eq(sk_OCSP_BASICRESP_num(material.answers), 1);
    expect_file(slice_of(NULL, 0), false, SG_INVALID);
    expect_file(slice_of(NULL, 0), true, SG_INVALID);
}

Test(verify_material, a_file_with_two_of_them_in_der_is_refused)
{
    struct slice lists = join(list, list);
    struct slice answers = join(answer, answer);

    expect_file(lists, false, SG_INVALID);
    expect_file(answers, true, SG_INVALID);
    expect_file(slice_of(list.data, list.len - 1), false, SG_INVALID);
    free(writable(lists));
    free(writable(answers));
}

Test(verify_material, a_file_may_hold_many_lists_in_pem)
{
    struct slice one = in_pem(list);
    struct slice two = join(one, one);

    expect_file(two, false, SG_OK);
    cr_expect_eq(sk_X509_CRL_num(material.crls), 2);
    free(writable(one));
    free(writable(two));
}

/* Whatever byte of the second is damaged so that it is no list any more. */
Test(verify_material, a_file_of_which_a_list_in_pem_is_damaged_is_refused)
{
    struct slice one = in_pem(list);
    struct slice two = join(one, one);
    uint8_t *bytes = writable(two);

    for (size_t at = one.len; at < two.len - 1; at++) {
        uint8_t was = bytes[at];
        bytes[at] = '!';
        expect_file(two, false, SG_INVALID);
        bytes[at] = was;
    }
    for (size_t cut = one.len + 1; cut < two.len - 1; cut++) {
        bool seen = cut >= one.len + sizeof("-----BEGIN") - 1;
        expect_file(slice_of(two.data, cut), false, seen ? SG_INVALID : SG_OK);
    }
    free(writable(one));
    free(writable(two));
}

Test(verify_material, one_too_many_is_not_left_out_of_a_file)
{
    for (int i = 0; i < VERIFY_MATERIAL_MAX; i++) {
        cr_assert_eq(verify_material_file(&material, list, false), SG_OK);
        cr_assert_eq(verify_material_file(&material, answer, true), SG_OK);
    }
    cr_expect_eq(verify_material_file(&material, list, false), SG_TOO_LARGE);
    cr_expect_eq(verify_material_file(&material, answer, true), SG_TOO_LARGE);
}

/* Some writers leave bytes behind them; and a letter is not refused for what it holds. */
Test(verify_material, what_stands_behind_a_statement_in_a_letter_is_no_matter)
{
    struct slice longer = join(list, slice_str("\n"));
    struct slice more = join(answer, slice_str("\n"));

    verify_material_crl(&material, longer);
    verify_material_ocsp(&material, more);
    cr_expect_eq(sk_X509_CRL_num(material.crls), 1);
    cr_expect_eq(sk_OCSP_BASICRESP_num(material.answers), 1);
    free(writable(longer));
    free(writable(more));
}
