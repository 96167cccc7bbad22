#include "tests/unit/base/support/doc_table.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static char *made_from(const struct doc_table *table)
{
    char *made = NULL;
    size_t len = 0;
    FILE *rows = open_memstream(&made, &len);

    cr_assert_not_null(rows);
    (void)fputs(table->head, rows);
    table->write_rows(rows);
    (void)fputs("\n", rows);
    (void)fclose(rows);
    return made;
}

void doc_table_expect(const struct doc_table *table)
{
    static char found[131072];
    FILE *file = fopen(table->path, "re");
    char *wanted = made_from(table);

    cr_assert_not_null(file, "%s", table->path);
    found[fread(found, 1, sizeof(found) - 1, file)] = '\0';
    (void)fclose(file);
    const char *at = strstr(found, table->head);
    cr_expect(at != NULL && strncmp(at, wanted, strlen(wanted)) == 0,
              "the table of %s has to be:\n%s", table->path, wanted);
    free(wanted);
}
