/* What a gateway may answer, and what it may not get away with. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/verify/support/lawful.h"

static void begin(void)
{
    lawful_begin(PKI_P256);
    lawful_make();
}

TestSuite(verify_answer, .init = begin, .fini = lawful_end);

static struct slice digest(void)
{
    return slice_of(lawful.digest, sizeof(lawful.digest));
}

/* Refused, with a sentence that holds the words. */
static void expect_refused(struct slice cms, const char *words)
{
    struct sg_error why = {0};

    cr_expect_eq(verify_answer(cms, digest(), &why), SG_CORRUPT);
    cr_expect_not_null(strstr(why.text, words), "%s", why.text);
}

Test(verify_answer, a_signature_of_the_digest_is_taken)
{
    struct sg_error why = {0};

    cr_expect_eq(verify_answer(lawful.made, digest(), &why), SG_OK, "%s", why.text);
}

Test(verify_answer, a_signature_of_another_document_is_refused)
{
    lawful.digest[0] ^= 1;
    expect_refused(lawful.made, "another document");
}

Test(verify_answer, what_is_no_cms_is_refused)
{
    expect_refused(slice_of("Selamat pagi", 12), "no CMS");
    expect_refused(slice_of(NULL, 0), "no CMS");
    expect_refused(slice_of(lawful.made.data, lawful.made.len - 1), "no CMS");
}

Test(verify_answer, bytes_behind_the_cms_are_refused)
{
    uint8_t *longer = calloc(1, lawful.made.len + 1);

    cr_assert_not_null(longer);
    memcpy(longer, lawful.made.data, lawful.made.len);
    expect_refused(slice_of(longer, lawful.made.len + 1), "no CMS");
    free(longer);
}

/* The signature value is the last thing in the CMS. */
Test(verify_answer, a_false_signature_is_refused)
{
    uint8_t *spoiled = malloc(lawful.made.len);

    cr_assert_not_null(spoiled);
    memcpy(spoiled, lawful.made.data, lawful.made.len);
    spoiled[lawful.made.len - 1] ^= 1;
    expect_refused(slice_of(spoiled, lawful.made.len), "false signature");
    free(spoiled);
}
