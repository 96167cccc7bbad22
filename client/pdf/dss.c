#include "client/pdf/dss.h"

#include <stdlib.h>

#include "client/pdf/pdf.h"

static const char *const keys[PDF_DSS_KINDS] = {"/Certs", "/CRLs", "/OCSPs"};

void pdf_dss_patches_fini(struct pdf_dss_patches *patches)
{
    pdf_buffer_fini(&patches->dss);
    pdf_buffer_fini(&patches->extensions);
}

/* --- What is there ------------------------------------------------------------------ */

static bool same_stream(const struct pdf_reader *reader, qpdf_oh node, struct slice bytes)
{
    unsigned char *data = NULL;
    size_t len = 0;
    QPDF_BOOL filtered = QPDF_FALSE;

    if (!qpdf_oh_is_stream(reader->qpdf, node) ||
        qpdf_oh_get_stream_data(reader->qpdf, node, qpdf_dl_all, &filtered, &data,
                                &len) != QPDF_SUCCESS) {
        return false;
    }
    bool same = slice_equal(slice_of(data, len), bytes);
    free(data);
    return same;
}

static bool holds(const struct pdf_reader *reader, qpdf_oh list, struct slice bytes)
{
    int count = pdf_count(reader, list);

    for (int i = 0; i < count; i++) {
        if (same_stream(reader, qpdf_oh_get_array_item(reader->qpdf, list, i), bytes)) {
            return true;
        }
    }
    return false;
}

/* A renewal adds to what earlier ones left; such a list has no end of its own. */
static enum sg_status check_list(const struct pdf_reader *reader, qpdf_oh list,
                                 struct pdf_verdict *verdict)
{
    enum { LIST_MAX = 4096 };
    int count = pdf_count(reader, list);

    if (count > LIST_MAX) {
        return pdf_refuse(verdict, PDF_TOO_COMPLEX, "its security store");
    }
    for (int i = 0; i < count; i++) {
        qpdf_oh item = qpdf_oh_get_array_item(reader->qpdf, list, i);
        if (!qpdf_oh_is_indirect(reader->qpdf, item)) {
            return pdf_refuse(verdict, PDF_FORM_DAMAGED, "its security store");
        }
    }
    return SG_OK;
}

/* --- What is added ------------------------------------------------------------------ */

static int append_stream(struct pdf_append *append, struct slice bytes)
{
    int number = pdf_append_number(append);

    pdf_append_begin(append, number, 0);
    pdf_buffer_print(&append->out, "<<\n/Length %zu\n>>\nstream\n", bytes.len);
    pdf_buffer_put(&append->out, bytes.data, bytes.len);
    pdf_buffer_text(&append->out, "\nendstream");
    pdf_append_end(append);
    return number;
}

/* The list as the store will have it; empty when there is nothing of the kind. */
static enum sg_status make_list(struct pdf_append *append,
                                const struct pdf_reader *reader, qpdf_oh before,
                                const struct pdf_dss_part *part, struct pdf_buffer *out)
{
    int count = pdf_count(reader, before);

    pdf_buffer_text(out, count + (int)part->count == 0 ? "" : "[");
    for (int i = 0; i < count; i++) {
        pdf_put(reader, qpdf_oh_get_array_item(reader->qpdf, before, i), out);
        pdf_buffer_text(out, " ");
    }
    for (size_t i = 0; i < part->count; i++) {
        if (!holds(reader, before, part->items[i])) {
            pdf_buffer_print(out, "%d 0 R ", append_stream(append, part->items[i]));
        }
    }
    pdf_buffer_text(out, count + (int)part->count == 0 ? "" : "]");
    return pdf_buffer_check(out);
}

struct lists {
    struct pdf_buffer texts[PDF_DSS_KINDS];
};

static void lists_fini(struct lists *lists)
{
    for (int i = 0; i < PDF_DSS_KINDS; i++) {
        pdf_buffer_fini(&lists->texts[i]);
    }
}

static int append_store(struct pdf_append *append, const struct pdf_reader *reader,
                        qpdf_oh before, const struct lists *lists)
{
    struct pdf_patch patches[PDF_DSS_KINDS];
    int number = pdf_append_number(append);

    for (int i = 0; i < PDF_DSS_KINDS; i++) {
        patches[i] = (struct pdf_patch){keys[i], pdf_buffer_slice(&lists->texts[i])};
    }
    pdf_append_begin(append, number, 0);
    if (pdf_is_dict(reader, before)) {
        pdf_put_dict(reader, before, patches, PDF_DSS_KINDS, &append->out);
    } else {
        pdf_buffer_text(&append->out, "<<\n/Type /DSS\n");
        for (int i = 0; i < PDF_DSS_KINDS; i++) {
            struct slice text = patches[i].value;
            pdf_buffer_print(&append->out, "%s ", text.len == 0 ? "" : keys[i]);
            pdf_buffer_put(&append->out, text.data, text.len);
            pdf_buffer_text(&append->out, "\n");
        }
        pdf_buffer_text(&append->out, ">>");
    }
    pdf_append_end(append);
    return number;
}

static void put_extensions(const struct pdf_reader *reader, struct pdf_buffer *out)
{
    static const char esic[] = "<< /BaseVersion /1.7 /ExtensionLevel 1 >>";
    qpdf_oh before = pdf_get(reader, reader->root, "/Extensions");
    const struct pdf_patch patch = {"/ESIC", slice_str(esic)};

    if (pdf_is_dict(reader, before)) {
        pdf_put_dict(reader, before, &patch, 1, out);
    } else {
        pdf_buffer_print(out, "<< /ESIC %s >>", esic);
    }
}

enum sg_status pdf_dss_append(struct pdf_append *append, const struct pdf_reader *reader,
                              const struct pdf_dss *dss, struct pdf_dss_patches *out,
                              struct pdf_verdict *verdict)
{
    AUTO(lists_fini) struct lists lists = {0};
    qpdf_oh before = pdf_get(reader, reader->root, "/DSS");

    for (int i = 0; i < PDF_DSS_KINDS; i++) {
        qpdf_oh list = pdf_get(reader, before, keys[i]);
        TRY(check_list(reader, list, verdict));
        TRY(make_list(append, reader, list, &dss->parts[i], &lists.texts[i]));
    }
    pdf_buffer_print(&out->dss, "%d 0 R", append_store(append, reader, before, &lists));
    put_extensions(reader, &out->extensions);
    out->patches[0] = (struct pdf_patch){"/DSS", pdf_buffer_slice(&out->dss)};
    out->patches[1] =
        (struct pdf_patch){"/Extensions", pdf_buffer_slice(&out->extensions)};
    TRY(pdf_buffer_check(&out->dss));
    return pdf_buffer_check(&out->extensions);
}
