/* Later revisions whose objects lie in object streams: which of them a viewer takes. */
#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include "client/pdf/pdf.h"
#include "tests/unit/cms/support/writable.h"
#include "tests/unit/verify/support/pdf.h"
#include "tests/unit/verify/support/revisions.h"

TestSuite(verify_packed, .init = revisions_begin, .fini = revisions_end);

enum { CONTAINER = 20, TABLE, OTHER = 30 };

/* Two objects in one stream, and at which place of it the page is said to lie. */
struct packing {
    const char *what;
    int numbers[2];
    const char *texts[2];
    unsigned place;
    bool falling;     /* the offsets */
    const char *more; /* behind the numbers */
    const char *keys; /* of the stream; NULL = none */
};

static size_t last_table(struct slice pdf)
{
    size_t at = pdf.len - 9;

    while (memcmp(pdf.data + at, "startxref", 9) != 0) {
        at--;
    }
    return strtoul((const char *)pdf.data + at + 9, NULL, 10);
}

static size_t put_container(char *out, size_t cap, const struct packing *how)
{
    char heads[64];
    size_t second = strlen(how->texts[0]) + 1;

    (void)snprintf(heads, sizeof(heads), "%d %zu %d %zu%s ", how->numbers[0],
                   how->falling ? second : 0, how->numbers[1],
                   how->falling ? (size_t)0 : second, how->more);
    size_t len = strlen(heads) + second + strlen(how->texts[1]);
    return (size_t)snprintf(out, cap,
                            "%d 0 obj\n<< %s /First %zu /Length %zu >>\n"
                            "stream\n%s%s %s\nendstream\nendobj\n",
                            CONTAINER,
                            how->keys == NULL ? "/Type /ObjStm /N 2" : how->keys,
                            strlen(heads), len, heads, how->texts[0], how->texts[1]);
}

static void pack(const struct packing *how)
{
    char text[4096];
    size_t from = revisions.first.len;
    size_t len = put_container(text, sizeof(text), how);

    bool other = how->numbers[0] == OTHER || how->numbers[1] == OTHER;
    (void)snprintf(text + len, sizeof(text) - len,
                   "%d 0 obj\n<< /Type /XRef /Size 99 /W [1 4 2] /Index [%d 1 %d 2 %d 1] "
                   "/Root 1 0 R /Prev %zu /Filter /ASCIIHexDecode /Length 56 >>\nstream\n"
                   "02%08x%04x01%08zx000001%08zx0000%02x%08x%04x\nendstream\nendobj\n"
                   "startxref\n%zu\n%%%%EOF\n",
                   TABLE, PAGE_1, CONTAINER, OTHER, last_table(revisions.first),
                   (unsigned)CONTAINER, how->place, from, from + len, other ? 2U : 0U,
                   (unsigned)CONTAINER, how->numbers[0] == OTHER ? 0U : 1U, from + len);
    free(writable(revisions.second));
    revisions.second = pdf_longer(revisions.first, text);
    revisions_compare();
}

static enum pdf_refusal prepare(void)
{
    const struct pdf_wish wish = {
        .hash = SG_HASH_SHA256, .reserve = 8192, .signing_time_us = 1767225600000000};
    struct pdf_job *job = NULL;
    enum pdf_refusal refusal = PDF_ACCEPTED;
    struct sg_error why = {.text = ""};

    enum sg_status status = pdf_prepare(revisions.second, &wish, &job, &refusal, &why);
    cr_expect_eq(status == SG_OK, refusal == PDF_ACCEPTED, "%s", why.text);
    pdf_job_free(job);
    return refusal;
}

Test(verify_packed, what_lies_in_an_object_stream_is_compared)
{
    const char *page = revisions_lawful[PAGE_1 - 1];
    const char *fake = revisions_altered(PAGE_1, "842", "999");

    pack(&(struct packing){
        "the same", {PAGE_1, OTHER}, {page, "(x)"}, 0, false, "", NULL});
    cr_expect_eq(revisions.changes.count, 0);
    cr_expect_eq(prepare(), PDF_ACCEPTED);
    pack(
        &(struct packing){"changed", {OTHER, PAGE_1}, {"(x)", fake}, 1, false, "", NULL});
    revisions_expect(PDF_CHANGE_PAGE, "page 1");
}

/* qpdf takes the last of that number; others what lies at the place. */
Test(verify_packed, a_page_that_two_objects_of_a_stream_may_be_is_not_vouched_for)
{
    const char *page = revisions_lawful[PAGE_1 - 1];
    const char *fake = revisions_altered(PAGE_1, "842", "999");
    const char *tab = revisions_altered(PAGE_1, "/MediaBox ", "/MediaBox\v");
    const struct packing ways[] = {
        {"twice", {PAGE_1, PAGE_1}, {fake, page}, 0, false, "", NULL},
        {"the last is meant", {PAGE_1, PAGE_1}, {fake, page}, 1, false, "", NULL},
        {"another place", {OTHER, PAGE_1}, {"(x)", page}, 0, false, "", NULL},
        {"no place", {OTHER, PAGE_1}, {"(x)", page}, 7, false, "", NULL},
        {"falling offsets", {PAGE_1, OTHER}, {"(x)", page}, 0, true, "", NULL},
        {"more than numbers", {PAGE_1, OTHER}, {page, "(x)"}, 0, false, ">", NULL},
        {"a vertical tab", {PAGE_1, OTHER}, {tab, "(x)"}, 0, false, "", NULL},
    };

    for (size_t i = 0; i < SG_COUNT(ways); i++) {
        pack(&ways[i]);
        revisions_expect(PDF_CHANGE_NO_REVISION, "no revision");
        cr_expect(revisions.changes.forbidden, "%s", ways[i].what);
    }
}

Test(verify_packed, a_letter_with_two_objects_of_a_number_in_a_stream_is_not_signed)
{
    const char *page = revisions_lawful[PAGE_1 - 1];
    const char *fake = revisions_altered(PAGE_1, "842", "999");

    pack(&(struct packing){"twice", {PAGE_1, PAGE_1}, {fake, page}, 0, false, "", NULL});
    cr_expect_eq(prepare(), PDF_REPAIRED);
    const char *tab = revisions_altered(PAGE_1, "/MediaBox ", "/MediaBox\v");
    pack(&(struct packing){"a tab", {PAGE_1, OTHER}, {tab, "(x)"}, 0, false, "", NULL});
    cr_expect_eq(prepare(), PDF_REPAIRED);
}

/* What lies in it has no new entry, so nothing else would look at it. */
Test(verify_packed, an_object_stream_that_was_there_stays_as_it_is)
{
    const char *page = revisions_lawful[PAGE_1 - 1];
    const struct packing same = {"the same", {PAGE_1, OTHER}, {page, "(x)"}, 0, false, "",
                                 NULL};

    pack(&same);
    cr_expect_eq(revisions.changes.count, 0);
    free(writable(revisions.first));
    revisions.first = revisions.second;
    revisions.second = slice_of(NULL, 0);
    pack(&same);
    revisions_expect(PDF_CHANGE_NO_REVISION, "no revision");
}

/* Some viewers read it before they have the rest. */
Test(verify_packed, an_object_stream_says_itself_what_it_holds)
{
    static const char *const keys[] = {"/Type /ObjStm /N 2 /Filter [/Crypt]",
                                       "/Type /ObjStm /N 2 /F (x)", "/N 2",
                                       "/Type /ObjStm /N 2 /Filter /ASCII85Decode"};
    const char *page = revisions_lawful[PAGE_1 - 1];
    const struct update two = {OTHER + 1, "2"};

    pack(&(struct packing){
        "same", {PAGE_1, OTHER}, {page, "(x)"}, 0, false, "", "/Type /ObjStm /N 2 /X 1"});
    cr_expect_eq(revisions.changes.count, 0);
    for (size_t i = 0; i < SG_COUNT(keys); i++) {
        pack(&(struct packing){
            "other", {PAGE_1, OTHER}, {page, "(x)"}, 0, false, "", keys[i]});
        cr_expect(revisions.changes.forbidden, "%s", keys[i]);
    }
    revisions_begin_with(&two, 1);
    pack(&(struct packing){"by reference",
                           {PAGE_1, OTHER},
                           {page, "(x)"},
                           0,
                           false,
                           "",
                           "/Type /ObjStm /N 31 0 R"});
    revisions_expect(PDF_CHANGE_NO_REVISION, "no revision");
}

Test(verify_packed, number_0_is_no_object_s)
{
    const char *page = revisions_lawful[PAGE_1 - 1];

    pack(&(struct packing){"0", {PAGE_1, 0}, {page, "(x)"}, 0, false, "", NULL});
    revisions_expect(PDF_CHANGE_NO_REVISION, "no revision");
}
