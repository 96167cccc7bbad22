#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <png.h>
#include <stdlib.h>
#include <zlib.h>

#include "client/pdf/look.h"
#include "tests/unit/pdf/support/letter.h"

/* Logos: every kind of PNG becomes plain grey or RGB; a hostile one nothing. */

enum { SIDE = 4 };

/* A PNG of SIDE by SIDE pixels in libpng's format, all bytes of a pixel alike but for
 * what the caller says; to be freed. */
static struct slice make(png_uint_32 format, const uint8_t *pixels, size_t size)
{
    png_image image = {
        .version = PNG_IMAGE_VERSION, .width = SIDE, .height = SIDE, .format = format};
    png_alloc_size_t len = 0;

    cr_assert_eq((size_t)PNG_IMAGE_SIZE(image), size); /* NOLINT: 4 by 4 pixels */
    cr_assert(png_image_write_get_memory_size(image, len, 0, pixels, 0, NULL));
    void *out = malloc(len);
    cr_assert_not_null(out);
    cr_assert(png_image_write_to_memory(&image, out, &len, 0, pixels, 0, NULL));
    return slice_of(out, len);
}

static struct slice make_rgba(uint8_t red, uint8_t green, uint8_t blue, uint8_t alpha)
{
    uint8_t pixels[SIDE * SIDE * 4];

    for (size_t i = 0; i < sizeof(pixels); i += 4) {
        pixels[i] = red;
        pixels[i + 1] = green;
        pixels[i + 2] = blue;
        pixels[i + 3] = alpha;
    }
    return make(PNG_FORMAT_RGBA, pixels, sizeof(pixels));
}

/* The first pixel as a PDF reader unpacks it. */
static void expect_pixel(struct slice png, bool grey, int red, int green, int blue)
{
    struct pdf_image image;
    struct sg_error why = {0};
    uint8_t pixels[SIDE * SIDE * 3];
    uLongf len = sizeof(pixels);

    cr_assert_eq(pdf_image_read(png, "logo", &image, &why), SG_OK, "%s", why.text);
    cr_expect_eq(image.width, SIDE);
    cr_expect_eq(image.height, SIDE);
    cr_expect_eq(image.grey, grey);
    cr_assert_eq(uncompress(pixels, &len, image.pixels.data, image.pixels.len), Z_OK);
    cr_assert_eq(len, (uLongf)SIDE * SIDE * (grey ? 1 : 3));
    cr_expect_leq(abs(pixels[0] - red), 2, "%d", pixels[0]);
    if (!grey) {
        cr_expect_leq(abs(pixels[1] - green), 2, "%d", pixels[1]);
        cr_expect_leq(abs(pixels[2] - blue), 2, "%d", pixels[2]);
    }
    pdf_image_fini(&image);
    letter_free(png);
}

Test(image, keeps_its_colours)
{
    expect_pixel(make_rgba(200, 10, 30, 255), false, 200, 10, 30);
}

Test(image, that_is_grey_takes_a_byte_a_pixel)
{
    uint8_t grey[SIDE * SIDE];

    memset(grey, 90, sizeof(grey));
    expect_pixel(make_rgba(77, 77, 77, 255), true, 77, 77, 77);
    expect_pixel(make(PNG_FORMAT_GRAY, grey, sizeof(grey)), true, 90, 90, 90);
}

Test(image, stands_on_white_where_it_is_transparent)
{
    expect_pixel(make_rgba(0, 0, 0, 0), true, 255, 255, 255);
    expect_pixel(make_rgba(255, 0, 0, 0), true, 255, 255, 255);
}

Test(image, of_sixteen_bits_is_read)
{
    uint16_t deep[SIDE * SIDE * 3];

    for (size_t i = 0; i < SG_COUNT(deep); i++) {
        deep[i] = i % 3 == 0 ? 65535 : 0;
    }
    expect_pixel(make(PNG_FORMAT_LINEAR_RGB, (const uint8_t *)deep, sizeof(deep)), false,
                 255, 0, 0);
}

static enum sg_status read_only(struct slice png, struct sg_error *why)
{
    struct pdf_image image = {.width = 0};
    enum sg_status status = pdf_image_read(png, "logo", &image, why);

    if (status == SG_OK) {
        cr_expect(image.width > 0 && image.width <= PDF_IMAGE_SIDE_MAX);
        pdf_image_fini(&image);
    }
    return status;
}

Test(image, cut_off_anywhere_is_refused)
{
    struct slice png = make_rgba(1, 2, 3, 4);

    /* The last twelve bytes say only that it ends. */
    for (size_t len = 0; len < png.len - 12; len++) {
        struct sg_error why = {0};
        cr_expect_eq(read_only(slice_of(png.data, len), &why), SG_INVALID, "%zu", len);
        cr_expect_not_null(strstr(why.text, "logo"));
    }
    letter_free(png);
}

Test(image, changed_anywhere_does_no_harm)
{
    struct slice png = make_rgba(1, 2, 3, 4);
    uint8_t *bytes = letter_own(png.data);

    for (size_t i = 0; i < png.len; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes[i] ^= (uint8_t)(1U << bit);
            (void)(read_only(png, NULL) == SG_OK);
            bytes[i] ^= (uint8_t)(1U << bit);
        }
    }
    letter_free(png);
}

Test(image, that_is_large_is_refused_before_it_is_unpacked)
{
    struct slice png = make_rgba(1, 2, 3, 4);
    uint8_t *bytes = letter_own(png.data);
    static uint8_t zeros[PDF_IMAGE_FILE_MAX + 1];
    struct sg_error why = {0};

    bytes[17] = 0x7F; /* of the width, in IHDR; its sum is mended below */
    uLong sum = crc32(crc32(0, NULL, 0), bytes + 12, 17);
    for (size_t i = 0; i < 4; i++) {
        bytes[29 + i] = (uint8_t)(sum >> (24 - 8 * i));
    }
    enum sg_status status = read_only(png, &why);
    cr_expect(status == SG_TOO_LARGE || status == SG_INVALID);
    bytes[17] = 0;
    bytes[18] = 0x0F; /* 3844 pixels wide: libpng takes that */
    sum = crc32(crc32(0, NULL, 0), bytes + 12, 17);
    for (size_t i = 0; i < 4; i++) {
        bytes[29 + i] = (uint8_t)(sum >> (24 - 8 * i));
    }
    cr_expect_eq(read_only(png, &why), SG_TOO_LARGE);
    cr_expect_not_null(strstr(why.text, "pixels"));
    cr_expect_eq(read_only(slice_of(zeros, sizeof(zeros)), &why), SG_TOO_LARGE);
    cr_expect_eq(read_only(slice_str("GIF89a"), &why), SG_INVALID);
    letter_free(png);
}

/* --- The policy rules over logos --------------------------------------------------- */

Test(look, takes_only_the_logo_that_the_policy_names)
{
    struct slice logo = make_rgba(9, 9, 9, 255);
    struct slice other = make_rgba(8, 8, 8, 255);
    uint8_t sha256[32];
    struct pdf_look look;
    struct sg_error why = {0};

    cr_assert_eq(EVP_Digest(logo.data, logo.len, sha256, NULL, EVP_sha256(), NULL), 1);
    struct pdf_policy policy = {.logo_sha256 = slice_of(sha256, 32), .logo = logo};
    cr_assert_eq(pdf_look_make(NULL, NULL, &policy, &look, &why), SG_OK, "%s", why.text);
    cr_expect_eq(look.logo.width, SIDE);
    cr_expect_eq(look.agency_logo.width, 0);
    pdf_look_fini(&look);
    policy.logo = other;
    cr_expect_eq(pdf_look_make(NULL, NULL, &policy, &look, &why), SG_PRECONDITION);
    cr_expect_not_null(strstr(why.text, "another authority's logo"));
    policy.logo = slice_of(NULL, 0);
    cr_expect_eq(pdf_look_make(NULL, NULL, &policy, &look, &why), SG_PRECONDITION);
    cr_expect_not_null(strstr(why.text, "set stamp.logo"));
    /* A file that no policy names is not drawn. */
    policy = (struct pdf_policy){.logo = logo, .agency_logo = logo};
    cr_assert_eq(pdf_look_make(NULL, NULL, &policy, &look, &why), SG_OK);
    cr_expect_eq(look.logo.width, 0);
    cr_expect_eq(look.agency_logo.width, 0);
    pdf_look_fini(&look);
    letter_free(logo);
    letter_free(other);
}
