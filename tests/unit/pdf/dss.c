#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/pdf/compare/changes.h"
#include "client/pdf/guard/guard.h"
#include "tests/unit/pdf/support/letter.h"
#include "tests/unit/pdf/support/signer.h"
#include "tests/unit/pdf/support/tool.h"

/* The security store and document time stamps: appended, found again, and no harm to what
 * was signed before. What stands in them is for others to judge. */

static struct tool_folder folder;
static struct signer signer;
static const uint8_t bytes[3][40] = {{1}, {2}, {3}};
static const struct slice certs[] = {{bytes[0], 40}, {bytes[1], 40}};
static const struct slice crls[] = {{bytes[2], 40}};
static const struct pdf_dss dss = {{{certs, 2}, {crls, 1}, {NULL, 0}}, 0};

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

TestSuite(dss, .init = begin, .fini = end, .timeout = 120);

static struct pdf_wish store_wish(void)
{
    return (struct pdf_wish){.adds = PDF_ADDS_STORE, .hash = SG_HASH_SHA256, .dss = &dss};
}

static struct pdf_wish stamp_wish(void)
{
    return (struct pdf_wish){
        .adds = PDF_ADDS_STAMP, .hash = SG_HASH_SHA256, .dss = &dss, .reserve = 512};
}

static struct slice joined(struct slice pdf, struct slice appendix)
{
    uint8_t *whole = malloc(pdf.len + appendix.len);

    cr_assert_not_null(whole);
    memcpy(whole, pdf.data, pdf.len);
    memcpy(whole + pdf.len, appendix.data, appendix.len);
    return slice_of(whole, pdf.len + appendix.len);
}

/* The token is any SEQUENCE. */
static struct slice extended(struct slice pdf, const struct pdf_wish *wish)
{
    static const uint8_t token[] = {0x30, 3, 4, 1, 'a'};
    struct pdf_job *job = NULL;
    enum pdf_refusal refusal;
    struct sg_error why = {0};
    struct slice appendix;

    cr_assert_eq(pdf_prepare(pdf, wish, &job, &refusal, &why), SG_OK, "%s", why.text);
    cr_assert_eq(
        pdf_embed(job, slice_of(token, wish->adds == PDF_ADDS_STAMP ? 5 : 0), &appendix),
        SG_OK);
    struct slice whole = joined(pdf, appendix);
    pdf_job_free(job);
    return whole;
}

static struct slice signed_letter(struct slice pdf)
{
    struct pdf_wish wish = signer_wish();
    enum pdf_refusal refusal;
    struct sg_error why = {0};
    struct slice whole;

    cr_assert_eq(signer_sign(&signer, pdf, &wish, &whole, &refusal, &why), SG_OK, "%s",
                 why.text);
    return whole;
}

static int times(struct slice pdf, struct slice what)
{
    int count = 0;

    for (size_t i = 0; i + what.len <= pdf.len; i++) {
        count += memcmp(pdf.data + i, what.data, what.len) == 0 ? 1 : 0;
    }
    return count;
}

static void expect_sound(struct slice pdf)
{
    char path[TOOL_PATH];
    char out[4096];

    letter_write(tool_path(&folder, "extended.pdf", path), pdf);
    const char *const argv[] = {"qpdf", "--check", path, NULL};
    cr_expect_eq(tool_run(argv, out, sizeof(out)), 0, "%s", out);
}

static void extend_twice(struct slice pdf)
{
    struct slice before = signed_letter(pdf);
    struct pdf_wish store = store_wish();
    struct pdf_wish stamp = stamp_wish();
    struct slice once = extended(before, &store);
    struct slice twice = extended(once, &stamp);
    struct pdf_document *document = NULL;
    struct sg_error why = {0};

    expect_sound(once);
    expect_sound(twice);
    for (size_t i = 0; i < 3; i++) {
        struct slice part = i < 2 ? certs[i] : crls[0];
        cr_expect_eq(times(once, part), 1, "part %zu", i);
        cr_expect_eq(times(twice, part), 1, "part %zu, added again", i);
    }
    cr_assert_eq(pdf_open(twice, &document, &why), SG_OK, "%s", why.text);
    cr_assert_eq(pdf_signature_count(document), 2);
    cr_expect_str_eq(pdf_signature(document, 1)->subfilter, "ETSI.RFC3161");
    cr_expect_str_eq(pdf_signature(document, 1)->time, "");
    cr_expect(pdf_signature(document, 0)->ranges_sound);
    cr_expect(pdf_signature(document, 1)->covers_file);
    pdf_close(document);
    letter_free(before);
    letter_free(once);
    letter_free(twice);
}

Test(dss, stands_in_a_letter_with_a_table)
{
    struct letter letter = letter_lawful();
    struct slice pdf = letter_build(&letter);

    extend_twice(pdf);
    letter_free(pdf);
}

Test(dss, stands_in_a_letter_with_a_cross_reference_stream)
{
    struct letter letter = letter_lawful();
    struct slice pdf = tool_variant(&folder, &letter, "--object-streams=generate", NULL);

    extend_twice(pdf);
    letter_free(pdf);
}

/* Other viewers' keys of the catalog, of its store and of its extensions are kept. */
Test(dss, keeps_what_others_have_written)
{
    struct letter letter = letter_lawful();
    letter.objects[0] =
        "<< /Type /Catalog /Pages 2 0 R /Lang (id)\n"
        "/Extensions << /ADBE << /BaseVersion /1.7 /ExtensionLevel 3 >> >>\n"
        "/DSS << /Type /DSS /Certs [4 0 R] /VRI << /A << >> >> >> >>";
    struct slice pdf = letter_build(&letter);
    struct pdf_wish wish = store_wish();
    struct slice whole = extended(pdf, &wish);
    struct slice added = slice_of(whole.data + pdf.len, whole.len - pdf.len);

    expect_sound(whole);
    cr_expect_eq(times(added, slice_str("/Lang (id)")), 1);
    cr_expect_eq(times(added, slice_str("/ADBE")), 1);
    cr_expect_eq(times(added, slice_str("/ESIC")), 1);
    cr_expect_eq(times(added, slice_str("/VRI")), 1);
    cr_expect_eq(times(added, slice_str("/Certs [4 0 R ")), 1);
    letter_free(whole);
    letter_free(pdf);
}

/* Readers that serve for many letters see what a store held when its serial was drawn. */
Test(dss, is_what_it_was_when_its_serial_was_drawn)
{
    struct letter letter = letter_lawful();
    struct slice pdf = letter_build(&letter);
    static uint8_t der[40];
    const struct slice items[] = {{der, sizeof(der)}};

    for (int i = 0; i < 3; i++) {
        memset(der, 'a' + i, sizeof(der));
        const struct pdf_dss kept = {{{items, 1}, {NULL, 0}, {NULL, 0}},
                                     pdf_guard_serial()};
        struct pdf_wish wish = store_wish();
        wish.dss = &kept;
        for (int j = 0; j < 2; j++) {
            struct slice whole = extended(pdf, &wish);
            cr_expect_eq(times(whole, items[0]), 1, "letter %d of store %d", j, i);
            letter_free(whole);
        }
    }
    letter_free(pdf);
}

static enum pdf_refusal refused(struct slice pdf, const struct pdf_wish *wish)
{
    struct pdf_job *job = NULL;
    enum pdf_refusal refusal;
    struct sg_error why = {0};

    cr_assert_eq(pdf_prepare(pdf, wish, &job, &refusal, &why), SG_INVALID);
    cr_expect_neq(why.text[0], '\0');
    return refusal;
}

Test(dss, of_a_strange_kind_is_refused)
{
    struct letter letter = letter_lawful();
    letter.objects[0] = "<< /Type /Catalog /Pages 2 0 R /DSS << /Certs [(none)] >> >>";
    struct slice pdf = letter_build(&letter);
    struct pdf_wish wish = store_wish();

    cr_expect_eq(refused(pdf, &wish), PDF_FORM_DAMAGED);
    letter_free(pdf);
}

Test(dss, a_wish_that_makes_no_sense_is_refused)
{
    struct letter letter = letter_lawful();
    struct slice pdf = letter_build(&letter);
    struct slice many[PDF_DSS_MAX + 1];
    struct pdf_dss large = {{{many, SG_COUNT(many)}, {NULL, 0}, {NULL, 0}}, 0};
    struct pdf_wish wish = store_wish();

    wish.dss = NULL;
    cr_expect_eq(refused(pdf, &wish), PDF_WISH, "nothing to add");
    wish = store_wish();
    wish.reserve = 512;
    cr_expect_eq(refused(pdf, &wish), PDF_WISH, "room for nothing");
    wish = store_wish();
    for (size_t i = 0; i < SG_COUNT(many); i++) {
        many[i] = certs[0];
    }
    wish.dss = &large;
    cr_expect_eq(refused(pdf, &wish), PDF_WISH, "more than fits");
    letter_free(pdf);
}

/* --- What earlier signers said ------------------------------------------------------ */

/* The last one locked the letter by this; `more` stands in the catalog. */
static struct slice locked_letter(const char *reference, const char *more)
{
    static char catalog[256];
    static char value[256];
    struct letter letter = letter_with_field();

    (void)snprintf(catalog, sizeof(catalog),
                   "<< /Type /Catalog /Pages 2 0 R %s /AcroForm << /Fields [5 0 R 7 0 R] "
                   "/SigFlags 3 >> >>",
                   more);
    (void)snprintf(value, sizeof(value), "<< /Type /Sig /Reference [<< %s >>] >>",
                   reference);
    letter.objects[0] = catalog;
    letter.objects[6] = "<< /T (first) /FT /Sig /V 8 0 R >>";
    letter.objects[7] = value;
    return letter_build(&letter);
}

static void expect_nothing_but_a_stamp(struct slice pdf, struct slice whole)
{
    const uint64_t ends[] = {pdf.len, whole.len};
    struct pdf_changes changes;

    cr_assert_eq(pdf_compare(whole, ends, 2, &changes, NULL), SG_OK);
    cr_expect_eq(changes.count, 1);
    cr_expect_eq(changes.at[0].kind, PDF_CHANGE_TIME_STAMP);
    cr_expect_not(changes.forbidden);
}

/* ISO 32000-2 table 257: a time stamp of the archive is no change of the letter. */
Test(dss, time_stamp_comes_to_a_letter_that_allows_no_more_signatures)
{
    static const struct {
        const char *reference;
        const char *more;
    } cases[] = {
        {"/TransformMethod /FieldMDP /TransformParams << /Action /All >>", ""},
        {"/TransformMethod /DocMDP /TransformParams << /P 1 >>", ""},
        {"/TransformMethod /DocMDP /TransformParams << /P 2 >>", ""},
        {"/TransformMethod /DocMDP /TransformParams << /P 1 >>",
         "/Perms << /DocMDP 8 0 R >>"},
        {"/TransformMethod /DocMDP /TransformParams << /P 2 >>",
         "/Perms << /DocMDP 8 0 R >>"},
    };
    struct pdf_wish stamp = stamp_wish();
    struct pdf_wish sign = signer_wish();

    stamp.dss = NULL;
    for (size_t i = 0; i < SG_COUNT(cases); i++) {
        struct slice pdf = locked_letter(cases[i].reference, cases[i].more);
        struct slice whole = extended(pdf, &stamp);
        expect_nothing_but_a_stamp(pdf, whole);
        cr_expect_neq(refused(pdf, &sign), PDF_ACCEPTED);
        letter_free(whole);
        letter_free(pdf);
    }
}

Test(dss, time_stamp_comes_to_no_form_that_viewers_redraw)
{
    struct letter letter = letter_lawful();
    struct pdf_wish stamp = stamp_wish();

    letter.objects[0] =
        "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [] /XFA [] >> >>";
    struct slice pdf = letter_build(&letter);
    cr_expect_eq(refused(pdf, &stamp), PDF_XFA);
    letter_free(pdf);
}
