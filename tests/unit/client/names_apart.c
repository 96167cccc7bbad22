#include "client/console/names_apart.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct sg_error why;

static enum sg_status judge(const char *a, const char *b)
{
    char texts[3][64];
    char *paths[] = {texts[0], texts[1], texts[2]};
    const struct words words = {paths, SG_COUNT(paths)};

    (void)snprintf(texts[0], sizeof(texts[0]), "%s", a);
    (void)snprintf(texts[1], sizeof(texts[1]), "%s", "other/letter.pdf");
    (void)snprintf(texts[2], sizeof(texts[2]), "%s", b);
    return names_apart(&words, &why);
}

static void expect_refusal(const char *a, const char *b, const char *text)
{
    for (int turned = 0; turned < 2; turned++) {
        cr_expect_eq(judge(turned ? b : a, turned ? a : b), SG_INVALID);
        cr_expect(strstr(why.text, text) != NULL && strstr(why.text, a) != NULL &&
                      strstr(why.text, b) != NULL,
                  "%s", why.text);
    }
}

Test(names_apart, one_name_in_two_folders_is_refused)
{
    expect_refusal("x/a.pdf", "y/a.pdf", "have the same name");
}

Test(names_apart, a_name_that_another_has_while_it_is_written_is_refused)
{
    expect_refusal("x/a.pdf", "y/a.pdf.part", "one file while they are written");
}

Test(names_apart, names_that_only_begin_alike_are_taken)
{
    cr_expect_eq(judge("a.pdf", "a.pdf.parts"), SG_OK, "%s", why.text);
    cr_expect_eq(judge("a.pdf", "a.pdfx.part"), SG_OK, "%s", why.text);
    cr_expect_eq(judge(".part", "a.pdf"), SG_OK, "%s", why.text);
    cr_expect_eq(judge("x/a.pdf", "x/b.pdf"), SG_OK, "%s", why.text);
}
