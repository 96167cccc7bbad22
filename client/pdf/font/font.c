#include "client/pdf/font/font.h"

enum {
    DIRECTORY = 12,
    ENTRY = 16,
    TABLES_MAX = 64,
    HEAD_LEN = 54,
    HHEA_LEN = 36,
    MAXP_LEN = 32,
    OUTLINE_HEAD = 10
};

static uint32_t u32(struct slice bytes, size_t at)
{
    return (uint32_t)pdf_font_u16(bytes, at) << 16 | pdf_font_u16(bytes, at + 2);
}

/* len bytes from a place in the whole; empty when they are not all there. */
static struct slice part_of(struct slice whole, uint64_t at, uint64_t len)
{
    return at > whole.len || len > whole.len - at
               ? slice_of(NULL, 0)
               : slice_of(whole.data + at, (size_t)len);
}

static struct slice find_table(struct slice file, const char *tag)
{
    size_t count = pdf_font_u16(file, 4);

    for (size_t i = 0; i < count && i < TABLES_MAX; i++) {
        struct slice entry = part_of(file, DIRECTORY + i * ENTRY, ENTRY);
        if (entry.len == ENTRY && memcmp(entry.data, tag, 4) == 0) {
            return part_of(file, u32(entry, 8), u32(entry, 12));
        }
    }
    return slice_of(NULL, 0);
}

/* The subtable for Windows' Unicode, of format 4: all fonts of today have one. */
static struct slice find_cmap(struct slice cmap)
{
    size_t count = cmap.len < 4 ? 0 : pdf_font_u16(cmap, 2);

    for (size_t i = 0; i < count && i < TABLES_MAX; i++) {
        struct slice entry = part_of(cmap, 4 + i * 8, 8);
        if (entry.len == 0 || pdf_font_u16(entry, 0) != 3 ||
            pdf_font_u16(entry, 2) != 1) {
            continue;
        }
        uint32_t at = u32(entry, 4);
        struct slice head = part_of(cmap, at, 14);
        if (head.len > 0 && pdf_font_u16(head, 0) == 4) {
            return part_of(cmap, at, pdf_font_u16(head, 2));
        }
    }
    return slice_of(NULL, 0);
}

static bool tables_fit(const struct pdf_font *font)
{
    size_t offset_len = font->long_offsets ? 4 : 2;

    return font->units >= 16 && font->glyph_count > 0 && font->metric_count > 0 &&
           font->metric_count <= font->glyph_count && font->cmap.len >= 16 &&
           font->loca.len >= (font->glyph_count + 1) * offset_len &&
           font->hmtx.len >= (size_t)font->metric_count * 4 +
                                 (size_t)(font->glyph_count - font->metric_count) * 2;
}

bool pdf_font_open(struct slice file, struct pdf_font *out)
{
    struct pdf_font font = {.units = 0};

    if (file.len < DIRECTORY || u32(file, 0) != 0x00010000) {
        return false;
    }
    font.head = find_table(file, "head");
    font.hhea = find_table(file, "hhea");
    font.maxp = find_table(file, "maxp");
    font.hmtx = find_table(file, "hmtx");
    font.loca = find_table(file, "loca");
    font.glyf = find_table(file, "glyf");
    font.cmap = find_cmap(find_table(file, "cmap"));
    if (font.head.len < HEAD_LEN || font.hhea.len < HHEA_LEN ||
        font.maxp.len < MAXP_LEN) {
        return false;
    }
    font.units = pdf_font_u16(font.head, 18);
    font.long_offsets = pdf_font_u16(font.head, 50) != 0;
    font.metric_count = pdf_font_u16(font.hhea, 34);
    font.glyph_count = pdf_font_u16(font.maxp, 4);
    if (!tables_fit(&font)) {
        return false;
    }
    *out = font;
    return true;
}

/* Format 4 keeps four arrays of the segments: ends, starts, deltas, offsets into what
 * follows them (ISO/IEC 14496-22, 5.2.1.3.3). */
static unsigned glyph_in(struct slice cmap, unsigned count, unsigned segment,
                         unsigned code)
{
    size_t starts = 16 + 2 * (size_t)count;
    size_t deltas = starts + 2 * (size_t)count;
    size_t ranges = deltas + 2 * (size_t)count;
    unsigned start = pdf_font_u16(cmap, starts + 2 * (size_t)segment);
    unsigned delta = pdf_font_u16(cmap, deltas + 2 * (size_t)segment);
    unsigned range = pdf_font_u16(cmap, ranges + 2 * (size_t)segment);

    if (code < start) {
        return 0;
    }
    if (range == 0) {
        return (code + delta) & 0xFFFF;
    }
    size_t at = ranges + 2 * (size_t)segment + range + 2 * (size_t)(code - start);
    if (at + 2 > cmap.len) {
        return 0;
    }
    unsigned glyph = pdf_font_u16(cmap, at);
    return glyph == 0 ? 0 : (glyph + delta) & 0xFFFF;
}

unsigned pdf_font_glyph(const struct pdf_font *font, uint32_t code)
{
    unsigned count = pdf_font_u16(font->cmap, 6) / 2;

    if (code > 0xFFFF || 16 + 8 * (size_t)count > font->cmap.len) {
        return 0;
    }
    for (unsigned i = 0; i < count; i++) {
        if (code <= pdf_font_u16(font->cmap, 14 + 2 * (size_t)i)) {
            unsigned glyph = glyph_in(font->cmap, count, i, (unsigned)code);
            return glyph < font->glyph_count ? glyph : 0;
        }
    }
    return 0;
}

unsigned pdf_font_advance(const struct pdf_font *font, unsigned glyph)
{
    size_t nth = glyph < font->metric_count ? glyph : font->metric_count - 1;

    return pdf_font_u16(font->hmtx, 4 * nth);
}

int pdf_font_bearing(const struct pdf_font *font, unsigned glyph)
{
    size_t metrics = font->metric_count;

    return glyph < metrics
               ? pdf_font_i16(font->hmtx, 4 * (size_t)glyph + 2)
               : pdf_font_i16(font->hmtx, 4 * metrics + 2 * (glyph - metrics));
}

bool pdf_font_outline(const struct pdf_font *font, unsigned glyph, struct slice *out)
{
    uint64_t begin = 0;
    uint64_t end = 0;

    if (glyph >= font->glyph_count) {
        return false;
    }
    if (font->long_offsets) {
        begin = u32(font->loca, 4 * (size_t)glyph);
        end = u32(font->loca, 4 * (size_t)glyph + 4);
    } else {
        begin = 2 * (uint64_t)pdf_font_u16(font->loca, 2 * (size_t)glyph);
        end = 2 * (uint64_t)pdf_font_u16(font->loca, 2 * (size_t)glyph + 2);
    }
    if (begin == end) {
        *out = slice_of(NULL, 0);
        return true;
    }
    *out = begin > end ? slice_of(NULL, 0) : part_of(font->glyf, begin, end - begin);
    return out->len >= OUTLINE_HEAD;
}
