#include "client/pdf/stamp.h"

#include <math.h>
#include <stdio.h>

#include "client/pdf/paragraph.h"
#include "client/pdf/qr.h"
#include "client/pdf/winansi.h"
#include "proto/text.h"

enum { LINES_MAX = 5, LINE_SIZE = 1024 };
static const double padding = 2;

struct lines {
    uint8_t bytes[LINES_MAX][LINE_SIZE];
    struct slice texts[LINES_MAX];
    size_t count;
};

/* NULL and "" are no line. */
static bool add_line(struct lines *lines, const char *label, const char *text)
{
    char whole[LINE_SIZE];
    size_t len = 0;

    if (text == NULL || text[0] == '\0') {
        return true;
    }
    int needed = snprintf(whole, sizeof(whole), "%s%s", label, text);
    if (needed < 0 || (size_t)needed >= sizeof(whole) ||
        !pdf_winansi(whole, lines->bytes[lines->count], LINE_SIZE, &len)) {
        return false;
    }
    lines->texts[lines->count] = slice_of(lines->bytes[lines->count], len);
    lines->count++;
    return true;
}

/* A rectangle for a QR code alone holds nothing else: the time stands beside other text,
 * or where there would be nothing to see. */
static bool gather(const struct pdf_wish *wish, struct lines *lines)
{
    char time[TEXT_TIME_SIZE];
    char clock[48];

    text_time(wish->signing_time_us, time);
    (void)snprintf(clock, sizeof(clock), "%.10s %.8s UTC", time, time + 11);
    if (!add_line(lines, "", wish->statement) || !add_line(lines, "", wish->name) ||
        !add_line(lines, "Alasan: ", wish->reason) ||
        !add_line(lines, "Tempat: ", wish->location)) {
        return false;
    }
    if (lines->count == 0 && wish->qr_text != NULL) {
        return true;
    }
    return add_line(lines, "Waktu: ", clock);
}

/* Splits the rectangle: the QR code's square, and what is left for the text. */
static double divide(const struct pdf_stamp *stamp, bool text, struct pdf_area *square,
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
    return side;
}

static enum sg_status draw(const struct pdf_stamp *stamp, const struct lines *lines,
                           struct pdf_buffer *out, struct pdf_verdict *verdict)
{
    struct pdf_area rest = {
        .x = padding,
        .y = padding,
        .width = stamp->width - 2 * padding,
        .height = stamp->height - 2 * padding,
    };
    const char *qr_text = stamp->wish->qr_text;

    if (qr_text != NULL) {
        struct pdf_area square;
        double side = divide(stamp, lines->count > 0, &square, &rest);
        enum sg_status drawn = pdf_qr_draw(out, qr_text, square.x, square.y, side);
        if (drawn == SG_TOO_LARGE) {
            return pdf_refuse(verdict, PDF_STAMP_FIT, "the QR code");
        }
        TRY(drawn);
    }
    if (lines->count > 0 && !pdf_paragraphs_put(lines->texts, lines->count, &rest, out)) {
        return pdf_refuse(verdict, PDF_STAMP_FIT, "the text");
    }
    return SG_OK;
}

/* Turns the stamp against the page's rotation; viewers then fit it into /Rect. */
static const char *matrix_of(int rotate)
{
    if (rotate == 90) {
        return "/Matrix [0 1 -1 0 0 0]\n";
    }
    if (rotate == 180) {
        return "/Matrix [-1 0 0 -1 0 0]\n";
    }
    return rotate == 270 ? "/Matrix [0 -1 1 0 0 0]\n" : "";
}

static void put_head(const struct pdf_stamp *stamp, size_t len, struct pdf_buffer *out)
{
    pdf_buffer_text(out, "<<\n/Type /XObject\n/Subtype /Form\n/BBox [0 0 ");
    pdf_buffer_number(out, stamp->width);
    pdf_buffer_text(out, " ");
    pdf_buffer_number(out, stamp->height);
    pdf_buffer_text(out, "]\n");
    pdf_buffer_text(out, matrix_of(stamp->rotate));
    pdf_buffer_text(out, "/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 "
                         "/BaseFont /Helvetica /Encoding /WinAnsiEncoding >> >> >>\n");
    pdf_buffer_print(out, "/Length %zu\n>>\nstream\n", len);
}

enum sg_status pdf_stamp_put(const struct pdf_stamp *stamp, struct pdf_buffer *out,
                             struct pdf_verdict *verdict)
{
    AUTO(pdf_buffer_fini) struct pdf_buffer content = {0};
    struct lines lines = {0};

    if (!gather(stamp->wish, &lines)) {
        return pdf_refuse(verdict, PDF_TEXT, NULL);
    }
    pdf_buffer_text(&content, "q\n");
    TRY(draw(stamp, &lines, &content, verdict));
    pdf_buffer_text(&content, "Q\n");
    TRY(pdf_buffer_check(&content));
    put_head(stamp, content.len, out);
    pdf_buffer_put(out, content.data, content.len);
    pdf_buffer_text(out, "endstream");
    return SG_OK;
}
