#define _GNU_SOURCE /* NOLINT: the name is the C library's */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/unit/pdf/support/letter.h"
#include "tests/unit/pdf/support/signer.h"
#include "tests/unit/pdf/support/tool.h"

/* Letters are signed, and other people's programs say whether the result is good. */

static struct tool_folder folder;
static struct signer signer;

static void begin(void)
{
    tool_folder_init(&folder);
    signer_init(&signer);
    tool_trust(&folder, &signer);
}

static void end(void)
{
    signer_fini(&signer);
    tool_folder_fini(&folder);
}

TestSuite(sign, .init = begin, .fini = end, .timeout = 120);

static struct pdf_wish visible_wish(void)
{
    struct pdf_wish wish = signer_wish();

    wish.page = -1;
    wish.rect = (struct pdf_rect){.x = 20, .y = 20, .width = 220, .height = 70};
    wish.statement = "Dokumen ini telah ditandatangani secara elektronik.";
    wish.name = "Kepala Dinas (Pj.)";
    wish.reason = "Persetujuan \xE2\x80\x93 surat";
    wish.location = "Yogyakarta";
    wish.qr_text = "https://segel.example.go.id/v/0123456789";
    return wish;
}

/* Signs, writes "signed.pdf", asks the judges; the caller frees the result. */
static struct slice sign_and_judge(struct slice pdf, const struct pdf_wish *wish,
                                   int count)
{
    char path[TOOL_PATH];
    struct slice whole;
    enum pdf_refusal refusal;
    struct sg_error why = {0};

    enum sg_status status = signer_sign(&signer, pdf, wish, &whole, &refusal, &why);
    cr_assert_eq(status, SG_OK, "%s", why.text);
    cr_expect_eq(memcmp(whole.data, pdf.data, pdf.len), 0);
    letter_write(tool_path(&folder, "signed.pdf", path), whole);
    cr_expect_str_empty(tool_judge(&folder, path, count));
    return whole;
}

static void sign_model(const struct letter *letter, const struct pdf_wish *wish)
{
    struct slice pdf = letter_build(letter);

    letter_free(sign_and_judge(pdf, wish, 1));
    letter_free(pdf);
}

Test(sign, invisible_signature_is_valid)
{
    struct letter letter = letter_lawful();
    struct pdf_wish wish = signer_wish();

    sign_model(&letter, &wish);
}

Test(sign, visible_signature_is_valid)
{
    struct letter letter = letter_lawful();
    struct pdf_wish wish = visible_wish();

    sign_model(&letter, &wish);
}

Test(sign, letter_without_a_newline_at_its_end_is_signed)
{
    struct letter letter = letter_lawful();
    struct pdf_wish wish = signer_wish();
    struct slice pdf = letter_build(&letter);

    pdf.len--;
    letter_free(sign_and_judge(pdf, &wish, 1));
    letter_free(pdf);
}

static void sign_variant(const char *option)
{
    struct pdf_wish wish = visible_wish();
    struct letter letter = letter_lawful();
    struct slice pdf = tool_variant(&folder, &letter, option, NULL);
    struct slice once = sign_and_judge(pdf, &wish, 1);

    letter_free(sign_and_judge(once, &wish, 2));
    letter_free(once);
    letter_free(pdf);
}

Test(sign, letter_with_object_streams_is_signed_twice)
{
    sign_variant("--object-streams=generate");
}

Test(sign, linearized_letter_is_signed_twice)
{
    sign_variant("--linearize");
}

Test(sign, letter_of_version_1_4_is_signed_twice)
{
    sign_variant("--force-version=1.4");
}

Test(sign, letter_of_version_2_is_signed_twice)
{
    sign_variant("--force-version=2.0");
}

Test(sign, four_signatures_stay_valid)
{
    struct letter letter = letter_with_field();
    struct pdf_wish wish = visible_wish();
    struct slice pdf = letter_build(&letter);

    for (int count = 1; count <= 4; count++) {
        struct slice next = sign_and_judge(pdf, &wish, count);
        letter_free(pdf);
        pdf = next;
        wish.rect.x += 5;
    }
    letter_free(pdf);
}

Test(sign, every_hash_is_valid)
{
    struct letter letter = letter_lawful();
    struct slice pdf = letter_build(&letter);

    for (int hash = SG_HASH_SHA256; hash < SG_HASH_COUNT; hash++) {
        struct pdf_wish wish = signer_wish();
        struct pdf_job *job = NULL;
        enum pdf_refusal refusal;
        wish.hash = (enum sg_hash)hash;
        cr_assert_eq(pdf_prepare(pdf, &wish, &job, &refusal, NULL), SG_OK);
        cr_expect_eq(pdf_job_digest(job).len, sg_hash_len(wish.hash));
        pdf_job_free(job);
    }
    letter_free(pdf);
}

Test(sign, existing_field_is_signed_in_its_place)
{
    char path[TOOL_PATH];
    char out[8192];
    struct letter letter = letter_with_field();
    struct pdf_wish wish = visible_wish();

    wish.field = "letter.head";
    sign_model(&letter, &wish);
    const char *const pdfsig[] = {"pdfsig", "-nocert",
                                  tool_path(&folder, "signed.pdf", path), NULL};
    (void)tool_run(pdfsig, out, sizeof(out));
    cr_expect_eq(tool_count(out, "Signature Field Name: letter.head"), 1, "%s", out);
}

Test(sign, fields_of_the_letter_are_signed_one_after_the_other)
{
    struct letter letter = letter_with_field();
    struct pdf_wish wish = visible_wish();

    letter.objects[0] =
        "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [5 0 R 7 0 R] >> >>";
    letter.objects[2] =
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents 4 0 R "
        "/Resources << >> /Annots [6 0 R 7 0 R] >>";
    letter.objects[6] = "<< /T (foot) /FT /Sig /Type /Annot /Subtype /Widget "
                        "/Rect [20 100 220 160] /P 3 0 R /F 4 >>";
    wish.field = "foot";
    struct slice pdf = letter_build(&letter);
    struct slice once = sign_and_judge(pdf, &wish, 1);
    wish.field = "letter.head";
    letter_free(sign_and_judge(once, &wish, 2));
    letter_free(once);
    letter_free(pdf);
}

/* pdfsig 22.12 does not see signatures of this shape: our own listing judges. */
Test(sign, existing_field_with_a_widget_of_its_own_is_signed)
{
    struct letter letter = letter_with_field();
    struct pdf_wish wish = visible_wish();
    struct slice whole;
    enum pdf_refusal refusal;
    struct pdf_document *document = NULL;

    letter.objects[4] = "<< /T (letter) /FT /Sig /Kids [6 0 R] >>";
    letter.objects[5] = "<< /Parent 5 0 R /Type /Annot /Subtype /Widget "
                        "/Rect [20 20 220 80] /P 3 0 R /F 4 >>";
    wish.field = "letter";
    struct slice pdf = letter_build(&letter);
    cr_assert_eq(signer_sign(&signer, pdf, &wish, &whole, &refusal, NULL), SG_OK);
    cr_assert_eq(pdf_open(whole, &document, NULL), SG_OK);
    cr_assert_eq(pdf_signature_count(document), 1);
    cr_expect_str_eq(pdf_signature(document, 0)->field, "letter");
    cr_expect(pdf_signature(document, 0)->covers_file);
    pdf_close(document);
    letter_free(whole);
    letter_free(pdf);
}

Test(sign, lists_that_are_objects_of_their_own_are_extended)
{
    struct letter letter = letter_with_field();
    struct pdf_wish wish = visible_wish();

    letter.objects[0] = "<< /Type /Catalog /Pages 2 0 R /AcroForm 7 0 R >>";
    letter.objects[2] =
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents 4 0 R "
        "/Resources << >> /Annots 8 0 R >>";
    letter.objects[6] = "<< /Fields 9 0 R /SigFlags 3 >>";
    letter.objects[7] = "[6 0 R]";
    letter.objects[8] = "[5 0 R]";
    sign_model(&letter, &wish);
}

Test(sign, one_list_for_annotations_and_fields_is_extended_once)
{
    struct letter letter = letter_with_field();
    struct pdf_wish wish = visible_wish();

    letter.objects[0] =
        "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields 7 0 R /SigFlags 3 >> >>";
    letter.objects[2] =
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents 4 0 R "
        "/Resources << >> /Annots 7 0 R >>";
    letter.objects[4] = "<< >>";
    letter.objects[5] = "<< /T (head) /FT /Sig /Type /Annot "
                        "/Subtype /Widget /Rect [20 20 220 80] /P 3 0 R /F 4 >>";
    letter.objects[6] = "[6 0 R]";
    sign_model(&letter, &wish);
}

Test(sign, redrawing_of_fields_is_switched_off)
{
    struct letter letter = letter_lawful();
    struct pdf_wish wish = signer_wish();

    letter.objects[0] = "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [] "
                        "/NeedAppearances true /DA (/Helv 0 Tf) >> >>";
    struct slice pdf = letter_build(&letter);
    struct slice whole = sign_and_judge(pdf, &wish, 1);
    cr_expect_null(memmem(whole.data + pdf.len, whole.len - pdf.len, "/NeedApp", 8));
    cr_expect_not_null(memmem(whole.data + pdf.len, whole.len - pdf.len, "/DA", 3));
    letter_free(whole);
    letter_free(pdf);
}

/* Whoever looked at the letter before it was signed saw the value, and not the picture
 * that is stored beside it. */
Test(sign, fields_are_drawn_as_before)
{
    struct letter letter = letter_lawful();
    struct pdf_wish wish = visible_wish();
    char before[8192];
    char after[8192];
    char path[TOOL_PATH];

    letter.objects[0] = "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [5 0 R] "
                        "/NeedAppearances true /DA (/Helv 12 Tf 0 g) >> >>";
    letter.objects[2] = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] "
                        "/Contents 4 0 R /Resources << >> /Annots [5 0 R] >>";
    letter.objects[4] = "<< /T (sum) /FT /Tx /V (1000) /Type /Annot /Subtype /Widget "
                        "/F 4 /Rect [20 200 220 240] /DA (/Helv 12 Tf 0 g) "
                        "/AP << /N 6 0 R >> >>";
    letter.objects[5] = "<< /Type /XObject /Subtype /Form /BBox [0 0 200 40] /Length 0 "
                        ">>\nstream\n\nendstream";
    struct slice pdf = letter_build(&letter);
    letter_write(tool_path(&folder, "letter.pdf", path), pdf);
    const char *const first[] = {"pdftotext", path, "-", NULL};
    cr_assert_eq(tool_run(first, before, sizeof(before)), 0);
    cr_assert_eq(tool_count(before, "1000"), 1, "%s", before);
    letter_free(sign_and_judge(pdf, &wish, 1));
    (void)tool_path(&folder, "signed.pdf", path);
    cr_assert_eq(tool_run(first, after, sizeof(after)), 0);
    cr_expect_eq(tool_count(after, "1000"), 1, "%s", after);
    letter_free(pdf);
}

/* A new object must not become what a dangling reference of the letter points to. */
Test(sign, numbers_that_the_letter_refers_to_in_vain_stay_free)
{
    struct letter letter = letter_lawful();
    struct pdf_wish wish = signer_wish();

    letter.objects[2] =
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents 4 0 R "
        "/Resources << >> /Group 5 0 R >>";
    struct slice pdf = letter_build(&letter);
    struct slice whole = sign_and_judge(pdf, &wish, 1);
    /* The letter's last byte is a line feed. */
    cr_expect_null(
        memmem(whole.data + pdf.len - 1, whole.len - pdf.len + 1, "\n5 0 obj", 8));
    letter_free(whole);
    letter_free(pdf);
}

Test(sign, same_letter_and_wish_give_the_same_digest)
{
    struct letter letter = letter_lawful();
    struct pdf_wish wish = visible_wish();
    struct slice pdf = letter_build(&letter);
    struct pdf_job *jobs[2] = {NULL, NULL};

    for (int i = 0; i < 2; i++) {
        enum pdf_refusal refusal;
        cr_assert_eq(pdf_prepare(pdf, &wish, &jobs[i], &refusal, NULL), SG_OK);
    }
    cr_expect(slice_equal(pdf_job_digest(jobs[0]), pdf_job_digest(jobs[1])));
    pdf_job_free(jobs[0]);
    pdf_job_free(jobs[1]);
    letter_free(pdf);
}

Test(sign, cms_larger_than_its_room_is_not_embedded)
{
    static const uint8_t cms[4097];
    struct letter letter = letter_lawful();
    struct pdf_wish wish = signer_wish();
    struct slice pdf = letter_build(&letter);
    struct slice appendix = {0};
    struct pdf_job *job = NULL;
    enum pdf_refusal refusal;

    cr_assert_eq(pdf_prepare(pdf, &wish, &job, &refusal, NULL), SG_OK);
    cr_expect_eq(pdf_embed(job, slice_of(cms, 4097), &appendix), SG_TOO_LARGE);
    cr_expect_eq(appendix.len, 0);
    cr_expect_eq(pdf_embed(job, slice_of(cms, 4096), &appendix), SG_OK);
    pdf_job_free(job);
    letter_free(pdf);
}

Test(sign, changed_byte_is_noticed)
{
    char path[TOOL_PATH];
    struct letter letter = letter_lawful();
    struct pdf_wish wish = signer_wish();
    struct slice pdf = letter_build(&letter);
    struct slice whole = sign_and_judge(pdf, &wish, 1);
    uint8_t *bytes = letter_own(whole.data);

    uint8_t *box = memmem(bytes, whole.len, "400 300", 7);
    cr_assert_not_null(box);
    box[0] = '5';
    letter_write(tool_path(&folder, "changed.pdf", path), whole);
    cr_expect_not_null(strstr(tool_judge(&folder, path, 1), "Digest Mismatch"));
    letter_free(whole);
    letter_free(pdf);
}
