#include "client/pdf/evidence.h"

#include <stdlib.h>

#include "client/pdf/guard/guard.h"
#include "client/pdf/reader.h"

struct header {
    uint32_t kind;
    uint32_t len;
};

/* --- In the process that reads ------------------------------------------------------ */

static void put_item(const struct pdf_reader *reader, qpdf_oh stream, uint32_t kind,
                     struct pdf_buffer *out)
{
    unsigned char *data = NULL;
    size_t len = 0;

    if (!qpdf_oh_is_stream(reader->qpdf, stream)) {
        return;
    }
    /* A warning about another part of the file is returned as well. */
    QPDF_ERROR_CODE code = qpdf_oh_get_stream_data(
        reader->qpdf, stream, qpdf_dl_generalized, NULL, &data, &len);
    if ((code & QPDF_ERRORS) != 0 || data == NULL) {
        free(data);
        return;
    }
    const struct header header = {kind, (uint32_t)len};
    if (len < PDF_EVIDENCE_BYTES_MAX && out->len + len < PDF_EVIDENCE_BYTES_MAX) {
        pdf_buffer_put(out, &header, sizeof(header));
        pdf_buffer_put(out, data, len);
    }
    free(data);
}

static void put_items(const struct pdf_reader *reader, qpdf_oh store, uint32_t kind,
                      struct pdf_buffer *out)
{
    static const char *const keys[] = {"/Certs", "/CRLs", "/OCSPs"};
    qpdf_oh array = pdf_get(reader, store, keys[kind]);

    for (int i = 0; i < pdf_count(reader, array) && i < PDF_EVIDENCE_MAX; i++) {
        qpdf_oh item = qpdf_oh_get_array_item(reader->qpdf, array, i);
        put_item(reader, item, kind, out);
        qpdf_oh_release(reader->qpdf, item);
    }
}

static void close_reader(struct pdf_reader *reader)
{
    pdf_reader_close(reader);
}

static void work(const void *context, struct pdf_buffer *answer)
{
    const struct slice *pdf = (const struct slice *)context;
    struct pdf_verdict verdict = {.why = NULL};
    AUTO(close_reader) struct pdf_reader reader = {.qpdf = NULL};

    if (pdf_reader_open(&reader, *pdf, true, &verdict) != SG_OK) {
        return;
    }
    qpdf_oh store = pdf_get(&reader, reader.root, "/DSS");
    for (uint32_t kind = PDF_EVIDENCE_CERT; kind <= PDF_EVIDENCE_OCSP; kind++) {
        put_items(&reader, store, kind, answer);
    }
}

/* --- In the process that asked ------------------------------------------------------ */

enum sg_status pdf_evidence_read(struct slice pdf, struct pdf_evidence *evidence,
                                 struct sg_error *why)
{
    struct pdf_verdict verdict = {.why = why};

    *evidence = (struct pdf_evidence){.at = 0};
    return pdf_guard_run(work, &pdf, &evidence->items, &verdict);
}

bool pdf_evidence_next(struct pdf_evidence *evidence, enum pdf_evidence_kind *kind,
                       struct slice *der)
{
    struct slice all = pdf_buffer_slice(&evidence->items);
    struct header header;

    if (all.len - evidence->at < sizeof(header)) {
        return false;
    }
    memcpy(&header, all.data + evidence->at, sizeof(header));
    size_t from = evidence->at + sizeof(header);
    if (header.kind > PDF_EVIDENCE_OCSP || header.len > all.len - from) {
        return false;
    }
    *kind = (enum pdf_evidence_kind)header.kind;
    *der = slice_of(all.data + from, header.len);
    evidence->at = from + header.len;
    return true;
}

void pdf_evidence_fini(struct pdf_evidence *evidence)
{
    pdf_buffer_fini(&evidence->items);
    evidence->at = 0;
}
