/* A letter that says in its first object how long it will be one day: then viewers take
 * the cross-references behind that object. */
#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include "client/verify/verify.h"
#include "tests/unit/cms/support/writable.h"
#include "tests/unit/verify/support/pdf.h"

static struct pki pki;
static struct slice letter;
static struct sg_error why;

static void begin(void)
{
    pki_make(&pki, PKI_P256);
}

static void end(void)
{
    free(writable(letter));
    pki_free(&pki);
}

TestSuite(verify_linearized, .init = begin, .fini = end);

static void put_table(FILE *out, const size_t at[5])
{
    (void)fprintf(out, "xref\n0 5\n0000000000 65535 f \n");
    for (int i = 1; i < 5; i++) {
        (void)fprintf(out, "%010zu 00000 n \n", at[i]);
    }
    (void)fprintf(out, "trailer\n<< /Size 5 /Root 1 0 R >>\n");
}

/* The same for other places. */
static void put_over(size_t from, const size_t at[5])
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    cr_assert_not_null(out);
    put_table(out, at);
    MUST(fclose(out) == 0);
    memcpy(writable(letter) + from, text, len);
    free(text);
}

/* The first object, a table, the objects, and the table that the end names: the first one
 * if it is honest, which else has another page. */
static void build_headed(const char *head, const char *key, size_t length, bool honest)
{
    static const char *const objects[] = {
        "3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 999 999] >>\nendobj\n",
        "1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n",
        "2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n",
        "3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>\nendobj\n"};
    char *text = NULL;
    size_t len = 0;
    size_t at[5] = {0};
    FILE *out = open_memstream(&text, &len);

    cr_assert_not_null(out);
    at[4] = (size_t)fprintf(out, "%%PDF-1.7");
    (void)fprintf(out, "%s<< %s /L %06zu >>\nendobj\n", head, key, length);
    at[4] += strspn(head, "\n");
    size_t first = (size_t)ftell(out);
    put_table(out, at);
    for (size_t i = 0; i < SG_COUNT(objects); i++) {
        at[i] = (size_t)ftell(out);
        (void)fputs(objects[i], out);
    }
    size_t last = (size_t)ftell(out);
    put_table(out, at);
    (void)fprintf(out, "startxref\n%zu\n%%%%EOF\n", honest ? first : last);
    MUST(fclose(out) == 0);
    letter = slice_of(text, len);
    at[3] = honest ? at[3] : at[0];
    put_over(first, at);
}

static void build(const char *key, size_t length, bool honest)
{
    build_headed("\n4 0 obj\n", key, length, honest);
}

static void sign(void)
{
    struct slice plain = letter;

    letter = pdf_signed(plain, maker_lawful(&pki, slice_of(NULL, 0)));
    free(writable(plain));
}

static enum sg_status verify(void)
{
    const struct verify_input terms = {.at_us = 1767225600000000};
    struct verify_report reports[2];
    size_t count = 0;

    return verify_pdf(letter, &terms, reports, SG_COUNT(reports), &count, &why);
}

/* The letter grows by blanks up to this length. */
static void grow(size_t length)
{
    char *text = calloc(1, length);
    struct slice before = letter;

    cr_assert(text != NULL && before.len < length);
    memset(text, ' ', length);
    memcpy(text, before.data, before.len);
    letter = slice_of(text, length);
    free(writable(before));
}

static size_t signed_len(const char *key)
{
    build(key, 999999, false);
    sign();
    size_t len = letter.len;
    free(writable(letter));
    return len;
}

Test(verify_linearized, a_letter_that_grows_to_its_length_is_not_vouched_for)
{
    size_t length = signed_len("/Linearized 1") + 9;

    build("/Linearized 1", length, false);
    sign();
    cr_expect_eq(verify(), SG_OK, "%s", why.text);
    grow(length);
    cr_expect_eq(verify(), SG_INVALID);
    cr_expect_neq(strstr(why.text, "different cross-references"), NULL, "%s", why.text);
}

/* Nobody writes it so: then the length is not even asked for. */
Test(verify_linearized, a_letter_that_hides_how_it_is_read_is_not_looked_at)
{
    build("/#4cinearized 1", 5, false);
    cr_expect_eq(verify(), SG_INVALID);
    cr_expect_neq(strstr(why.text, "different cross-references"), NULL, "%s", why.text);
}

Test(verify_linearized, a_letter_whose_length_is_another_is_as_any)
{
    build("/Linearized 1", 999999, false);
    sign();
    cr_expect_eq(verify(), SG_OK, "%s", why.text);
    grow(letter.len + 9);
    cr_expect_eq(verify(), SG_OK, "%s", why.text);
}

Test(verify_linearized, a_linearized_letter_is_signed)
{
    build("/Linearized 1", 999999, true);
    size_t length = letter.len;
    free(writable(letter));
    build("/Linearized 1", length, true);
    sign();
    cr_expect_eq(verify(), SG_OK, "%s", why.text);
}

/* Viewers begin to read behind the version, and take more for numbers and blanks than a
 * writer writes. */
Test(verify_linearized, a_dictionary_counts_wherever_viewers_look_for_it)
{
    static const char *const heads[] = {
        " 4 0 obj ",      " %x\n\n4 0 obj\n<< >>\n4 0 obj ",
        "\n+4 0 obj\n",   "\n4.0 0 obj\n",
        "\n4 -0 obj\n",   "\n99999999999999 0 obj\n",
        "\n4\2000 obj\n", "\n4 0 obj\x80"};

    for (size_t i = 0; i < SG_COUNT(heads); i++) {
        build_headed(heads[i], "/Linearized 1", 999999, false);
        cr_expect_eq(verify(), SG_INVALID, "%s", heads[i]);
        cr_expect_neq(strstr(why.text, "different cross-references"), NULL, "%s",
                      why.text);
        free(writable(letter));
    }
    build_headed("\n4 0 obj\n", "/Linearized\2001 /Linearized 1", 999999, false);
    cr_expect_eq(verify(), SG_INVALID);
    cr_expect_neq(strstr(why.text, "different cross-references"), NULL, "%s", why.text);
}
