/* A table from anywhere: whatever is read is text, within its bounds, and what we write
 * of it is read again as the same cells (but for the apostrophe in front of formulas). */
#include "client/batch/csv.h"

#include <stdlib.h>

#include "proto/text.h"
#include "tests/fuzz/support/fuzz.h"

static struct csv given;
static struct csv again;

static void write_record(FILE *file, char separator)
{
    for (size_t i = 0; i < given.count; i++) {
        if (i > 0) {
            (void)putc(separator, file);
        }
        MUST(csv_put(file, separator, csv_cell(&given, i)) == SG_OK);
    }
    (void)putc('\n', file);
}

static void compare(void)
{
    MUST(again.count == given.count);
    for (size_t i = 0; i < given.count; i++) {
        const char *before = csv_cell(&given, i);
        const char *after = csv_cell(&again, i);
        MUST(text_utf8(slice_str(before)));
        MUST(strchr("=+-@\t\r", after[0]) == NULL || after[0] == '\0');
        MUST(strcmp(after + (after[0] == '\'' && before[0] != '\'' ? 1 : 0), before) ==
             0);
    }
}

static void check_record(char separator)
{
    char *text = NULL;
    size_t len = 0;
    struct sg_error why;
    FILE *file = open_memstream(&text, &len);

    MUST(file != NULL);
    (void)fputs("first\n", file); /* a byte order mark counts at the begin only */
    write_record(file, separator);
    (void)fclose(file);
    file = fmemopen(text, len, "r");
    MUST(file != NULL);
    csv_start(&again, file);
    again.separator = separator;
    MUST(csv_next(&again, &why) == SG_OK && again.count == 1);
    enum sg_status status = csv_next(&again, &why);
    /* Apostrophes and quotes may make a long record too long. */
    MUST(status == SG_OK || len >= CSV_RECORD_MAX);
    if (status == SG_OK) {
        compare();
    }
    (void)fclose(file);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct sg_error why;

    if (len == 0) {
        return 0;
    }
    FILE *file = fmemopen(sg_unconst(data), len, "r");
    MUST(file != NULL);
    csv_start(&given, file);
    while (csv_next(&given, &why) == SG_OK) {
        MUST(given.count > 0 && given.count <= CSV_CELLS_MAX);
        check_record(given.separator == ';' ? ';' : ',');
    }
    (void)fclose(file);
    return 0;
}
