#define _GNU_SOURCE /* NOLINT: the name is the C library's */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/pdf/look.h"
#include "client/pdf/page.h"
#include "client/pdf/stamp/stamps.h"
#include "tests/unit/pdf/support/letter.h"
#include "tests/unit/pdf/support/signer.h"
#include "tests/unit/pdf/support/tool.h"

/* Where the stamp stands and how it looks: rendered by somebody else's program. */

static struct tool_folder folder;
static struct signer signer;

static void begin(void)
{
    tool_folder_init(&folder);
    signer_init(&signer);
}

static void end(void)
{
    signer_fini(&signer);
    tool_folder_fini(&folder);
}

TestSuite(stamp, .init = begin, .fini = end, .timeout = 120);

/* A page in grey, four pixels to a point. */
struct picture {
    struct slice file; /* owned */
    int width, height;
    const uint8_t *pixels;
};
enum { PIXELS_PER_POINT = 4 };

static struct picture render(struct slice pdf)
{
    char from[TOOL_PATH];
    char root[TOOL_PATH];
    char made[TOOL_PATH];
    char out[512];
    struct picture picture = {0};

    letter_write(tool_path(&folder, "stamp.pdf", from), pdf);
    const char *const argv[] = {
        "pdftoppm", "-r",          "288", "-gray",
        "-cropbox", "-singlefile", from,  tool_path(&folder, "stamp", root),
        NULL};
    cr_assert_eq(tool_run(argv, out, sizeof(out)), 0, "%s", out);
    picture.file = letter_read(tool_path(&folder, "stamp.pgm", made));
    /* "P5", width and height, apart by white space. */
    char *at = letter_own(picture.file.data + 2);
    picture.width = (int)strtol(at, &at, 10);
    picture.height = (int)strtol(at, &at, 10);
    cr_assert(picture.width > 0 && picture.height > 0);
    picture.pixels = picture.file.data + picture.file.len -
                     (size_t)picture.width * (size_t)picture.height;
    return picture;
}

/* Dark at a point of the page as shown, counted from its lower left corner? */
static bool is_dark(const struct picture *picture, double x, double y)
{
    int column = (int)(x * PIXELS_PER_POINT);
    int row = picture->height - 1 - (int)(y * PIXELS_PER_POINT);

    cr_assert(column >= 0 && column < picture->width && row >= 0 &&
              row < picture->height);
    return picture->pixels[(size_t)row * (size_t)picture->width + (size_t)column] < 128;
}

/* Dark pixels in all, and those inside the rectangle. */
static void count_dark(const struct picture *picture, const struct pdf_rect *rect,
                       int *all, int *inside)
{
    *all = 0;
    *inside = 0;
    for (int row = 0; row < picture->height; row++) {
        for (int column = 0; column < picture->width; column++) {
            double x = (column + 0.5) / PIXELS_PER_POINT;
            double y = (picture->height - 1 - row + 0.5) / PIXELS_PER_POINT;
            bool dark = is_dark(picture, x, y);
            *all += dark;
            *inside += dark && x >= rect->x && x <= rect->x + rect->width &&
                       y >= rect->y && y <= rect->y + rect->height;
        }
    }
}

static struct pdf_wish qr_wish(void)
{
    struct pdf_wish wish = signer_wish();

    wish.page = 1;
    wish.rect = (struct pdf_rect){.x = 30, .y = 20, .width = 90, .height = 90};
    wish.qr_text = "segel";
    return wish;
}

/* Version 1 has 21 modules, and 4 of quiet zone on each side. */
static bool finder_at(const struct picture *picture, const struct pdf_rect *rect,
                      double column, double row)
{
    double module = rect->width / 29;

    return is_dark(picture, rect->x + column * module, rect->y + row * module);
}

/* code: where the QR code lies. */
static void expect_upright(const struct letter *letter, const struct pdf_wish *wish,
                           const struct pdf_rect *code)
{
    int all = 0;
    int inside = 0;
    enum pdf_refusal refusal;
    struct sg_error why = {0};
    struct slice whole;
    struct slice pdf = letter_build(letter);

    enum sg_status status = signer_sign(&signer, pdf, wish, &whole, &refusal, &why);
    cr_assert_eq(status, SG_OK, "%s", why.text);
    struct picture picture = render(whole);
    count_dark(&picture, &wish->rect, &all, &inside);
    cr_expect_gt(inside, 5000);
    cr_expect_eq(all, inside);
    /* Three corners have a finder pattern; the lower right one has none, and the module
     * beside the lower left one is always dark. */
    cr_expect(finder_at(&picture, code, 7.5, 21.5));
    cr_expect(finder_at(&picture, code, 21.5, 21.5));
    cr_expect(finder_at(&picture, code, 7.5, 7.5));
    cr_expect(finder_at(&picture, code, 12.5, 11.5));
    cr_expect_not(finder_at(&picture, code, 11.5, 7.5));
    letter_free(picture.file);
    letter_free(whole);
    letter_free(pdf);
}

static void expect_upright_on(const char *page_keys)
{
    char page[256];
    struct letter letter = letter_lawful();
    struct pdf_wish wish = qr_wish();

    (void)snprintf(page, sizeof(page),
                   "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents 4 0 R "
                   "/Resources << >> %s >>",
                   page_keys);
    letter.objects[2] = page;
    expect_upright(&letter, &wish, &wish.rect);
}

Test(stamp, stands_where_wished_on_a_plain_page)
{
    expect_upright_on("");
}

Test(stamp, stands_upright_on_a_page_turned_by_90)
{
    expect_upright_on("/Rotate 90");
}

Test(stamp, stands_upright_on_a_page_turned_by_180)
{
    expect_upright_on("/Rotate 180");
}

Test(stamp, stands_upright_on_a_page_turned_by_270)
{
    expect_upright_on("/Rotate -90");
}

Test(stamp, counts_from_the_corner_of_the_crop_box)
{
    expect_upright_on("/CropBox [50 40 350 280]");
}

Test(stamp, counts_from_the_corner_of_a_turned_crop_box)
{
    expect_upright_on("/CropBox [50 40 350 280] /Rotate 90");
}

Test(stamp, finds_rotation_and_boxes_above_the_page)
{
    struct letter letter = letter_lawful();
    struct pdf_wish wish = qr_wish();

    letter.objects[1] = "<< /Type /Pages /Kids [3 0 R] /Count 1 /Rotate 270 "
                        "/MediaBox [-100 -100 300 200] >>";
    letter.objects[2] =
        "<< /Type /Page /Parent 2 0 R /Contents 4 0 R /Resources << >> >>";
    expect_upright(&letter, &wish, &wish.rect);
}

Test(stamp, measures_in_points_whatever_the_page_unit)
{
    struct pdf_view view = {.right = 200, .top = 150, .unit = 2};
    struct pdf_rect rect = {.x = 20, .y = 40, .width = 380, .height = 100};
    double box[4];

    cr_assert(pdf_view_place(&view, &rect, box));
    cr_expect_eq(box[0], 10);
    cr_expect_eq(box[1], 20);
    cr_expect_eq(box[2], 200);
    cr_expect_eq(box[3], 70);
}

Test(stamp, has_no_place_beyond_the_page)
{
    const struct pdf_rect rects[] = {
        {.x = -1, .width = 10, .height = 10},
        {.x = 391, .width = 10, .height = 10},
        {.y = 291, .width = 10, .height = 10},
        {.width = 0, .height = 10},
        {.width = 10, .height = 0},
        {.width = 1e300 * 1e300, .height = 10},
    };
    struct pdf_view view = {.right = 400, .top = 300, .unit = 1};
    double box[4];

    for (size_t i = 0; i < SG_COUNT(rects); i++) {
        cr_expect_not(pdf_view_place(&view, &rects[i], box), "%zu", i);
    }
}

/* Reads the stamp's words back with somebody else's program. */
static void expect_text(const struct pdf_wish *wish, const char *const words[])
{
    char path[TOOL_PATH];
    char out[4096];
    enum pdf_refusal refusal;
    struct slice whole;
    struct letter letter = letter_lawful();
    struct slice pdf = letter_build(&letter);

    cr_assert_eq(signer_sign(&signer, pdf, wish, &whole, &refusal, NULL), SG_OK);
    letter_write(tool_path(&folder, "text.pdf", path), whole);
    const char *const argv[] = {"pdftotext", "-enc", "UTF-8", path, "-", NULL};
    cr_assert_eq(tool_run(argv, out, sizeof(out)), 0);
    for (size_t i = 0; words[i] != NULL; i++) {
        cr_expect_not_null(strstr(out, words[i]), "%s in: %s", words[i], out);
    }
    letter_free(whole);
    letter_free(pdf);
}

Test(stamp, says_all_that_was_wished)
{
    struct pdf_wish wish = signer_wish();

    wish.page = 1;
    wish.rect = (struct pdf_rect){.x = 10, .y = 10, .width = 300, .height = 80};
    wish.statement = "Dokumen ini (sah)";
    wish.name = "Andr\xC3\xA9 \\ \xE2\x82\xAC";
    wish.reason = "Persetujuan";
    wish.location = "Kota";
    const char *const words[] = {
        "Dokumen ini (sah)", "Andr\xC3\xA9 \\ \xE2\x82\xAC",   "Alasan: Persetujuan",
        "Tempat: Kota",      "Waktu: 2026-05-02 01:02:03 UTC", NULL};
    expect_text(&wish, words);
}

Test(stamp, says_the_time_when_nothing_else_was_wished)
{
    const char *const words[] = {"Waktu: 2026-05-02 01:02:03 UTC", NULL};
    struct pdf_wish wish = signer_wish();

    wish.page = 1;
    wish.rect = (struct pdf_rect){.x = 10, .y = 10, .width = 150, .height = 20};
    expect_text(&wish, words);
}

/* A template in a rectangle of another shape: all of it is there, and nothing beyond. */
static void expect_template_on(const char *page_keys, const struct pdf_rect *rect)
{
    char page[256];
    int all = 0;
    int inside = 0;
    enum pdf_refusal refusal;
    struct sg_error why = {0};
    struct slice whole;
    struct pdf_template layout;
    struct letter letter = letter_lawful();
    struct pdf_wish wish = qr_wish();

    cr_assert_eq(pdf_template_read(pdf_stamps_find("block"), "block", &layout, &why),
                 SG_OK);
    const struct pdf_look look = {.layout = &layout};
    wish.look = &look;
    wish.rect = *rect;
    wish.statement = "Dokumen ini telah ditandatangani secara elektronik.";
    wish.signer = "Nama";
    wish.title = "JABATAN";
    (void)snprintf(page, sizeof(page),
                   "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents 4 0 R "
                   "/Resources << >> %s >>",
                   page_keys);
    letter.objects[2] = page;
    struct slice pdf = letter_build(&letter);
    cr_assert_eq(signer_sign(&signer, pdf, &wish, &whole, &refusal, &why), SG_OK, "%s",
                 why.text);
    struct picture picture = render(whole);
    count_dark(&picture, rect, &all, &inside);
    cr_expect_gt(inside, 5000);
    cr_expect_eq(all, inside);
    letter_free(picture.file);
    letter_free(whole);
    letter_free(pdf);
    pdf_template_fini(&layout);
}

Test(stamp, of_a_template_lies_in_its_rectangle_on_any_page)
{
    static const struct pdf_rect wide = {.x = 20, .y = 20, .width = 260, .height = 90};
    static const struct pdf_rect high = {.x = 20, .y = 20, .width = 180, .height = 240};

    expect_template_on("", &wide);
    expect_template_on("/Rotate 90", &wide);
    expect_template_on("/Rotate 180 /CropBox [50 40 400 300]", &wide);
    expect_template_on("", &high);
}

Test(stamp, lies_within_the_frame_of_its_box)
{
    static const char text[] = "stamp X\nsize 45 45\nbox qr\nsize 45 45\nborder 7.5\n";
    const struct pdf_rect code = {.x = 45, .y = 35, .width = 60, .height = 60};
    struct pdf_template layout;
    struct letter letter = letter_lawful();
    struct pdf_wish wish = qr_wish();

    cr_assert_eq(pdf_template_read(slice_str(text), "x", &layout, NULL), SG_OK);
    const struct pdf_look look = {.layout = &layout};
    wish.look = &look;
    expect_upright(&letter, &wish, &code);
    pdf_template_fini(&layout);
}

static void expect_too_small(struct slice text)
{
    enum pdf_refusal refusal;
    struct slice whole;
    struct pdf_template layout;
    struct letter letter = letter_lawful();
    struct slice pdf = letter_build(&letter);
    struct pdf_wish wish = qr_wish();

    cr_assert_eq(pdf_template_read(text, "x", &layout, NULL), SG_OK);
    const struct pdf_look look = {.layout = &layout};
    wish.look = &look;
    wish.rect = (struct pdf_rect){.x = 10, .y = 10, .width = 250, .height = 22};
    wish.statement = "Dokumen ini telah ditandatangani secara elektronik.";
    cr_expect_eq(signer_sign(&signer, pdf, &wish, &whole, &refusal, NULL), SG_INVALID);
    cr_expect_eq(refusal, PDF_STAMP_FIT);
    pdf_template_fini(&layout);
    letter_free(pdf);
}

Test(stamp, too_small_for_its_template_is_refused)
{
    expect_too_small(pdf_stamps_find("footer"));
    expect_too_small(slice_str("stamp X\nsize 250 22\nbox statement\nsize 250 22\n"
                               "border 9\n"));
}

static void digest_of(struct slice pdf, const char *reason, uint8_t out[32])
{
    enum pdf_refusal refusal;
    struct pdf_job *job = NULL;
    struct pdf_wish wish = qr_wish();

    wish.rect.width = 300;
    wish.reason = reason;
    cr_assert_eq(pdf_prepare(pdf, &wish, &job, &refusal, NULL), SG_OK);
    memcpy(out, pdf_job_digest(job).data, 32);
    pdf_job_free(job);
}

/* Who signs again after a crash must come to the same digest: with more fonts in between
 * than are kept, and each of them would do for the first letter, too. */
Test(stamp, is_the_same_whatever_was_stamped_before)
{
    static const char *const others[] = {"b!", "b#", "b%", "b&", "b'",
                                         "b(", "b)", "b*", "b+", "b;"};
    struct letter letter = letter_lawful();
    struct slice pdf = letter_build(&letter);
    uint8_t first[32];
    uint8_t other[32];

    digest_of(pdf, "b", first);
    for (size_t i = 0; i < SG_COUNT(others); i++) {
        digest_of(pdf, others[i], other);
        cr_expect_neq(memcmp(first, other, 32), 0);
    }
    digest_of(pdf, "b", other);
    cr_expect_eq(memcmp(first, other, 32), 0);
    letter_free(pdf);
}
