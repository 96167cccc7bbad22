/* A logo as the gateway sends it, and a font as the program holds it: refused, or a
 * picture within its limits, or a font whose glyphs are all there. Input: a choice, then
 * the file. */
#include "client/pdf/stamp/image.h"

#include <stdlib.h>
#include <zlib.h>

#include "client/pdf/font/subset.h"
#include "tests/fuzz/support/fuzz.h"

static void try_image(struct slice file)
{
    struct pdf_image image;
    struct sg_error why = {0};

    if (pdf_image_read(file, "logo", &image, &why) != SG_OK) {
        MUST(why.text[0] != '\0');
        return;
    }
    size_t wanted = (size_t)image.width * (size_t)image.height * (image.grey ? 1 : 3);
    MUST(image.width > 0 && image.width <= PDF_IMAGE_SIDE_MAX &&
         wanted <= 3 * (size_t)PDF_IMAGE_MAX);
    uLongf len = wanted;
    uint8_t *pixels = malloc(wanted);
    MUST(pixels != NULL);
    MUST(uncompress(pixels, &len, image.pixels.data, image.pixels.len) == Z_OK &&
         len == wanted);
    free(pixels);
    pdf_image_fini(&image);
}

static void try_font(struct slice file)
{
    static struct pdf_glyphs glyphs;
    struct pdf_font font;
    struct pdf_buffer out = {0};
    unsigned number = 0;

    if (!pdf_font_open(file, &font)) {
        return;
    }
    glyphs.count = 0;
    for (uint32_t code = ' '; code < 0x250; code++) {
        MUST(pdf_glyphs_add(&glyphs, pdf_font_glyph(&font, code), &number));
    }
    enum sg_status status = pdf_subset_put(&font, &glyphs, &out);
    MUST(status != SG_OK || out.len > 108);
    pdf_buffer_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct slice input = slice_of(data, len);
    uint8_t choice = fuzz_choice(&input);
    uint8_t *copy = fuzz_copy(input);

    if (choice % 2 == 0) {
        try_image(slice_of(copy, input.len));
    } else {
        try_font(slice_of(copy, input.len));
    }
    free(copy);
    return 0;
}
