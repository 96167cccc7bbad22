#include "client/pdf/paragraph.h"

#include "client/pdf/winansi.h"

/* In half points. */
enum { SIZE_MAX_HALVES = 18, SIZE_MIN_HALVES = 8 };
static const double leading = 1.2;

/* Takes the first line off the text: as many words as fit, or as much of one word. */
static struct slice take_line(struct slice *text, double limit)
{
    size_t fits = 0;
    size_t blank = 0;
    double width = 0;

    while (fits < text->len) {
        width += pdf_winansi_width(slice_of(text->data + fits, 1));
        if (width > limit && fits > 0) {
            break;
        }
        fits++;
        if (fits < text->len && text->data[fits] == ' ') {
            blank = fits;
        }
    }
    size_t len = fits == text->len || blank == 0 ? fits : blank;
    struct slice line = slice_of(text->data, len);
    while (len < text->len && text->data[len] == ' ') {
        len++;
    }
    *text = slice_of(text->data + len, text->len - len);
    return line;
}

static size_t count_lines(const struct slice *texts, size_t count, double limit)
{
    size_t lines = 0;

    for (size_t i = 0; i < count; i++) {
        for (struct slice rest = texts[i]; rest.len > 0; lines++) {
            (void)take_line(&rest, limit);
        }
    }
    return lines;
}

static void put_lines(const struct slice *texts, size_t count, double limit,
                      struct pdf_buffer *out)
{
    for (size_t i = 0; i < count; i++) {
        for (struct slice rest = texts[i]; rest.len > 0;) {
            pdf_buffer_literal(out, take_line(&rest, limit));
            pdf_buffer_text(out, " Tj T*\n");
        }
    }
}

/* The largest size in which the lines are not higher than the area, and their height;
 * 0 = none. */
static double choose_size(const struct slice *texts, size_t count,
                          const struct pdf_area *area, double *height)
{
    for (int halves = SIZE_MAX_HALVES; halves >= SIZE_MIN_HALVES; halves--) {
        double size = halves / 2.0;
        size_t lines = count_lines(texts, count, area->width * 1000 / size);
        *height = (double)lines * size * leading;
        /* One character has to fit beside another, or the lines are no lines. */
        if (*height <= area->height && area->width >= 2 * size) {
            return size;
        }
    }
    return 0;
}

bool pdf_paragraphs_put(const struct slice *texts, size_t count,
                        const struct pdf_area *area, struct pdf_buffer *out)
{
    double height = 0;
    double size = choose_size(texts, count, area, &height);

    if (size <= 0) {
        return false;
    }
    pdf_buffer_text(out, "BT\n/F1 ");
    pdf_buffer_number(out, size);
    pdf_buffer_text(out, " Tf\n");
    pdf_buffer_number(out, size * leading);
    pdf_buffer_text(out, " TL\n");
    pdf_buffer_number(out, area->x);
    pdf_buffer_text(out, " ");
    pdf_buffer_number(out, area->y + (area->height + height) / 2 - size);
    pdf_buffer_text(out, " Td\n0 g\n");
    put_lines(texts, count, area->width * 1000 / size, out);
    pdf_buffer_text(out, "ET\n");
    return true;
}
