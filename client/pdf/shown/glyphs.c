#include "client/pdf/shown/glyphs.h"

#include <stdlib.h>

enum { MAP_MAX = 1 << 24 };

void pdf_glyphs_fini(struct pdf_glyphs *glyphs)
{
    free(glyphs->units);
    *glyphs = (struct pdf_glyphs){.units = NULL};
}

static void set(struct pdf_glyphs *glyphs, uint32_t code, struct slice utf16,
                uint32_t more)
{
    if (code >= PDF_GLYPHS_CODES || glyphs->written >= PDF_GLYPHS_WRITTEN_MAX) {
        return;
    }
    glyphs->written++;
    uint16_t *units = glyphs->units[code];
    size_t count = utf16.len / 2 < PDF_GLYPH_UNITS ? utf16.len / 2 : PDF_GLYPH_UNITS;
    memset(units, 0, sizeof(glyphs->units[code]));
    for (size_t i = 0; i < count; i++) {
        units[i] = (uint16_t)(utf16.data[2 * i] << 8 | utf16.data[2 * i + 1]);
    }
    if (count > 0) {
        units[count - 1] = (uint16_t)(units[count - 1] + more);
    }
}

static uint32_t code_of(struct slice bytes)
{
    uint32_t code = 0;

    for (size_t i = 0; i < bytes.len; i++) {
        code = i < 3 ? code << 8 | bytes.data[i] : PDF_GLYPHS_CODES;
    }
    return code;
}

/* --- ToUnicode (ISO 32000-1 section 9.10.3) ---------------------------------------- */

/* "<code> <text>" up to endbfchar. */
static void take_chars(struct pdf_glyphs *glyphs, struct pdf_tokens *tokens)
{
    while (pdf_tokens_next(tokens) == PDF_TOKEN_STRING) {
        uint32_t code = code_of(tokens->text);
        if (pdf_tokens_next(tokens) != PDF_TOKEN_STRING) {
            return;
        }
        set(glyphs, code, tokens->text, 0);
    }
}

/* The third of a range: one text that counts up, or a list. */
static void take_targets(struct pdf_glyphs *glyphs, struct pdf_tokens *tokens,
                         uint32_t first, uint32_t last)
{
    enum pdf_token_kind kind = pdf_tokens_next(tokens);
    uint32_t code = first;

    if (kind == PDF_TOKEN_STRING) {
        for (; code <= last && glyphs->written < PDF_GLYPHS_WRITTEN_MAX; code++) {
            set(glyphs, code, tokens->text, code - first);
        }
        return;
    }
    while (kind == PDF_TOKEN_MARK && pdf_tokens_next(tokens) == PDF_TOKEN_STRING) {
        set(glyphs, code <= last ? code : PDF_GLYPHS_CODES, tokens->text, 0);
        code++;
    }
}

static void take_ranges(struct pdf_glyphs *glyphs, struct pdf_tokens *tokens)
{
    while (pdf_tokens_next(tokens) == PDF_TOKEN_STRING) {
        uint32_t first = code_of(tokens->text);
        if (pdf_tokens_next(tokens) != PDF_TOKEN_STRING) {
            return;
        }
        uint32_t last = code_of(tokens->text);
        take_targets(glyphs, tokens, first,
                     last < PDF_GLYPHS_CODES ? last : PDF_GLYPHS_CODES - 1);
    }
}

static void read_map(struct pdf_glyphs *glyphs, struct pdf_tokens *tokens,
                     struct slice map)
{
    enum pdf_token_kind kind = PDF_TOKEN_MARK;

    pdf_tokens_start(tokens, map);
    while (kind != PDF_TOKEN_END) {
        kind = pdf_tokens_next(tokens);
        if (kind == PDF_TOKEN_WORD && pdf_token_is(tokens, "beginbfchar")) {
            take_chars(glyphs, tokens);
        } else if (kind == PDF_TOKEN_WORD && pdf_token_is(tokens, "beginbfrange")) {
            take_ranges(glyphs, tokens);
        }
    }
}

static void take_map(const struct pdf_reader *reader, qpdf_oh stream,
                     struct pdf_tokens *tokens, struct pdf_glyphs *out)
{
    unsigned char *data = NULL;
    size_t len = 0;

    if (qpdf_oh_is_stream(reader->qpdf, stream)) {
        (void)qpdf_oh_get_stream_data(reader->qpdf, stream, qpdf_dl_generalized, NULL,
                                      &data, &len);
        read_map(out, tokens, slice_of(data, len < MAP_MAX ? len : MAP_MAX));
        free(data);
    }
}

/* --- Without a map ----------------------------------------------------------------- */

/* Windows' encoding, in which ASCII and most of Latin-1 stand for themselves; those of
 * other kinds differ in what no statement is written with. */
static void take_usual(struct pdf_glyphs *out)
{
    for (uint32_t code = ' '; code <= 0xFF; code++) {
        const uint8_t unit[2] = {0, (uint8_t)code};
        set(out, code, code >= 0x7F && code < 0xA0 ? slice_of("", 0) : slice_of(unit, 2),
            0);
    }
}

/* Glyphs by name: those of one letter, and the blank. */
static void take_name(struct pdf_glyphs *out, uint32_t code, const char *name)
{
    uint8_t unit[2] = {0, (uint8_t)name[1]};
    bool known = strlen(name) == 2;

    if (strcmp(name, "/space") == 0) {
        unit[1] = ' ';
        known = true;
    }
    set(out, code, known ? slice_of(unit, 2) : slice_of("", 0), 0);
}

static void take_differences(const struct pdf_reader *reader, qpdf_oh array,
                             struct pdf_glyphs *out)
{
    long long code = 0;

    for (int i = 0; i < pdf_count(reader, array) && i < 1024; i++) {
        qpdf_oh item = qpdf_oh_get_array_item(reader->qpdf, array, i);
        if (qpdf_oh_is_name(reader->qpdf, item)) {
            take_name(out, code >= 0 && code < 256 ? (uint32_t)code : PDF_GLYPHS_CODES,
                      qpdf_oh_get_name(reader->qpdf, item));
            code++;
        } else {
            code = pdf_int(reader, item, -1);
        }
        qpdf_oh_release(reader->qpdf, item);
    }
}

void pdf_glyphs_read(const struct pdf_reader *reader, qpdf_oh font,
                     struct pdf_tokens *tokens, struct pdf_glyphs *out)
{
    *out = (struct pdf_glyphs){.units = NULL};
    out->units = calloc(PDF_GLYPHS_CODES, sizeof(*out->units));
    if (out->units == NULL) {
        return;
    }
    out->wide = pdf_is_name(reader, pdf_get(reader, font, "/Subtype"), "/Type0");
    if (!out->wide) {
        qpdf_oh encoding = pdf_get(reader, font, "/Encoding");
        take_usual(out);
        take_differences(reader, pdf_get(reader, encoding, "/Differences"), out);
    }
    take_map(reader, pdf_get(reader, font, "/ToUnicode"), tokens, out);
}

/* --- Characters -------------------------------------------------------------------- */

static void put_utf8(uint32_t c, struct pdf_buffer *out)
{
    uint8_t bytes[4];
    size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t i = len - 1; i > 0; i--) {
        bytes[i] = (uint8_t)(0x80 | (c & 0x3F));
        c >>= 6;
    }
    bytes[0] = (uint8_t)(len == 1 ? c : (0xF00U >> len & 0xFFU) | c);
    pdf_buffer_put(out, bytes, len);
}

static void put_units(const uint16_t units[PDF_GLYPH_UNITS], struct pdf_buffer *out)
{
    for (size_t i = 0; i < PDF_GLYPH_UNITS && units[i] != 0; i++) {
        uint32_t c = units[i];
        uint32_t low = i + 1 < PDF_GLYPH_UNITS ? units[i + 1] : 0;
        if ((c & 0xFC00U) == 0xD800U && (low & 0xFC00U) == 0xDC00U) {
            c = 0x10000U + ((c & 0x3FFU) << 10) + (low & 0x3FFU);
            i++;
        }
        /* Half a pair, or what a terminal would act upon. */
        put_utf8((c & 0xFFFFF800U) == 0xD800U || c < ' ' ? '?' : c, out);
    }
}

size_t pdf_glyphs_put(const struct pdf_glyphs *glyphs, struct slice string,
                      struct pdf_buffer *out)
{
    size_t width = glyphs->wide ? 2 : 1;
    size_t unknown = 0;

    if (glyphs->units == NULL) {
        return string.len;
    }
    for (size_t i = 0; i + width <= string.len; i += width) {
        uint32_t code = code_of(slice_of(string.data + i, width));
        unknown += glyphs->units[code][0] == 0 ? 1 : 0;
        put_units(glyphs->units[code], out);
    }
    return unknown;
}
