#include "client/pdf/font/fonts.h"

#include <stdlib.h>

#include "client/pdf/deflate.h"
#include "client/pdf/font/fonts_inside.h"
#include "client/pdf/font/subset.h"
#include "client/pdf/guard/guard.h"

void fonts_free(struct pdf_fonts **fonts)
{
    if (*fonts == NULL) {
        return;
    }
    for (int i = 0; i < PDF_FACES; i++) {
        pdf_buffer_fini(&(*fonts)->faces[i].file);
        pdf_buffer_fini(&(*fonts)->faces[i].unicode);
        pdf_buffer_fini(&(*fonts)->faces[i].widths);
    }
    free(*fonts);
    *fonts = NULL;
}

static unsigned thousandths(const struct pdf_font *font, int value)
{
    return (unsigned)(((int64_t)value * 1000 + (int64_t)font->units / 2) / font->units);
}

static int metric(const struct pdf_font *font, struct slice table, size_t at)
{
    return pdf_font_i16(table, at) * 1000 / (int)font->units;
}

/* Characters that the face lacks are left out: whoever draws one is told. */
static enum sg_status choose_glyphs(const struct pdf_font *font,
                                    const struct pdf_charset *wanted, struct face *face,
                                    struct pdf_glyphs *glyphs)
{
    unsigned number = 0;

    MUST(pdf_glyphs_add(glyphs, 0, &number));
    for (uint32_t code = 0; code <= 0xFFFF; code++) {
        unsigned glyph = pdf_charset_has(wanted, code) ? pdf_font_glyph(font, code) : 0;
        if (glyph == 0) {
            continue;
        }
        if (face->count == FONTS_CHARS_MAX || !pdf_glyphs_add(glyphs, glyph, &number)) {
            return SG_TOO_LARGE;
        }
        unsigned advance = pdf_font_advance(font, glyph);
        face->codes[face->count] = (uint16_t)code;
        face->glyphs[face->count++] = (struct pdf_glyph){
            .number = (uint16_t)number,
            .width = (uint16_t)thousandths(font, (int)advance),
        };
    }
    return SG_OK;
}

/* Blocks of at most a hundred, as the format wants it. */
static void write_unicode(const struct face *face, struct pdf_buffer *out)
{
    enum { BLOCK = 100 };

    pdf_buffer_text(out,
                    "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
                    "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) "
                    "/Supplement 0 >> def\n/CMapName /Adobe-Identity-UCS def\n"
                    "/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\n"
                    "endcodespacerange\n");
    for (size_t i = 0; i < face->count; i++) {
        size_t left = face->count - i;
        if (i % BLOCK == 0) {
            pdf_buffer_print(out, "%zu beginbfchar\n", left < BLOCK ? left : BLOCK);
        }
        pdf_buffer_print(out, "<%04X> <%04X>\n", face->glyphs[i].number, face->codes[i]);
        if (left == 1 || i % BLOCK == BLOCK - 1) {
            pdf_buffer_text(out, "endbfchar\n");
        }
    }
    pdf_buffer_text(out, "endcmap\nCMapName currentdict /CMap defineresource pop\n"
                         "end\nend\n");
}

/* Of all glyphs, those among them that only parts of others use. */
static void write_widths(const struct pdf_font *font, const struct pdf_glyphs *glyphs,
                         struct pdf_buffer *out)
{
    pdf_buffer_text(out, "[0 [");
    for (size_t i = 0; i < glyphs->count; i++) {
        unsigned advance = pdf_font_advance(font, glyphs->at[i]);
        pdf_buffer_print(out, "%s%u", i == 0 ? "" : " ", thousandths(font, (int)advance));
    }
    pdf_buffer_text(out, "]]");
}

static void read_metrics(const struct pdf_font *font, struct face *face)
{
    for (size_t i = 0; i < 4; i++) {
        face->metrics[i] = metric(font, font->head, 36 + 2 * i); /* the box of all */
    }
    face->metrics[4] = metric(font, font->hhea, 4);
    face->metrics[5] = metric(font, font->hhea, 6);
    face->metrics[6] = face->metrics[4] * 4 / 5; /* capitals, about */
}

/* Fonts of the same glyphs have the same tag, others most likely another one. */
static void make_tag(const struct pdf_glyphs *glyphs, char tag[FONTS_TAG_LEN + 1])
{
    uint64_t sum = 14695981039346656037ULL; /* FNV-1a */

    for (size_t i = 0; i < glyphs->count; i++) {
        sum = (sum ^ glyphs->at[i]) * 1099511628211ULL;
    }
    for (int i = 0; i < FONTS_TAG_LEN; i++) {
        tag[i] = (char)('A' + sum % 26);
        sum /= 26;
    }
    tag[FONTS_TAG_LEN] = '\0';
}

static enum sg_status fill_face(const struct pdf_font *font, struct pdf_glyphs *glyphs,
                                struct face *face)
{
    AUTO(pdf_buffer_fini) struct pdf_buffer plain = {0};
    AUTO(pdf_buffer_fini) struct pdf_buffer map = {0};

    enum sg_status status = pdf_subset_put(font, glyphs, &plain);
    if (status != SG_OK) {
        return status == SG_NO_MEMORY ? status : SG_INTERNAL;
    }
    face->file_len = plain.len;
    face->glyph_count = glyphs->count;
    make_tag(glyphs, face->tag);
    read_metrics(font, face);
    write_unicode(face, &map);
    write_widths(font, glyphs, &face->widths);
    TRY(pdf_buffer_check(&map));
    TRY(pdf_buffer_check(&face->widths));
    TRY(pdf_deflate(pdf_buffer_slice(&map), &face->unicode));
    return pdf_deflate(pdf_buffer_slice(&plain), &face->file);
}

static enum sg_status make_face(enum pdf_face which, const struct pdf_charset *wanted,
                                struct face *face)
{
    struct pdf_font font;
    struct pdf_glyphs glyphs = {.count = 0};

    if (!pdf_font_open(pdf_face_file(which), &font)) {
        return SG_INTERNAL;
    }
    TRY(choose_glyphs(&font, wanted, face, &glyphs));
    return face->count == 0 ? SG_OK : fill_face(&font, &glyphs, face);
}

static enum sg_status make_faces(const struct pdf_charset wanted[PDF_FACES],
                                 struct pdf_fonts *fonts)
{
    for (int i = 0; i < PDF_FACES; i++) {
        fonts->wanted[i] = wanted[i];
        TRY(make_face((enum pdf_face)i, &wanted[i], &fonts->faces[i]));
    }
    fonts->shares = 1;
    fonts->serial = pdf_guard_serial();
    return SG_OK;
}

enum sg_status fonts_make(const struct pdf_charset wanted[PDF_FACES],
                          struct pdf_fonts **out)
{
    struct pdf_fonts *fonts = calloc(1, sizeof(*fonts));

    if (fonts == NULL) {
        return SG_NO_MEMORY;
    }
    enum sg_status status = make_faces(wanted, fonts);
    if (status != SG_OK) {
        fonts_free(&fonts);
    }
    *out = fonts;
    return status;
}

static int by_code(const void *a, const void *b)
{
    return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

bool pdf_fonts_glyph(const struct pdf_fonts *fonts, enum pdf_face face, uint32_t code,
                     struct pdf_glyph *out)
{
    const struct face *own = &fonts->faces[face];
    uint16_t key = (uint16_t)code;

    if (code > 0xFFFF) {
        return false;
    }
    const uint16_t *found =
        bsearch(&key, own->codes, own->count, sizeof(own->codes[0]), by_code);
    if (found != NULL) {
        *out = own->glyphs[found - own->codes];
    }
    return found != NULL;
}

uint64_t pdf_fonts_serial(const struct pdf_fonts *fonts)
{
    return fonts->serial;
}
