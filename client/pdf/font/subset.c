#include "client/pdf/font/subset.h"

/* Flags of a part of a composed glyph (ISO/IEC 14496-22, 5.3.3). */
enum {
    ARGS_ARE_WORDS = 0x0001,
    HAS_SCALE = 0x0008,
    MORE_PARTS = 0x0020,
    HAS_TWO_SCALES = 0x0040,
    HAS_MATRIX = 0x0080,
    HAS_INSTRUCTIONS = 0x0100
};
enum { OUTLINE_HEAD = 10, TABLES = 6, DIRECTORY = 12 + 16 * TABLES };

static void put_u16(struct pdf_buffer *out, unsigned value)
{
    const uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};

    pdf_buffer_put(out, bytes, sizeof(bytes));
}

static void put_u32(struct pdf_buffer *out, uint32_t value)
{
    put_u16(out, value >> 16);
    put_u16(out, value & 0xFFFF);
}

/* Tables and glyphs begin at multiples of four. */
static void align(struct pdf_buffer *out)
{
    pdf_buffer_fill(out, '\0', (4 - out->len % 4) % 4);
}

bool pdf_glyphs_add(struct pdf_glyphs *glyphs, unsigned glyph, unsigned *number)
{
    for (size_t i = 0; i < glyphs->count; i++) {
        if (glyphs->at[i] == glyph) {
            *number = (unsigned)i;
            return true;
        }
    }
    if (glyphs->count == PDF_GLYPHS_MAX) {
        return false;
    }
    *number = (unsigned)glyphs->count;
    glyphs->at[glyphs->count++] = (uint16_t)glyph;
    return true;
}

/* An outline of its own: everything but the instructions. */
static enum sg_status put_simple(struct slice glyph, unsigned contours,
                                 struct pdf_buffer *out)
{
    size_t ends = OUTLINE_HEAD + 2 * (size_t)contours;

    if (glyph.len < ends + 2) {
        return SG_INVALID;
    }
    size_t rest = ends + 2 + pdf_font_u16(glyph, ends);
    if (rest > glyph.len) {
        return SG_INVALID;
    }
    pdf_buffer_put(out, glyph.data, ends);
    put_u16(out, 0);
    pdf_buffer_put(out, glyph.data + rest, glyph.len - rest);
    return SG_OK;
}

/* Bytes of a part's arguments and scales. */
static size_t part_len(unsigned flags)
{
    size_t len = (flags & ARGS_ARE_WORDS) != 0 ? 4 : 2;

    len += (flags & HAS_SCALE) != 0 ? 2 : 0;
    len += (flags & HAS_TWO_SCALES) != 0 ? 4 : 0;
    return len + ((flags & HAS_MATRIX) != 0 ? 8 : 0);
}

/* A letter with its accent, say: the parts get their new numbers. */
static enum sg_status put_composed(struct slice glyph, struct pdf_glyphs *glyphs,
                                   struct pdf_buffer *out)
{
    unsigned flags = MORE_PARTS;
    size_t at = OUTLINE_HEAD;

    pdf_buffer_put(out, glyph.data, OUTLINE_HEAD);
    while ((flags & MORE_PARTS) != 0) {
        unsigned number = 0;
        if (glyph.len - at < 4) {
            return SG_INVALID;
        }
        flags = pdf_font_u16(glyph, at);
        size_t len = part_len(flags);
        if (glyph.len - at - 4 < len) {
            return SG_INVALID;
        }
        if (!pdf_glyphs_add(glyphs, pdf_font_u16(glyph, at + 2), &number)) {
            return SG_TOO_LARGE;
        }
        put_u16(out, flags & ~(unsigned)HAS_INSTRUCTIONS);
        put_u16(out, number);
        pdf_buffer_put(out, glyph.data + at + 4, len);
        at += 4 + len;
    }
    return SG_OK;
}

static enum sg_status put_glyph(const struct pdf_font *font, size_t nth,
                                struct pdf_glyphs *glyphs, struct pdf_buffer *out)
{
    struct slice glyph;

    if (!pdf_font_outline(font, glyphs->at[nth], &glyph)) {
        return SG_INVALID;
    }
    if (glyph.len == 0) {
        return SG_OK;
    }
    int contours = pdf_font_i16(glyph, 0);
    TRY(contours < 0 ? put_composed(glyph, glyphs, out)
                     : put_simple(glyph, (unsigned)contours, out));
    align(out);
    return SG_OK;
}

/* The list grows while it is walked: parts may be composed themselves. */
static enum sg_status put_outlines(const struct pdf_font *font, struct pdf_glyphs *glyphs,
                                   struct pdf_buffer *glyf, struct pdf_buffer *loca)
{
    for (size_t i = 0; i < glyphs->count; i++) {
        put_u32(loca, (uint32_t)glyf->len);
        TRY(put_glyph(font, i, glyphs, glyf));
    }
    put_u32(loca, (uint32_t)glyf->len);
    return SG_OK;
}

static void put_metrics(const struct pdf_font *font, const struct pdf_glyphs *glyphs,
                        struct pdf_buffer *hmtx)
{
    for (size_t i = 0; i < glyphs->count; i++) {
        put_u16(hmtx, pdf_font_advance(font, glyphs->at[i]));
        put_u16(hmtx, (unsigned)pdf_font_bearing(font, glyphs->at[i]) & 0xFFFF);
    }
}

/* A copy of a table with one number of it changed. */
static void put_changed(struct slice table, size_t len, size_t at, unsigned value,
                        struct pdf_buffer *out)
{
    pdf_buffer_put(out, table.data, at);
    put_u16(out, value);
    pdf_buffer_put(out, table.data + at + 2, len - at - 2);
}

/* --- The file ---------------------------------------------------------------------- */

static uint32_t sum_of(struct slice table)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < table.len; i++) {
        sum += (uint32_t)table.data[i] << (24 - 8 * (i % 4));
    }
    return sum;
}

struct table {
    const char *tag;
    struct pdf_buffer bytes; /* owned */
};

static void put_directory(const struct table tables[TABLES], struct pdf_buffer *out)
{
    size_t at = DIRECTORY;

    put_u32(out, 0x00010000);
    put_u16(out, TABLES);
    put_u16(out,
            64); /* 16 times the largest power of two below, its exponent, the rest */
    put_u16(out, 2);
    put_u16(out, 16 * TABLES - 64);
    for (int i = 0; i < TABLES; i++) {
        size_t len = tables[i].bytes.len;
        pdf_buffer_put(out, tables[i].tag, 4);
        put_u32(out, sum_of(pdf_buffer_slice(&tables[i].bytes)));
        put_u32(out, (uint32_t)at);
        put_u32(out, (uint32_t)len);
        at += (len + 3) / 4 * 4;
    }
}

/* head holds what is missing to a fixed sum over the whole file. */
static void settle_sum(struct pdf_buffer *out, size_t begin, size_t head)
{
    enum { SUM_AT = 8 };
    static const uint32_t whole = 0xB1B0AFBA;

    if (out->failed) {
        return;
    }
    uint32_t missing = whole - sum_of(slice_of(out->data + begin, out->len - begin));
    for (size_t i = 0; i < 4; i++) {
        out->data[head + SUM_AT + i] = (uint8_t)(missing >> (24 - 8 * i));
    }
}

static void put_file(const struct table tables[TABLES], struct pdf_buffer *out)
{
    size_t begin = out->len;
    size_t head = 0;

    put_directory(tables, out);
    for (int i = 0; i < TABLES; i++) {
        if (strcmp(tables[i].tag, "head") == 0) {
            head = out->len;
        }
        pdf_buffer_put(out, tables[i].bytes.data, tables[i].bytes.len);
        pdf_buffer_fill(out, '\0', (4 - tables[i].bytes.len % 4) % 4);
    }
    settle_sum(out, begin, head);
}

static enum sg_status fill_tables(const struct pdf_font *font, struct pdf_glyphs *glyphs,
                                  struct table tables[TABLES])
{
    static const uint8_t no_sum[4] = {0};
    struct pdf_buffer *head = &tables[1].bytes;

    TRY(put_outlines(font, glyphs, &tables[0].bytes, &tables[4].bytes));
    put_changed(font->head, 54, 50, 1, head);
    TRY(pdf_buffer_check(head));
    memcpy(head->data + 8, no_sum, sizeof(no_sum));
    put_changed(font->hhea, 36, 34, (unsigned)glyphs->count, &tables[2].bytes);
    put_metrics(font, glyphs, &tables[3].bytes);
    put_changed(font->maxp, 32, 4, (unsigned)glyphs->count, &tables[5].bytes);
    return SG_OK;
}

enum sg_status pdf_subset_put(const struct pdf_font *font, struct pdf_glyphs *glyphs,
                              struct pdf_buffer *out)
{
    struct table tables[TABLES] = {{.tag = "glyf"}, {.tag = "head"}, {.tag = "hhea"},
                                   {.tag = "hmtx"}, {.tag = "loca"}, {.tag = "maxp"}};
    enum sg_status status = fill_tables(font, glyphs, tables);

    for (int i = 0; i < TABLES && status == SG_OK; i++) {
        status = pdf_buffer_check(&tables[i].bytes);
    }
    if (status == SG_OK) {
        put_file(tables, out);
        status = pdf_buffer_check(out);
    }
    for (int i = 0; i < TABLES; i++) {
        pdf_buffer_fini(&tables[i].bytes);
    }
    return status;
}
