#include <stdlib.h>

#include "client/pdf/guard/guard.h"
#include "client/pdf/listing.h"
#include "client/pdf/pdf.h"
#include "client/pdf/syntax.h"

/* What the signatures of a PDF say of themselves, held against the file. */

struct pdf_document {
    struct pdf_buffer answer;         /* owned: a struct pdf_listed and the rest */
    struct pdf_signature *signatures; /* owned */
    size_t count;
};

/* Is the text between "<" and ">" exactly these bytes, in hexadecimal and nothing else?
 */
static bool spells(struct slice text, struct slice bytes)
{
    if (text.len != 2 * bytes.len) {
        return false;
    }
    for (size_t i = 0; i < bytes.len; i++) {
        int high = syntax_hex(text.data[2 * i]);
        int low = syntax_hex(text.data[2 * i + 1]);
        if (high < 0 || low < 0 || high * 16 + low != bytes.data[i]) {
            return false;
        }
    }
    return true;
}

/* Does the key /Contents stand right before the gap? */
static bool follows_key(struct slice pdf, size_t gap)
{
    static const char key[] = "/Contents";
    const size_t len = sizeof(key) - 1;

    while (gap > 0 && (pdf.data[gap - 1] == ' ' || pdf.data[gap - 1] == '\n' ||
                       pdf.data[gap - 1] == '\r' || pdf.data[gap - 1] == '\t')) {
        gap--;
    }
    return gap >= len && memcmp(pdf.data + gap - len, key, len) == 0;
}

/* Zeros in hexadecimal. */
static bool is_padding(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != '0') {
            return false;
        }
    }
    return true;
}

/* Everything before and after /Contents is signed, and the gap, which is not, holds the
 * CMS and zeros and nothing else. */
static bool is_sound(struct slice pdf, const uint64_t range[4], struct slice cms)
{
    if (range[0] != 0 || range[1] > pdf.len || range[2] > pdf.len ||
        range[3] > pdf.len - range[2] || range[2] < range[1] + 2 || cms.len == 0) {
        return false;
    }
    size_t open = (size_t)range[1];
    size_t close = (size_t)range[2] - 1;
    struct slice text = slice_of(pdf.data + open + 1, close - open - 1);
    return pdf.data[open] == '<' && pdf.data[close] == '>' && follows_key(pdf, open) &&
           text.len % 2 == 0 && text.len / 2 >= cms.len &&
           spells(slice_of(text.data, 2 * cms.len), cms) &&
           is_padding(slice_of(text.data + 2 * cms.len, text.len - 2 * cms.len));
}

static int by_revision(const void *a, const void *b)
{
    const struct pdf_signature *left = a;
    const struct pdf_signature *right = b;

    return (left->covered > right->covered) - (left->covered < right->covered);
}

/* The texts end where they should, whatever the child wrote. */
static void end_texts(struct pdf_signature *signature)
{
    signature->field[sizeof(signature->field) - 1] = '\0';
    signature->subfilter[sizeof(signature->subfilter) - 1] = '\0';
    signature->reason[sizeof(signature->reason) - 1] = '\0';
    signature->location[sizeof(signature->location) - 1] = '\0';
    signature->time[sizeof(signature->time) - 1] = '\0';
}

/* Each CMS has its place behind the list, in the order of listing; what is said of the
 * ranges is found out here, from the file itself. */
static bool judge(struct pdf_document *document, struct slice pdf, struct slice contents)
{
    for (size_t i = 0; i < document->count; i++) {
        struct pdf_signature *signature = &document->signatures[i];
        size_t len = signature->cms.len;
        if (len > contents.len) {
            return false;
        }
        end_texts(signature);
        signature->cms = slice_of(len == 0 ? NULL : contents.data, len);
        contents = slice_of(contents.data + len, contents.len - len);
        const uint64_t *range = signature->range;
        signature->ranges_sound = is_sound(pdf, range, signature->cms);
        signature->covered = range[3] > UINT64_MAX - range[2] ? 0 : range[2] + range[3];
        signature->covers_file = signature->ranges_sound && signature->covered == pdf.len;
    }
    qsort(document->signatures, document->count, sizeof(document->signatures[0]),
          by_revision);
    return true;
}

static enum sg_status take_answer(struct pdf_document *document, struct slice pdf,
                                  struct pdf_verdict *verdict)
{
    struct pdf_listed listed;
    struct slice rest = pdf_buffer_slice(&document->answer);

    if (rest.len < sizeof(listed)) {
        return pdf_refuse(verdict, PDF_TOO_COMPLEX, NULL);
    }
    memcpy(&listed, rest.data, sizeof(listed));
    rest = slice_of(rest.data + sizeof(listed), rest.len - sizeof(listed));
    listed.why.text[sizeof(listed.why.text) - 1] = '\0';
    if (listed.status != SG_OK) {
        return sg_fail(verdict->why, listed.status, "%s", listed.why.text);
    }
    size_t size = listed.count * sizeof(struct pdf_signature);
    if (listed.count > PDF_SIGNATURES_MAX || size > rest.len) {
        return pdf_refuse(verdict, PDF_TOO_COMPLEX, NULL);
    }
    document->signatures = calloc(listed.count + 1, sizeof(struct pdf_signature));
    if (document->signatures == NULL) {
        return SG_NO_MEMORY;
    }
    memcpy(document->signatures, rest.data, size);
    document->count = listed.count;
    rest = slice_of(rest.data + size, rest.len - size);
    return judge(document, pdf, rest) ? SG_OK
                                      : pdf_refuse(verdict, PDF_TOO_COMPLEX, NULL);
}

static enum sg_status fill(struct pdf_document *document, struct slice pdf,
                           struct pdf_verdict *verdict)
{
    TRY(pdf_guard_run(pdf_list, &pdf, &document->answer, verdict));
    return take_answer(document, pdf, verdict);
}

enum sg_status pdf_open(struct slice pdf, struct pdf_document **out, struct sg_error *why)
{
    struct pdf_verdict verdict = {.why = why};
    struct pdf_document *document = calloc(1, sizeof(*document));

    *out = NULL;
    if (document == NULL) {
        return SG_NO_MEMORY;
    }
    enum sg_status status = fill(document, pdf, &verdict);
    if (status != SG_OK) {
        pdf_close(document);
        return status;
    }
    *out = document;
    return SG_OK;
}

size_t pdf_signature_count(const struct pdf_document *document)
{
    return document->count;
}

const struct pdf_signature *pdf_signature(const struct pdf_document *document,
                                          size_t index)
{
    return index < document->count ? &document->signatures[index] : NULL;
}

void pdf_close(struct pdf_document *document)
{
    if (document != NULL) {
        free(document->signatures);
        pdf_buffer_fini(&document->answer);
        free(document);
    }
}
