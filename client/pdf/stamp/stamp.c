#include "client/pdf/stamp/stamp.h"

#include <math.h>
#include <stdio.h>

#include "client/pdf/stamp/colour.h"
#include "client/pdf/stamp/inside.h"
#include "client/pdf/stamp/qr.h"

/* --- What is drawn ----------------------------------------------------------------- */

static enum sg_status refuse_character(struct canvas *canvas, uint32_t code)
{
    char detail[16];

    (void)snprintf(detail, sizeof(detail), "U+%04X", code);
    return pdf_refuse(canvas->verdict, PDF_TEXT, code == 0 ? NULL : detail);
}

enum sg_status stamp_texts(struct canvas *canvas, const struct pdf_setting *setting,
                           const char *const texts[], size_t count, const char *what)
{
    struct pdf_paragraph paragraphs[PDF_BOX_TEXTS];
    size_t used = 0;

    for (size_t i = 0; i < count; i++) {
        uint32_t missing = 0;
        if (texts[i] == NULL || texts[i][0] == '\0') {
            continue;
        }
        if (!pdf_paragraph_of(canvas->stamp->fonts, setting->face, texts[i],
                              &paragraphs[used++], &missing)) {
            return refuse_character(canvas, missing);
        }
    }
    if (used == 0) {
        return SG_OK;
    }
    canvas->face_used[setting->face] = true;
    return pdf_paragraphs_put(setting, paragraphs, used, &canvas->out)
               ? SG_OK
               : pdf_refuse(canvas->verdict, PDF_STAMP_FIT, what);
}

enum sg_status stamp_qr(struct canvas *canvas, const struct pdf_area *area)
{
    const char *text = canvas->stamp->wish->qr_text;
    double side = fmin(area->width, area->height);

    if (text == NULL) {
        return SG_OK;
    }
    enum sg_status drawn =
        pdf_qr_draw(&canvas->out, text, area->x + (area->width - side) / 2,
                    area->y + (area->height - side) / 2, side);
    return drawn == SG_TOO_LARGE
               ? pdf_refuse(canvas->verdict, PDF_STAMP_FIT, "the QR code")
               : drawn;
}

static double shift(enum pdf_align align, double room)
{
    if (align == PDF_BEGIN) {
        return 0;
    }
    return align == PDF_CENTRE ? room / 2 : room;
}

void stamp_image(struct canvas *canvas, const struct picture *picture,
                 const struct pdf_area *area)
{
    struct pdf_buffer *out = &canvas->out;
    const struct pdf_image *image = picture->image;
    double scale = fmin(area->width / image->width, area->height / image->height);
    double width = image->width * scale;
    double height = image->height * scale;

    pdf_buffer_text(out, "q ");
    pdf_buffer_number(out, width);
    pdf_buffer_text(out, " 0 0 ");
    pdf_buffer_number(out, height);
    pdf_buffer_text(out, " ");
    pdf_buffer_number(out, area->x + shift(picture->align, area->width - width));
    pdf_buffer_text(out, " ");
    pdf_buffer_number(out, area->y + area->height - height -
                               shift(picture->upright, area->height - height));
    pdf_buffer_print(out, " cm /%s Do Q\n", picture->name);
}

/* Within the area: half of a line's width would be cut off at the stamp's edge. */
void stamp_frame(struct canvas *canvas, const struct pdf_area *area, double width)
{
    struct pdf_buffer *out = &canvas->out;

    pdf_buffer_number(out, width);
    pdf_buffer_text(out, " w ");
    pdf_buffer_number(out, area->x + width / 2);
    pdf_buffer_text(out, " ");
    pdf_buffer_number(out, area->y + width / 2);
    pdf_buffer_text(out, " ");
    pdf_buffer_number(out, fmax(area->width - width, 0));
    pdf_buffer_text(out, " ");
    pdf_buffer_number(out, fmax(area->height - width, 0));
    pdf_buffer_text(out, " re S\n");
}

/* --- Its objects ------------------------------------------------------------------- */

/* Turns the stamp against the page's rotation; viewers then fit it into /Rect. */
static const char *matrix_of(int rotate)
{
    if (rotate == 90) {
        return "/Matrix [0 1 -1 0 0 0]\n";
    }
    if (rotate == 180) {
        return "/Matrix [-1 0 0 -1 0 0]\n";
    }
    return rotate == 270 ? "/Matrix [0 -1 1 0 0 0]\n" : "";
}

/* Numbers of objects; 0 = the stamp does without. */
struct resources {
    int faces[PDF_FACES];
    int grey;
    int rgb;
    int logo;
    int agency_logo;
};

static int append_image(const struct pdf_image *image, struct pdf_append *append,
                        struct resources *out)
{
    if (!image->grey && out->rgb == 0) {
        out->rgb = pdf_colour_append(false, append);
    }
    return pdf_image_append(image, image->grey ? out->grey : out->rgb, append);
}

static void append_resources(const struct canvas *canvas, struct pdf_append *append,
                             struct resources *out)
{
    const struct pdf_look *look = canvas->stamp->wish->look;

    pdf_fonts_append(canvas->stamp->fonts, canvas->face_used, append, out->faces);
    out->grey = pdf_colour_append(true, append);
    if (canvas->logo_used) {
        out->logo = append_image(&look->logo, append, out);
    }
    if (canvas->agency_logo_used) {
        out->agency_logo = append_image(&look->agency_logo, append, out);
    }
}

static void put_fonts(const struct resources *resources, struct pdf_buffer *out)
{
    pdf_buffer_text(out, " /Font <<");
    for (int i = 0; i < PDF_FACES; i++) {
        if (resources->faces[i] != 0) {
            pdf_buffer_print(out, " /F%d %d 0 R", i, resources->faces[i]);
        }
    }
    pdf_buffer_text(out, " >>");
}

static void put_images(const struct resources *resources, struct pdf_buffer *out)
{
    if (resources->logo == 0 && resources->agency_logo == 0) {
        return;
    }
    pdf_buffer_text(out, "\n/XObject <<");
    if (resources->logo != 0) {
        pdf_buffer_print(out, " /L %d 0 R", resources->logo);
    }
    if (resources->agency_logo != 0) {
        pdf_buffer_print(out, " /A %d 0 R", resources->agency_logo);
    }
    pdf_buffer_text(out, " >>");
}

static void put_form(const struct canvas *canvas, const struct resources *resources,
                     struct pdf_buffer *out)
{
    const struct pdf_stamp *stamp = canvas->stamp;

    pdf_buffer_text(out, "<<\n/Type /XObject\n/Subtype /Form\n/BBox [0 0 ");
    pdf_buffer_number(out, stamp->width);
    pdf_buffer_text(out, " ");
    pdf_buffer_number(out, stamp->height);
    pdf_buffer_text(out, "]\n");
    pdf_buffer_text(out, matrix_of(stamp->rotate));
    pdf_buffer_print(out, "/Resources << /ColorSpace << /G [/ICCBased %d 0 R] >>",
                     resources->grey);
    put_fonts(resources, out);
    put_images(resources, out);
    pdf_buffer_print(out, " >>\n/Length %zu\n>>\nstream\n", canvas->out.len);
    pdf_buffer_put(out, canvas->out.data, canvas->out.len);
    pdf_buffer_text(out, "\nendstream");
}

static enum sg_status append_all(struct canvas *canvas, int number,
                                 struct pdf_append *append)
{
    const struct pdf_look *look = canvas->stamp->wish->look;
    struct resources resources = {.logo = 0};

    pdf_buffer_text(&canvas->out, "q\n/G cs 0 sc /G CS 0 SC\n");
    TRY(look != NULL && look->layout != NULL ? stamp_draw_boxes(canvas)
                                             : stamp_draw_auto(canvas));
    pdf_buffer_text(&canvas->out, "Q");
    TRY(pdf_buffer_check(&canvas->out));
    append_resources(canvas, append, &resources);
    pdf_append_begin(append, number, 0);
    put_form(canvas, &resources, &append->out);
    pdf_append_end(append);
    return SG_OK;
}

enum sg_status pdf_stamp_append(const struct pdf_stamp *stamp, int number,
                                struct pdf_append *append, struct pdf_verdict *verdict)
{
    struct canvas canvas = {.stamp = stamp, .verdict = verdict};
    enum sg_status status = append_all(&canvas, number, append);

    pdf_buffer_fini(&canvas.out);
    return status;
}

void pdf_stamp_wants(const struct pdf_wish *wish, struct pdf_charset sets[PDF_FACES])
{
    if (wish->look != NULL && wish->look->layout != NULL) {
        stamp_wants_boxes(wish, sets);
    } else {
        stamp_wants_auto(wish, sets);
    }
}
