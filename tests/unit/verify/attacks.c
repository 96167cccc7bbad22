/* The published attacks on a letter that is truly signed: universal forgery, incremental
 * saving, signature wrapping. Whatever the attacker does, the first signature is not
 * called valid. */
#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include "client/verify/verify.h"
#include "tests/unit/cms/support/writable.h"
#include "tests/unit/verify/support/pdf.h"
#include "tests/unit/verify/support/update.h"

static struct pki pki;
static X509_STORE *anchors;
static struct slice letter;
static struct slice forged;
static struct verify_report reports[4];
static size_t count;

static void begin(void)
{
    pki_make(&pki, PKI_P256);
    anchors = pki_store(&pki);
    letter = pdf_signed(pdf_page(), maker_lawful(&pki, slice_of(NULL, 0)));
}

static void end(void)
{
    free(writable(letter));
    free(writable(forged));
    X509_STORE_free(anchors);
    pki_free(&pki);
}

TestSuite(verify_attacks, .init = begin, .fini = end);

static enum sg_status verify(struct slice pdf)
{
    const struct verify_input terms = {.anchors = anchors, .at_us = 1767225600000000};
    struct sg_error why = {.text = ""};

    reports[0] = (struct verify_report){.valid = false};
    return verify_pdf(pdf, &terms, reports, SG_COUNT(reports), &count, &why);
}

static const struct verify_check *check(const char *name)
{
    for (size_t i = 0; i < reports[0].count; i++) {
        if (strcmp(reports[0].checks[i].name, name) == 0) {
            return &reports[0].checks[i];
        }
    }
    cr_assert_fail("no check '%s'", name);
    return NULL;
}

static size_t find(struct slice pdf, const char *text, size_t from)
{
    while (from + strlen(text) <= pdf.len &&
           memcmp(pdf.data + from, text, strlen(text)) != 0) {
        from++;
    }
    cr_assert_leq(from + strlen(text), pdf.len, "no '%s'", text);
    return from;
}

/* The last place of an object. */
static size_t object_at(struct slice pdf, int number)
{
    char text[32];
    size_t at = 0;

    (void)snprintf(text, sizeof(text), "\n%d 0 obj\n", number);
    for (size_t i = 0; i + strlen(text) <= pdf.len; i++) {
        at = memcmp(pdf.data + i, text, strlen(text)) == 0 ? i + 1 : at;
    }
    return at;
}

Test(verify_attacks, the_letter_itself_is_valid)
{
    cr_assert_eq(verify(letter), SG_OK);
    cr_expect(reports[0].valid);
}

/* --- Universal signature forgery: what verifies is taken away --------------------------
 */

Test(verify_attacks, a_signature_without_ranges_or_contents_is_none)
{
    static const struct {
        const char *from;
        const char *to;
    } forgeries[] = {
        {"/ByteRange [", "/ByteRangX ["},   {"/ByteRange [0 ", "/ByteRange [-1"},
        {"/ByteRange [0", "/ByteRange [9"}, {"/Contents <", "/ContentsX<"},
        {"/Contents <30", "/Contents <00"}, {"/SubFilter /ETSI", "/SubFilter /XXXX"},
        {"/Contents <3", "/Contents >3"},
    };

    for (size_t i = 0; i < SG_COUNT(forgeries); i++) {
        uint8_t *at = writable(letter) + find(letter, forgeries[i].from, 0);
        size_t len = strlen(forgeries[i].from);
        memcpy(at, forgeries[i].to, len);
        bool valid = verify(letter) == SG_OK && count > 0 && reports[0].valid;
        cr_expect_not(valid, "%s", forgeries[i].to);
        memcpy(at, forgeries[i].from, len);
    }
    cr_assert_eq(verify(letter), SG_OK);
    cr_expect(reports[0].valid);
}

Test(verify_attacks, a_signature_of_zeros_is_none)
{
    size_t open = find(letter, "/Contents <", 0) + strlen("/Contents <");
    size_t close = find(letter, ">", open);

    memset(writable(letter) + open, '0', close - open);
    cr_assert_eq(verify(letter), SG_OK);
    cr_expect_not(reports[0].valid);
}

/* Bytes between the signature and the end of its hole are signed by nobody. */
Test(verify_attacks, the_hole_holds_the_signature_and_zeros)
{
    size_t open = find(letter, "/Contents <", 0);
    size_t close = find(letter, ">", open);

    *(writable(letter) + close - 2) = '4';
    cr_assert_eq(verify(letter), SG_OK);
    cr_expect_eq(check("digest")->mark, VERIFY_PASS);
    cr_expect_eq(check("coverage")->mark, VERIFY_FAIL);
}

/* --- Incremental saving ----------------------------------------------------------------
 */

Test(verify_attacks, a_page_that_is_saved_anew_is_named)
{
    char page[2048];

    (void)snprintf(page, sizeof(page), "%s", update_text(letter, 3));
    update_replace(page, "842", "999");
    forged = update_pdf(letter, &(struct update){3, page}, 1, 1);
    cr_assert_eq(verify(forged), SG_OK);
    cr_expect_eq(check("digest")->mark, VERIFY_PASS);
    cr_expect_eq(check("coverage")->mark, VERIFY_FAIL);
    cr_expect_neq(strstr(check("coverage")->text, "page 1 was changed"), NULL, "%s",
                  check("coverage")->text);
    cr_expect_eq(reports[0].changes.at[0].kind, PDF_CHANGE_PAGE);
    cr_expect_not(reports[0].valid);
}

/* The page is changed, and somebody who is trusted signs it: his signature is his own. */
Test(verify_attacks, a_later_signature_does_not_excuse_a_changed_page)
{
    char page[2048];

    (void)snprintf(page, sizeof(page), "%s", update_text(letter, 3));
    update_replace(page, "842", "999");
    struct slice changed = update_pdf(letter, &(struct update){3, page}, 1, 1);
    forged = pdf_signed(changed, maker_lawful(&pki, slice_of(NULL, 0)));
    free(writable(changed));
    cr_assert_eq(verify(forged), SG_OK);
    cr_assert_eq(count, 2);
    cr_expect_not(reports[0].valid);
    cr_expect(reports[1].valid);
}

/* The signature's dictionary once more, with another reason: all of it verifies. */
Test(verify_attacks, a_copy_of_the_signature_is_told_from_it)
{
    static char value[65536];

    (void)snprintf(value, sizeof(value), "%s", update_text(letter, 4));
    update_replace(value, "/Filter", "/Reason (lain) /Filter");
    forged = update_pdf(letter, &(struct update){4, value}, 1, 1);
    if (verify(forged) == SG_OK) {
        cr_expect_not(reports[0].valid);
        cr_expect_eq(check("coverage")->mark, VERIFY_FAIL);
    }
}

/* --- Entries that are read in two ways -------------------------------------------------
 */

#define NOTHING "0 1\n0000000000 65535 f \n"

/* The page of the letter once more, otherwise, and how the table names it. */
struct renamed {
    const char *what;
    int generation;
    bool old_first;
    const char *freed;
    const char *between; /* entries of a revision before */
};

static size_t last_table(struct slice pdf)
{
    size_t table = 0;

    for (size_t at = 0; at + 10 < pdf.len; at++) {
        if (memcmp(pdf.data + at, "startxref\n", 10) == 0) {
            table = strtoul((const char *)pdf.data + at + 10, NULL, 10);
        }
    }
    return table;
}

/* The PDF with an object, which may be none, and a table; to be freed. */
static struct slice with_table(struct slice pdf, const char *object, const char *entries)
{
    char text[8192];

    (void)snprintf(text, sizeof(text),
                   "\n%sxref\n%strailer\n<< /Size 200 /Root 1 0 R /Prev %zu >>\n"
                   "startxref\n%zu\n%%%%EOF\n",
                   object, entries, last_table(pdf), pdf.len + 1 + strlen(object));
    return pdf_longer(pdf, text);
}

static struct slice renamed(const struct renamed *how)
{
    struct slice base = with_table(letter, "", how->between);
    char page[2048];
    char object[4096];
    char entries[256];
    int len = 0;

    (void)snprintf(page, sizeof(page), "%s", update_text(letter, 3));
    update_replace(page, "842", "999");
    (void)snprintf(object, sizeof(object), "3 %d obj\n%s\nendobj\n", how->generation,
                   page);
    if (how->old_first) {
        len = snprintf(entries, sizeof(entries), "3 1\n%010zu 00000 n \n",
                       object_at(letter, 3));
    }
    (void)snprintf(entries + len, sizeof(entries) - (size_t)len,
                   "3 1\n%010zu %05d n \n%s", base.len + 1, how->generation, how->freed);
    struct slice whole = with_table(base, object, entries);
    free(writable(base));
    return whole;
}

/* qpdf finds the page unchanged; viewers that go by the number alone, or that take the
 * last entry of a table, show the other one. */
Test(verify_attacks, a_page_that_two_entries_name_is_not_vouched_for)
{
    static const struct renamed ways[] = {
        {"another generation", 1, false, "", NOTHING},
        {"first at its old place", 0, true, "", NOTHING},
        {"and freed", 0, true, "3 1\n0000000000 00001 f \n", NOTHING},
        {"freed before", 1, false, "", "3 1\n0000000000 00001 f \n"},
    };

    for (size_t i = 0; i < SG_COUNT(ways); i++) {
        free(writable(forged));
        forged = renamed(&ways[i]);
        cr_assert_eq(verify(forged), SG_OK);
        cr_expect_eq(check("digest")->mark, VERIFY_PASS);
        cr_expect_eq(check("coverage")->mark, VERIFY_FAIL, "%s", ways[i].what);
        cr_expect_eq(reports[0].changes.at[0].kind, PDF_CHANGE_NO_REVISION);
        cr_expect_not(reports[0].valid, "%s", ways[i].what);
    }
}

/* --- Signature wrapping ----------------------------------------------------------------
 */

/* The signed end of the file is moved back; what comes between is the attacker's: ranges
 * that follow the move, a table at the place that the signed end points to, and a page of
 * his own. Digest and signature are true. */
static struct slice wrap(size_t more)
{
    size_t open = find(letter, "/Contents <", 0) + strlen("/Contents ");
    size_t close = find(letter, ">", open) + 1;
    size_t table = strtoul(
        (const char *)letter.data + find(letter, "startxref", close) + 10, NULL, 10);
    char *out = malloc(letter.len + more + 1);

    cr_assert(out != NULL && table > close && more > table - close + 600);
    memcpy(out, letter.data, close);
    memset(out + close, ' ', more);
    memcpy(out + close + more, letter.data + close, letter.len - close);
    char text[600];
    int len = snprintf(text, sizeof(text), " /ByteRange [0 %zu %zu %zu] /X (", open,
                       close + more, letter.len - close);
    memcpy(out + close, text, (size_t)len);
    len = snprintf(
        text, sizeof(text),
        "xref\n1 1\n%010zu 00000 n \n3 5\n%010zu 00000 n \n%010zu 00000 n "
        "\n%010zu 00000 n \n%010zu 00000 n \n%010zu 00000 n \ntrailer\n"
        "<< /Size 8 /Root 1 0 R "
        "/Prev %lu >>\nstartxref\n",
        object_at(letter, 1) + more, object_at(letter, 3) + more, object_at(letter, 4),
        object_at(letter, 5) + more, object_at(letter, 6) + more,
        object_at(letter, 7) + more,
        strtoul((const char *)letter.data + find(letter, "startxref", 0) + 10, NULL, 10));
    memcpy(out + table, text, (size_t)len);
    out[close + more - 1] = ')';
    return slice_of(out, letter.len + more);
}

Test(verify_attacks, a_wrapped_signature_leaves_a_gap_and_fails)
{
    forged = wrap(2000);
    cr_assert_eq(verify(forged), SG_OK);
    cr_assert_eq(count, 1);
    /* The attack works as far as cryptography goes. */
    cr_expect_eq(check("digest")->mark, VERIFY_PASS, "%s", check("digest")->text);
    cr_expect_eq(check("signature")->mark, VERIFY_PASS);
    cr_expect_eq(check("coverage")->mark, VERIFY_FAIL, "%s", check("coverage")->text);
    cr_expect_not(reports[0].valid);
}
