#include "tests/unit/verify/support/revisions.h"

#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include "tests/unit/cms/support/writable.h"

struct revisions revisions;

const char *const revisions_lawful[LAST - 1] = {
    [CATALOG - 1] = "<< /Type /Catalog /Pages 2 0 R /AcroForm 7 0 R /Metadata 14 0 R >>",
    [PAGES - 1] = "<< /Type /Pages /Kids [3 0 R 5 0 R] /Count 2 >>",
    [PAGE_1 - 1] = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
                   "/Resources << /Font << /F1 6 0 R >> >> "
                   "/Annots [8 0 R 9 0 R 10 0 R 13 0 R] >>",
    [CONTENT - 1] = CONTENT_TEXT,
    [PAGE_2 - 1] = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
    [FONT - 1] = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    [FORM - 1] = "<< /Fields [8 0 R 9 0 R 10 0 R] /SigFlags 3 >>",
    [TEXT_FIELD - 1] = "<< /FT /Tx /T (nama) /V (Budi) /Type /Annot /Subtype /Widget "
                       "/Rect [0 0 9 9] /P 3 0 R >>",
    [EMPTY_FIELD - 1] = "<< /FT /Sig /T (kosong) /Type /Annot /Subtype /Widget "
                        "/Rect [0 0 9 9] /P 3 0 R >>",
    [SIGNED_FIELD - 1] = "<< /FT /Sig /T (kepala) /V 11 0 R /Type /Annot "
                         "/Subtype /Widget /Rect [0 0 9 9] /P 3 0 R >>",
    [VALUE - 1] = "<< /Type /Sig /ByteRange [0 1 2 3] /Contents <30> /Reason (asli) >>",
    [CERTIFIED - 1] = "<< /Reference [<< /TransformMethod /DocMDP "
                      "/TransformParams << /P 2 >> >>] >>",
    [ANNOTATION - 1] = "<< /Type /Annot /Subtype /Square /Rect [9 9 99 99] >>",
    [METADATA - 1] = "<< /Length 4 >>\nstream\n<x/>\nendstream",
};

void revisions_begin(void)
{
    revisions.first = update_build(revisions_lawful, LAST - 1);
}

void revisions_end(void)
{
    free(writable(revisions.first));
    free(writable(revisions.second));
}

void revisions_compare(void)
{
    const uint64_t ends[] = {revisions.first.len, revisions.second.len};
    struct sg_error why = {.text = ""};

    cr_assert_eq(pdf_compare(revisions.second, ends, 2, &revisions.changes, &why), SG_OK,
                 "%s", why.text);
}

void revisions_update(const struct update *objects, size_t count)
{
    free(writable(revisions.second));
    revisions.second = update_pdf(revisions.first, objects, count, CATALOG);
    revisions_compare();
}

/* The lawful text of an object with one part replaced. */
const char *revisions_altered(int number, const char *from, const char *to)
{
    static char texts[4][1024];
    static size_t next;
    char *text = texts[next++ % SG_COUNT(texts)];

    (void)snprintf(text, sizeof(texts[0]), "%s", revisions_lawful[number - 1]);
    update_replace(text, from, to);
    return text;
}

void revisions_alter(int number, const char *from, const char *to)
{
    revisions_update(&(struct update){number, revisions_altered(number, from, to)}, 1);
}

void revisions_expect(enum pdf_change_kind kind, const char *word)
{
    char text[200] = "";

    for (size_t i = 0; i < revisions.changes.count; i++) {
        if (revisions.changes.at[i].kind == kind) {
            pdf_change_say(&revisions.changes.at[i], false, text, sizeof(text));
        }
    }
    cr_expect_eq(revisions.changes.count, 1, "%zu changes, the first: %s (%s)",
                 revisions.changes.count, pdf_change_code(revisions.changes.at[0].kind),
                 revisions.changes.at[0].name);
    cr_expect_neq(strstr(text, word), NULL, "'%s' in '%s', not %s", word, text,
                  revisions.changes.count == 0
                      ? "none"
                      : pdf_change_code(revisions.changes.at[0].kind));
    cr_expect_eq(revisions.changes.forbidden, !pdf_change_allowed(kind));
}

void revisions_begin_with(const struct update *objects, size_t count)
{
    struct slice changed = update_pdf(revisions.first, objects, count, CATALOG);

    free(writable(revisions.first));
    revisions.first = changed;
}

const char *revisions_certifying(const char *method, const char *permission)
{
    static char text[200];

    (void)snprintf(text, sizeof(text),
                   "/Reference [<< /TransformMethod %s /TransformParams << %s >> >>] "
                   "/Reason",
                   method, permission);
    return revisions_altered(VALUE, "/Reason", text);
}

void revisions_certify(const char *permission)
{
    const struct update objects[] = {
        {CATALOG,
         revisions_altered(CATALOG, "/Pages", "/Perms << /DocMDP 11 0 R >> /Pages")},
        {VALUE, revisions_certifying("/DocMDP", permission)}};

    revisions_begin_with(objects, SG_COUNT(objects));
}

/* A signature's value that covers a little of the revision to come. */
const char *revisions_covering(const char *more)
{
    static char text[256];

    (void)snprintf(text, sizeof(text), "<< %s /ByteRange [0 9 19 %zu] /Contents <30> >>",
                   more, revisions.first.len - 19 + 5);
    return text;
}

void revisions_sign(const char *value)
{
    const struct update objects[] = {
        {PAGE_1, revisions_altered(PAGE_1, "13 0 R]", "13 0 R 20 0 R]")},
        {FORM, revisions_altered(FORM, "10 0 R]", "10 0 R 20 0 R]")},
        {20, "<< /FT /Sig /T (baru) /V 21 0 R /Type /Annot /Subtype /Widget "
             "/Rect [0 0 0 0] /P 3 0 R >>"},
        {21, value}};

    revisions_update(objects, SG_COUNT(objects));
}
