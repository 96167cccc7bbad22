#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/config/settings.h"
#include "tests/unit/base/support/config_file.h"
#include "tests/unit/base/support/doc_table.h"

TestSuite(config_print, .init = config_file_make, .fini = config_file_remove);

static char *printed(const struct config *what)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    config_print(what, out);
    cr_assert_eq(fclose(out), 0);
    return text;
}

/* Behind this word come the lists, as comments. */
static const char lists_begin[] = "\n# networks:\n";

static void write_line(const char *line, size_t len, bool in_lists, FILE *out)
{
    static const char wanted[] = " # must be given";
    size_t tail = sizeof(wanted) - 1;
    bool example = in_lists && len > 2 && strncmp(line, "# ", 2) == 0 &&
                   (line[2] == ' ' || memchr(line, ':', len) != NULL);

    if (len > tail && strncmp(line + len - tail, wanted, tail) == 0) {
        (void)fprintf(out, "%.*s given.example\n", (int)(len - tail), line);
    } else if (example) {
        (void)fprintf(out, "%.*s\n", (int)(len - 2), line + 2);
    } else {
        (void)fprintf(out, "%.*s\n", (int)len, line);
    }
}

/* What must be given is, and the examples are no comments any more. */
static void write_whole(const char *text)
{
    FILE *out = fopen(tried.path, "w");
    const char *lists = strstr(text, lists_begin);

    cr_assert(out != NULL && lists != NULL);
    for (const char *line = text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        bool sentence = strncmp(line, "# Who", 5) == 0 || strncmp(line, "# The", 5) == 0;
        write_line(line, len, line > lists && !sentence, out);
        line += len + 1;
    }
    cr_assert_eq(fclose(out), 0);
}

Test(config_print, what_is_printed_is_a_configuration)
{
    char *text = printed(NULL);

    write_whole(text);
    cr_assert_eq(config_load(tried.path, &tried.config, &tried.why), SG_OK, "%s",
                 tried.why.text);
    cr_expect_eq(tried.config->lane_count, 1);
    cr_expect_eq(tried.config->key_count, 1);
    cr_expect_eq(tried.config->caller_count, 1);
    cr_expect_eq(tried.config->network_count, 1);
    free(text);
}

Test(config_print, every_setting_has_its_default)
{
    char *text = printed(NULL);

    write_whole(text);
    cr_assert_eq(config_load(tried.path, &tried.config, &tried.why), SG_OK, "%s",
                 tried.why.text);
    for (size_t i = 0; i < settings_count(); i++) {
        const struct setting *row = settings_row(i);
        const char *name = strchr(row->path, '.');
        char line[128];
        name = name == NULL ? row->path : name + 1;
        (void)snprintf(line, sizeof(line), "%s: %lld\n", name, (long long)row->fallback);
        cr_expect(row->kind == TEXT_SETTING || strstr(text, line) != NULL, "%s", line);
        cr_expect_leq(row->range.min, row->fallback, "%s", row->path);
        cr_expect_geq(row->range.max, row->fallback, "%s", row->path);
        cr_expect_null(strpbrk(row->help, "\\\n|"), "%s", row->path);
    }
    free(text);
}

/* Settings in force are printed as they can be read again. */
Test(config_print, what_is_in_force_is_printed_with_its_values)
{
    char *text = printed(NULL);

    write_whole(text);
    cr_assert_eq(config_load(tried.path, &tried.config, &tried.why), SG_OK, "%s",
                 tried.why.text);
    tried.config->checkpoint_s = 77;
    tried.config->limits.handshakes = 123;
    tried.config->node = "gw \"7\" \\ x";
    char *again = printed(tried.config);
    cr_expect_not_null(strstr(again, "  checkpoint_s: 77\n"));
    cr_expect_not_null(strstr(again, "  handshakes: 123\n"));
    cr_expect_not_null(strstr(again, "node: \"gw \\\"7\\\" \\\\ x\"\n"));
    cr_expect_null(strstr(again, "must be given"));
    free(text);
    free(again);
}

/* Fed back, a value with a line end would be another one. */
Test(config_print, what_could_not_be_printed_is_not_read)
{
    char *text = printed(NULL);
    char *node = strstr(text, "\"gw1\"");

    cr_assert_not_null(node);
    memcpy(node, "\"\\nx\"", 5);
    write_whole(text);
    cr_expect_eq(config_load(tried.path, &tried.config, &tried.why), SG_INVALID);
    cr_expect_not_null(strstr(tried.why.text, "cannot be seen"), "%s", tried.why.text);
    free(text);
}

Test(config_print, lines_fit_a_screen)
{
    char *text = printed(NULL);

    for (const char *line = text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        cr_expect_leq(len, 90, "%.*s", (int)len, line);
        line += len + 1;
    }
    free(text);
}

/* --- The documentation ------------------------------------------------------------- */

static void write_texts(const struct setting *row, FILE *rows)
{
    bool given = row->text_fallback == NULL;

    (void)fprintf(rows, "| `%s` | %s |  | %s |  |  | %s | %s |\n", row->path,
                  setting_type(row), given ? "must be given" : row->text_fallback,
                  row->reload ? "yes" : "restart", row->help);
}

static void write_rows(FILE *rows)
{
    for (size_t i = 0; i < settings_count(); i++) {
        const struct setting *row = settings_row(i);
        if (row->kind == TEXT_SETTING) {
            write_texts(row, rows);
        } else {
            (void)fprintf(rows, "| `%s` | %s | %s | %lld | %lld | %lld | %s | %s |\n",
                          row->path, setting_type(row), row->unit,
                          (long long)row->fallback, (long long)row->range.min,
                          (long long)row->range.max, row->reload ? "yes" : "restart",
                          row->help);
        }
    }
}

Test(config_print, the_documentation_has_every_row_and_no_other)
{
    static const struct doc_table table = {
        .path = "docs/CONFIGURATION.md",
        .head =
            "| setting | type | unit | default | least | most | reload | what it says |\n"
            "| --- | --- | --- | --- | --- | --- | --- | --- |\n",
        .write_rows = write_rows};

    doc_table_expect(&table);
}

static void write_fields(FILE *rows)
{
    for (size_t i = 0; i < list_fields_count(); i++) {
        const struct list_field *row = list_fields_row(i);
        (void)fprintf(rows, "| `%s` | `%s` | %s | %s | %s | %s |\n", row->list, row->name,
                      row->type, row->fallback,
                      strcmp(row->reload, "yes") == 0 ? "yes" : "restart", row->help);
    }
}

Test(config_print, the_documentation_has_every_field_of_the_lists)
{
    static const struct doc_table table = {
        .path = "docs/CONFIGURATION.md",
        .head = "| list | field | type | default | reload | what it says |\n"
                "| --- | --- | --- | --- | --- | --- |\n",
        .write_rows = write_fields};

    doc_table_expect(&table);
}
