#include <math.h>
#include <stdio.h>

#include "client/pdf/stamp/inside.h"
#include "proto/text.h"

enum { LINES_MAX = 5, LINE_SIZE = 1040 };
static const double padding = 2;

struct lines {
    char words[LINES_MAX][LINE_SIZE];
    const char *texts[LINES_MAX];
    size_t count;
};

/* NULL and "" are no line. */
static void add_line(struct lines *lines, const char *label, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        char *words = lines->words[lines->count];
        (void)snprintf(words, LINE_SIZE, "%s%s", label, text);
        lines->texts[lines->count++] = words;
    }
}

/* A rectangle for a QR code alone holds nothing else: the time stands beside other text,
 * or where there would be nothing to see. */
static void gather(const struct pdf_wish *wish, struct lines *lines)
{
    char time[TEXT_TIME_SIZE];
    char clock[48];

    text_time(wish->signing_time_us, time);
    (void)snprintf(clock, sizeof(clock), "%.10s %.8s UTC", time, time + 11);
    add_line(lines, "", wish->statement);
    add_line(lines, "", wish->name);
    add_line(lines, "Alasan: ", wish->reason);
    add_line(lines, "Tempat: ", wish->location);
    if (lines->count > 0 || wish->qr_text == NULL) {
        add_line(lines, "Waktu: ", clock);
    }
}

/* Splits the rectangle: the QR code's square, and what is left for the text. */
static void divide(const struct pdf_stamp *stamp, bool text, struct pdf_area *square,
                   struct pdf_area *rest)
{
    double side = fmin(stamp->width, stamp->height);
    bool upright = stamp->height > stamp->width;

    *square = (struct pdf_area){
        .x = text ? 0 : (stamp->width - side) / 2,
        .y = stamp->height - side,
        .width = side,
        .height = side,
    };
    *rest = (struct pdf_area){
        .x = upright ? padding : side + padding,
        .y = padding,
        .width = (upright ? stamp->width : stamp->width - side) - 2 * padding,
        .height = (upright ? stamp->height - side : stamp->height) - 2 * padding,
    };
}

/* The logo takes a fifth at the right of the text's room. */
static void draw_logo(struct canvas *canvas, struct pdf_area *rest)
{
    const struct pdf_look *look = canvas->stamp->wish->look;
    double width = rest->width / 5;
    struct pdf_area area = {.x = rest->x + rest->width - width,
                            .y = rest->y,
                            .width = width,
                            .height = rest->height};

    if (look == NULL || look->logo.width == 0) {
        return;
    }
    const struct picture picture = {&look->logo, "L", PDF_CENTRE, PDF_CENTRE};
    stamp_image(canvas, &picture, &area);
    canvas->logo_used = true;
    rest->width -= width + padding;
}

enum sg_status stamp_draw_auto(struct canvas *canvas)
{
    const struct pdf_stamp *stamp = canvas->stamp;
    struct lines lines = {.count = 0};
    struct pdf_setting setting = {.area = {.x = padding,
                                           .y = padding,
                                           .width = stamp->width - 2 * padding,
                                           .height = stamp->height - 2 * padding},
                                  .face = PDF_FACE_REGULAR,
                                  .largest = 9,
                                  .smallest = 4,
                                  .upright = PDF_CENTRE};

    gather(stamp->wish, &lines);
    if (stamp->wish->qr_text != NULL) {
        struct pdf_area square;
        divide(stamp, lines.count > 0, &square, &setting.area);
        TRY(stamp_qr(canvas, &square));
    }
    if (lines.count == 0) {
        return SG_OK;
    }
    draw_logo(canvas, &setting.area);
    return stamp_texts(canvas, &setting, lines.texts, lines.count, "the text");
}

void stamp_wants_auto(const struct pdf_wish *wish, struct pdf_charset sets[PDF_FACES])
{
    struct lines lines = {.count = 0};

    gather(wish, &lines);
    for (size_t i = 0; i < lines.count; i++) {
        pdf_charset_add(&sets[PDF_FACE_REGULAR], lines.texts[i]);
    }
    pdf_charset_add(&sets[PDF_FACE_REGULAR], "0123456789");
}
