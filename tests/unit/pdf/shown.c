#define _GNU_SOURCE /* NOLINT: the name is the C library's */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/pdf/deflate.h"
#include "client/pdf/shown/shown.h"
#include "tests/unit/pdf/support/letter.h"

/* What a letter shows of its signature: one with a stamp, of which each test draws
 * something else. */

#define STATED                                                                           \
    "Dokumen ini telah ditandatangani secara elektronik menggunakan sertifikat "         \
    "elektronik yang diterbitkan oleh BSrE."

static struct {
    const char *stamp; /* content streams */
    const char *page;
    const char *form;
    const char *map;   /* ToUnicode of the font /F2, whose codes have two bytes */
    const char *field; /* more keys of the widget; the rectangle among them */
    const char *picture;
} is;

static struct pdf_shown *shown;

static void lawful(void)
{
    is.stamp = "BT /F1 8 Tf (" STATED ") Tj ET";
    is.page = "q Q";
    is.form = "q Q";
    is.map = "";
    is.field = "/Rect [20 20 220 80] /F 132";
    is.picture = "ab";
    shown = calloc(1, sizeof(*shown));
}

static void done(void)
{
    free(shown);
}

TestSuite(shown, .init = lawful, .fini = done, .timeout = 20);

static char *stream(const char *keys, const char *data)
{
    char *text = NULL;

    cr_assert_gt(asprintf(&text, "<< %s /Length %zu >>\nstream\n%s\nendstream", keys,
                          strlen(data), data),
                 0);
    return text;
}

static struct slice build(void)
{
    static const char resources[] =
        "/Resources << /Font << /F1 8 0 R /F2 9 0 R /F3 12 0 R >> "
        "/XObject << /X 11 0 R /P << >> >> >>";
    char keys[512];
    char field[512];
    struct letter letter = letter_with_field();

    (void)snprintf(keys, sizeof(keys), "/Subtype /Form /BBox [0 0 200 60] %s", resources);
    (void)snprintf(field, sizeof(field),
                   "<< /T (head) /Parent 5 0 R /FT /Sig /Type /Annot /Subtype /Widget "
                   "/P 3 0 R /V << /Type /Sig /ByteRange [0 7 9 11] /Contents <00> >> "
                   "/AP << /N 7 0 R >> %s >>",
                   is.field);
    letter.objects[2] = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents "
                        "4 0 R /Resources << /Font << /F1 8 0 R >> /XObject << /I 11 0 R "
                        ">> >> /Annots [6 0 R] >>";
    letter.objects[3] = stream("", is.page);
    letter.objects[5] = field;
    letter.objects[6] = stream(keys, is.stamp);
    letter.objects[7] = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>";
    letter.objects[8] = "<< /Type /Font /Subtype /Type0 /ToUnicode 10 0 R >>";
    letter.objects[9] = stream("", is.map);
    letter.objects[10] = is.picture == NULL
                             ? stream(keys, is.form)
                             : stream("/Subtype /Image /Width 2 /Height 1 "
                                      "/BitsPerComponent 8 /ColorSpace /DeviceGray",
                                      is.picture);
    letter.objects[11] = "<< /Type /Font /Subtype /Type0 >>";
    struct slice pdf = letter_build(&letter);
    free(letter_own(letter.objects[3]));
    free(letter_own(letter.objects[6]));
    free(letter_own(letter.objects[9]));
    free(letter_own(letter.objects[10]));
    return pdf;
}

static void look(const char *statement, const struct pdf_image *logo)
{
    struct sg_error why = {0};
    struct slice pdf = build();

    cr_assert_eq(pdf_shown_read(pdf, statement, logo, shown, &why), SG_OK, "%s",
                 why.text);
    cr_assert_eq(shown->count, 1);
    letter_free(pdf);
}

static bool stamp_states(const char *statement)
{
    look(statement, NULL);
    return shown->stamps[0].statement;
}

/* --- What cannot be read ----------------------------------------------------------- */

static enum pdf_refusal reason_of(struct slice pdf)
{
    struct sg_error why = {0};

    cr_expect_eq(pdf_shown_read(pdf, NULL, NULL, shown, &why), SG_INVALID);
    for (int i = PDF_ACCEPTED + 1; i < PDF_REFUSAL_COUNT; i++) {
        if (strcmp(why.text, pdf_refusal_text((enum pdf_refusal)i)) == 0) {
            return (enum pdf_refusal)i;
        }
    }
    return PDF_ACCEPTED;
}

Test(shown, a_letter_that_cannot_be_read_says_why)
{
    struct letter letter = letter_lawful();

    letter.objects[2] = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents "
                        "5 0 R >>";
    struct slice endless = letter_chain(&letter, 100000);
    cr_expect_eq(reason_of(slice_str("a letter")), PDF_NO_HEADER);
    cr_expect_eq(reason_of(slice_str("%PDF-1.7 and no more")), PDF_NO_STARTXREF);
    cr_expect_eq(reason_of(endless), PDF_TOO_COMPLEX);
    letter_free(endless);
}

/* --- Where it stands --------------------------------------------------------------- */

Test(shown, a_stamp_says_what_it_says_and_on_which_page)
{
    cr_expect(stamp_states(NULL));
    cr_expect_str_eq(shown->stamps[0].text, STATED);
    cr_expect(shown->stamps[0].visible);
    cr_expect_not(shown->stamps[0].unclear);
    cr_expect_eq(shown->stamps[0].page, 1);
    cr_expect_eq(shown->stamps[0].range[3], 11);
    cr_expect_eq(shown->page, 0);
}

Test(shown, words_that_are_demanded_are_compared_without_case_and_marks)
{
    cr_expect(stamp_states("dokumen  INI telah\nditandatangani, secara elektronik"));
    cr_expect_not(stamp_states("Dokumen itu telah ditandatangani secara elektronik"));
    is.stamp = "BT /F1 8 Tf (Nota dinas) Tj ET";
    cr_expect(stamp_states("NOTA DINAS"));
    cr_expect_not(stamp_states(NULL));
    is.stamp = "BT /F1 8 Tf (Ditandatangani secara elektronik oleh:) Tj ET";
    cr_expect_not(stamp_states(NULL), "half of it");
}

Test(shown, the_letters_own_text_is_looked_at_when_no_stamp_has_it)
{
    is.page = is.stamp;
    is.stamp = "BT /F1 8 Tf (Sekretaris) Tj ET";
    cr_expect_not(stamp_states(NULL));
    cr_expect_eq(shown->page, 1);
    is.page = "q Q";
    cr_expect_not(stamp_states(NULL));
    cr_expect_eq(shown->page, 0);
    cr_expect_not(shown->unclear);
    is.page = "q /I Do Q";
    look(NULL, NULL);
    cr_expect(shown->unclear, "a page that was scanned");
}

Test(shown, what_nobody_sees_says_nothing)
{
    static const char *const fields[] = {"/Rect [20 20 220 80] /F 134",
                                         "/Rect [20 20 220 80] /F 164",
                                         "/Rect [20 20 20 80] /F 132", "/F 132"};

    for (size_t i = 0; i < SG_COUNT(fields); i++) {
        is.field = fields[i];
        cr_expect_not(stamp_states(NULL), "%s", fields[i]);
        cr_expect_not(shown->stamps[0].visible, "%s", fields[i]);
    }
    is.field = "/Rect [20 20 220 80] /F 132";
    is.stamp = "BT 3 Tr /F1 8 Tf (" STATED ") Tj ET";
    cr_expect_not(stamp_states(NULL), "letters without ink");
    is.stamp = "q 3 Tr Q BT /F1 8 Tf (" STATED ") Tj ET";
    cr_expect(stamp_states(NULL));
    is.stamp = "/Span << /ActualText (" STATED ") >> BDC EMC % (" STATED ") Tj";
    cr_expect_not(stamp_states(NULL), "text that is not shown");
}

/* --- How it is written ------------------------------------------------------------- */

Test(shown, text_is_read_however_it_is_put)
{
    static const char *const stamps[] = {
        "BT /F1 8 Tf (ditandatangani) Tj T* (secara) ' 1 2 (elektronik) \" "
        "[(serti) -20 (fikat) -500 (elek) 3 (tronik)] TJ ET",
        "BT /F1 8 Tf <646974616E64617461> Tj (\\156gani \\(secara\\) elektro\\\n"
        "nik) Tj 0 -9 Td (Sertifikat ELEKTRONIK) Tj ET",
        "BI /W 1 /H 1 ID (x EI BT /F1 8 Tf (ditandatangani secara elektronik sertifikat "
        "elektronik) Tj ET",
    };

    for (size_t i = 0; i < SG_COUNT(stamps); i++) {
        is.stamp = stamps[i];
        cr_expect(stamp_states(NULL), "%s", shown->stamps[0].text);
    }
}

Test(shown, codes_stand_for_what_the_map_says)
{
    is.map = "2 beginbfchar <0001> <0053> <0002> <0066006C> endbfchar\n"
             "2 beginbfrange <0010> <0012> <0061> <0020> <0021> [<D83DDCDC> <00E9>] "
             "endbfrange";
    is.stamp = "BT /F2 8 Tf <0001 0002 0010 0011 0012 0020 0021> Tj ET";
    cr_expect(stamp_states("Sflabc"));
    cr_expect_str_eq(shown->stamps[0].text, "Sflabc\xF0\x9F\x93\x9C\xC3\xA9");
    cr_expect_not(shown->stamps[0].unclear);
    is.stamp = "BT /F2 8 Tf <0001 0077> Tj ET";
    look(NULL, NULL);
    cr_expect(shown->stamps[0].unclear, "a code that the map leaves out");
    is.stamp = "BT /F3 8 Tf <0001> Tj ET";
    look(NULL, NULL);
    cr_expect(shown->stamps[0].unclear, "a font without a map");
    cr_expect(shown->stamps[0].visible);
}

Test(shown, forms_are_gone_into)
{
    is.picture = NULL;
    is.form = is.stamp;
    is.stamp = "q /X Do Q";
    cr_expect(stamp_states(NULL));
}

/* --- Pictures ---------------------------------------------------------------------- */

Test(shown, a_logo_is_known_by_its_samples)
{
    struct pdf_image logo = {.width = 2, .height = 1, .grey = true};

    cr_assert_eq(pdf_deflate(slice_str("ab"), &logo.pixels), SG_OK);
    is.stamp = "q /X Do Q";
    look(NULL, &logo);
    cr_expect(shown->stamps[0].logo);
    cr_expect_eq(shown->stamps[0].pictures, 1);
    is.picture = "ac";
    look(NULL, &logo);
    cr_expect_not(shown->stamps[0].logo);
    look(NULL, NULL);
    cr_expect_not(shown->stamps[0].logo);
    pdf_image_fini(&logo);
}

/* --- What was made to do harm ------------------------------------------------------ */

Test(shown, forms_in_themselves_come_to_an_end)
{
    is.picture = NULL;
    is.form = "/X Do /X Do /X Do /X Do /X Do /X Do BT /F1 8 Tf (x) Tj ET";
    is.stamp = "/X Do BT /F1 8 Tf (" STATED ") Tj ET";
    cr_expect(stamp_states(NULL));
    cr_expect(shown->stamps[0].unclear);
}

Test(shown, more_text_than_is_kept_is_told)
{
    enum { COUNT = 40000 };
    static char long_stamp[64 + COUNT * 60];
    size_t at = (size_t)snprintf(long_stamp, sizeof(long_stamp), "BT /F1 8 Tf");

    for (int i = 0; i < COUNT; i++) {
        at += (size_t)snprintf(long_stamp + at, sizeof(long_stamp) - at,
                               "(ditandatangani secara, dan bukan elektronik)Tj ");
    }
    is.stamp = long_stamp;
    cr_expect_not(stamp_states(NULL));
    cr_expect(shown->stamps[0].unclear);
    cr_expect_eq(strlen(shown->stamps[0].text), PDF_SHOWN_TEXT_SIZE - 1);
}

Test(shown, what_is_no_content_is_passed_over)
{
    static const char *const stamps[] = {"(",
                                         "<",
                                         "<<",
                                         ">",
                                         ")",
                                         "/",
                                         "ID",
                                         "BI ID",
                                         "\\",
                                         "(\\",
                                         "<4",
                                         "q q q Q Q Q Q Q",
                                         "/F1 Tf (x) Tj",
                                         "/F9 8 Tf (x) Tj",
                                         "[ ( ] TJ",
                                         "999999999999999999999999 Tr (x) Tj",
                                         "-.- +. 1..2 Tr",
                                         "/P Do",
                                         "Do"};

    for (size_t i = 0; i < SG_COUNT(stamps); i++) {
        is.stamp = stamps[i];
        cr_expect_not(stamp_states(NULL), "%s", stamps[i]);
    }
    is.map =
        "beginbfrange <00000000> <FFFFFFFF> <0041> <0000> <FFFF> <0041> [ endbfrange "
        "beginbfchar <00";
    is.stamp = "BT /F2 8 Tf <FFFF000102> Tj ET";
    look(NULL, NULL);
}
