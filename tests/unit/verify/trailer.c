/* Later revisions that change no object, and make viewers look for the objects by
 * themselves: then they may find others. */
#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include "tests/unit/cms/support/writable.h"
#include "tests/unit/verify/support/pdf.h"
#include "tests/unit/verify/support/revisions.h"

TestSuite(verify_trailer, .init = revisions_begin, .fini = revisions_end);

#define NOTHING "0 0\n"
#define LAWFUL  "/Size 200 /Root 1 0 R"

struct added {
    const char *entries;
    const char *trailer;
    bool hybrid;
};

static size_t find_last(struct slice pdf, const char *text)
{
    size_t at = pdf.len - strlen(text);

    while (memcmp(pdf.data + at, text, strlen(text)) != 0) {
        at--;
    }
    return at;
}

static size_t last_table(struct slice pdf)
{
    return strtoul((const char *)pdf.data + find_last(pdf, "startxref") + 9, NULL, 10);
}

/* To be freed. A hybrid has the page's content in a stream beside the table. */
static struct slice with(struct slice pdf, const struct added *how)
{
    char text[2048] = "\n";
    char beside[64] = "";
    size_t last = last_table(pdf);

    if (how->hybrid) {
        (void)snprintf(text, sizeof(text),
                       "\n22 0 obj\n<< /Type /XRef /Size 99 /W [1 4 2] /Index [%d 1] "
                       "/Root 1 0 R /Filter /ASCIIHexDecode /Length 14 >>\nstream\n"
                       "01%08zx0000\nendstream\nendobj\n",
                       CONTENT, find_last(pdf, "\n4 0 obj") + 1);
        (void)snprintf(beside, sizeof(beside), "/XRefStm %zu", pdf.len + 1);
    }
    size_t len = strlen(text);
    (void)snprintf(text + len, sizeof(text) - len,
                   "xref\n%strailer\n<< %s /Prev %zu %s >>\nstartxref\n%zu\n%%%%EOF\n",
                   how->entries, how->trailer, last, beside, pdf.len + len);
    return pdf_longer(pdf, text);
}

static void add(const struct added *how)
{
    free(writable(revisions.second));
    revisions.second = with(revisions.first, how);
    revisions_compare();
}

Test(verify_trailer, a_revision_that_says_nothing_anew_may_come)
{
    add(&(struct added){NOTHING, LAWFUL, false});
    cr_expect_eq(revisions.changes.count, 0);
    add(&(struct added){NOTHING, LAWFUL " /ID [<00> (a)]", false});
    cr_expect_eq(revisions.changes.count, 0);
}

Test(verify_trailer, a_revision_that_leads_nowhere_is_none)
{
    static const struct added ways[] = {
        {"30 1\n0000000020 00000 n \n", LAWFUL, false},
        {"30 1\n0009999999 00000 n \n", LAWFUL, false},
        {"0 1\n0000000020 00000 n \n", LAWFUL, false},
        {"99999999 1\n0000000000 65535 f \n", LAWFUL, false},
        {NOTHING, LAWFUL " /Info 99 0 R", false},
        {NOTHING, LAWFUL " /Encrypt 99 0 R", false},
        {NOTHING, LAWFUL " /ID [99 0 R]", false},
        {NOTHING, LAWFUL " /Info\v3 0 R", false},
        {NOTHING,
         "/Size 200 /Root << /Type /Catalog /Pages 2 0 R /AcroForm 7 0 R /Metadata 14 0 "
         "R >>",
         false},
    };

    for (size_t i = 0; i < SG_COUNT(ways); i++) {
        add(&ways[i]);
        revisions_expect(PDF_CHANGE_NO_REVISION, "no revision");
    }
}

/* Some viewers take it for free, and look for it elsewhere. */
Test(verify_trailer, a_revision_with_a_stream_beside_its_table_is_none)
{
    add(&(struct added){"4 1\n0000000000 65535 f \n", LAWFUL, true});
    revisions_expect(PDF_CHANGE_NO_REVISION, "no revision");
}

/* To some viewers the text ends there, and they look elsewhere. */
Test(verify_trailer, a_zero_byte_behind_startxref_is_no_blank)
{
    add(&(struct added){NOTHING, LAWFUL, false});
    writable(revisions.second)[find_last(revisions.second, "startxref") + 9] = 0;
    revisions_compare();
    revisions_expect(PDF_CHANGE_UNREADABLE, "cannot be read");
}

/* Whoever signed saw the letter so. */
Test(verify_trailer, what_led_nowhere_before_may_stay)
{
    const struct added way = {NOTHING, LAWFUL " /Info 99 0 R", false};
    struct slice base = with(revisions.first, &way);

    free(writable(revisions.first));
    revisions.first = base;
    add(&way);
    cr_expect_eq(revisions.changes.count, 0);
}

/* A revision whose cross-references are a stream, an object of its own. */
static void add_stream_of(const char *trailer, const int widths[3])
{
    char text[1024];
    size_t last = last_table(revisions.first);

    (void)snprintf(text, sizeof(text),
                   "\n22 0 obj\n<< /Type /XRef /W [%d %d %d] /Index [22 1] %s "
                   "/Prev %zu /Filter /ASCIIHexDecode /Length %d >>\nstream\n"
                   "%0*d%0*zx%0*d\nendstream\nendobj\nstartxref\n%zu\n%%%%EOF\n",
                   widths[0], widths[1], widths[2], trailer, last,
                   2 * (widths[0] + widths[1] + widths[2]), 2 * widths[0], 1,
                   2 * widths[1], revisions.first.len + 1, 2 * widths[2], 0,
                   revisions.first.len + 1);
    free(writable(revisions.second));
    revisions.second = pdf_longer(revisions.first, text);
    revisions_compare();
}

static void add_stream(const char *trailer)
{
    add_stream_of(trailer, (const int[]){1, 4, 2});
}

Test(verify_trailer, a_stream_may_carry_along_what_led_nowhere_before)
{
    static const char *const trailers[] = {LAWFUL " /Info 99 0 R",
                                           LAWFUL " /Rotate 99 0 R"};

    add_stream(LAWFUL);
    cr_expect_eq(revisions.changes.count, 0);
    add_stream(trailers[0]);
    revisions_expect(PDF_CHANGE_NO_REVISION, "no revision");
    for (size_t i = 0; i < SG_COUNT(trailers); i++) {
        const struct added way = {NOTHING, trailers[i], false};
        struct slice plain = revisions.first;
        revisions.first = with(plain, &way);
        add_stream(trailers[i]);
        cr_expect_eq(revisions.changes.count, i, "%s", trailers[i]);
        cr_expect_eq(revisions.changes.forbidden, i == 1);
        free(writable(revisions.first));
        revisions.first = plain;
    }
}

#define FREE "0000000000 00001 f"

/* Some viewers count columns, others take one blank and no other. */
Test(verify_trailer, a_table_that_is_added_is_as_iso_32000_has_it_to_the_byte)
{
    static const struct added lawful[] = {
        {"30 1\n" FREE " \n", LAWFUL, false},
        {"30 1\n" FREE " \r", LAWFUL, false},
        {"30 1\r\n" FREE "\r\n", LAWFUL, false},
        {"30 1 \r" FREE " \r", LAWFUL, false},
        {"30 2\n" FREE " \n" FREE " \n40 1\n" FREE " \n\n", LAWFUL, false},
    };
    static const struct added ways[] = {
        {"30 1\n" FREE "\n", LAWFUL, false},
        {"30 2\n" FREE "\n" FREE "  \n", LAWFUL, false},
        {"30 1\n " FREE " \n", LAWFUL, false},
        {"30 1\n" FREE "\r", LAWFUL, false},
        {"30 1\n0000000000  00001 f\n", LAWFUL, false},
        {"30 1\n000000000 000001 f \n", LAWFUL, false},
        {"30 1\n0000000000\t00001 f \n", LAWFUL, false},
        {"30 1 " FREE " \n", LAWFUL, false},
        {"30 1%\n" FREE " \n", LAWFUL, false},
        {"30 1\n" FREE " \n\n40 1\n" FREE " \n", LAWFUL, false},
        {"\n30 1\n" FREE " \n", LAWFUL, false},
        {"0\t0\n", LAWFUL, false},
        {"0  0\n", LAWFUL, false},
        {"0 0  \n", LAWFUL, false},
        {"9999999 0\n", LAWFUL, false},
    };

    for (size_t i = 0; i < SG_COUNT(lawful); i++) {
        add(&lawful[i]);
        cr_expect_eq(revisions.changes.count, 0, "%s", lawful[i].entries);
    }
    for (size_t i = 0; i < SG_COUNT(ways); i++) {
        add(&ways[i]);
        cr_expect(revisions.changes.forbidden, "%s", ways[i].entries);
    }
}

/* What lies beyond it is not there, to some. */
Test(verify_trailer, the_size_of_what_is_added_covers_all_numbers_and_few_more)
{
    static const struct added ways[] = {
        {NOTHING, "/Size 14 /Root 1 0 R", false},
        {NOTHING, "/Size 0 /Root 1 0 R", false},
        {NOTHING, "/Size 3 0 R /Root 1 0 R", false},
        {NOTHING, "/Size 2147483647 /Root 1 0 R", false},
        {NOTHING, "/Size 70000 /Root 1 0 R", false},
        {"30 1\n" FREE " \n", "/Size 30 /Root 1 0 R", false},
    };

    add(&(struct added){"30 1\n" FREE " \n", "/Size 31 /Root 1 0 R", false});
    cr_expect_eq(revisions.changes.count, 0);
    for (size_t i = 0; i < SG_COUNT(ways); i++) {
        add(&ways[i]);
        cr_expect(revisions.changes.forbidden, "%s", ways[i].trailer);
    }
}

Test(verify_trailer, a_stream_that_is_added_is_as_every_viewer_takes_it)
{
    static const char *const trailers[] = {
        LAWFUL " /XRefStm 15", LAWFUL " /DecodeParms null", LAWFUL " /DecodeParms [null]",
        LAWFUL " /F []", LAWFUL " /DP << >>"};
    static const int widths[][3] = {{2, 4, 2}, {1, 4, 3}};

    for (size_t i = 0; i < SG_COUNT(trailers); i++) {
        add_stream(trailers[i]);
        revisions_expect(PDF_CHANGE_NO_REVISION, "no revision");
    }
    add_stream_of(LAWFUL, (const int[]){1, 8, 2});
    cr_expect_eq(revisions.changes.count, 0);
    for (size_t i = 0; i < SG_COUNT(widths); i++) {
        add_stream_of(LAWFUL, widths[i]);
        revisions_expect(PDF_CHANGE_NO_REVISION, "no revision");
    }
}

/* Some do not find it again. */
Test(verify_trailer, what_one_revision_frees_no_later_one_uses)
{
    const struct update same = {CONTENT, CONTENT_TEXT};
    struct slice freed = update_free(revisions.first, CONTENT);

    free(writable(revisions.second));
    revisions.second = update_pdf(freed, &same, 1, CATALOG);
    revisions_compare();
    revisions_expect(PDF_CHANGE_NO_REVISION, "no revision");
    free(writable(freed));
}

/* Some do not find it. */
Test(verify_trailer, a_number_that_was_free_for_good_stays_so)
{
    const struct update objects[] = {
        {PAGE_1, revisions_altered(PAGE_1, "4 0 R", "30 0 R")}, {30, CONTENT_TEXT}};
    struct slice plain = revisions.first;
    const struct added way = {"30 1\n0000000000 65535 f \n", LAWFUL, false};

    revisions.first = with(plain, &way);
    revisions_update(&objects[1], 1);
    revisions_expect(PDF_CHANGE_NO_REVISION, "no revision");
    free(writable(revisions.first));
    revisions.first = plain;
}

/* Some viewers take what the trailers of all revisions say together. */
Test(verify_trailer, the_trailers_between_say_what_the_others_say)
{
    static const char *const trailers[] = {
        "/Size 200 /Root 5 0 R", "/Root 1 0 R", LAWFUL " /Info 99 0 R",
        LAWFUL " /Encrypt << /Filter /Standard /V 1 >>", "/Size 2147483647 /Root 1 0 R"};
    struct slice plain = revisions.first;
    const struct added last = {NOTHING, LAWFUL, false};

    for (size_t i = 0; i < SG_COUNT(trailers); i++) {
        const struct added way = {NOTHING, trailers[i], false};
        struct slice between = with(plain, &way);
        free(writable(revisions.second));
        revisions.second = with(between, &last);
        revisions_compare();
        cr_expect(revisions.changes.forbidden, "%s", trailers[i]);
        free(writable(between));
    }
}

Test(verify_trailer, what_was_added_is_of_one_kind)
{
    struct slice plain = revisions.first;
    const struct added last = {NOTHING, LAWFUL, false};

    add_stream(LAWFUL);
    cr_expect_eq(revisions.changes.count, 0);
    struct slice between = revisions.second;
    revisions.second = with(between, &last);
    revisions_compare();
    revisions_expect(PDF_CHANGE_NO_REVISION, "no revision");
    revisions.first = between;
    revisions_compare();
    cr_expect_eq(revisions.changes.count, 0);
    free(writable(between));
    revisions.first = plain;
}

/* Some begin to look for it from the end, and take what they find. */
Test(verify_trailer, nothing_stands_between_the_trailer_and_where_it_is_named)
{
    static const char *const junk[] = {
        "%made by a program\nstartxref",  "+startxref",   "x startxref", "%\nxstartxref",
        "startxref\n1\n%%EOF\nstartxref", "startxref 17 "};
    const struct added way = {NOTHING, LAWFUL, false};

    for (size_t i = 0; i < SG_COUNT(junk); i++) {
        struct slice plain = with(revisions.first, &way);
        size_t at = find_last(plain, "startxref");
        char *text = calloc(1, plain.len + strlen(junk[i]) + 1);
        cr_assert_not_null(text);
        memcpy(text, plain.data, at);
        memcpy(text + at, junk[i], strlen(junk[i]));
        memcpy(text + at + strlen(junk[i]), plain.data + at + 9, plain.len - at - 9);
        free(writable(revisions.second));
        revisions.second = slice_of(text, plain.len + strlen(junk[i]) - 9);
        revisions_compare();
        cr_expect_eq(!revisions.changes.forbidden, i == 0, "%s", junk[i]);
        free(writable(plain));
    }
}

/* It is as it was signed, whatever it is written like. */
Test(verify_trailer, what_was_said_of_the_letter_may_be_written_oddly)
{
    const struct update info = {40, "<< /Title (a\rb) /X\377 (c) >>"};
    const struct added way = {NOTHING, "/Size 500 /Root 1 0 R /Info 40 0 R", false};

    revisions_begin_with(&info, 1);
    struct slice plain = revisions.first;
    revisions.first = with(plain, &way);
    free(writable(plain));
    add(&way);
    cr_expect_eq(revisions.changes.count, 0);
}

Test(verify_trailer, nothing_stands_behind_the_end)
{
    const struct added way = {NOTHING, LAWFUL, false};
    struct slice plain = with(revisions.first, &way);

    free(writable(revisions.second));
    revisions.second = pdf_longer(plain, "%x\n%%EOF\n");
    revisions_compare();
    revisions_expect(PDF_CHANGE_NO_REVISION, "no revision");
    free(writable(plain));
}

/* What some viewers read otherwise, or take for damage. */
Test(verify_trailer, a_trailer_says_what_the_signed_one_says)
{
    static const struct added ways[] = {
        {NOTHING, LAWFUL " /Info 3 0 R", false},
        {NOTHING, LAWFUL " /Encrypt null", false},
        {NOTHING, LAWFUL " /Encrypt << /Filter /Standard /V 4 >>", false},
        {NOTHING, "/Size 200 /Root 5 0 R", false},
        {NOTHING, LAWFUL " /Root\2005 0 R", false},
        {NOTHING, LAWFUL " /Root\3775 0 R", false},
        {NOTHING, LAWFUL " /X (a\rb)", false},
        {NOTHING, LAWFUL " /X /a\x80", false},
        {"0 1\n0000000015 00000 n \n", LAWFUL, false},
    };

    for (size_t i = 0; i < SG_COUNT(ways); i++) {
        add(&ways[i]);
        cr_expect(revisions.changes.forbidden, "%s", ways[i].trailer);
    }
}

/* Some viewers take it for one that was to begin with 0, and so all numbers of it. */
Test(verify_trailer, a_subsection_does_not_begin_with_1_that_is_free)
{
    const struct update catalog = {40, revisions_lawful[CATALOG - 1]};
    const struct added way = {"1 1\n" FREE " \n", "/Size 500 /Root 40 0 R", false};
    struct slice plain = revisions.first;

    revisions.first = update_pdf(plain, &catalog, 1, 40);
    add(&way);
    revisions_expect(PDF_CHANGE_NO_REVISION, "no revision");
    free(writable(revisions.first));
    revisions.first = plain;
}
