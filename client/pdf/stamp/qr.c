#include "client/pdf/stamp/qr.h"

#include <errno.h>
#include <math.h>
#include <qrencode.h>

/* ISO/IEC 18004 wants four light modules around the code. */
enum { QUIET = 4 };

/* 0.18 mm: three dots of a printer with 400 dots per inch. */
static const double module_min = 0.5;

static void free_code(QRcode **code)
{
    QRcode_free(*code);
}

/* Below a thousand, and a blank: hundreds of them are in a code, and printf would take
 * most of the time. */
static void put_number(int number, struct pdf_buffer *out)
{
    char text[4];
    size_t at = sizeof(text);

    text[--at] = ' ';
    do {
        text[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0 && at > 0);
    pdf_buffer_put(out, text + at, sizeof(text) - at);
}

/* Six decimals: an error of the scale adds up over the modules. With a point, whatever
 * the locale. */
static void put_scale(double scale, struct pdf_buffer *out)
{
    long long millionths = llround(scale * 1e6);

    pdf_buffer_print(out, "%lld.%06lld", millionths / 1000000, millionths % 1000000);
}

/* Runs of dark modules as one rectangle each; row 0 is the upper one. */
static void put_row(struct pdf_buffer *out, const QRcode *code, int row)
{
    const unsigned char *modules = code->data + (ptrdiff_t)row * code->width;

    for (int x = 0; x < code->width;) {
        int len = 0;
        while (x + len < code->width && (modules[x + len] & 1) != 0) {
            len++;
        }
        if (len > 0) {
            put_number(x + QUIET, out);
            put_number(code->width - 1 - row + QUIET, out);
            put_number(len, out);
            pdf_buffer_text(out, "1 re\n");
        }
        x += len + 1;
    }
}

enum sg_status pdf_qr_draw(struct pdf_buffer *out, const char *text, double x, double y,
                           double side)
{
    AUTO(free_code) QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    if (code == NULL) {
        return errno == ENOMEM ? SG_NO_MEMORY : SG_TOO_LARGE;
    }
    double module = side / (code->width + 2 * QUIET);
    if (module < module_min) {
        return SG_TOO_LARGE;
    }
    pdf_buffer_text(out, "q\n");
    put_scale(module, out);
    pdf_buffer_text(out, " 0 0 ");
    put_scale(module, out);
    pdf_buffer_text(out, " ");
    pdf_buffer_number(out, x);
    pdf_buffer_text(out, " ");
    pdf_buffer_number(out, y);
    pdf_buffer_print(out, " cm\n1 sc\n0 0 %d %d re f\n0 sc\n", code->width + 2 * QUIET,
                     code->width + 2 * QUIET);
    for (int row = 0; row < code->width; row++) {
        put_row(out, code, row);
    }
    pdf_buffer_text(out, "f\nQ\n");
    return SG_OK;
}
