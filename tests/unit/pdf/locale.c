#include <criterion/criterion.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/pdf/guard/guard.h"
#include "client/pdf/preview.h"
#include "tests/unit/pdf/support/letter.h"
#include "tests/unit/pdf/support/signer.h"
#include "tests/unit/pdf/support/tool.h"

/* A program that signs has a locale of its own, in Indonesia one with a decimal comma. A
 * letter has the same bytes whatever it is. */

static struct tool_folder folder;

/* Few machines have such a locale: this one is made of its one fact. */
static bool make_comma(void)
{
    static const char source[] = "LC_NUMERIC\ndecimal_point \",\"\nthousands_sep \".\"\n"
                                 "grouping 3\nEND LC_NUMERIC\n";
    char from[TOOL_PATH];
    char to[TOOL_PATH];
    char out[512];

    letter_write(tool_path(&folder, "source", from), slice_str(source));
    /* It warns of all that it does not say, and its exit code does, too. */
    const char *const argv[] = {
        "localedef", "--quiet", "-c", "-i", from, tool_path(&folder, "comma", to), NULL};
    (void)tool_run(argv, out, sizeof(out));
    return setenv("LOCPATH", folder.path, 1) == 0 &&
           setlocale(LC_NUMERIC, "comma") != NULL;
}

static void begin(void)
{
    char number[8];

    tool_folder_init(&folder);
    if (!make_comma()) {
        tool_folder_fini(&folder);
        cr_skip("localedef makes no locale with a decimal comma here");
    }
    (void)snprintf(number, sizeof(number), "%.1f", 0.5);
    cr_assert_str_eq(number, "0,5");
    cr_assert_not_null(setlocale(LC_NUMERIC, "C"));
}

static void end(void)
{
    tool_folder_fini(&folder);
}

TestSuite(locale, .init = begin, .fini = end, .timeout = 60);

static struct pdf_wish stamped(void)
{
    struct pdf_wish wish = signer_wish();

    wish.page = 1;
    wish.rect = (struct pdf_rect){.x = 30.25, .y = 20.5, .width = 200, .height = 61.7};
    wish.qr_text = "segel";
    return wish;
}

/* What is added to a letter whose boxes and unit are no whole numbers. */
static struct slice appendix_of(const char *locale)
{
    struct letter letter = letter_lawful();
    struct pdf_wish wish = stamped();
    struct pdf_job *job = NULL;
    enum pdf_refusal refusal;
    struct sg_error why = {0};
    struct slice appendix;

    letter.objects[2] =
        "<< /Type /Page /Parent 2 0 R /MediaBox [-0.75 -10.125 420.5 300.9] "
        "/CropBox [10.75 9.9 400.4 290.35] /UserUnit 1.75 /Contents 4 0 R >>";
    struct slice pdf = letter_build(&letter);
    cr_assert_not_null(setlocale(LC_NUMERIC, locale));
    cr_assert_eq(pdf_prepare(pdf, &wish, &job, &refusal, &why), SG_OK, "%s", why.text);
    cr_assert_not_null(setlocale(LC_NUMERIC, "C"));
    cr_assert_eq(pdf_embed(job, slice_of("", 0), &appendix), SG_OK);
    uint8_t *copy = malloc(appendix.len);
    cr_assert_not_null(copy);
    memcpy(copy, appendix.data, appendix.len);
    appendix.data = copy;
    pdf_job_free(job);
    letter_free(pdf);
    /* The next one shall not be read by a process that began in this locale. */
    pdf_guard_rest();
    return appendix;
}

Test(locale, of_the_program_changes_no_letter)
{
    for (unsigned letters = 0; letters < 2; letters++) {
        pdf_guard_set_letters(letters);
        struct slice plain = appendix_of("C");
        struct slice comma = appendix_of("comma");
        cr_expect(slice_equal(plain, comma), "%u", letters);
        letter_free(plain);
        letter_free(comma);
    }
}

Test(locale, of_the_program_changes_no_preview)
{
    struct pdf_wish wish = stamped();
    AUTO(pdf_buffer_fini) struct pdf_buffer plain = {0};
    AUTO(pdf_buffer_fini) struct pdf_buffer comma = {0};

    cr_assert_eq(pdf_preview(&wish, &plain, NULL), SG_OK);
    cr_assert_not_null(setlocale(LC_NUMERIC, "comma"));
    cr_assert_eq(pdf_preview(&wish, &comma, NULL), SG_OK);
    cr_assert_not_null(setlocale(LC_NUMERIC, "C"));
    cr_expect(slice_equal(pdf_buffer_slice(&plain), pdf_buffer_slice(&comma)));
}
