/* Later revisions with bytes that belong to nothing: no section names what lies there,
 * but a viewer that makes a table of its own would. */
#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include "tests/unit/cms/support/writable.h"
#include "tests/unit/verify/support/pdf.h"
#include "tests/unit/verify/support/revisions.h"

TestSuite(verify_appended, .init = revisions_begin, .fini = revisions_end);

enum { TEXT_MAX = 4096, UNUSED = 30, SECOND };

/* What is written, and the number by which the section names it; 0 = it does not. */
struct part {
    const char *text;
    int number;
};

static size_t last_table(struct slice pdf)
{
    size_t at = pdf.len - strlen("startxref");

    while (memcmp(pdf.data + at, "startxref", strlen("startxref")) != 0) {
        at--;
    }
    return strtoul((const char *)pdf.data + at + strlen("startxref"), NULL, 10);
}

/* To be freed. A text may have "31 0 obj" within: that is where 31 lies. */
static struct slice with(struct slice pdf, const struct part *parts, size_t count,
                         size_t prev)
{
    char text[TEXT_MAX] = "\n";
    char rows[TEXT_MAX] = "";
    char head[32];

    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(text);
        (void)snprintf(text + len, sizeof(text) - len, "%s", parts[i].text);
        (void)snprintf(head, sizeof(head), "%d 0 obj", parts[i].number);
        const char *at = strstr(text + len, head);
        if (at != NULL) {
            len = strlen(rows);
            (void)snprintf(rows + len, sizeof(rows) - len, "%d 1\n%010zu 00000 n \n",
                           parts[i].number, pdf.len + (size_t)(at - text));
        }
    }
    size_t len = strlen(text);
    (void)snprintf(text + len, sizeof(text) - len,
                   "xref\n0 0\n%strailer\n<< /Size 200 /Root 1 0 R /Prev %zu "
                   ">>\nstartxref\n%zu\n%%%%EOF\n",
                   rows, prev, pdf.len + len);
    return pdf_longer(pdf, text);
}

static void add(const struct part *parts, size_t count)
{
    free(writable(revisions.second));
    revisions.second = with(revisions.first, parts, count, last_table(revisions.first));
    revisions_compare();
}

/* prev: of the revision behind the one that stands there. */
static void add_again(const struct part *parts, size_t count, size_t prev)
{
    struct slice longer = with(revisions.second, parts, count, prev);

    free(writable(revisions.second));
    revisions.second = longer;
    revisions_compare();
}

#define NAMED                                                                            \
    {                                                                                    \
        "30 0 obj\n(named)\nendobj\n", UNUSED                                            \
    }
#define STREAM                                                                           \
    {                                                                                    \
        "30 0 obj\n<< /Length 31 0 R >>\nstream\n<x/>\nendstream\nendobj\n", UNUSED      \
    }

Test(verify_appended, what_no_section_names_is_no_part_of_a_revision)
{
    static const char *const texts[] = {
        "95 0 obj\n(hidden)\nendobj\n",
        "30 0 obj\n(hidden)\nendobj\n",
        "95 0 obj\n<< /Length 4 >>\nstream\n<x/>\nendstream\nendobj\n",
        "endobj\n",
        "(hidden)\n",
        "trailer\n<< /Root 95 0 R >>\n",
        "xref\n0 0\ntrailer\n<< /Root 95 0 R >>\n",
        "startxref\n",
        "startxref 0x\n",
    };

    for (size_t i = 0; i < SG_COUNT(texts); i++) {
        const struct part parts[] = {{texts[i], 0}, NAMED, {texts[i], 0}};
        add(parts + 1, 1);
        cr_expect_eq(revisions.changes.count, 0, "alone");
        add(parts, 2);
        revisions_expect(PDF_CHANGE_NO_REVISION, "no revision");
        add(parts + 1, 2);
        revisions_expect(PDF_CHANGE_NO_REVISION, "no revision");
    }
}

Test(verify_appended, blanks_and_comments_may_stand_between)
{
    const struct part parts[] = {{"% of the writer 95 0 obj\r\n \t\n", 0},
                                 NAMED,
                                 {"%%EOF\n%\n\f", 0},
                                 {"31 0 obj<</A(endobj)>>endobj", SECOND},
                                 {"\n%comment\n", 0}};

    add(parts, SG_COUNT(parts));
    cr_expect_eq(revisions.changes.count, 0);
}

Test(verify_appended, an_object_within_another_is_none)
{
    struct part parts[] = {{"30 0 obj\n<< /Length 26 >>\nstream\n", UNUSED},
                           {"31 0 obj\n(hidden)\nendobj\n\nendstream\nendobj\n", 0}};

    add(parts, SG_COUNT(parts));
    cr_expect_eq(revisions.changes.count, 0, "as data");
    parts[1].number = SECOND;
    add(parts, SG_COUNT(parts));
    revisions_expect(PDF_CHANGE_NO_REVISION, "no revision");
}

Test(verify_appended, what_a_later_revision_has_anew_was_named)
{
    const struct part first[] = {STREAM, {"31 0 obj\n4\nendobj\n", SECOND}};
    const struct part second[] = {NAMED, {"31 0 obj\n(anew)\nendobj\n", SECOND}};

    add(first, 2);
    cr_expect_eq(revisions.changes.count, 0, "the first");
    add_again(second, 2, last_table(revisions.second));
    cr_expect_eq(revisions.changes.count, 0, "the second");
}

Test(verify_appended, a_section_that_is_passed_over_names_nothing)
{
    const struct part part = NAMED;

    add(&part, 1);
    add_again(NULL, 0, last_table(revisions.first));
    revisions_expect(PDF_CHANGE_NO_REVISION, "no revision");
}

/* A PDF within a PDF. */
Test(verify_appended, what_looks_like_a_streams_end_may_stand_in_it)
{
    static const char *const lengths[] = {"41", "31 0 R"};

    for (size_t i = 0; i < SG_COUNT(lengths); i++) {
        char text[256];
        (void)snprintf(text, sizeof(text),
                       "30 0 obj\n<< /Length %s >>\nstream\n"
                       "95 0 obj endstream endobj 96 0 obj endobj\nendstream\nendobj\n",
                       lengths[i]);
        const struct part parts[] = {{text, UNUSED}, {"31 0 obj\n41\nendobj\n", SECOND}};
        add(parts, 2);
        cr_expect_eq(revisions.changes.count, 0, "%s", lengths[i]);
    }
}
