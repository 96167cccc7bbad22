#include "client/pdf/build.h"

#include "client/pdf/dss.h"
#include "client/pdf/field.h"
#include "client/pdf/form.h"

/* One object in two roles (the page as the form, say) would be written twice. */
static bool has_twice(const struct pdf_append *append)
{
    for (size_t i = 0; i < append->count; i++) {
        for (size_t j = i + 1; j < append->count; j++) {
            if (append->entries[i].number == append->entries[j].number) {
                return true;
            }
        }
    }
    return false;
}

static enum sg_status append_all(const struct pdf_signing *signing,
                                 struct pdf_holes *holes)
{
    struct pdf_append *append = signing->append;

    if (signing->wish->adds != PDF_ADDS_STORE) {
        pdf_signature_append(append, signing->signature, signing->wish, holes);
        TRY(pdf_field_append(signing));
    }
    pdf_catalog_append(signing);
    if (has_twice(append)) {
        return pdf_refuse(signing->verdict, PDF_FORM_DAMAGED, "one object in two roles");
    }
    TRY(pdf_append_finish(append, signing->reader));
    holes->id = append->id;
    /* Writing out the letter's objects was the last look at it. */
    return pdf_reader_settle(signing->reader, signing->verdict);
}

static enum sg_status build(const struct pdf_reader *reader,
                            const struct pdf_order *order, struct pdf_append *append,
                            struct pdf_holes *holes, struct pdf_verdict *verdict)
{
    AUTO(pdf_dss_patches_fini) struct pdf_dss_patches store = {.dss = {0}};
    struct pdf_place place;
    int first_number = 0;
    bool has_others = false;

    /* The place first: asking for a number makes the parser read what no table names, and
     * a field that only shows then is none. */
    if (order->wish->adds != PDF_ADDS_STORE) {
        TRY(pdf_place_choose(reader, order->wish, &place, verdict));
        TRY(pdf_form_has_others(reader, &has_others, verdict));
    }
    TRY(pdf_reader_free_number(reader, &first_number, verdict));
    pdf_append_init(append, reader->pdf, first_number);
    if (order->wish->dss != NULL) {
        TRY(pdf_dss_append(append, reader, order->wish->dss, &store, verdict));
    }
    struct pdf_signing signing = {
        .reader = reader,
        .wish = order->wish,
        .fonts = order->fonts,
        .place = &place,
        .append = append,
        .verdict = verdict,
        .signature = order->wish->adds == PDF_ADDS_STORE ? 0 : pdf_append_number(append),
        .has_others = has_others,
        .catalog = store.patches,
        .catalog_count = order->wish->dss == NULL ? 0 : PDF_DSS_PATCHES,
    };
    return append_all(&signing, holes);
}

void pdf_build(const void *context, struct pdf_buffer *answer)
{
    const struct pdf_order *order = context;
    struct pdf_built built = {.status = SG_OK};
    struct pdf_verdict verdict = {.why = &built.why};
    AUTO(pdf_reader_close) struct pdf_reader reader = {0};
    AUTO(pdf_append_fini) struct pdf_append append = {0};

    built.status = pdf_reader_open(&reader, order->pdf, false, &verdict);
    if (built.status == SG_OK) {
        built.status = build(&reader, order, &append, &built.holes, &verdict);
    }
    if (built.status == SG_INVALID) {
        built.status = pdf_reader_refused(&reader, &verdict);
    }
    built.refusal = verdict.refusal;
    pdf_buffer_put(answer, &built, sizeof(built));
    if (built.status == SG_OK) {
        pdf_buffer_put(answer, append.out.data, append.out.len);
    }
}
