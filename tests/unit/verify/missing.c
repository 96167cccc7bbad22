/* Later revisions that refer to what is not there: the parser leaves it out, and viewers
 * that look for it find by themselves what lay hidden in the letter. */
#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include "tests/unit/cms/support/writable.h"
#include "tests/unit/verify/support/pdf.h"
#include "tests/unit/verify/support/revisions.h"

TestSuite(verify_missing, .init = revisions_begin, .fini = revisions_end);

enum { UNUSED = 30, SECOND };

static bool is_no_revision(void)
{
    bool found = false;

    for (size_t i = 0; i < revisions.changes.count; i++) {
        found = found || revisions.changes.at[i].kind == PDF_CHANGE_NO_REVISION;
    }
    return found && revisions.changes.forbidden;
}

static void begin_with(int number, const char *text)
{
    const struct update object = {number, text};

    revisions_begin_with(&object, 1);
}

static void drop(int number)
{
    free(writable(revisions.second));
    revisions.second = update_free(revisions.first, number);
    revisions_compare();
}

Test(verify_missing, an_object_that_refers_to_nothing_may_not_come)
{
    static const char *const keys[] = {
        "/Rotate 99 0 R /Type",
        "/Rotate 0 0 R /Type",
        "/Rotate 4 1 R /Type",
        "/Rotate +99 0 R /Type",
        "/Rotate 99%4 0 R\n0%x\rR /Type",
        "/Rotate\t99\f0\nR/Type",
        "/Group << /S [1 2 99 0 R] /K << /L 99 0 R >> >> /Rotate 98 0 R /Type",
        "/Trans (99 0 R\\) ) /Rotate 99 0 R /Type",
        "/Trans <4> /Rotate 99 0 R /Type",
    };

    for (size_t i = 0; i < SG_COUNT(keys); i++) {
        revisions_alter(PAGE_1, "/Type", keys[i]);
        cr_expect(is_no_revision(), "%s", keys[i]);
    }
    revisions_alter(PAGE_1, "<< /Font", "<< /XObject 99 0 R /Font");
    revisions_expect(PDF_CHANGE_NO_REVISION, "no revision");
    revisions_alter(CATALOG, "/Type", "/OCProperties 99 0 R /Type");
    revisions_expect(PDF_CHANGE_NO_REVISION, "no revision");
}

/* Not even where nothing else would be said of it. */
Test(verify_missing, validation_data_that_refers_to_nothing_may_not_come)
{
    const struct update objects[] = {
        {CATALOG, revisions_altered(CATALOG, "/Pages", "/DSS 30 0 R /Pages")},
        {UNUSED, "<< /Certs [14 0 R] /VRI 99 0 R >>"}};

    revisions_update(objects, SG_COUNT(objects));
    cr_expect(is_no_revision());
}

/* Nobody looked at it, but for whoever prepared it. */
Test(verify_missing, what_lay_ready_is_followed_when_something_refers_to_it)
{
    begin_with(UNUSED, "<< /Length 4 /DecodeParms 31 0 R >>\nstream\n<x/>\nendstream");
    begin_with(SECOND, "<< /Predictor 99 0 R >>");
    revisions_alter(CATALOG, "14 0 R", "30 0 R");
    cr_expect(is_no_revision());
}

Test(verify_missing, what_is_referred_to_may_not_go)
{
    drop(METADATA);
    cr_expect(is_no_revision());
    revisions_update(&(struct update){METADATA, "null"}, 1);
    cr_expect(is_no_revision());
}

/* Also where the difference that it makes is permitted. */
Test(verify_missing, what_stayed_is_followed_to_what_is_gone)
{
    begin_with(METADATA, "<< /Length 4 /DL 30 0 R >>\nstream\n<x/>\nendstream");
    begin_with(UNUSED, "4");
    drop(UNUSED);
    cr_expect(is_no_revision());
}

Test(verify_missing, what_nothing_refers_to_may_go)
{
    begin_with(UNUSED, "4");
    drop(UNUSED);
    cr_expect_eq(revisions.changes.count, 0);
}

/* Whoever signed saw the letter so. */
Test(verify_missing, what_was_missing_in_the_same_place_may_stay)
{
    const char *page = revisions_altered(PAGE_1, "/Type", "/Rotate 99 0 R /Type");

    begin_with(PAGE_1, page);
    revisions_update(&(struct update){PAGE_1, page}, 1);
    cr_expect_eq(revisions.changes.count, 0);
    revisions_alter(PAGE_1, "/Type", "/Type");
    cr_expect_eq(revisions.changes.count, 0);
}

Test(verify_missing, what_was_missing_elsewhere_is_missing)
{
    static const char *const keys[] = {"/AA 99 0 R /Type", "/Rotate 98 0 R /Type",
                                       "/Group << /Rotate 99 0 R >> /Type"};

    begin_with(PAGE_1, revisions_altered(PAGE_1, "/Type", "/Rotate 99 0 R /Type"));
    for (size_t i = 0; i < SG_COUNT(keys); i++) {
        revisions_alter(PAGE_1, "/Type", keys[i]);
        cr_expect(is_no_revision(), "%s", keys[i]);
    }
    revisions_alter(PAGE_2, "/Type", "/Rotate 99 0 R /Type");
    revisions_expect(PDF_CHANGE_NO_REVISION, "no revision");
}

Test(verify_missing, what_nobody_looked_at_does_not_excuse_it)
{
    begin_with(UNUSED, "<< /Length 4 /DL 99 0 R >>\nstream\n<x/>\nendstream");
    const struct update objects[] = {
        {CATALOG, revisions_altered(CATALOG, "14 0 R", "30 0 R")},
        {UNUSED, "<< /Length 4 /DL 99 0 R >>\nstream\n<y/>\nendstream"}};

    revisions_update(objects, SG_COUNT(objects));
    cr_expect(is_no_revision());
}

Test(verify_missing, what_only_looks_like_a_reference_is_none)
{
    static const char *const keys[] = {"/Lang (99 0 R) ", "/Lang <39> %99 0 R\n",
                                       "/Lang /99#200#20R "};

    for (size_t i = 0; i < SG_COUNT(keys); i++) {
        const char *value = revisions_covering(keys[i]);
        revisions_sign(value);
        cr_expect_not(is_no_revision(), "%s", keys[i]);
    }
}

/* --- Null, which the parser leaves out, too ------------------------------------------
 */

Test(verify_missing, a_key_that_says_null_may_not_come)
{
    static const char *const keys[] = {"/Rotate null /Type", "/CropBox null/Type",
                                       "/Group << /S null >> /Rotate null /Type"};

    for (size_t i = 0; i < SG_COUNT(keys); i++) {
        revisions_alter(PAGE_1, "/Type", keys[i]);
        cr_expect(is_no_revision(), "%s", keys[i]);
    }
    revisions_alter(FONT, "/Type", "/Encoding null /Type");
    revisions_expect(PDF_CHANGE_NO_REVISION, "no revision");
}

Test(verify_missing, what_was_null_in_the_same_place_may_stay)
{
    const char *page = revisions_altered(PAGE_1, "/Type", "/Rotate null /Type");

    begin_with(PAGE_1, page);
    revisions_update(&(struct update){PAGE_1, page}, 1);
    cr_expect_eq(revisions.changes.count, 0);
    revisions_alter(PAGE_1, "/Type", "/CropBox null /Type");
    cr_expect(is_no_revision());
}

/* The parser keeps it there, and it is compared. */
Test(verify_missing, null_in_a_list_is_no_key)
{
    const char *page = revisions_altered(PAGE_1, "/Type", "/Trans [null 1] /Type");

    begin_with(PAGE_1, page);
    revisions_update(&(struct update){PAGE_1, page}, 1);
    cr_expect_eq(revisions.changes.count, 0);
}

/* --- What is not the same to all -----------------------------------------------------
 */

Test(verify_missing, a_byte_that_is_a_blank_to_some_is_in_no_word)
{
    static const char *const keys[] = {"/Rotate\20090 /Type", "/Lang /a\xff /Type",
                                       "/Lang /a\x7f /Type"};

    for (size_t i = 0; i < SG_COUNT(keys); i++) {
        revisions_alter(PAGE_1, "/Type", keys[i]);
        cr_expect(is_no_revision(), "%s", keys[i]);
    }
    revisions_sign(revisions_covering("/Lang (a\x80) /Name <80> "));
    cr_expect_not(is_no_revision());
}

/* Some cut what is longer, and go no deeper. */
Test(verify_missing, words_are_short_and_dictionaries_shallow)
{
    char text[400];

    (void)snprintf(text, sizeof(text), "/Lang /%0*d ", 127, 0);
    revisions_sign(revisions_covering(text));
    cr_expect_not(is_no_revision());
    (void)snprintf(text, sizeof(text), "/MediaBox [%0*d ", 130, 0);
    revisions_alter(PAGE_1, "/MediaBox [0 ", text);
    cr_expect(is_no_revision());
    (void)snprintf(text, sizeof(text), "/Lang (%0*d) ", 150, 0);
    revisions_sign(revisions_covering(text));
    cr_expect_not(is_no_revision());
    (void)snprintf(text, sizeof(text), "/K %.*s%.*s /Type", 50,
                   "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 50,
                   "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
    revisions_alter(PAGE_1, "/Type", text);
    cr_expect(is_no_revision());
}

Test(verify_missing, a_line_s_end_in_a_string_is_not_the_same_to_all)
{
    static const char *const strings[] = {"(a\rb)", "(a\r\nb)", "(a\\\\\rb)"};
    static const char *const sound[] = {
        "(a\nb)", "(a\\rb)", "(a\\\rb)", "(a\\\r\nb)", "(a\\\\ b)", "(a(b)\\)c)", "<61>"};
    char key[64];

    for (size_t i = 0; i < SG_COUNT(sound); i++) {
        (void)snprintf(key, sizeof(key), "/Lang %s ", sound[i]);
        revisions_sign(revisions_covering(key));
        cr_expect_not(is_no_revision(), "%s", key);
    }
    for (size_t i = 0; i < SG_COUNT(strings); i++) {
        (void)snprintf(key, sizeof(key), "/Lang %s ", strings[i]);
        revisions_sign(revisions_covering(key));
        cr_expect(is_no_revision(), "%s", key);
    }
}

static size_t last_table(struct slice pdf)
{
    size_t at = pdf.len - 9;

    while (memcmp(pdf.data + at, "startxref", 9) != 0) {
        at--;
    }
    return strtoul((const char *)pdf.data + at + 9, NULL, 10);
}

/* The page's content as it was, under this head. */
static void add_content(const char *head, int number)
{
    char text[1024] = "\n";
    size_t last = last_table(revisions.first);

    size_t len =
        (size_t)snprintf(text, sizeof(text), "\n%s\n" CONTENT_TEXT "\nendobj\n", head);
    (void)snprintf(text + len, sizeof(text) - len,
                   "xref\n%d 1\n%010zu 00000 n \ntrailer\n<< "
                   "/Size 200 /Root 1 0 R"
                   " /Prev %zu >>\n"
                   "startxref\n%zu\n%%%%EOF\n",
                   number, revisions.first.len + 1, last, revisions.first.len + len);
    free(writable(revisions.second));
    revisions.second = pdf_longer(revisions.first, text);
    revisions_compare();
}

/* To some it is not there otherwise. */
Test(verify_missing, no_comment_stands_in_the_head_of_an_object)
{
    static const char *const heads[] = {"4 0%\nobj", "4%x\n0 obj"};

    add_content("4 0 obj", CONTENT);
    cr_expect_eq(revisions.changes.count, 0);
    for (size_t i = 0; i < SG_COUNT(heads); i++) {
        add_content(heads[i], CONTENT);
        revisions_expect(PDF_CHANGE_NO_REVISION, "no revision");
    }
    add_content("0 0 obj", 0); /* is nobody's */
    revisions_expect(PDF_CHANGE_NO_REVISION, "no revision");
}

/* Some viewers look for the end by themselves, or at the short names first. */
Test(verify_missing, a_stream_that_is_added_is_the_same_to_all)
{
    static const char *const streams[] = {
        "<< /Length 12 >>\nstream\n(Rp 100) Tj %\nendstream",
        "<< /Length 12 >>\nstream\n(Rp 100) Tj \n%c\nendstream",
        "<< /Length 12 >>\nstream\n(Rp 100) Tj \nendstream\n%",
        "<< /Length 12 /F [] >>\nstream\n(Rp 100) Tj \nendstream",
        "<< /Length 12 /DP << >> >>\nstream\n(Rp 100) Tj \nendstream",
        "<< /Length 12 /Filter [] /DecodeParms << >> >>\nstream\n(Rp 100) Tj \nendstream",
    };

    revisions_update(&(struct update){CONTENT, CONTENT_TEXT}, 1);
    cr_expect_eq(revisions.changes.count, 0);
    for (size_t i = 0; i < SG_COUNT(streams); i++) {
        revisions_update(&(struct update){UNUSED, streams[i]}, 1);
        cr_expect(is_no_revision(), "%s", streams[i]);
    }
}

Test(verify_missing, numbers_are_those_that_all_read_alike)
{
    static const char *const numbers[] = {"+0", "4294967206", "-4294967206.5",
                                          "99999999999999999999"};
    static const char *const sound[] = {"0", "-0.0", "2147483647", "0000000000000000001"};
    char text[64];

    for (size_t i = 0; i < SG_COUNT(sound); i++) {
        (void)snprintf(text, sizeof(text), "<< /N %s >>", sound[i]);
        revisions_update(&(struct update){UNUSED, text}, 1);
        cr_expect_eq(revisions.changes.count, 0, "%s", text);
    }
    for (size_t i = 0; i < SG_COUNT(numbers); i++) {
        (void)snprintf(text, sizeof(text), "<< /N %s >>", numbers[i]);
        revisions_update(&(struct update){UNUSED, text}, 1);
        cr_expect(is_no_revision(), "%s", text);
    }
}
