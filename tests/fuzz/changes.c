/* A later revision of a letter: whatever is appended, the comparison ends, and what it
 * does not call forbidden leaves number and content of the pages as they were. Reading
 * takes place in this process, not in the guarded one. */
#include <stdlib.h>

#include "client/pdf/compare/compare.h"
#include "tests/fuzz/support/fuzz.h"

/* The letter: one page with content, a text field, an empty and a filled signature field.
 * The seeds (seeds_verify.py) say where its last table begins. */
static const char letter[] =
    "%PDF-1.7\n"
    "1 0 obj\n<</Type/Catalog/Pages 2 0 R/AcroForm 5 0 R>>\nendobj\n"
    "2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n"
    "3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R"
    "/Annots[6 0 R 7 0 R 8 0 R]>>\nendobj\n"
    "4 0 obj\n<</Length 4>>\nstream\nq Q \nendstream\nendobj\n"
    "5 0 obj\n<</Fields[6 0 R 7 0 R 8 0 R]/SigFlags 3>>\nendobj\n"
    "6 0 obj\n<</FT/Tx/T(a)/V(b)/Subtype/Widget/Rect[0 0 1 1]>>\nendobj\n"
    "7 0 obj\n<</FT/Sig/T(c)/Subtype/Widget/Rect[0 0 1 1]>>\nendobj\n"
    "8 0 obj\n<</FT/Sig/T(d)/V 9 0 R/Subtype/Widget/Rect[0 0 1 1]>>\nendobj\n"
    "9 0 obj\n<</Type/Sig/ByteRange[0 1 2 3]/Contents<30>>>\nendobj\n"
    "xref\n0 10\n0000000000 65535 f \n0000000009 00000 n \n0000000069 00000 n \n"
    "0000000120 00000 n \n0000000222 00000 n \n0000000273 00000 n \n"
    "0000000330 00000 n \n0000000395 00000 n \n0000000456 00000 n \n"
    "0000000525 00000 n \ntrailer\n<</Size 10/Root 1 0 R>>\nstartxref\n586\n%%EOF\n";

static struct slice base(void)
{
    return slice_of(letter, sizeof(letter) - 1);
}

static struct slice content_of(const struct pdf_reader *reader)
{
    qpdf_oh page = qpdf_get_page_n(reader->qpdf, 0);
    qpdf_oh content = pdf_get(reader, page, "/Contents");
    unsigned char *data = NULL;
    size_t len = 0;

    MUST(qpdf_get_num_pages(reader->qpdf) == 1);
    (void)qpdf_oh_get_stream_data(reader->qpdf, content, qpdf_dl_none, NULL, &data, &len);
    return slice_of(data, len);
}

/* By the same parser's own list of pages. */
static void same_pages(struct slice whole)
{
    struct pdf_verdict verdict = {.why = NULL};
    struct pdf_reader reader;

    MUST(pdf_reader_open(&reader, whole, true, &verdict) == SG_OK);
    struct slice content = content_of(&reader);
    MUST(slice_equal(content, slice_str("q Q ")));
    free((void *)(uintptr_t)content.data);
    pdf_reader_close(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct slice first = base();
    uint8_t *whole = (uint8_t *)malloc(first.len + len + 1);
    struct pdf_changes changes = {.count = 0};
    char text[200];

    MUST(whole != NULL);
    memcpy(whole, first.data, first.len);
    memcpy(whole + first.len, data, len);
    compare_revisions(slice_of(whole, first.len), slice_of(whole, first.len + len),
                      &changes);
    MUST(changes.count <= PDF_CHANGES_MAX);
    for (size_t i = 0; i < changes.count; i++) {
        pdf_change_say(&changes.at[i], i % 2 == 0, text, sizeof(text));
        MUST(text[0] != '\0');
        MUST(changes.forbidden || pdf_change_allowed(changes.at[i].kind));
    }
    if (!changes.forbidden) {
        same_pages(slice_of(whole, first.len + len));
    }
    free(whole);
    return 0;
}
