#include "client/pdf/stamp/image.h"

#include <png.h>
#include <stdlib.h>

#include "client/pdf/deflate.h"

static void free_bytes(uint8_t **bytes)
{
    free(*bytes);
}

static bool is_grey(const uint8_t *pixels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const uint8_t *pixel = pixels + 3 * i;
        if (pixel[0] != pixel[1] || pixel[1] != pixel[2]) {
            return false;
        }
    }
    return true;
}

/* In place: the first of each three. */
static void drop_colour(uint8_t *pixels, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        pixels[i] = pixels[3 * i];
    }
}

static enum sg_status pack(uint8_t *pixels, struct pdf_image *image)
{
    size_t count = (size_t)image->width * (size_t)image->height;

    image->grey = is_grey(pixels, count);
    if (image->grey) {
        drop_colour(pixels, count);
    }
    return pdf_deflate(slice_of(pixels, image->grey ? count : 3 * count), &image->pixels);
}

static enum sg_status read_pixels(png_image *png, const char *what,
                                  struct pdf_image *image, struct sg_error *why)
{
    static const png_color white = {255, 255, 255};

    if (png->width > PDF_IMAGE_SIDE_MAX || png->height > PDF_IMAGE_SIDE_MAX ||
        (uint64_t)png->width * png->height > PDF_IMAGE_MAX) {
        return sg_fail(why, SG_TOO_LARGE,
                       "the picture %s has %u x %u pixels: a logo may have %d on a side "
                       "and %d in all",
                       what, (unsigned)png->width, (unsigned)png->height,
                       PDF_IMAGE_SIDE_MAX, PDF_IMAGE_MAX);
    }
    png->format = PNG_FORMAT_RGB;
    AUTO(free_bytes) uint8_t *pixels = malloc((size_t)3 * png->width * png->height);
    if (pixels == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    /* A warning is a file that ends early or does not add up: it is not taken. */
    if (png_image_finish_read(png, &white, pixels, 0, NULL) == 0 ||
        PNG_IMAGE_FAILED(*png) || png->warning_or_error != 0) {
        return sg_fail(why, SG_INVALID, "the picture %s is damaged: export it anew",
                       what);
    }
    image->width = (int)png->width;
    image->height = (int)png->height;
    enum sg_status status = pack(pixels, image);
    return status == SG_OK ? SG_OK : sg_fail(why, status, "%s", sg_status_text(status));
}

enum sg_status pdf_image_read(struct slice png, const char *what, struct pdf_image *out,
                              struct sg_error *why)
{
    AUTO(png_image_free) png_image reader = {.version = PNG_IMAGE_VERSION};
    AUTO(pdf_image_fini) struct pdf_image image = {0};

    if (png.len > PDF_IMAGE_FILE_MAX) {
        return sg_fail(
            why, SG_TOO_LARGE,
            "the picture %s is larger than %d bytes: save it with fewer pixels", what,
            PDF_IMAGE_FILE_MAX);
    }
    if (png_image_begin_read_from_memory(&reader, png.data, png.len) == 0) {
        return sg_fail(why, SG_INVALID,
                       "the picture %s is not a PNG file that can be read", what);
    }
    TRY(read_pixels(&reader, what, &image, why));
    *out = image;
    image = (struct pdf_image){0};
    return SG_OK;
}

void pdf_image_fini(struct pdf_image *image)
{
    pdf_buffer_fini(&image->pixels);
    *image = (struct pdf_image){0};
}

int pdf_image_append(const struct pdf_image *image, int colour, struct pdf_append *append)
{
    struct pdf_buffer *out = &append->out;
    int number = pdf_append_number(append);

    pdf_append_begin(append, number, 0);
    pdf_buffer_print(out,
                     "<< /Type /XObject /Subtype /Image /Width %d /Height %d "
                     "/BitsPerComponent 8\n/ColorSpace [/ICCBased %d 0 R] ",
                     image->width, image->height, colour);
    pdf_buffer_print(out, "/Filter /FlateDecode /Length %zu >>\nstream\n",
                     image->pixels.len);
    pdf_buffer_put(out, image->pixels.data, image->pixels.len);
    pdf_buffer_text(out, "\nendstream");
    pdf_append_end(append);
    return number;
}
