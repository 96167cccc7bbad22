#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/pdf/support/letter.h"
#include "tests/unit/pdf/support/signer.h"

/* PDF/A-1 asks each form field for an appearance (ISO 19005-1 section 6.9): a signature
 * has one wherever it stands, a document time stamp where the letter says that it is of
 * part 1. What validators say of whole letters: `make archival`. */

TestSuite(archival, .timeout = 60);

/* '~' stands for a zero byte. */
static struct slice letter_of(const char *metadata)
{
    struct letter letter = letter_lawful();
    char stream[512];

    (void)snprintf(
        stream, sizeof(stream),
        "<< /Type /Metadata /Subtype /XML /Length %zu >>\nstream\n%s\nendstream",
        strlen(metadata), metadata);
    letter.objects[0] = metadata[0] == '\0'
                            ? "<< /Type /Catalog /Pages 2 0 R >>"
                            : "<< /Type /Catalog /Pages 2 0 R /Metadata 5 0 R >>";
    letter.objects[4] = stream;
    struct slice pdf = letter_build(&letter);
    uint8_t *bytes = (uint8_t *)letter_own(pdf.data);
    for (size_t i = 0; i < pdf.len; i++) {
        bytes[i] = bytes[i] == '~' ? 0 : bytes[i];
    }
    return pdf;
}

static bool holds(struct slice pdf, const char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i + len <= pdf.len; i++) {
        if (memcmp(pdf.data + i, text, len) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether the field that is added has an appearance, and an empty one. */
static bool has_looks(struct slice pdf, const struct pdf_wish *wish)
{
    static const uint8_t token[] = {0x30, 3, 4, 1, 'a'};
    struct pdf_job *job = NULL;
    enum pdf_refusal refusal;
    struct sg_error why = {0};
    struct slice added;

    cr_assert_eq(pdf_prepare(pdf, wish, &job, &refusal, &why), SG_OK, "%s", why.text);
    cr_assert_eq(pdf_embed(job, slice_of(token, sizeof(token)), &added), SG_OK);
    bool looks = holds(added, "/AP << /N ");
    cr_expect_eq(looks,
                 holds(added, "/BBox [0 0 0 0]\n/Length 0\n>>\nstream\n\nendstream"));
    pdf_job_free(job);
    return looks;
}

static struct pdf_wish stamp_wish(void)
{
    return (struct pdf_wish){
        .adds = PDF_ADDS_STAMP, .hash = SG_HASH_SHA256, .reserve = 512};
}

Test(archival, a_signature_that_nobody_sees_has_an_appearance)
{
    struct slice pdf = letter_of("");
    struct pdf_wish wish = signer_wish();

    cr_expect(has_looks(pdf, &wish));
    letter_free(pdf);
}

struct row {
    const char metadata[160];
    bool looks;
};

ParameterizedTestParameters(archival, a_time_stamp_has_one_where_part_1_asks_for_it)
{
    static struct row rows[] = {
        {"", false},
        {"<x:xmpmeta><pdfaid:part>1</pdfaid:part></x:xmpmeta>", true},
        {"<rdf:Description pdfaid:part=\"1\" pdfaid:conformance=\"B\"/>", true},
        {"<rdf:Description pdfaid:part = '1'/>", true},
        {"<pdfaid:part>2</pdfaid:part> <other>1</other>", false},
        {"<rdf:Description pdfaid:part=\"3\"/>", false},
        {"<rdf:Description pdfaid:conformance=\"B\"/>", false},
        {"<p~d~f~a~i~d~:~p~a~r~t~>~1~<~/~p~d~f~a~i~d~:~p~a~r~t~>~", true},
        {"~~~<~~~p~~~d~~~f~~~a~~~i~~~d~~~:~~~p~~~a~~~r~~~t~~~>~~~1~~~<", true},
        {"<pdfaid:part>", false},
    };

    return cr_make_param_array(struct row, rows, SG_COUNT(rows));
}

ParameterizedTest(struct row *row, archival,
                  a_time_stamp_has_one_where_part_1_asks_for_it)
{
    struct slice pdf = letter_of(row->metadata);
    struct pdf_wish wish = stamp_wish();

    cr_expect_eq(has_looks(pdf, &wish), row->looks, "%s", row->metadata);
    letter_free(pdf);
}
