#include "client/pdf/preview.h"

#include "client/pdf/stamp/stamp.h"
#include "client/pdf/wish.h"

enum { CATALOG = 1, PAGES, PAGE, CONTENT, BANNER, STAMP, NEXT };
#define A4 "[0 0 595.28 841.89]"

static const struct pdf_rect banner_rect = {
    .x = 42, .y = 790, .width = 511, .height = 24};

static enum sg_status append_stamp(const struct pdf_wish *wish,
                                   const struct pdf_fonts *fonts, int number,
                                   struct pdf_append *append, struct pdf_verdict *verdict)
{
    const struct pdf_stamp stamp = {.width = wish->rect.width,
                                    .height = wish->rect.height,
                                    .wish = wish,
                                    .fonts = fonts};

    return pdf_stamp_append(&stamp, number, append, verdict);
}

static void place(const char *name, const struct pdf_rect *rect, struct pdf_buffer *out)
{
    pdf_buffer_text(out, "q 1 0 0 1 ");
    pdf_buffer_number(out, rect->x);
    pdf_buffer_text(out, " ");
    pdf_buffer_number(out, rect->y);
    pdf_buffer_print(out, " cm /%s Do Q\n", name);
}

static void append_text(struct pdf_append *append, int number, const char *text)
{
    pdf_append_begin(append, number, 0);
    pdf_buffer_text(&append->out, text);
    pdf_append_end(append);
}

static void append_page(const struct pdf_wish *wish, struct pdf_append *append)
{
    struct pdf_buffer content = {0};

    append_text(append, CATALOG, "<< /Type /Catalog /Pages 2 0 R >>");
    append_text(append, PAGES, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>");
    append_text(append, PAGE,
                "<< /Type /Page /Parent 2 0 R /MediaBox " A4 " /Contents 4 0 R\n"
                "/Resources << /XObject << /B 5 0 R /S 6 0 R >> >> >>");
    place("B", &banner_rect, &content);
    place("S", &wish->rect, &content);
    pdf_append_begin(append, CONTENT, 0);
    pdf_buffer_print(&append->out, "<< /Length %zu >>\nstream\n", content.len);
    pdf_buffer_put(&append->out, content.data, content.len);
    pdf_buffer_text(&append->out, "\nendstream");
    pdf_append_end(append);
    pdf_buffer_fini(&content);
}

/* Numbers were given out without gaps, but not in the order of the file. */
static void append_table(struct pdf_append *append)
{
    struct pdf_buffer *out = &append->out;
    size_t at = append->base + out->len;

    pdf_buffer_print(out, "xref\n0 %d\n0000000000 65535 f \n", append->next_number);
    for (int number = 1; number < append->next_number; number++) {
        for (size_t i = 0; i < append->count; i++) {
            if (append->entries[i].number == number) {
                pdf_buffer_print(out, "%010zu 00000 n \n", append->entries[i].offset);
            }
        }
    }
    pdf_buffer_print(out,
                     "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%zu\n%%%%EOF\n",
                     append->next_number, at);
}

static enum sg_status build(const struct pdf_wish *wish, const struct pdf_wish *banner,
                            struct pdf_append *append, struct pdf_verdict *verdict)
{
    AUTO(pdf_fonts_give) struct pdf_fonts *fonts = NULL;
    struct pdf_charset wanted[PDF_FACES] = {{{0}}};

    pdf_stamp_wants(wish, wanted);
    pdf_stamp_wants(banner, wanted);
    enum sg_status status = pdf_fonts_take(wanted, &fonts);
    if (status != SG_OK) {
        return status == SG_TOO_LARGE ? pdf_refuse(verdict, PDF_TEXT, NULL) : status;
    }
    append_page(wish, append);
    TRY(append_stamp(banner, fonts, BANNER, append, verdict));
    TRY(append_stamp(wish, fonts, STAMP, append, verdict));
    append_table(append);
    return pdf_buffer_check(&append->out);
}

enum sg_status pdf_preview(const struct pdf_wish *wish, struct pdf_buffer *out,
                           struct sg_error *why)
{
    static const char head[] = "%PDF-1.4\n";
    const struct pdf_wish banner = {
        .rect = banner_rect,
        .signing_time_us = wish->signing_time_us,
        .statement = "PRATINJAU: belum ditandatangani. PREVIEW: nothing is signed.",
    };
    struct pdf_verdict verdict = {.why = why};
    AUTO(pdf_append_fini) struct pdf_append append = {.count = 0};

    TRY(pdf_wish_check(wish, &verdict));
    pdf_append_init(&append, slice_str(head), NEXT);
    enum sg_status status = build(wish, &banner, &append, &verdict);
    if (status != SG_OK) {
        return status == SG_INVALID ? status
                                    : sg_fail(why, status, "%s", sg_status_text(status));
    }
    pdf_buffer_text(out, head);
    pdf_buffer_put(out, append.out.data, append.out.len);
    return pdf_buffer_check(out);
}
