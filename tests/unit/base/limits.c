#include "gateway/limits.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/unit/base/support/doc_table.h"

static uint32_t value_of(const struct server_limits *limits, const struct limit_row *row)
{
    uint32_t value;

    memcpy(&value, (const char *)limits + row->offset, sizeof(value));
    return value;
}

Test(limits, every_default_is_one_that_may_be_set)
{
    const struct server_limits limits = SERVER_LIMITS_DEFAULT;

    for (int i = 0; i < LIMIT_COUNT; i++) {
        const struct limit_row *row = limits_row((enum limit)i);
        cr_expect_eq(value_of(&limits, row), row->fallback, "%s", row->path);
        cr_expect_leq(row->min, row->fallback, "%s", row->path);
        cr_expect_geq(row->max, row->fallback, "%s", row->path);
        cr_expect_null(strpbrk(row->help, "\\\n|"), "%s", row->path);
    }
}

/* The label of the metric is the name of the setting: whoever sees the one finds the
 * other. */
Test(limits, refusals_are_counted_under_the_name_of_the_setting)
{
    for (int i = 0; i < LIMIT_COUNT; i++) {
        const struct limit_row *row = limits_row((enum limit)i);
        const char *name = row->path + strlen("limits.");
        cr_expect(row->label[0] == '\0' || strcmp(row->label, name) == 0, "%s",
                  row->path);
    }
}

Test(limits, a_single_caller_cannot_take_all_connections)
{
    const struct server_limits limits = SERVER_LIMITS_DEFAULT;

    cr_expect_leq(limits.connections_per_caller, limits.connections / 2);
}

/* --- The documentation ------------------------------------------------------------- */

static void write_rows(FILE *rows)
{
    for (int i = 0; i < LIMIT_COUNT; i++) {
        const struct limit_row *row = limits_row((enum limit)i);
        (void)fprintf(rows, "| `%s` | %u | %u | %u | %s | %s | %s |\n", row->path,
                      row->fallback, row->min, row->max, row->unit,
                      row->label[0] == '\0' ? "" : "yes", row->help);
    }
}

Test(limits, the_documentation_has_every_row_and_no_other)
{
    static const struct doc_table table = {
        .path = "docs/TRANSPORT.md",
        .head = "| setting | default | from | to | unit | counted | what it bounds |\n"
                "| --- | --- | --- | --- | --- | --- | --- |\n",
        .write_rows = write_rows};

    doc_table_expect(&table);
}
