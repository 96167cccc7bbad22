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

/* To be freed. A hybrid has the page's content in a stream beside the table. */
static struct slice with(struct slice pdf, const struct added *how)
{
    char text[2048] = "\n";
    char beside[64] = "";
    size_t last =
        strtoul((const char *)pdf.data + find_last(pdf, "startxref") + 9, NULL, 10);

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
    add(&(struct added){NOTHING, LAWFUL " /Encrypt null /Info 3 0 R", false});
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
static void add_stream(const char *trailer)
{
    char text[1024];
    size_t last = strtoul((const char *)revisions.first.data +
                              find_last(revisions.first, "startxref") + 9,
                          NULL, 10);

    (void)snprintf(text, sizeof(text),
                   "\n22 0 obj\n<< /Type /XRef /W [1 4 2] /Index [22 1] %s "
                   "/Prev %zu /Filter /ASCIIHexDecode /Length 14 >>\nstream\n"
                   "01%08zx0000\nendstream\nendobj\nstartxref\n%zu\n%%%%EOF\n",
                   trailer, last, revisions.first.len + 1, revisions.first.len + 1);
    free(writable(revisions.second));
    revisions.second = pdf_longer(revisions.first, text);
    revisions_compare();
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
