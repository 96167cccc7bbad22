#include <criterion/criterion.h>
#include <stdlib.h>

#include "client/pdf/font/fonts.h"
#include "client/pdf/font/subset.h"
#include "tests/unit/pdf/support/letter.h"

/* The embedded fonts: what is cut out of the shipped ones, and when. */

static struct pdf_font shipped(enum pdf_face face)
{
    struct pdf_font font;

    cr_assert(pdf_font_open(pdf_face_file(face), &font));
    return font;
}

Test(font, knows_latin_letters_and_their_widths)
{
    struct pdf_font font = shipped(PDF_FACE_REGULAR);

    cr_expect_eq(font.units, 2048);
    /* As wide as Helvetica's, which it is made to replace. */
    cr_expect_eq(pdf_font_advance(&font, pdf_font_glyph(&font, 'W')) * 1000 / 2048, 943);
    cr_expect_eq(pdf_font_advance(&font, pdf_font_glyph(&font, 'i')) * 1000 / 2048, 222);
    cr_expect_neq(pdf_font_glyph(&font, 0xE9), 0);
    cr_expect_neq(pdf_font_glyph(&font, 0x20AC), 0);
    cr_expect_eq(pdf_font_glyph(&font, 0x5317), 0);
    cr_expect_eq(pdf_font_glyph(&font, 0x10FFFF), 0);
    cr_expect_eq(pdf_font_glyph(&font, 0xFFFF), 0);
}

/* The subset of some characters, which a reader of fonts must take; only cmap is missing,
 * so that of the whole is lent to it. */
static struct pdf_font cut(const struct pdf_font *font, const char *text,
                           struct pdf_glyphs *glyphs, struct pdf_buffer *file)
{
    static const char *const tags[] = {"glyf", "head", "hhea", "hmtx", "loca", "maxp"};
    struct pdf_font out = {.cmap = font->cmap};
    struct slice *tables[] = {&out.glyf, &out.head, &out.hhea,
                              &out.hmtx, &out.loca, &out.maxp};
    unsigned number;

    glyphs->count = 0;
    cr_assert(pdf_glyphs_add(glyphs, 0, &number));
    for (; *text != '\0'; text++) {
        cr_assert(
            pdf_glyphs_add(glyphs, pdf_font_glyph(font, (unsigned char)*text), &number));
    }
    cr_assert_eq(pdf_subset_put(font, glyphs, file), SG_OK);
    struct slice whole = pdf_buffer_slice(file);
    for (size_t i = 0; i < SG_COUNT(tags); i++) {
        struct slice entry = slice_of(whole.data + 12 + 16 * i, 16);
        cr_assert_eq(memcmp(entry.data, tags[i], 4), 0);
        size_t at = pdf_font_u16(entry, 8) << 16 | pdf_font_u16(entry, 10);
        size_t len = pdf_font_u16(entry, 12) << 16 | pdf_font_u16(entry, 14);
        cr_assert(at % 4 == 0 && at + len <= whole.len);
        *tables[i] = slice_of(whole.data + at, len);
    }
    out.units = pdf_font_u16(out.head, 18);
    out.long_offsets = pdf_font_u16(out.head, 50) != 0;
    out.metric_count = pdf_font_u16(out.hhea, 34);
    out.glyph_count = pdf_font_u16(out.maxp, 4);
    return out;
}

Test(subset, has_the_same_outlines_without_instructions)
{
    struct pdf_font font = shipped(PDF_FACE_BOLD);
    struct pdf_glyphs glyphs;
    struct pdf_buffer file = {0};
    struct pdf_font part = cut(&font, "NIP 19", &glyphs, &file);

    cr_assert_eq(part.glyph_count, glyphs.count);
    cr_expect(part.long_offsets);
    for (unsigned i = 0; i < part.glyph_count; i++) {
        struct slice whole;
        struct slice outline;
        cr_assert(pdf_font_outline(&font, glyphs.at[i], &whole));
        cr_assert(pdf_font_outline(&part, i, &outline));
        cr_expect_eq(pdf_font_advance(&part, i), pdf_font_advance(&font, glyphs.at[i]));
        cr_expect_eq(pdf_font_bearing(&part, i), pdf_font_bearing(&font, glyphs.at[i]));
        if (whole.len == 0) {
            cr_expect_eq(outline.len, 0);
            continue;
        }
        size_t ends = 10 + 2 * (size_t)pdf_font_i16(whole, 0);
        cr_expect_eq(memcmp(whole.data, outline.data, ends), 0);
        cr_expect_eq(pdf_font_u16(outline, ends), 0);
        size_t skip = ends + 2 + pdf_font_u16(whole, ends);
        cr_expect_eq(memcmp(whole.data + skip, outline.data + ends + 2, whole.len - skip),
                     0);
    }
    cr_expect_lt(file.len, 4000);
    pdf_buffer_fini(&file);
}

Test(subset, brings_the_parts_of_composed_letters)
{
    struct pdf_font font = shipped(PDF_FACE_REGULAR);
    struct pdf_glyphs glyphs;
    struct pdf_buffer file = {0};
    struct pdf_font part = cut(&font, "\xE9", &glyphs, &file);
    struct slice outline;

    cr_expect_eq(part.glyph_count, 4, "nothing, the letter, its base, its accent");
    cr_assert(pdf_font_outline(&part, 1, &outline));
    cr_expect_lt(pdf_font_i16(outline, 0), 0);
    cr_expect_eq(pdf_font_u16(outline, 12), 2, "the first part's new number");
    pdf_buffer_fini(&file);
}

/* Whatever a font says of itself, it is cut or refused. */
static void try_font(struct slice file)
{
    struct pdf_font font;
    struct pdf_glyphs glyphs = {.count = 0};
    struct pdf_buffer out = {0};
    unsigned number;

    if (pdf_font_open(file, &font)) {
        for (uint32_t code = 'A'; code < 0x180; code++) {
            cr_assert(pdf_glyphs_add(&glyphs, pdf_font_glyph(&font, code), &number));
        }
        enum sg_status status = pdf_subset_put(&font, &glyphs, &out);
        cr_expect(status == SG_OK || status == SG_INVALID || status == SG_TOO_LARGE);
    }
    pdf_buffer_fini(&out);
}

/* Of exactly its bytes, so that a sanitizer sees one that is read too much. */
static uint8_t *copy_of(struct slice file, size_t len)
{
    uint8_t *bytes = malloc(len);

    cr_assert_not_null(bytes);
    memcpy(bytes, file.data, len);
    return bytes;
}

Test(subset, of_a_damaged_font_is_refused_or_made_but_does_no_harm)
{
    struct slice whole = pdf_face_file(PDF_FACE_REGULAR);

    for (size_t len = 12; len < whole.len; len += 4099) {
        uint8_t *bytes = copy_of(whole, len);
        try_font(slice_of(bytes, len));
        free(bytes);
    }
    uint8_t *bytes = copy_of(whole, whole.len);
    uint64_t dice = 1;
    for (int i = 0; i < 400; i++) {
        memcpy(bytes, whole.data, whole.len);
        for (int j = 0; j < 40; j++) {
            size_t range = j < 20 ? 400 : whole.len;
            dice = dice * 6364136223846793005ULL + 1442695040888963407ULL;
            bytes[(size_t)(dice >> 20) % range] = (uint8_t)(dice >> 50);
        }
        try_font(slice_of(bytes, whole.len));
    }
    free(bytes);
}

static struct pdf_fonts *take(const char *regular, const char *bold)
{
    static struct pdf_charset wanted[PDF_FACES];
    struct pdf_fonts *fonts = NULL;

    memset(wanted, 0, sizeof(wanted));
    pdf_charset_add(&wanted[PDF_FACE_REGULAR], regular);
    pdf_charset_add(&wanted[PDF_FACE_BOLD], bold);
    cr_assert_eq(pdf_fonts_take(wanted, &fonts), SG_OK);
    return fonts;
}

Test(fonts, are_made_once_for_letters_with_the_same_kinds_of_characters)
{
    struct pdf_fonts *first = take("Surat nomor 1", "KEPALA");
    struct pdf_fonts *second = take("Nota Dinas 27", "SEKDA");
    struct pdf_fonts *other = take("Surat nomor 1/2", "KEPALA");

    cr_expect_eq(first, second);
    cr_expect_neq(first, other);
    pdf_fonts_give(&second);
    second = take("Surat", "A");
    cr_expect_neq(first, second);
    pdf_fonts_give(&second);
    second = take("Surat 2", "A");
    cr_expect_eq(first, second);
    pdf_fonts_give(&first);
    pdf_fonts_give(&second);
    pdf_fonts_give(&other);
    cr_expect_null(other);
}

Test(fonts, outlive_those_that_came_after_them)
{
    struct pdf_fonts *first = take("Surat \xC3\xA9", "");
    struct pdf_glyph glyph;

    for (const char *c = "!\"#$%&'()*+,-."; *c != '\0'; c++) {
        const char text[] = {*c, '\0'};
        struct pdf_fonts *later = take(text, "");
        pdf_fonts_give(&later);
    }
    cr_expect(pdf_fonts_glyph(first, PDF_FACE_REGULAR, 0xE9, &glyph));
    pdf_fonts_give(&first);
}

Test(fonts, tell_a_character_that_is_missing)
{
    struct pdf_fonts *fonts = take("aB\xC3\xA9\xE5\x8C\x97", "");
    struct pdf_glyph glyph;

    cr_expect(pdf_fonts_glyph(fonts, PDF_FACE_REGULAR, 'B', &glyph));
    cr_expect_eq(glyph.width, 667);
    cr_expect_gt(glyph.number, 0);
    cr_expect(pdf_fonts_glyph(fonts, PDF_FACE_REGULAR, 0xE9, &glyph));
    cr_expect_not(pdf_fonts_glyph(fonts, PDF_FACE_REGULAR, 0x5317, &glyph));
    cr_expect_not(pdf_fonts_glyph(fonts, PDF_FACE_REGULAR, 0x10061, &glyph));
    cr_expect_not(pdf_fonts_glyph(fonts, PDF_FACE_BOLD, 'B', &glyph));
    pdf_fonts_give(&fonts);
}
