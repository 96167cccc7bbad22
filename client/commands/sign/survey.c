#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/batch/place.h"
#include "client/batch/unique.h"
#include "client/commands/sign/beside.h"
#include "client/commands/sign/inside.h"
#include "client/console/names_apart.h"
#include "client/console/screen.h"

enum { FAULTS_SHOWN = 20, IDENTITY_SIZE = 48 };

struct survey {
    struct sign_source *source;
    struct unique outputs;
    struct unique inputs;
    struct unique originals; /* files that are letters, and those that are in the place */
    struct unique replaced;  /* of a result: both only with --force */
    size_t count;
    size_t faults;
};

/* --- What two letters must not have in common -------------------------------------- */

/* What stands beside a result, for a while or to stay: with --receipts all of it. */
static const char *const beside[] = {".part", ".tlog-proof", ".tlog-proof.part"};

static size_t beside_count(const struct sign_row *row)
{
    return row->options.receipts ? SG_COUNT(beside) : 1;
}

/* Whether an earlier result would be written to a name beside this one, or this one to
 * one beside an earlier. */
static bool meets_another(const struct survey *survey, const struct sign_row *row)
{
    return names_meet(&survey->outputs, row->output, beside, beside_count(row));
}

enum twice { TWICE_INPUT, TWICE_OUTPUT, TWICE_BESIDE };

static bool same_place(const struct sign_row *a, const struct sign_row *b,
                       enum twice twice)
{
    size_t count = beside_count(b);

    return twice == TWICE_INPUT ? strcmp(a->path, b->path) == 0
           : twice == TWICE_OUTPUT
               ? strcmp(a->output, b->output) == 0
               : names_beside(a->output, b->output, beside, count) ||
                     names_beside(b->output, a->output, beside, count);
}

static enum sg_status say_twice(const struct sign_source *source,
                                const struct sign_row *earlier,
                                const struct sign_row *row, enum twice twice,
                                struct sg_error *why)
{
    const char *manifest = source->options->manifest;

    if (twice == TWICE_BESIDE) {
        return row->line != 0
                   ? sg_fail(why, SG_INVALID,
                             "%s:%llu: the output %s and %s of line %llu would be one "
                             "file while they are written: give one another name",
                             manifest, (unsigned long long)row->line, row->output,
                             earlier->output, (unsigned long long)earlier->line)
                   : sg_fail(why, SG_INVALID,
                             "the results of %s and %s would be one file while they are "
                             "written: sign them in two runs into two folders",
                             earlier->path, row->path);
    }
    return row->line != 0
               ? sg_fail(why, SG_INVALID, "%s:%llu: %s %s is that of line %llu already",
                         manifest, (unsigned long long)row->line,
                         twice == TWICE_OUTPUT ? "the output" : "the file",
                         twice == TWICE_OUTPUT ? row->output : row->path,
                         (unsigned long long)earlier->line)
           : strcmp(earlier->path, row->path) == 0
               ? sg_fail(why, SG_INVALID, "%s is named twice", row->path)
               : sg_fail(why, SG_INVALID,
                         "%s and %s have the same name: sign them in two runs into two "
                         "folders",
                         earlier->path, row->path);
}

/* Goes through the letters again for the first of the two. */
static enum sg_status fail_twice(struct sign_source *source, const struct sign_row *row,
                                 enum twice twice, struct sg_error *why)
{
    struct sign_row earlier = {.block = NULL};

    TRY(sign_source_rewind(source, why));
    do {
        sign_row_fini(&earlier);
        TRY(sign_source_next(source, &earlier, why));
    } while (!same_place(&earlier, row, twice));
    enum sg_status status = say_twice(source, &earlier, row, twice, why);
    sign_row_fini(&earlier);
    return status;
}

static enum sg_status check_twice(struct survey *survey, const struct sign_row *row,
                                  struct sg_error *why)
{
    bool new_output = false;
    bool new_input = true;

    TRY(unique_add(&survey->outputs, row->output, &new_output));
    if (row->line != 0) {
        TRY(unique_add(&survey->inputs, row->path, &new_input));
    }
    if (!new_output || !new_input) {
        return fail_twice(survey->source, row, new_output ? TWICE_INPUT : TWICE_OUTPUT,
                          why);
    }
    return meets_another(survey, row) ? fail_twice(survey->source, row, TWICE_BESIDE, why)
                                      : SG_OK;
}

/* A file by what it is, whatever its path. False: it is not there. */
static bool identify(const char *path, char out[IDENTITY_SIZE])
{
    struct stat facts;

    return stat(path, &facts) == 0 &&
           snprintf(out, IDENTITY_SIZE, "%ju:%ju", (uintmax_t)facts.st_dev,
                    (uintmax_t)facts.st_ino) > 0;
}

/* Originals never change, with --force neither: and whether the original or another's
 * result were signed would be chance. */
static enum sg_status check_originals(struct survey *survey, const struct sign_row *row,
                                      struct sg_error *why)
{
    char path[2 * 4096];
    char letter[IDENTITY_SIZE];
    char there[IDENTITY_SIZE];
    bool fresh = false;

    if (!row->options.force || row->options.out == NULL) {
        return SG_OK;
    }
    (void)snprintf(path, sizeof(path), "%s/%s", row->options.out, row->output);
    bool is_letter = identify(row->path, letter);
    bool is_there = identify(path, there);
    if ((is_there && unique_has(&survey->originals, there)) ||
        (is_letter && unique_has(&survey->replaced, letter))) {
        return sg_fail(why, SG_INVALID,
                       "the result of one letter would overwrite another one (%s): "
                       "choose another folder with -o",
                       is_there && unique_has(&survey->originals, there) ? path
                                                                         : row->path);
    }
    if (is_letter) {
        TRY(unique_add(&survey->originals, letter, &fresh));
    }
    return is_there ? unique_add(&survey->replaced, there, &fresh) : SG_OK;
}

/* --- One letter -------------------------------------------------------------------- */

/* column: the one that a failure is of; else NULL. */
static enum sg_status check_needed(const struct sign_row *row, const char **column,
                                   struct sg_error *why)
{
    const struct sign_options *options = &row->options;
    const char *missing = options->key == NULL              ? "key"
                          : options->document_class == NULL ? "class"
                          : options->approval == NULL       ? "approval"
                                                            : NULL;

    *column = missing;
    return missing == NULL
               ? SG_OK
               : sg_fail(why, SG_INVALID,
                         "no %s is given: write it into a column '%s', or give --%s",
                         missing, missing, missing);
}

static enum sg_status check_file(const struct survey *survey, const struct sign_row *row,
                                 struct sg_error *why)
{
    if (survey->source->manifest != NULL && access(row->path, R_OK) != 0) {
        return sg_fail(
            why, SG_INVALID, "%s is not there, or you may not read it%s", row->path,
            strchr(row->path, '\\') == NULL ? ""
                                            : ": folders are parted by '/', not by '\\'");
    }
    return place_sound(row->output)
               ? SG_OK
               : sg_fail(why, SG_INVALID, "'%s' is no name for a file", row->path);
}

static enum sg_status check_row(struct survey *survey, const struct sign_row *row,
                                struct sg_error *why)
{
    const struct sign_manifest *manifest = survey->source->manifest;
    struct sign_plan plan;
    const char *column = NULL;

    enum sg_status status = check_needed(row, &column, why);
    if (status == SG_OK) {
        status = sign_plan_read(&row->options, &plan, why);
        if (status == SG_OK) {
            column = "file";
            status = check_file(survey, row, why);
        }
    }
    if (status == SG_OK || manifest == NULL) {
        return status;
    }
    return column != NULL
               ? sign_manifest_blame_column(manifest, column, why)
               : sign_manifest_blame(manifest, row, survey->source->options, why);
}

/* A row that cannot even be read does not hide those behind it. */
static bool is_of_the_row(const struct survey *survey, enum sg_status status)
{
    return status == SG_INVALID && survey->source->manifest != NULL;
}

static enum sg_status look_at_next(struct survey *survey, struct sg_error *why)
{
    struct sign_row row = {.block = NULL};
    enum sg_status status = sign_source_next(survey->source, &row, why);

    if (status == SG_OK) {
        status = check_row(survey, &row, why);
    }
    if (status == SG_OK) {
        survey->count++;
        status = check_twice(survey, &row, why);
        status = status == SG_OK ? check_originals(survey, &row, why) : status;
        sign_row_fini(&row);
        return status; /* ends the survey: it went back to the begin */
    }
    sign_row_fini(&row);
    if (!is_of_the_row(survey, status)) {
        return status;
    }
    survey->faults++;
    if (survey->faults <= FAULTS_SHOWN) {
        screen_complain(why->text);
    }
    return SG_OK;
}

static enum sg_status end(struct survey *survey, struct sg_error *why)
{
    if (survey->faults > 0) {
        return sg_fail(why, SG_INVALID,
                       "%zu row%s of %s cannot be signed as written: nothing is signed",
                       survey->faults, survey->faults == 1 ? "" : "s",
                       survey->source->options->manifest);
    }
    if (survey->count == 0 && survey->source->manifest != NULL) {
        return sg_fail(why, SG_INVALID, "%s names no letter: it has its first line alone",
                       survey->source->options->manifest);
    }
    if (survey->count == 0 && sign_beside(survey->source->options)) {
        return sg_fail(why, SG_INVALID,
                       "there is no file to sign in what was named: of a folder, "
                       "signatures (.p7s), receipts (.tlog-proof) and unfinished files "
                       "(.part) are left out");
    }
    if (survey->count == 0) {
        return sg_fail(why, SG_INVALID, "there is no letter (.pdf) in what was named");
    }
    return sign_source_rewind(survey->source, why);
}

enum sg_status sign_source_survey(struct sign_source *source, size_t *count,
                                  struct sg_error *why)
{
    struct survey survey = {.source = source};
    enum sg_status status = SG_OK;

    while (status == SG_OK) {
        status = look_at_next(&survey, why);
    }
    *count = survey.count;
    unique_fini(&survey.outputs);
    unique_fini(&survey.inputs);
    unique_fini(&survey.originals);
    unique_fini(&survey.replaced);
    return status == SG_NOT_FOUND ? end(&survey, why) : status;
}
