/* What a stamp costs: fonts, which are made once a run, and drawing, which is done for
 * every letter. In one process, without the letter around it. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "client/pdf/look.h"
#include "client/pdf/stamp/stamp.h"
#include "client/pdf/stamp/stamps.h"

enum { MAKINGS = 50, DRAWINGS = 5000 };

static double now_us(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static struct pdf_wish wish_of(const struct pdf_look *look)
{
    return (struct pdf_wish){
        .page = 1,
        .look = look,
        .statement = "Dokumen ini telah ditandatangani secara elektronik menggunakan "
                     "sertifikat elektronik yang diterbitkan oleh Balai Sertifikasi "
                     "Elektronik (BSrE), BSSN.",
        .qr_text = "https://verifikasi.example.go.id/0123456789abcdef0123456789abcdef",
        .name = "Nama Lengkap, S.T., M.T.",
        .title = "SEKRETARIS DAERAH",
        .rank = "Pembina Utama Muda (IV/c)",
        .nip = "00000000 000000 0 000",
        .location = "Nama Kota",
    };
}

/* A bold letter more each time: the last fonts do not have it. */
static double time_fonts(const struct pdf_wish *wish)
{
    struct pdf_charset wanted[PDF_FACES] = {{{0}}};
    double begin = now_us();

    pdf_stamp_wants(wish, wanted);
    for (unsigned i = 0; i < MAKINGS; i++) {
        const char more[] = {(char)(0xC4 + i / 64), (char)(0x80 + i % 64), '\0'};
        struct pdf_fonts *fonts = NULL;
        pdf_charset_add(&wanted[PDF_FACE_BOLD], more);
        MUST(pdf_fonts_take(wanted, &fonts) == SG_OK);
        pdf_fonts_give(&fonts);
    }
    return (now_us() - begin) / MAKINGS;
}

static double time_drawing(const struct pdf_wish *wish, const struct pdf_template *layout,
                           size_t *len)
{
    double begin = now_us();

    for (int i = 0; i < DRAWINGS; i++) {
        struct pdf_charset wanted[PDF_FACES] = {{{0}}};
        struct pdf_fonts *fonts = NULL;
        struct pdf_append append = {.next_number = 7};
        struct pdf_verdict verdict = {.why = NULL};
        pdf_stamp_wants(wish, wanted);
        MUST(pdf_fonts_take(wanted, &fonts) == SG_OK);
        const struct pdf_stamp stamp = {.width = layout->width,
                                        .height = layout->height,
                                        .wish = wish,
                                        .fonts = fonts};
        MUST(pdf_stamp_append(&stamp, 6, &append, &verdict) == SG_OK);
        *len = append.out.len;
        pdf_append_fini(&append);
        pdf_fonts_give(&fonts);
    }
    return (now_us() - begin) / DRAWINGS;
}

int main(void)
{
    const char *name = NULL;
    struct slice text;

    for (size_t i = 0; (text = pdf_stamps_at(i, &name)).len > 0; i++) {
        struct pdf_template layout;
        MUST(pdf_template_read(text, name, &layout, NULL) == SG_OK);
        const struct pdf_look look = {.layout = &layout};
        const struct pdf_wish wish = wish_of(&look);
        size_t len = 0;
        double drawing = time_drawing(&wish, &layout, &len);
        (void)printf("stamp %-8s %8.1f us and %zu bytes a letter\n", name, drawing, len);
        if (text.data == pdf_stamps_find("letter").data) {
            (void)printf("stamp fonts    %8.1f us a run\n", time_fonts(&wish));
        }
        pdf_template_fini(&layout);
    }
    return EXIT_SUCCESS;
}
