#include "client/pdf/listing.h"

#include "client/pdf/form.h"

/* While the file is read. */
struct listing {
    struct pdf_reader reader;     /* owned */
    struct pdf_buffer signatures; /* owned */
    struct pdf_buffer contents;   /* owned */
    size_t count;
    const char *fault;
};

/* What an ASN.1 value begins with. */
struct head {
    size_t size;
    size_t len;   /* of what follows */
    bool is_open; /* up to its end-of-contents octets (BER) */
    bool ends;    /* it is these */
};

/* false = none that a CMS has, or not whole. */
static bool read_head(struct slice bytes, struct head *head)
{
    if (bytes.len < 2 || (bytes.data[0] & 0x1F) == 0x1F) {
        return false;
    }
    uint8_t first = bytes.data[1];
    size_t digits = first > 0x80 ? first & 0x7FU : 0;
    size_t len = first < 0x80 ? first : 0;
    if (digits > 4 || bytes.len < 2 + digits) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        len = len << 8 | bytes.data[2 + i];
    }
    *head = (struct head){.size = 2 + digits,
                          .len = len,
                          .is_open = first == 0x80,
                          .ends = bytes.data[0] == 0 && first == 0};
    return len <= bytes.len - head->size;
}

/* Length of the CMS that the bytes begin with, in DER or, as some programs write it, in
 * BER with indefinite lengths; 0 = none, or not whole. */
static size_t cms_len(struct slice bytes)
{
    struct head head;
    size_t open = 0;
    size_t at = 0;

    if (bytes.len == 0 || bytes.data[0] != 0x30) {
        return 0;
    }
    do {
        if (!read_head(slice_of(bytes.data + at, bytes.len - at), &head)) {
            return 0;
        }
        at += head.size + head.len;
        open += head.is_open ? 1 : 0;
        open -= head.ends ? 1 : 0;
    } while (open > 0);
    return at;
}

bool pdf_list_range(const struct pdf_reader *reader, qpdf_oh array, uint64_t range[4])
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

/* Many fields may refer to one large dictionary: the sum stays below the file. */
static void read_contents(struct listing *listing, qpdf_oh value,
                          struct pdf_signature *signature)
{
    const struct pdf_reader *reader = &listing->reader;
    qpdf_oh contents = pdf_get(reader, value, "/Contents");
    const char *text = NULL;
    size_t len = 0;

    if (!qpdf_oh_get_value_as_string(reader->qpdf, contents, &text, &len)) {
        return;
    }
    size_t whole = cms_len(slice_of(text, len));
    if (whole > reader->pdf.len - listing->contents.len) {
        listing->fault = "its signatures claim more bytes than it has";
        return;
    }
    signature->cms.len = whole;
    pdf_buffer_put(&listing->contents, text, whole);
}

static void list_field(void *user, const struct pdf_field *field)
{
    struct listing *listing = user;
    const struct pdf_reader *reader = &listing->reader;
    struct pdf_signature signature = {0};

    if (listing->fault != NULL || !field->is_signature ||
        !pdf_is_dict(reader, field->value)) {
        return;
    }
    if (listing->count++ == PDF_SIGNATURES_MAX) {
        listing->fault = "it has too many signatures";
        return;
    }
    read_texts(reader, field, &signature);
    qpdf_oh range = pdf_get(reader, field->value, "/ByteRange");
    if (!pdf_list_range(reader, range, signature.range)) {
        memset(signature.range, 0, sizeof(signature.range));
    }
    read_contents(listing, field->value, &signature);
    pdf_buffer_put(&listing->signatures, &signature, sizeof(signature));
}

static enum sg_status list(struct slice pdf, struct listing *listing,
                           struct pdf_verdict *verdict)
{
    TRY(pdf_reader_open(&listing->reader, pdf, true, verdict));
    TRY(pdf_form_walk(&listing->reader, list_field, listing, verdict));
    if (listing->fault != NULL) {
        return pdf_refuse(verdict, PDF_FORM_DAMAGED, listing->fault);
    }
    TRY(pdf_buffer_check(&listing->signatures));
    return pdf_buffer_check(&listing->contents);
}

static void free_listing(struct listing *listing)
{
    pdf_reader_close(&listing->reader);
    pdf_buffer_fini(&listing->signatures);
    pdf_buffer_fini(&listing->contents);
}

void pdf_list(const void *context, struct pdf_buffer *answer)
{
    const struct slice *pdf = context;
    struct pdf_listed listed = {.status = SG_OK};
    struct pdf_verdict verdict = {.why = &listed.why};
    AUTO(free_listing) struct listing listing = {0};

    listed.status = list(*pdf, &listing, &verdict);
    listed.count = listing.count;
    pdf_buffer_put(answer, &listed, sizeof(listed));
    if (listed.status == SG_OK) {
        pdf_buffer_put(answer, listing.signatures.data, listing.signatures.len);
        pdf_buffer_put(answer, listing.contents.data, listing.contents.len);
    }
}
