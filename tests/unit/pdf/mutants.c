#define _GNU_SOURCE /* NOLINT: the name is the C library's */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "client/pdf/shown/shown.h"
#include "tests/unit/pdf/support/letter.h"
#include "tests/unit/pdf/support/signer.h"
#include "tests/unit/pdf/support/tool.h"

/* Letters with random damage: signed or refused, listed or not, but never a crash. The
 * run is the same each time; sanitizers see what goes wrong quietly. */

enum { MUTANTS = 800 };

static uint64_t state = 88172645463325252U;

/* Marsaglia's xorshift. */
static uint32_t draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32) % below;
}

static void overwrite(uint8_t *bytes, size_t len)
{
    static const char *const words[] = {
        "0 R", "<<",    ">>",   "[", "]",  "obj", "(",     "99",    "-1",    "/V",
        "<",   "9 0 R", "null", "%", "\0", ")",   "1 0 R", "/Kids", "stream"};
    const char *word = words[draw(SG_COUNT(words))];
    size_t part = strlen(word) + (word[0] == '\0');

    if (part < len) {
        uint8_t *at = bytes + draw((uint32_t)(len - part));
        for (size_t i = 0; i < part; i++) {
            at[i] = (uint8_t)word[i];
        }
    }
}

/* Moves a piece of the file over another: offsets and structures no longer agree. */
static void transplant(uint8_t *bytes, size_t len)
{
    uint32_t part = 1 + draw(64);

    if (part < len) {
        uint32_t room = (uint32_t)(len - part);
        memmove(bytes + draw(room), bytes + draw(room), part);
    }
}

static size_t damage(uint8_t *bytes, size_t len)
{
    for (uint32_t i = 1 + draw(4); i > 0; i--) {
        uint32_t kind = draw(8);
        if (kind < 3) {
            bytes[draw((uint32_t)len)] = (uint8_t)draw(256);
        } else if (kind < 6) {
            overwrite(bytes, len);
        } else if (kind == 6) {
            transplant(bytes, len);
        } else if (draw(8) == 0) {
            len = 1 + draw((uint32_t)len);
        }
    }
    return len;
}

struct tally {
    int accepted, refused, listed, shown;
};

/* What it shows, too. */
static void look(struct slice pdf, struct tally *tally)
{
    static struct pdf_shown shown;
    struct sg_error why = {0};
    enum sg_status status = pdf_shown_read(pdf, NULL, NULL, &shown, &why);

    cr_expect(status == SG_OK || status == SG_INVALID);
    cr_expect_null(strstr(why.text, pdf_refusal_text(PDF_TOO_COMPLEX)), "%s", why.text);
    tally->shown += status == SG_OK && shown.count > 0 && shown.stamps[0].visible;
}

static void try_mutant(struct slice pdf, struct tally *tally)
{
    struct pdf_wish wish = signer_wish();
    struct pdf_job *job = NULL;
    struct pdf_document *document = NULL;
    enum pdf_refusal refusal = PDF_ACCEPTED;
    struct sg_error why = {0};

    wish.reserve = 256;
    wish.page = -1;
    wish.rect = (struct pdf_rect){.x = 10, .y = 10, .width = 150, .height = 40};
    wish.field = draw(3) == 0 ? "letter.head" : NULL;
    enum sg_status status = pdf_prepare(pdf, &wish, &job, &refusal, &why);
    cr_expect_eq(status == SG_OK, refusal == PDF_ACCEPTED);
    /* The process that reads would be missed only in this way. */
    cr_expect_neq(refusal, PDF_TOO_COMPLEX);
    tally->accepted += status == SG_OK;
    tally->refused += status == SG_INVALID;
    pdf_job_free(job);
    tally->listed += pdf_open(pdf, &document, &why) == SG_OK;
    cr_expect_null(strstr(why.text, pdf_refusal_text(PDF_TOO_COMPLEX)));
    pdf_close(document);
    if (draw(4) == 0) {
        look(pdf, tally);
    }
}

static struct tally try_mutants(struct slice pdf)
{
    struct tally tally = {0};
    uint8_t *copy = malloc(pdf.len);

    cr_assert_not_null(copy);
    for (int i = 0; i < MUTANTS; i++) {
        memcpy(copy, pdf.data, pdf.len);
        try_mutant(slice_of(copy, damage(copy, pdf.len)), &tally);
    }
    free(copy);
    return tally;
}

static void expect_both(struct tally tally)
{
    cr_expect_eq(tally.accepted + tally.refused, MUTANTS);
    cr_expect_gt(tally.accepted, 0);
    cr_expect_gt(tally.refused, MUTANTS / 4);
    cr_expect_gt(tally.listed, 0);
}

TestSuite(mutants, .timeout = 300);

Test(mutants, of_a_letter_with_a_form_do_no_harm)
{
    struct letter letter = letter_with_field();
    struct slice pdf = letter_build(&letter);

    expect_both(try_mutants(pdf));
    letter_free(pdf);
}

Test(mutants, of_a_signed_letter_do_no_harm)
{
    struct signer signer;
    struct slice whole;
    enum pdf_refusal refusal;
    struct pdf_wish wish = signer_wish();
    struct letter letter = letter_with_field();
    struct slice pdf = letter_build(&letter);

    /* Room for little more than the CMS: damage should hit structure, not zeros. */
    wish.reserve = 1024;
    wish.statement = "Ditandatangani secara elektronik";
    wish.page = 1;
    wish.rect = (struct pdf_rect){.x = 10, .y = 10, .width = 150, .height = 40};
    signer_init(&signer);
    cr_assert_eq(signer_sign(&signer, pdf, &wish, &whole, &refusal, NULL), SG_OK);
    struct tally tally = try_mutants(whole);
    expect_both(tally);
    cr_expect_gt(tally.shown, 0);
    letter_free(whole);
    letter_free(pdf);
    signer_fini(&signer);
}

/* The other kind of cross-reference, not compressed: damage hits its insides. */
Test(mutants, of_a_letter_with_object_streams_do_no_harm)
{
    struct tool_folder folder;
    struct letter letter = letter_with_field();

    tool_folder_init(&folder);
    struct slice pdf = tool_variant(&folder, &letter, "--object-streams=generate",
                                    "--compress-streams=n");
    tool_folder_fini(&folder);
    expect_both(try_mutants(pdf));
    letter_free(pdf);
}
