#include <math.h>

#include "client/pdf/stamp/inside.h"

/* Smaller letters cannot be read from paper. */
static const double size_min = 4;

/* How the template lies in the rectangle: as large as it fits, in the middle. */
struct fit {
    double scale, x, y;
};

static struct fit fit_of(const struct pdf_stamp *stamp)
{
    const struct pdf_template *layout = stamp->wish->look->layout;
    double scale = fmin(stamp->width / layout->width, stamp->height / layout->height);

    return (struct fit){
        .scale = scale,
        .x = (stamp->width - layout->width * scale) / 2,
        .y = (stamp->height - layout->height * scale) / 2,
    };
}

static struct pdf_area area_of(const struct fit *fit, const struct pdf_area *area)
{
    return (struct pdf_area){
        .x = fit->x + area->x * fit->scale,
        .y = fit->y + area->y * fit->scale,
        .width = area->width * fit->scale,
        .height = area->height * fit->scale,
    };
}

/* Within the frame, which is drawn over what is in the box. */
static struct pdf_area inset(const struct pdf_area *area, double border)
{
    return (struct pdf_area){.x = area->x + border,
                             .y = area->y + border,
                             .width = area->width - 2 * border,
                             .height = area->height - 2 * border};
}

static struct pdf_setting setting_of(const struct fit *fit, const struct pdf_box *box,
                                     const struct pdf_area *area)
{
    return (struct pdf_setting){
        .area = *area,
        .face = box->face,
        .largest = box->largest * fit->scale,
        .smallest = fmax(box->smallest * fit->scale, size_min),
        .align = box->align,
        .upright = box->upright,
    };
}

static enum sg_status draw_text(struct canvas *canvas, const struct pdf_box *box,
                                const struct pdf_area *area, const struct fit *fit)
{
    char words[PDF_BOX_TEXTS][STAMP_WORDS_MAX];
    const char *texts[PDF_BOX_TEXTS];
    struct pdf_setting setting = setting_of(fit, box, area);
    size_t count = 0;

    for (size_t i = 0; i < box->text_count; i++) {
        bool shown = false;
        if (!stamp_words(canvas->stamp->wish, box->texts[i], words[count], &shown)) {
            return pdf_refuse(canvas->verdict, PDF_TEXT, "a line of the stamp");
        }
        texts[count] = words[count];
        count += shown ? 1 : 0;
    }
    return stamp_texts(canvas, &setting, texts, count, "a text");
}

static enum sg_status draw_statement(struct canvas *canvas, const struct pdf_box *box,
                                     const struct pdf_area *area, const struct fit *fit)
{
    struct pdf_setting setting = setting_of(fit, box, area);

    return stamp_texts(canvas, &setting, &canvas->stamp->wish->statement, 1,
                       "the statement");
}

static enum sg_status draw_qr(struct canvas *canvas, const struct pdf_box *box,
                              const struct pdf_area *area, const struct fit *fit)
{
    (void)box;
    (void)fit;
    return stamp_qr(canvas, area);
}

static enum sg_status draw_missing(struct canvas *canvas, const struct pdf_box *box,
                                   const struct pdf_area *area)
{
    const char *word = pdf_box_word(box->kind);
    struct pdf_setting setting = {.area = *area,
                                  .face = PDF_FACE_REGULAR,
                                  .largest = 6,
                                  .smallest = 2,
                                  .align = PDF_CENTRE,
                                  .upright = PDF_CENTRE};

    stamp_frame(canvas, area, 0.25);
    return stamp_texts(canvas, &setting, &word, 1, "a logo");
}

static enum sg_status draw_logo(struct canvas *canvas, const struct pdf_box *box,
                                const struct pdf_area *area, const struct fit *fit)
{
    const struct pdf_look *look = canvas->stamp->wish->look;
    bool agency = box->kind == PDF_BOX_AGENCY_LOGO;
    const struct pdf_image *image = agency ? &look->agency_logo : &look->logo;

    (void)fit;
    if (image->width == 0) {
        return look->sample ? draw_missing(canvas, box, area) : SG_OK;
    }
    *(agency ? &canvas->agency_logo_used : &canvas->logo_used) = true;
    const struct picture picture = {image, agency ? "A" : "L", box->align, box->upright};
    stamp_image(canvas, &picture, area);
    return SG_OK;
}

static enum sg_status draw_line(struct canvas *canvas, const struct pdf_box *box,
                                const struct pdf_area *area, const struct fit *fit)
{
    (void)box;
    (void)fit;
    pdf_buffer_number(&canvas->out, area->x);
    pdf_buffer_text(&canvas->out, " ");
    pdf_buffer_number(&canvas->out, area->y);
    pdf_buffer_text(&canvas->out, " ");
    pdf_buffer_number(&canvas->out, area->width);
    pdf_buffer_text(&canvas->out, " ");
    pdf_buffer_number(&canvas->out, area->height);
    pdf_buffer_text(&canvas->out, " re f\n");
    return SG_OK;
}

typedef enum sg_status (*draw_fn)(struct canvas *canvas, const struct pdf_box *box,
                                  const struct pdf_area *area, const struct fit *fit);

enum sg_status stamp_draw_boxes(struct canvas *canvas)
{
    static const draw_fn draw[PDF_BOX_KINDS] = {
        [PDF_BOX_TEXT] = draw_text,
        [PDF_BOX_STATEMENT] = draw_statement,
        [PDF_BOX_QR] = draw_qr,
        [PDF_BOX_LOGO] = draw_logo,
        [PDF_BOX_AGENCY_LOGO] = draw_logo,
        [PDF_BOX_LINE] = draw_line,
    };
    const struct pdf_template *layout = canvas->stamp->wish->look->layout;
    struct fit fit = fit_of(canvas->stamp);

    for (size_t i = 0; i < layout->count; i++) {
        const struct pdf_box *box = &layout->boxes[i];
        double border = box->border * fit.scale;
        struct pdf_area area = area_of(&fit, &box->area);
        struct pdf_area inner = inset(&area, border);
        TRY(draw[box->kind](canvas, box, &inner, &fit));
        if (border > 0) {
            stamp_frame(canvas, &area, border);
        }
    }
    return SG_OK;
}

/* All figures, as every letter has another time. */
void stamp_wants_boxes(const struct pdf_wish *wish, struct pdf_charset sets[PDF_FACES])
{
    const struct pdf_template *layout = wish->look->layout;

    for (size_t i = 0; i < layout->count; i++) {
        const struct pdf_box *box = &layout->boxes[i];
        for (size_t j = 0; j < box->text_count; j++) {
            char words[STAMP_WORDS_MAX];
            bool shown = false;
            (void)stamp_words(wish, box->texts[j], words, &shown);
            pdf_charset_add(&sets[box->face], words);
            pdf_charset_add(&sets[box->face], "0123456789");
        }
        if (box->kind == PDF_BOX_STATEMENT) {
            pdf_charset_add(&sets[box->face], wish->statement);
        }
        if (wish->look->sample) {
            pdf_charset_add(&sets[PDF_FACE_REGULAR], pdf_box_word(box->kind));
        }
    }
}
