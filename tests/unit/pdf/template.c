#include <criterion/criterion.h>
#include <stdio.h>

#include "client/pdf/look.h"
#include "client/pdf/stamp/stamp.h"
#include "client/pdf/stamp/stamps.h"
#include "client/pdf/stamp/template.h"
#include "client/pdf/wish.h"

/* The file format of stamps, and what a template may not do. A lawful one is built once;
 * each case spoils one line. */

#define HEAD      "stamp Uji\nsize 200 100\npage last\nat 10 20\n"
#define STATEMENT "box statement\nat 0 0\nsize 100 20\n"
#define LOGO      "box logo\nat 120 0\nsize 50 20\n"
#define LAWFUL    HEAD STATEMENT LOGO

static const char statement[] =
    "Dokumen ini telah ditandatangani secara elektronik menggunakan sertifikat "
    "elektronik "
    "yang diterbitkan oleh Balai Sertifikasi Elektronik (BSrE), BSSN.";

static enum sg_status read_text(const char *text, struct pdf_template *out,
                                struct sg_error *why)
{
    return pdf_template_read(slice_str(text), "uji.stamp", out, why);
}

static void expect_wrong(const char *text, const char *line, const char *sentence)
{
    struct pdf_template stamp;
    struct sg_error why = {0};

    cr_expect_eq(read_text(text, &stamp, &why), SG_INVALID, "%s", text);
    cr_expect_eq(strncmp(why.text, line, strlen(line)), 0, "%s", why.text);
    cr_expect_not_null(strstr(why.text, sentence), "%s", why.text);
}

Test(template, says_what_it_says)
{
    static const char text[] =
        "# a comment\nstamp  Blok tanda tangan \nlanguage en\nzone WITA\nsize 200.5 "
        "100\r\n"
        "page 3\nat 10 20.25\n\nbox text\n  at 1 2\n  size 30 40\n  font 9.5 bold\n"
        "  shrink 6\n  align right bottom\n  border 0.5\n  text Nama: {name}\n"
        "  text {title}\nbox line\nsize 200 0.5\n";
    struct pdf_template stamp;
    struct sg_error why = {0};

    cr_assert_eq(read_text(text, &stamp, &why), SG_OK, "%s", why.text);
    cr_expect_str_eq(stamp.title, "Blok tanda tangan");
    cr_expect(stamp.english);
    cr_expect_str_eq(stamp.zone, "WITA");
    cr_expect_eq(stamp.zone_hours, 8);
    cr_expect_float_eq(stamp.width, 200.5, 1e-9);
    cr_expect_eq(stamp.page, 3);
    cr_expect_float_eq(stamp.y, 20.25, 1e-9);
    cr_assert_eq(stamp.count, 2);
    const struct pdf_box *box = &stamp.boxes[0];
    cr_expect_eq(box->kind, PDF_BOX_TEXT);
    cr_expect_eq(box->area.height, 40);
    cr_expect_float_eq(box->largest, 9.5, 1e-9);
    cr_expect_eq(box->face, PDF_FACE_BOLD);
    cr_expect_eq(box->align, PDF_END);
    cr_expect_eq(box->upright, PDF_END);
    cr_expect_eq(box->text_count, 2);
    cr_expect_str_eq(box->texts[0], "Nama: {name}");
    cr_expect_eq(stamp.boxes[1].kind, PDF_BOX_LINE);
    pdf_template_fini(&stamp);
}

Test(template, that_is_wrong_is_refused_with_line_and_sentence)
{
    expect_wrong("", "uji.stamp:1:", "first word");
    expect_wrong("stamp\n", "uji.stamp:1:", "what it is for");
    expect_wrong("stamp X\n", "uji.stamp:1:", "size WIDTH HEIGHT");
    expect_wrong(HEAD, "uji.stamp:1:", "no boxes");
    expect_wrong(HEAD "stmp\n", "uji.stamp:5:", "'stmp' is not a word");
    expect_wrong("stamp X\nsize 0 10\n", "uji.stamp:2:", "size WIDTH HEIGHT");
    expect_wrong("stamp X\nsize 1e3 10\n", "uji.stamp:2:", "size WIDTH HEIGHT");
    expect_wrong("stamp X\nsize 20000 10\n", "uji.stamp:2:", "size WIDTH HEIGHT");
    expect_wrong("stamp X\nsize 10 10 10\n", "uji.stamp:2:", "'10' is too much");
    expect_wrong("stamp X\nat 10\n", "uji.stamp:2:", "at X Y");
    expect_wrong("stamp X\nat -1 0\n", "uji.stamp:2:", "at X Y");
    expect_wrong("stamp X\npage 0\n", "uji.stamp:2:", "page and first");
    expect_wrong("stamp X\nlanguage jv\n", "uji.stamp:2:", "language id");
    expect_wrong("stamp X\nzone CET\n", "uji.stamp:2:", "WIB, WITA, WIT");
    expect_wrong("stamp X\nfont 9\n", "uji.stamp:2:", "belongs into a box");
    expect_wrong(LAWFUL "zone WIB\n", "uji.stamp:11:", "above the first box");
    expect_wrong(HEAD "box table\n", "uji.stamp:5:", "one of: text");
    expect_wrong(HEAD "box text\nat 0 0\n", "uji.stamp:5:", "no size");
    expect_wrong(HEAD "box text\nsize 10 10\n", "uji.stamp:5:", "has no text");
    expect_wrong(HEAD "box qr\nat 190 0\nsize 20 20\n", "uji.stamp:5:", "within");
    expect_wrong(HEAD "box qr\nat 0 90\nsize 20 20\n", "uji.stamp:5:", "within");
    expect_wrong(HEAD "box text\nfont 3\n", "uji.stamp:6:", "font SIZE");
    expect_wrong(HEAD "box text\nfont 9 italic\n", "uji.stamp:6:", "regular or bold");
    expect_wrong(HEAD "box text\nfont 9\nshrink 10\n", "uji.stamp:7:", "shrink SIZE");
    expect_wrong(HEAD "box text\nalign up\n", "uji.stamp:6:", "left, centre or right");
    expect_wrong(HEAD "box text\nborder 11\n", "uji.stamp:6:", "border WIDTH");
    expect_wrong(HEAD "box qr\nsize 9 20\nborder 4.5\n", "uji.stamp:5:", "no room");
    expect_wrong(HEAD "box logo\nsize 40 9\nborder 5\n", "uji.stamp:5:", "no room");
    expect_wrong(HEAD "box line\nsize 1 1\nborder 10\n", "uji.stamp:5:", "no room");
    expect_wrong(HEAD "box text\ntext\n", "uji.stamp:6:", "write text and words");
    expect_wrong(HEAD "box qr\ntext x\n", "uji.stamp:6:", "write text and words");
    expect_wrong(HEAD "box text\ntext {nama}\n", "uji.stamp:6:", "no value 'nama'");
    expect_wrong(HEAD "box text\ntext {name\n", "uji.stamp:6:", "no value");
    expect_wrong(HEAD "box text\ntext a\x1b[2J\n",
                 "uji.stamp:6:", "write text and words");
    expect_wrong(HEAD STATEMENT "text Sah\n", "uji.stamp:8:", "those of the gateway's");
    expect_wrong("stamp \xff\n", "uji.stamp:", "UTF-8");
}

Test(template, has_at_most_so_many_boxes_lines_and_bytes)
{
    static char text[PDF_TEMPLATE_MAX + 2];
    struct pdf_template stamp;
    struct sg_error why = {0};
    size_t len = (size_t)snprintf(text, sizeof(text), "%s", HEAD);

    for (int i = 0; i <= PDF_BOXES_MAX; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "box qr\nsize 9 9\n");
    }
    cr_expect_eq(read_text(text, &stamp, &why), SG_INVALID);
    cr_expect_not_null(strstr(why.text, "at most 32 boxes"));
    len = (size_t)snprintf(text, sizeof(text), "%sbox text\n", HEAD);
    for (int i = 0; i <= PDF_BOX_TEXTS; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "text x\n");
    }
    cr_expect_eq(read_text(text, &stamp, &why), SG_INVALID);
    cr_expect_not_null(strstr(why.text, "at most 8 lines"));
    memset(text, '\n', sizeof(text) - 1);
    cr_expect_eq(read_text(text, &stamp, &why), SG_TOO_LARGE);
}

Test(template, that_is_shipped_does_what_a_policy_asks_for)
{
    const struct pdf_notice notice = {.statement = statement, .logo = true};
    const char *name = NULL;
    size_t count = 0;

    for (struct slice text; (text = pdf_stamps_at(count, &name)).len > 0; count++) {
        struct pdf_template stamp;
        struct sg_error why = {0};
        cr_assert_eq(pdf_template_read(text, name, &stamp, &why), SG_OK, "%s", why.text);
        cr_expect_eq(pdf_template_fits(&stamp, name, &notice, &why), SG_OK, "%s",
                     why.text);
        cr_expect(stamp.x + stamp.width <= 595.28 && stamp.y + stamp.height <= 841.89);
        pdf_template_fini(&stamp);
    }
    cr_expect_eq(count, 3);
    cr_expect_eq(pdf_stamps_find("none").len, 0);
    cr_expect_gt(pdf_stamps_find("block").len, 100);
}

static void expect_unfit(const char *text, const struct pdf_notice *notice,
                         const char *sentence)
{
    struct pdf_template stamp;
    struct sg_error why = {0};

    cr_assert_eq(read_text(text, &stamp, &why), SG_OK, "%s", why.text);
    cr_expect_eq(pdf_template_fits(&stamp, "uji.stamp", notice, &why), SG_PRECONDITION,
                 "%s", text);
    cr_expect_not_null(strstr(why.text, sentence), "%s", why.text);
    pdf_template_fini(&stamp);
}

#define TEXT "box text\nat 0 40\nsize 200 40\n"

Test(template, neither_leaves_out_nor_words_nor_hides_what_the_policy_asks_for)
{
    const struct pdf_notice notice = {.statement = statement, .logo = true};

    expect_unfit(HEAD LOGO, &notice, "leaves out the statement");
    expect_unfit(HEAD STATEMENT, &notice, "leaves out the logo");
    expect_unfit(LAWFUL TEXT "text Diterbitkan BSrE\n", &notice,
                 "a statement of its own");
    expect_unfit(LAWFUL TEXT "text B.S.r.E\n", &notice, "a statement of its own");
    expect_unfit(LAWFUL TEXT "text B\xE2\x80\x8BSr\xC2\xA0"
                             "E\n",
                 &notice, "a statement of its own");
    expect_unfit(LAWFUL TEXT "text Dokumen\xC2\xA0ini\xC2\xA0telah\xE2\x80\xAF"
                             "ditandatangani\n",
                 &notice, "a statement of its own");
    expect_unfit(LAWFUL TEXT "text SERTIFIKAT\ntext elektronik\n", &notice,
                 "a statement of its own");
    expect_unfit(LAWFUL TEXT "text diterbitkan oleh Balai\n"
                             "box text\nat 0 80\nsize 200 20\ntext Sertifikasi\n",
                 &notice, "a statement of its own");
    expect_unfit(LAWFUL TEXT "text ini telah ditandatangani secara manual\n", &notice,
                 "a statement of its own");
    expect_unfit(LAWFUL "box qr\nat 90 10\nsize 20 20\n", &notice, "over the statement");
    expect_unfit(LAWFUL "box line\nat 120 19\nsize 9 9\n", &notice, "over the logo");
}

Test(template, may_say_who_signed)
{
    const struct pdf_notice notice = {.statement = statement, .logo = true};
    struct pdf_template stamp;
    struct sg_error why = {0};

    cr_assert_eq(read_text(LAWFUL TEXT "text Ditandatangani secara elektronik oleh:\n"
                                       "text {name}\n",
                           &stamp, &why),
                 SG_OK);
    cr_expect_eq(pdf_template_fits(&stamp, "uji.stamp", &notice, &why), SG_OK, "%s",
                 why.text);
    pdf_template_fini(&stamp);
}

Test(template, values_do_not_restate_the_statement)
{
    cr_expect(pdf_restates("DOKUMEN INI TELAH DITANDATANGANI oleh saya", statement));
    cr_expect(pdf_restates("x, menggunakan sertifikat-elektronik yang lain", statement));
    cr_expect_not(pdf_restates("Dokumen ini telah disetujui", statement));
    cr_expect_not(pdf_restates("secara elektronik", statement));
    cr_expect_not(pdf_restates("", statement));
    cr_expect_not(pdf_restates(NULL, statement));
    cr_expect_not(pdf_restates("Dokumen ini telah ditandatangani", NULL));
}

/* A gap is a gap, and a dash a dash, whichever character draws it. */
Test(template, words_apart_by_other_signs_than_blanks_are_the_same_words)
{
    static const char *const signs[] = {
        "\xC2\xA0",     "\xC2\xAD",     "\xE2\x80\x83", "\xE2\x80\x89",
        "\xE2\x80\x8A", "\xE2\x80\xAF", "\xE2\x80\x91", "\xE2\x80\x94",
        "\xE2\x80\xA2", "\xE2\x88\x92", "\xE2\x96\xAA", "\xC2\xB7",
    };
    char text[256];

    for (size_t i = 0; i < SG_COUNT(signs); i++) {
        (void)snprintf(text, sizeof(text), "Dokumen%sini%stelah%sditandatangani%s",
                       signs[i], signs[i], signs[i], signs[i]);
        cr_expect(pdf_restates(text, statement), "%zu", i);
        cr_expect(pdf_restates("Dokumen ini telah ditandatangani oleh saya", text));
    }
}

Test(template, what_nobody_sees_parts_no_words)
{
    static const char *const signs[] = {"\xE2\x80\x8B", "\xE2\x80\x8C", "\xE2\x80\x8D",
                                        "\xE2\x80\x8E", "\xE2\x81\xAA", "\xE2\x81\xA0",
                                        "\xEF\xBB\xBF"};
    char text[256];

    for (size_t i = 0; i < SG_COUNT(signs); i++) {
        (void)snprintf(text, sizeof(text), "Doku%smen ini te%slah %sditandatangani",
                       signs[i], signs[i], signs[i]);
        cr_expect(pdf_restates(text, statement), "%zu", i);
    }
}

Test(template, letters_above_ascii_are_letters)
{
    cr_expect_not(pdf_restates("Dokum\xC3\xA9n ini telah ditandatangani", statement));
    cr_expect(
        pdf_restates("caf\xC3\xA9 ini \xD1\x8F dan", "caf\xC3\xA9 ini \xD1\x8F dan"));
}

/* Each value by itself is harmless; the template puts one behind the other. */
Test(template, values_do_not_word_a_statement_together)
{
    struct pdf_template stamp;
    struct sg_error why = {0};
    struct pdf_verdict verdict = {.why = &why};

    cr_assert_eq(
        read_text(LAWFUL TEXT "text {title}\n" TEXT "text {unit}\n", &stamp, &why), SG_OK,
        "%s", why.text);
    const struct pdf_look look = {.layout = &stamp};
    struct pdf_wish wish = {.look = &look,
                            .statement = statement,
                            .title = "Dokumen ini telah",
                            .unit = "ditandatangani secara elektronik"};
    cr_expect_eq(pdf_stamp_check(&wish, &verdict), SG_INVALID);
    cr_expect_eq(verdict.refusal, PDF_STATEMENT);
    verdict.refusal = PDF_ACCEPTED;
    wish.title = "Sekretaris Daerah";
    cr_expect_eq(pdf_stamp_check(&wish, &verdict), SG_OK, "%s", why.text);
    pdf_template_fini(&stamp);
}

Test(template, may_begin_with_the_mark_of_utf_8)
{
    struct pdf_template stamp;
    struct sg_error why = {0};

    cr_assert_eq(read_text("\xEF\xBB\xBF" LAWFUL, &stamp, &why), SG_OK, "%s", why.text);
    cr_expect_str_eq(stamp.title, "Uji");
    pdf_template_fini(&stamp);
}
