#include "client/pdf/stamp/paragraph.h"

#include "client/pdf/utf8.h"

static const double leading = 1.2;
static const double baseline = 0.95; /* below the upper end of a line */
static const double step = 0.5;

bool pdf_paragraph_of(const struct pdf_fonts *fonts, enum pdf_face face, const char *text,
                      struct pdf_paragraph *out, uint32_t *missing)
{
    struct slice rest = slice_str(text);

    out->count = 0;
    *missing = 0;
    while (rest.len > 0) {
        if (out->count == PDF_PARAGRAPH_MAX) {
            return false;
        }
        uint32_t code = pdf_utf8_next(&rest);
        out->blank[out->count] = code == ' ';
        if (!pdf_fonts_glyph(fonts, face, code, &out->glyphs[out->count])) {
            *missing = code;
            return false;
        }
        out->count++;
    }
    return true;
}

struct line {
    size_t begin, len;
    double width; /* thousandths of the size */
};

/* The line that begins there: as many words as fit, or as much of one word; *next is
 * where the one after it begins. */
static struct line take_line(const struct pdf_paragraph *text, size_t begin, double limit,
                             size_t *next)
{
    struct line line = {.begin = begin};
    size_t blank = 0;
    double blank_width = 0;
    double width = 0;
    size_t at = begin;

    for (; at < text->count; at++) {
        width += text->glyphs[at].width;
        if (width > limit && at > begin) {
            break;
        }
        line.width = width;
        if (text->blank[at]) {
            blank = at;
            blank_width = width - text->glyphs[at].width;
        }
    }
    line.len = at - begin;
    if (at < text->count && text->blank[at]) {
        blank = 0; /* it ends exactly here */
    }
    if (at < text->count && blank > begin) {
        line.len = blank - begin;
        line.width = blank_width;
        at = blank;
    }
    while (at < text->count && text->blank[at]) {
        at++;
    }
    *next = at;
    return line;
}

static size_t count_lines(const struct pdf_paragraph *texts, size_t count, double limit)
{
    size_t lines = 0;

    for (size_t i = 0; i < count; i++) {
        for (size_t at = 0; at < texts[i].count; lines++) {
            (void)take_line(&texts[i], at, limit, &at);
        }
    }
    return lines;
}

/* 0 = none fits. */
static double choose_size(const struct pdf_setting *setting,
                          const struct pdf_paragraph *texts, size_t count, double *height)
{
    const struct pdf_area *area = &setting->area;

    if (setting->smallest > setting->largest) {
        return 0;
    }
    int steps = (int)((setting->largest - setting->smallest) / step + 0.001);
    for (int i = 0; i <= steps; i++) {
        double size = setting->largest - i * step;
        size_t lines = count_lines(texts, count, area->width * 1000 / size);
        *height = (double)lines * size * leading;
        /* One character has to fit beside another, or the lines are no lines. */
        if (*height <= area->height + 0.01 && area->width >= 2 * size) {
            return size;
        }
    }
    return 0;
}

static double shift(enum pdf_align align, double room)
{
    if (align == PDF_BEGIN) {
        return 0;
    }
    return align == PDF_CENTRE ? room / 2 : room;
}

/* Four hexadecimal digits: printf would take most of a stamp's time. */
static void put_number(unsigned number, struct pdf_buffer *out)
{
    static const char digits[] = "0123456789ABCDEF";
    const char text[4] = {digits[number >> 12 & 15], digits[number >> 8 & 15],
                          digits[number >> 4 & 15], digits[number & 15]};

    pdf_buffer_put(out, text, sizeof(text));
}

static void put_line(const struct pdf_paragraph *text, const struct line *line, double x,
                     double y, struct pdf_buffer *out)
{
    pdf_buffer_text(out, "1 0 0 1 ");
    pdf_buffer_number(out, x);
    pdf_buffer_text(out, " ");
    pdf_buffer_number(out, y);
    pdf_buffer_text(out, " Tm <");
    for (size_t i = 0; i < line->len; i++) {
        put_number(text->glyphs[line->begin + i].number, out);
    }
    pdf_buffer_text(out, "> Tj\n");
}

bool pdf_paragraphs_put(const struct pdf_setting *setting,
                        const struct pdf_paragraph *texts, size_t count,
                        struct pdf_buffer *out)
{
    const struct pdf_area *area = &setting->area;
    double height = 0;
    double size = choose_size(setting, texts, count, &height);

    if (size <= 0) {
        return false;
    }
    double y = area->y + area->height - shift(setting->upright, area->height - height) -
               size * baseline;
    pdf_buffer_print(out, "BT\n/F%d ", (int)setting->face);
    pdf_buffer_number(out, size);
    pdf_buffer_text(out, " Tf\n");
    for (size_t i = 0; i < count; i++) {
        for (size_t at = 0; at < texts[i].count;) {
            struct line line = take_line(&texts[i], at, area->width * 1000 / size, &at);
            double room = area->width - line.width * size / 1000;
            put_line(&texts[i], &line, area->x + shift(setting->align, room), y, out);
            y -= size * leading;
        }
    }
    pdf_buffer_text(out, "ET\n");
    return true;
}
