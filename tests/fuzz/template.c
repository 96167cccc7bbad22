/* A stamp's template, somebody's own file: refused with its line and a sentence, or boxes
 * that lie within the stamp; and one that fits the policy, drawn as it stands, has the
 * policy's statement whole or is refused. */
#include "client/pdf/stamp/template.h"

#include <stdlib.h>

#include "client/pdf/look.h"
#include "client/pdf/stamp/stamp.h"
#include "proto/text.h"
#include "tests/fuzz/support/fuzz.h"

static const char statement[] = "Dokumen ini ditandatangani secara elektronik (BSrE).";

static void expect_inside(const struct pdf_template *stamp)
{
    MUST(stamp->width > 0 && stamp->height > 0 && stamp->count > 0);
    for (size_t i = 0; i < stamp->count; i++) {
        const struct pdf_box *box = &stamp->boxes[i];
        MUST(box->area.x >= 0 && box->area.y >= 0 && box->area.width > 0);
        MUST(box->area.x + box->area.width <= stamp->width + 0.01);
        MUST(box->smallest <= box->largest && box->text_count <= PDF_BOX_TEXTS);
        for (size_t j = 0; j < box->text_count; j++) {
            MUST(text_plain(slice_str(box->texts[j])));
        }
    }
}

static void draw(const struct pdf_template *layout)
{
    const struct pdf_look look = {.layout = layout};
    const struct pdf_wish wish = {.page = 1,
                                  .look = &look,
                                  .statement = statement,
                                  .qr_text = "https://x.id/1",
                                  .name = "A B",
                                  .title = "C"};
    static struct pdf_charset wanted[PDF_FACES];
    struct pdf_append append = {.next_number = 2};
    struct pdf_verdict verdict = {.refusal = PDF_ACCEPTED};
    struct pdf_fonts *fonts = NULL;

    memset(wanted, 0, sizeof(wanted));
    pdf_stamp_wants(&wish, wanted);
    enum sg_status status = pdf_fonts_take(wanted, &fonts);
    MUST(status == SG_OK || status == SG_TOO_LARGE);
    if (status != SG_OK) {
        return;
    }
    const struct pdf_stamp stamp = {
        .width = layout->width, .height = layout->height, .wish = &wish, .fonts = fonts};
    status = pdf_stamp_append(&stamp, 1, &append, &verdict);
    MUST(status == SG_OK || (status == SG_INVALID && (verdict.refusal == PDF_TEXT ||
                                                      verdict.refusal == PDF_STAMP_FIT)));
    MUST(status != SG_OK || (append.count > 0 && !append.out.failed));
    pdf_append_fini(&append);
    pdf_fonts_give(&fonts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const struct pdf_notice notice = {.statement = statement};
    struct pdf_template stamp;
    struct sg_error why = {0};
    uint8_t *copy = fuzz_copy(slice_of(data, len));

    if (pdf_template_read(slice_of(copy, len), "x", &stamp, &why) == SG_OK) {
        expect_inside(&stamp);
        if (pdf_template_fits(&stamp, "x", &notice, &why) == SG_OK) {
            draw(&stamp);
        } else {
            MUST(why.text[0] != '\0');
        }
        pdf_template_fini(&stamp);
    } else {
        MUST(strncmp(why.text, "x:", 2) == 0);
    }
    free(copy);
    return 0;
}
