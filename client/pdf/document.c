#include <stdlib.h>

#include "client/pdf/form.h"
#include "client/pdf/pdf.h"

/* Listing what the signatures of a PDF say of themselves. */

enum { SIGNATURES_MAX = 1024 };

struct pdf_document {
    struct slice pdf;                 /* borrowed */
    struct pdf_signature *signatures; /* owned */
    size_t count;
    struct pdf_buffer contents; /* owned: the CMS of all, one after the other */
};

struct listing {
    const struct pdf_reader *reader;
    struct pdf_document *document;
    const char *fault;
};

/* Length of the DER value that the bytes begin with; 0 = none, or not whole. An
 * indefinite length (BER) says nothing: then all bytes. */
static size_t der_len(struct slice bytes)
{
    if (bytes.len < 2 || bytes.data[0] != 0x30) {
        return 0;
    }
    uint8_t first = bytes.data[1];
    if (first == 0x80) {
        return bytes.len;
    }
    size_t digits = first < 0x80 ? 0 : first & 0x7FU;
    size_t len = first < 0x80 ? first : 0;
    if (digits > 4 || bytes.len < 2 + digits) {
        return 0;
    }
    for (size_t i = 0; i < digits; i++) {
        len = len << 8 | bytes.data[2 + i];
    }
    return len > bytes.len - 2 - digits ? 0 : 2 + digits + len;
}

static int hex_value(uint8_t digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    digit |= 0x20;
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* Is the text between "<" and ">" exactly these bytes, in hexadecimal and nothing else?
 */
static bool spells(struct slice text, struct slice bytes)
{
    if (text.len != 2 * bytes.len) {
        return false;
    }
    for (size_t i = 0; i < bytes.len; i++) {
        int high = hex_value(text.data[2 * i]);
        int low = hex_value(text.data[2 * i + 1]);
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

/* Everything before and after /Contents is signed, and the gap hides nothing else. */
static bool is_sound(struct slice pdf, const uint64_t range[4], struct slice contents)
{
    if (range[0] != 0 || range[1] > pdf.len || range[2] > pdf.len ||
        range[3] > pdf.len - range[2] || range[2] < range[1] + 2) {
        return false;
    }
    size_t open = (size_t)range[1];
    size_t close = (size_t)range[2] - 1;
    return pdf.data[open] == '<' && pdf.data[close] == '>' && follows_key(pdf, open) &&
           spells(slice_of(pdf.data + open + 1, close - open - 1), contents);
}

/* What follows the DER up to the end of /Contents is not signed: only zeros may. */
static bool ends_in_zeros(struct slice contents, size_t from)
{
    for (size_t i = from; i < contents.len; i++) {
        if (contents.data[i] != 0) {
            return false;
        }
    }
    return true;
}

static bool read_range(const struct pdf_reader *reader, qpdf_oh array, uint64_t range[4])
{
    if (pdf_count(reader, array) != 4) {
        return false;
    }
    for (int i = 0; i < 4; i++) {
        qpdf_oh item = qpdf_oh_get_array_item(reader->qpdf, array, i);
        long long value = pdf_int(reader, item, -1);
        qpdf_oh_release(reader->qpdf, item);
        if (value < 0) {
            return false;
        }
        range[i] = (uint64_t)value;
    }
    return true;
}

static void read_name(const struct pdf_reader *reader, qpdf_oh node, char *out,
                      size_t size)
{
    const char *name = NULL;
    size_t len = 0;

    out[0] = '\0';
    if (qpdf_oh_get_value_as_name(reader->qpdf, node, &name, &len) && len > 0 &&
        len <= size) {
        memcpy(out, name + 1, len - 1);
        out[len - 1] = '\0';
    }
}

static void read_texts(const struct pdf_reader *reader, const struct pdf_field *field,
                       struct pdf_signature *signature)
{
    qpdf_oh value = field->value;

    read_name(reader, pdf_get(reader, value, "/SubFilter"), signature->subfilter,
              sizeof(signature->subfilter));
    pdf_text(reader, pdf_get(reader, value, "/Reason"), signature->reason,
             sizeof(signature->reason));
    pdf_text(reader, pdf_get(reader, value, "/Location"), signature->location,
             sizeof(signature->location));
    pdf_text(reader, pdf_get(reader, value, "/M"), signature->time,
             sizeof(signature->time));
    size_t len = strnlen(field->name, sizeof(signature->field) - 1);
    memcpy(signature->field, field->name, len);
    signature->field[len] = '\0';
}

/* Only the length is kept here: the bytes move while their buffer grows. */
static void read_contents(struct listing *listing, qpdf_oh value,
                          struct pdf_signature *signature)
{
    const struct pdf_reader *reader = listing->reader;
    struct pdf_document *document = listing->document;
    const char *text = NULL;
    size_t len = 0;

    if (!qpdf_oh_get_value_as_string(reader->qpdf, pdf_get(reader, value, "/Contents"),
                                     &text, &len)) {
        return;
    }
    /* Many fields may refer to one large dictionary: their sum stays below the file. */
    if (len > document->pdf.len - document->contents.len) {
        listing->fault = "its signatures claim more bytes than it has";
        return;
    }
    struct slice contents = slice_of(text, len);
    size_t der = der_len(contents);
    bool sound = is_sound(document->pdf, signature->range, contents);
    signature->ranges_sound = sound && der > 0 && ends_in_zeros(contents, der);
    signature->cms.len = der;
    pdf_buffer_put(&document->contents, text, der);
}

static void list_field(void *user, const struct pdf_field *field)
{
    struct listing *listing = user;
    struct pdf_document *document = listing->document;
    const struct pdf_reader *reader = listing->reader;

    if (listing->fault != NULL || !field->is_signature ||
        !pdf_is_dict(reader, field->value)) {
        return;
    }
    if (document->count == SIGNATURES_MAX) {
        listing->fault = "it has too many signatures";
        return;
    }
    struct pdf_signature *signature = &document->signatures[document->count++];
    read_texts(reader, field, signature);
    qpdf_oh range = pdf_get(reader, field->value, "/ByteRange");
    if (!read_range(reader, range, signature->range)) {
        memset(signature->range, 0, sizeof(signature->range));
    }
    read_contents(listing, field->value, signature);
    signature->covered = signature->range[2] + signature->range[3];
    signature->covers_file =
        signature->ranges_sound && signature->covered == document->pdf.len;
}

/* The buffer grows no more: now each CMS has its place, in the order of listing. */
static void point_to_contents(struct pdf_document *document)
{
    size_t at = 0;

    for (size_t i = 0; i < document->count; i++) {
        struct slice *cms = &document->signatures[i].cms;
        cms->data = cms->len == 0 ? NULL : document->contents.data + at;
        at += cms->len;
    }
}

static int by_revision(const void *a, const void *b)
{
    const struct pdf_signature *left = a;
    const struct pdf_signature *right = b;

    return (left->covered > right->covered) - (left->covered < right->covered);
}

static enum sg_status list(struct pdf_document *document, struct pdf_verdict *verdict)
{
    AUTO(pdf_reader_close) struct pdf_reader reader = {0};
    struct listing listing = {.reader = &reader, .document = document};

    TRY(pdf_reader_open(&reader, document->pdf, true, verdict));
    TRY(pdf_form_walk(&reader, list_field, &listing, verdict));
    if (listing.fault != NULL) {
        return pdf_refuse(verdict, PDF_FORM_DAMAGED, listing.fault);
    }
    TRY(pdf_buffer_check(&document->contents));
    point_to_contents(document);
    qsort(document->signatures, document->count, sizeof(document->signatures[0]),
          by_revision);
    return SG_OK;
}

enum sg_status pdf_open(struct slice pdf, struct pdf_document **out, struct sg_error *why)
{
    struct pdf_verdict verdict = {.why = why};
    struct pdf_document *document = calloc(1, sizeof(*document));

    *out = NULL;
    if (document == NULL) {
        return SG_NO_MEMORY;
    }
    document->pdf = pdf;
    /* All at once: the kernel gives pages only for the few that are used. */
    document->signatures = calloc(SIGNATURES_MAX, sizeof(document->signatures[0]));
    enum sg_status status =
        document->signatures == NULL ? SG_NO_MEMORY : list(document, &verdict);
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
        pdf_buffer_fini(&document->contents);
        free(document);
    }
}
