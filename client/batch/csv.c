#include "client/batch/csv.h"

#include <string.h>

#include "proto/text.h"

/* Where the reader stands in a record. */
enum state {
    CELL_BEGIN,
    CELL_PLAIN,
    CELL_QUOTED,
    CELL_QUOTE /* behind a quote within quotes: the end, or half of a doubled one */
};
struct reading {
    struct csv *csv;
    enum state state;
    bool over;
    struct sg_error *why;
};

void csv_start(struct csv *csv, FILE *file)
{
    static const int mark[] = {0xef, 0xbb, 0xbf};

    csv->file = file;
    csv->separator = '\0';
    csv->line = 0;
    csv->lines = 0;
    csv->count = 0;
    csv->len = 0;
    int first = getc(file);
    if (first != mark[0]) {
        (void)ungetc(first, file);
        return;
    }
    /* What begins like a mark and is none is no UTF-8, which the first cell then says. */
    for (size_t i = 1; i < SG_COUNT(mark); i++) {
        int next = getc(file);
        if (next != mark[i]) {
            (void)ungetc(next, file);
            return;
        }
    }
}

static enum sg_status put(struct reading *reading, int byte)
{
    struct csv *csv = reading->csv;

    if (csv->len + 1 >= CSV_RECORD_MAX) {
        return sg_fail(reading->why, SG_INVALID,
                       "the row is longer than %d bytes: a quote (\") is open, perhaps",
                       CSV_RECORD_MAX);
    }
    csv->text[csv->len++] = (char)byte;
    return SG_OK;
}

static enum sg_status end_cell(struct reading *reading)
{
    struct csv *csv = reading->csv;
    size_t begin = csv->cells[csv->count];

    if (!text_utf8(slice_of(csv->text + begin, csv->len - begin))) {
        return sg_fail(reading->why, SG_INVALID,
                       "cell %zu is not UTF-8: save the table as 'CSV UTF-8'",
                       csv->count + 1);
    }
    TRY(put(reading, '\0'));
    csv->count++;
    reading->state = CELL_BEGIN;
    return SG_OK;
}

static enum sg_status next_cell(struct reading *reading)
{
    struct csv *csv = reading->csv;

    TRY(end_cell(reading));
    if (csv->count == CSV_CELLS_MAX) {
        return sg_fail(reading->why, SG_INVALID, "the row has more than %d cells",
                       CSV_CELLS_MAX);
    }
    csv->cells[csv->count] = csv->len;
    return SG_OK;
}

static bool is_separator(struct csv *csv, int byte)
{
    if (csv->separator == '\0' && (byte == ',' || byte == ';')) {
        csv->separator = (char)byte;
    }
    return byte == csv->separator && byte != '\0';
}

static enum sg_status take_plain(struct reading *reading, int byte)
{
    if (is_separator(reading->csv, byte)) {
        return next_cell(reading);
    }
    if (byte == '\n') {
        reading->over = true;
        return SG_OK;
    }
    if (byte == '"' && reading->state == CELL_BEGIN) {
        reading->state = CELL_QUOTED;
        return SG_OK;
    }
    if (byte == '"' || reading->state == CELL_QUOTE) {
        return sg_fail(reading->why, SG_INVALID,
                       "cell %zu has a quote (\") in the wrong place: a cell with quotes "
                       "is written \"so \"\"quoted\"\"\"",
                       reading->csv->count + 1);
    }
    reading->state = CELL_PLAIN;
    return put(reading, byte);
}

/* A carriage return counts as part of the line's end only in front of it. */
static int skip_return(FILE *file, int byte)
{
    if (byte != '\r') {
        return byte;
    }
    int next = getc(file);
    if (next == '\n' || next == EOF) {
        return '\n';
    }
    (void)ungetc(next, file);
    return byte;
}

static enum sg_status take(struct reading *reading, int byte)
{
    if (reading->state == CELL_QUOTED && byte != '"') {
        return put(reading, byte);
    }
    if (reading->state == CELL_QUOTED) {
        reading->state = CELL_QUOTE;
        return SG_OK;
    }
    if (reading->state == CELL_QUOTE && byte == '"') {
        reading->state = CELL_QUOTED;
        return put(reading, byte);
    }
    return take_plain(reading, byte);
}

static int next_byte(struct reading *reading)
{
    struct csv *csv = reading->csv;
    int byte = getc(csv->file);

    if (reading->state != CELL_QUOTED) {
        byte = skip_return(csv->file, byte);
    }
    csv->lines += byte == '\n' ? 1 : 0;
    return byte;
}

static enum sg_status end_of_file(struct reading *reading)
{
    if (ferror(reading->csv->file)) {
        return sg_fail(reading->why, SG_IO, "the table cannot be read");
    }
    if (reading->state == CELL_QUOTED) {
        return sg_fail(reading->why, SG_INVALID,
                       "a quote (\") is opened and never closed");
    }
    reading->over = true;
    return SG_OK;
}

static enum sg_status read_record(struct csv *csv, bool *ended, struct sg_error *why)
{
    struct reading reading = {.csv = csv, .why = why};

    csv->count = 0;
    csv->len = 0;
    csv->cells[0] = 0;
    csv->line = csv->lines + 1;
    *ended = false;
    while (!reading.over) {
        int byte = next_byte(&reading);
        *ended = byte == EOF;
        TRY(*ended ? end_of_file(&reading) : take(&reading, byte));
    }
    return end_cell(&reading);
}

enum sg_status csv_next(struct csv *csv, struct sg_error *why)
{
    bool ended = false;

    do {
        TRY(read_record(csv, &ended, why));
    } while (!ended && csv->count == 1 && csv->text[0] == '\0');
    return ended && csv->count == 1 && csv->text[0] == '\0' ? SG_NOT_FOUND : SG_OK;
}

const char *csv_cell(const struct csv *csv, size_t i)
{
    return i < csv->count ? csv->text + csv->cells[i] : "";
}

/* --- Writing ----------------------------------------------------------------------- */

enum sg_status csv_put(FILE *file, char separator, const char *text)
{
    static const char formula[] = "=+-@\t\r";
    const char special[] = {'"', '\n', '\r', separator, '\0'};
    bool is_formula = text[0] != '\0' && strchr(formula, text[0]) != NULL;
    bool is_quoted = strpbrk(text, special) != NULL;

    if (is_quoted) {
        (void)putc('"', file);
    }
    if (is_formula) {
        (void)putc('\'', file);
    }
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"') {
            (void)putc('"', file);
        }
        (void)putc(*at, file);
    }
    if (is_quoted) {
        (void)putc('"', file);
    }
    return ferror(file) ? SG_IO : SG_OK;
}
