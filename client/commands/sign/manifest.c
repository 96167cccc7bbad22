#include "client/commands/sign/manifest.h"

#include <stdlib.h>
#include <strings.h>

#include "client/batch/csv.h"
#include "client/batch/place.h"
#include "client/console/file.h"
#include "client/console/nearest.h"

enum { PATH_SIZE = 4096 };
enum column {
#define COLUMN(name, member, help) COLUMN_##member,
#include "client/commands/sign/columns.def"
#undef COLUMN
    COLUMN_file,
    COLUMN_out,
    COLUMN_COUNT
};

static const struct {
    const char *name;
    size_t offset; /* in struct sign_options; unused for the last two */
} columns[] = {
#define COLUMN(name, member, help) {name, offsetof(struct sign_options, member)},
#include "client/commands/sign/columns.def"
#undef COLUMN
    {"file", 0},
    {"out", 0},
};

struct sign_manifest {
    const char *name;
    const char *folder;
    size_t cells[COLUMN_COUNT]; /* where a column is, from 1; 0 = it is not there */
    size_t width;               /* cells of the header */
    struct csv csv;
};

/* --- The header -------------------------------------------------------------------- */

static enum sg_status fail_column(const struct sign_manifest *manifest, const char *word,
                                  size_t cell, struct sg_error *why)
{
    const char *names[COLUMN_COUNT];

    if (strchr(word, '\t') != NULL) {
        return sg_fail(why, SG_INVALID,
                       "%s: its cells are parted by tabs: save the table as 'CSV UTF-8'",
                       manifest->name);
    }
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        names[i] = columns[i].name;
    }
    const char *best = nearest(word, names, COLUMN_COUNT);
    return sg_fail(why, SG_INVALID,
                   "%s:%llu:%zu: there is no column '%.64s'%s%s%s: 'segel sign --help' "
                   "lists them",
                   manifest->name, (unsigned long long)manifest->csv.line, cell, word,
                   best == NULL ? "" : ", did you mean '", best == NULL ? "" : best,
                   best == NULL ? "" : "'?");
}

static enum sg_status take_column(struct sign_manifest *manifest, size_t cell,
                                  struct sg_error *why)
{
    const char *word = csv_cell(&manifest->csv, cell - 1);
    size_t column = 0;

    while (column < COLUMN_COUNT && strcasecmp(columns[column].name, word) != 0) {
        column++;
    }
    if (column == COLUMN_COUNT) {
        return fail_column(manifest, word, cell, why);
    }
    if (manifest->cells[column] != 0) {
        return sg_fail(why, SG_INVALID, "%s:%llu:%zu: the column '%s' is there twice",
                       manifest->name, (unsigned long long)manifest->csv.line, cell,
                       word);
    }
    manifest->cells[column] = cell;
    return SG_OK;
}

/* What csv says, with the place in front. */
static enum sg_status next_record(struct sign_manifest *manifest, struct sg_error *why)
{
    struct sg_error own = {0};
    enum sg_status status = csv_next(&manifest->csv, &own);

    return status == SG_OK || status == SG_NOT_FOUND
               ? status
               : sg_fail(why, status == SG_IO ? SG_IO : SG_CORRUPT, "%s:%llu: %s",
                         manifest->name, (unsigned long long)manifest->csv.line,
                         own.text);
}

/* Spreadsheets write separators alone for rows that were emptied. */
static bool is_blank(const struct csv *csv)
{
    for (size_t i = 0; i < csv->count; i++) {
        if (csv_cell(csv, i)[0] != '\0') {
            return false;
        }
    }
    return true;
}

static enum sg_status next_row(struct sign_manifest *manifest, struct sg_error *why)
{
    do {
        TRY(next_record(manifest, why));
    } while (is_blank(&manifest->csv));
    return SG_OK;
}

/* "sep=;" is for spreadsheets. */
static bool names_separator(const struct csv *csv)
{
    return csv->count <= 2 && strcasecmp(csv_cell(csv, 0), "sep=") == 0;
}

/* A spreadsheet's own file (.xlsx, .ods) is a ZIP archive. */
static bool is_archive(FILE *file)
{
    char begin[4] = "";
    bool archive = fread(begin, 1, sizeof(begin), file) == sizeof(begin) &&
                   memcmp(begin, "PK\003\004", sizeof(begin)) == 0;

    rewind(file);
    return archive;
}

static enum sg_status read_header(struct sign_manifest *manifest, struct sg_error *why)
{
    enum sg_status status = next_row(manifest, why);

    if (status == SG_OK && names_separator(&manifest->csv)) {
        status = next_row(manifest, why);
    }
    if (status == SG_NOT_FOUND) {
        return sg_fail(why, SG_INVALID, "%s is empty", manifest->name);
    }
    TRY(status);
    for (size_t cell = 1; cell <= manifest->csv.count; cell++) {
        TRY(take_column(manifest, cell, why));
    }
    manifest->width = manifest->csv.count;
    return manifest->cells[COLUMN_file] != 0
               ? SG_OK
               : sg_fail(why, SG_INVALID,
                         "%s: its first line must name the columns, and one of them is "
                         "'file'",
                         manifest->name);
}

enum sg_status sign_manifest_open(FILE *file, const char *name, const char *folder,
                                  struct sign_manifest **out, struct sg_error *why)
{
    if (is_archive(file)) {
        return sg_fail(why, SG_INVALID,
                       "%s is a spreadsheet's own file: save the table as 'CSV UTF-8'",
                       name);
    }
    struct sign_manifest *manifest =
        (struct sign_manifest *)calloc(1, sizeof(struct sign_manifest));
    if (manifest == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    manifest->name = name;
    manifest->folder = folder;
    csv_start(&manifest->csv, file);
    enum sg_status status = read_header(manifest, why);
    if (status != SG_OK) {
        sign_manifest_close(manifest);
        return status;
    }
    *out = manifest;
    return SG_OK;
}

void sign_manifest_close(struct sign_manifest *manifest)
{
    free(manifest);
}

char sign_manifest_separator(const struct sign_manifest *manifest)
{
    return manifest->csv.separator == ';' ? ';' : ',';
}

/* --- Rows -------------------------------------------------------------------------- */

static const char *cell_of(const struct sign_manifest *manifest, size_t column)
{
    size_t cell = manifest->cells[column];

    return cell == 0 ? "" : csv_cell(&manifest->csv, cell - 1);
}

static enum sg_status fail_row(const struct sign_manifest *manifest, size_t column,
                               const char *text, struct sg_error *why)
{
    struct sg_error own = {0};

    (void)snprintf(own.text, sizeof(own.text), "%s", text); /* it may be why's own */
    return sg_fail(why, SG_INVALID, "%s:%llu:%zu (%s): %s", manifest->name,
                   (unsigned long long)manifest->csv.line, manifest->cells[column],
                   columns[column].name, own.text);
}

/* Where the result goes: as `out` says, else as the file is called. */
static const char *output_of(const struct sign_manifest *manifest)
{
    const char *out = cell_of(manifest, COLUMN_out);
    const char *file = cell_of(manifest, COLUMN_file);

    if (out[0] != '\0') {
        return out;
    }
    return place_sound(file) ? file : file_name(file);
}

/* A separator in a cell without quotes moves all behind it by one column: a reason would
 * be cut, or become an approval. Empty cells at the end are of spreadsheets. */
static enum sg_status check_width(const struct sign_manifest *manifest,
                                  struct sg_error *why)
{
    const struct csv *csv = &manifest->csv;

    for (size_t i = manifest->width; i < csv->count; i++) {
        if (csv_cell(csv, i)[0] != '\0') {
            return sg_fail(why, SG_INVALID,
                           "%s:%llu:%zu: the row has more cells than the first line has "
                           "columns: put a cell that holds '%c' into quotes (\")",
                           manifest->name, (unsigned long long)csv->line, i + 1,
                           csv->separator);
        }
    }
    return SG_OK;
}

static enum sg_status check_places(const struct sign_manifest *manifest,
                                   struct sg_error *why)
{
    const char *file = cell_of(manifest, COLUMN_file);
    const char *out = cell_of(manifest, COLUMN_out);

    if (file[0] == '\0') {
        return fail_row(manifest, COLUMN_file, "the cell is empty", why);
    }
    if (out[0] != '\0' && !place_sound(out)) {
        return fail_row(manifest, COLUMN_out,
                        "the path must stay in the folder of -o: write it relative to "
                        "that folder, without '..'",
                        why);
    }
    return strlen(file) < PATH_SIZE / 2 && strlen(out) < PATH_SIZE / 2
               ? SG_OK
               : fail_row(manifest, COLUMN_file, "the path is too long", why);
}

static void put(struct sign_options *options, size_t column, const char *text)
{
    memcpy((char *)options + columns[column].offset, &text, sizeof(text));
}

enum sg_status sign_manifest_next(struct sign_manifest *manifest,
                                  const struct sign_options *defaults,
                                  struct sign_row *out, struct sg_error *why)
{
    const struct csv *csv = &manifest->csv;
    char path[PATH_SIZE];
    char *texts = NULL;

    *out = (struct sign_row){.options = *defaults};
    TRY(next_row(manifest, why));
    TRY(check_width(manifest, why));
    TRY(check_places(manifest, why));
    const char *file = cell_of(manifest, COLUMN_file);
    (void)snprintf(path, sizeof(path), "%s%s", file[0] == '/' ? "" : manifest->folder,
                   file);
    if (sign_row_texts(out, path, output_of(manifest), slice_of(csv->text, csv->len),
                       &texts) != SG_OK) {
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    out->line = csv->line;
    out->is_named = cell_of(manifest, COLUMN_out)[0] != '\0';
    for (size_t column = 0; column < COLUMN_file; column++) {
        const char *cell = cell_of(manifest, column);
        if (cell[0] != '\0') {
            put(&out->options, column, texts + (cell - csv->text));
        }
    }
    return SG_OK;
}

/* --- Blame ------------------------------------------------------------------------- */

enum sg_status sign_manifest_blame_column(const struct sign_manifest *manifest,
                                          const char *name, struct sg_error *why)
{
    size_t column = 0;

    while (column < COLUMN_file && strcmp(columns[column].name, name) != 0) {
        column++;
    }
    return fail_row(manifest, manifest->cells[column] != 0 ? column : COLUMN_file,
                    why->text, why);
}

/* The cell without which the row would do. */
enum sg_status sign_manifest_blame(const struct sign_manifest *manifest,
                                   const struct sign_row *row,
                                   const struct sign_options *defaults,
                                   struct sg_error *why)
{
    struct sign_plan plan;
    struct sg_error ignored;

    for (size_t column = 0; column < COLUMN_file; column++) {
        const char *text = NULL;
        struct sign_options options = row->options;
        memcpy(&text, (const char *)defaults + columns[column].offset, sizeof(text));
        put(&options, column, text);
        if (manifest->cells[column] != 0 && cell_of(manifest, column)[0] != '\0' &&
            sign_plan_read(&options, &plan, &ignored) == SG_OK) {
            return fail_row(manifest, column, why->text, why);
        }
    }
    return fail_row(manifest, COLUMN_file, why->text, why);
}
