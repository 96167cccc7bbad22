#include <criterion/criterion.h>
#include <stdio.h>

#include "hsm/token/rv.h"
#include "hsm/tool/tool.h"
#include "tests/unit/hsm/support/rig.h"

/* `segel-hsm explain`, and the page of the manual that it writes. No token is needed. */

static const char PAGE[] = "docs/ERRORS.md";

static struct output explained(const char *code, const char *form)
{
    struct output output = code == NULL ? rig_run("explain", form, NULL)
                                        : rig_run("explain", code, form, NULL);
    cr_expect_eq(output.code, TOOL_OK, "%s", output.errors);
    return output;
}

static void holds(const char *text, const char *part)
{
    cr_expect_not_null(strstr(text, part), "'%s' is not in: %s", part, text);
}

Test(explain, the_manual_ends_with_what_the_command_prints)
{
    static char page[2 * RIG_OUTPUT];
    FILE *file = fopen(PAGE, "re");
    cr_assert_not_null(file, "%s is missing", PAGE);
    size_t len = fread(page, 1, sizeof(page) - 1, file);
    (void)fclose(file);
    page[len] = '\0';
    struct output made = explained(NULL, "--markdown");
    const char *tables = strstr(page, "## Classes");
    cr_assert_not_null(tables);
    cr_expect_str_eq(tables, made.text,
                     "put what 'segel-hsm explain --markdown' prints at its end");
}

Test(explain, every_row_is_told_in_every_form)
{
    char row[32];
    struct output table = explained(NULL, NULL);
    struct output lines = explained(NULL, "--json");
    struct output page = explained(NULL, "--markdown");
    for (size_t i = 0; i < rv_count(); i++) {
        holds(table.text, rv_name(rv_code(i)));
        (void)snprintf(row, sizeof(row), "| 0x%lx |", rv_code(i));
        holds(page.text, row);
        (void)snprintf(row, sizeof(row), "{\"rv\":%lu,", rv_code(i));
        holds(lines.text, row);
    }
}

Test(explain, one_code_is_named_by_number_or_name)
{
    static const char *const ways[] = {"0xA0", "0xa0", "160", "CKR_PIN_INCORRECT"};
    for (size_t i = 0; i < SG_COUNT(ways); i++) {
        struct output one = explained(ways[i], NULL);
        holds(one.text, "CKR_PIN_INCORRECT (0xa0)");
        holds(one.text, "LATCHED");
        holds(one.text, "UNAVAILABLE");
        cr_expect_null(strstr(one.text, "CKR_OK"));
    }
    holds(explained("0x68", NULL).text, "once, after the key was looked up again");
    holds(explained("0x20", NULL).text, "FAILED_PRECONDITION");
}

Test(explain, a_code_without_a_row_is_a_broken_device)
{
    struct output one = explained("0x80000007", NULL);
    holds(one.text, "unlisted code (0x80000007)");
    holds(one.text, "DEVICE");
}

Test(explain, what_is_no_code_is_refused_with_an_example)
{
    static const char *const wrong[] = {"CKR_NONSENSE",        "a0",  "0x", "0xg", "",
                                        "0x10000000000000000", "160 "};
    for (size_t i = 0; i < SG_COUNT(wrong); i++) {
        struct output output = rig_run("explain", wrong[i], NULL);
        cr_expect_eq(output.code, TOOL_FAILED, "%s", wrong[i]);
        holds(output.errors, "as 0xA0");
    }
    cr_expect_eq(rig_run("explain", "1", "2", NULL).code, TOOL_USAGE);
}
