#define _GNU_SOURCE /* NOLINT: the name is the C library's */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/pdf/support/letter.h"
#include "tests/unit/pdf/support/signer.h"

/* What the signatures of a file say of themselves, and when not to believe it. */

static struct slice signed_letter(int times)
{
    struct signer signer;
    enum pdf_refusal refusal;
    struct letter letter = letter_with_field();
    struct slice pdf = letter_build(&letter);
    struct pdf_wish wish = signer_wish();

    signer_init(&signer);
    wish.reason = "Alasan \xE2\x80\x93 satu";
    wish.location = "Kota";
    for (int i = 0; i < times; i++) {
        struct slice next;
        wish.field = i == 1 ? "letter.head" : NULL;
        cr_assert_eq(signer_sign(&signer, pdf, &wish, &next, &refusal, NULL), SG_OK);
        letter_free(pdf);
        pdf = next;
    }
    signer_fini(&signer);
    return pdf;
}

static struct pdf_document *open_letter(struct slice pdf)
{
    struct pdf_document *document = NULL;
    struct sg_error why = {0};

    cr_assert_eq(pdf_open(pdf, &document, &why), SG_OK, "%s", why.text);
    return document;
}

Test(document, letter_without_signatures_has_none)
{
    struct letter letter = letter_with_field();
    struct slice pdf = letter_build(&letter);
    struct pdf_document *document = open_letter(pdf);

    cr_expect_eq(pdf_signature_count(document), 0);
    cr_expect_null(pdf_signature(document, 0));
    pdf_close(document);
    letter_free(pdf);
}

Test(document, signature_is_told_as_it_was_wished)
{
    struct slice pdf = signed_letter(1);
    struct pdf_document *document = open_letter(pdf);

    cr_assert_eq(pdf_signature_count(document), 1);
    const struct pdf_signature *signature = pdf_signature(document, 0);
    cr_assert_not_null(signature);
    cr_expect_str_eq(signature->field, "Signature1");
    cr_expect_str_eq(signature->subfilter, "ETSI.CAdES.detached");
    cr_expect_str_eq(signature->reason, "Alasan \xE2\x80\x93 satu");
    cr_expect_str_eq(signature->location, "Kota");
    cr_expect_str_eq(signature->time, "D:20260502010203+00'00'");
    cr_expect_eq(signature->range[0], 0);
    cr_expect_eq(signature->range[2] - signature->range[1], 2 * 4096 + 2);
    cr_expect_eq(signature->covered, pdf.len);
    cr_expect(signature->ranges_sound);
    cr_expect(signature->covers_file);
    /* A CMS begins with a SEQUENCE whose two length bytes count the rest. */
    cr_expect_eq(signature->cms.data[0], 0x30);
    cr_expect_eq(signature->cms.len,
                 4U + (size_t)(signature->cms.data[2] << 8 | signature->cms.data[3]));
    pdf_close(document);
    letter_free(pdf);
}

Test(document, signatures_come_in_the_order_of_their_revisions)
{
    struct slice pdf = signed_letter(3);
    struct pdf_document *document = open_letter(pdf);
    const char *const names[] = {"Signature1", "letter.head", "Signature2"};

    cr_assert_eq(pdf_signature_count(document), 3);
    for (size_t i = 0; i < 3; i++) {
        const struct pdf_signature *signature = pdf_signature(document, i);
        cr_assert_not_null(signature);
        cr_expect_str_eq(signature->field, names[i]);
        cr_expect(signature->ranges_sound);
        cr_expect_eq(signature->covers_file, i == 2);
        cr_expect_eq(signature->cms.data[0], 0x30);
    }
    pdf_close(document);
    letter_free(pdf);
}

Test(document, what_is_added_behind_a_signature_is_not_covered)
{
    struct slice pdf = signed_letter(1);
    uint8_t *both = malloc(pdf.len + 8);

    cr_assert_not_null(both);
    memcpy(both, pdf.data, pdf.len);
    memcpy(both + pdf.len, "% more\n", 8);
    struct pdf_document *document = open_letter(slice_of(both, pdf.len + 7));
    const struct pdf_signature *signature = pdf_signature(document, 0);
    cr_assert_not_null(signature);
    cr_expect(signature->ranges_sound);
    cr_expect_not(signature->covers_file);
    cr_expect_eq(signature->covered, pdf.len);
    pdf_close(document);
    free(both);
    letter_free(pdf);
}

/* Writes over the n-th number of /ByteRange, keeping its width. */
static void set_range(struct slice pdf, int n, const char *digits)
{
    uint8_t *at = memmem(pdf.data, pdf.len, "/ByteRange [", 12);

    cr_assert_not_null(at);
    at += 12;
    for (int i = 0; i < n; i++) {
        at = (uint8_t *)memchr(at, ' ', 40) + 1;
    }
    for (; *digits != '\0'; digits++) {
        *at++ = (uint8_t)*digits;
    }
}

static bool is_sound(struct slice pdf)
{
    struct pdf_document *document = open_letter(pdf);
    bool sound = pdf_signature(document, 0)->ranges_sound;

    pdf_close(document);
    return sound;
}

Test(document, gap_wider_than_contents_is_not_sound)
{
    struct slice pdf = signed_letter(1);
    struct pdf_document *document = open_letter(pdf);
    char digits[24];

    (void)snprintf(digits, sizeof(digits), "%llu",
                   (unsigned long long)pdf_signature(document, 0)->range[1] - 1);
    pdf_close(document);
    set_range(pdf, 1, digits);
    cr_expect_not(is_sound(pdf));
    letter_free(pdf);
}

Test(document, range_that_does_not_start_at_0_is_not_sound)
{
    struct slice pdf = signed_letter(1);

    set_range(pdf, 0, "1");
    cr_expect_not(is_sound(pdf));
    letter_free(pdf);
}

Test(document, range_beyond_the_file_is_not_sound)
{
    struct slice pdf = signed_letter(1);

    set_range(pdf, 3, "999");
    cr_expect_not(is_sound(pdf));
    letter_free(pdf);
}

static uint8_t *contents_of(struct slice pdf)
{
    uint8_t *at = memmem(pdf.data, pdf.len, "/Contents <", 11);

    cr_assert_not_null(at);
    return at + 11;
}

Test(document, bytes_hidden_behind_the_cms_are_not_sound)
{
    struct slice pdf = signed_letter(1);

    contents_of(pdf)[2 * 4096 - 1] = '1';
    cr_expect_not(is_sound(pdf));
    letter_free(pdf);
}

Test(document, contents_that_are_no_der_are_not_sound)
{
    struct slice pdf = signed_letter(1);

    memset(contents_of(pdf) + 4, 'f', 8);
    cr_expect_not(is_sound(pdf));
    letter_free(pdf);
}

/* The gap must be the value of /Contents itself, not a copy of it elsewhere. */
Test(document, gap_at_another_key_is_not_sound)
{
    struct slice pdf = signed_letter(1);
    uint8_t *key = memmem(pdf.data, pdf.len, "/Contents <", 11);

    cr_assert_not_null(key);
    key[1] = 'K';
    cr_expect_not(is_sound(pdf));
    letter_free(pdf);
}

Test(document, file_that_is_no_pdf_is_not_opened)
{
    struct pdf_document *document = NULL;
    struct sg_error why = {0};

    cr_expect_eq(pdf_open(slice_str("GIF89a"), &document, &why), SG_INVALID);
    cr_expect_null(document);
    cr_expect_str_not_empty(why.text);
    cr_expect_eq(pdf_open(slice_of(NULL, 0), &document, &why), SG_INVALID);
}
