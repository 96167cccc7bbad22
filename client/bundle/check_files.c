#include <inttypes.h>

#include "client/bundle/examination.h"
#include "client/bundle/plan.h"

#define ENTRIES_MAX (TLOG_TILE_WIDTH * (2 + (uint64_t)BUNDLE_RECORD_MAX))
#define PART_MAX    (BUNDLE_PART_RECORDS * (1 + (uint64_t)BUNDLE_RECORD_MAX))

/* --- Kinds of files ---------------------------------------------------------------- */

static enum sg_status take_part(struct examination *exam,
                                const struct manifest_file *file)
{
    (void)file;
    exam->listing.parts++;
    return SG_OK;
}

static enum sg_status take_tile(struct examination *exam,
                                const struct manifest_file *file)
{
    (void)file;
    exam->listing.tiles++;
    return SG_OK;
}

static enum sg_status take_entries(struct examination *exam,
                                   const struct manifest_file *file)
{
    (void)file;
    exam->listing.entries++;
    return SG_OK;
}

static enum sg_status take_note(struct examination *exam,
                                const struct manifest_file *file)
{
    (void)file;
    exam->listing.notes++;
    return SG_OK;
}

/* The first row that fits; that a counted file is the right one follows from the number
 * of them and from each one's being opened by its name later. */
static const struct {
    const char *begin;
    bool whole;     /* it is the whole path */
    uint64_t limit; /* bytes: a file with holes costs its maker nothing */
    enum sg_status (*take)(struct examination *exam, const struct manifest_file *file);
} kinds[] = {
    {BUNDLE_CHECKPOINT, true, NOTE_MAX, take_note},
    {BUNDLE_CHECKPOINTS, true, (uint64_t)1 << 34, take_note},
    {"certificates/", false, BUNDLE_CERTIFICATE_MAX, take_named_file},
    {"policies/", false, BUNDLE_POLICY_MAX, take_named_file},
    {"records/", false, PART_MAX, take_part},
    {"tile/entries/", false, ENTRIES_MAX, take_entries},
    {"tile/", false, TLOG_TILE_BYTES, take_tile},
};

static bool is_kind(size_t kind, const char *path)
{
    size_t len = strlen(kinds[kind].begin);

    return strncmp(path, kinds[kind].begin, len) == 0 &&
           (!kinds[kind].whole || path[len] == '\0');
}

static size_t kind_of(const char *path)
{
    size_t kind = 0;

    while (kind < SG_COUNT(kinds) && !is_kind(kind, path)) {
        kind++;
    }
    return kind;
}

bool file_may_have(const char *path, uint64_t size)
{
    size_t kind = kind_of(path);

    return kind < SG_COUNT(kinds) && size <= kinds[kind].limit;
}

static enum sg_status take_file(struct examination *exam,
                                const struct manifest_file *file)
{
    size_t kind = kind_of(file->path);

    if (kind == SG_COUNT(kinds)) {
        verdict_find(exam->verdict, FINDING_FILE_UNKNOWN, "%s", file->path);
        return SG_OK;
    }
    return kinds[kind].take(exam, file);
}

/* --- The manifest ------------------------------------------------------------------ */

static enum sg_status no_manifest(struct examination *exam, uint64_t line)
{
    return sg_fail(exam->why, SG_INVALID,
                   BUNDLE_MANIFEST " cannot be read at line %" PRIu64
                                   ": this is no bundle of a log, or it was damaged",
                   line + 1);
}

static enum sg_status read_head(struct examination *exam)
{
    struct manifest_head *head = &exam->verdict->head;
    struct slice line = {0};

    enum sg_status status = bundle_file_open(exam->bundle, BUNDLE_MANIFEST, &exam->file);
    if (status != SG_OK) {
        return sg_fail(exam->why, status == SG_NOT_FOUND ? SG_INVALID : status,
                       "there is no " BUNDLE_MANIFEST ": this is no bundle of a log");
    }
    for (unsigned i = 0; i < MANIFEST_HEAD_LINES; i++) {
        if (bundle_file_line(&exam->file, MANIFEST_HEAD_MAX, &line) != SG_OK ||
            manifest_head_line(i, line, head) != SG_OK) {
            return no_manifest(exam, i);
        }
    }
    return manifest_head_sound(head) ? SG_OK : no_manifest(exam, 3);
}

static enum sg_status read_line(struct examination *exam, uint64_t number,
                                struct manifest_file *file)
{
    struct slice line = {0};
    enum sg_status status = bundle_file_line(&exam->file, MANIFEST_LINE_MAX, &line);

    if (status == SG_IO) {
        return status;
    }
    return status == SG_OK && manifest_file_line(line, file) == SG_OK
               ? SG_OK
               : no_manifest(exam, MANIFEST_HEAD_LINES + number);
}

static enum sg_status read_lines(struct examination *exam)
{
    char before[BUNDLE_PATH_MAX + 1] = "";
    struct manifest_file file = {.size = 0};
    struct slice line = {0};
    uint64_t files = exam->verdict->head.files;

    for (uint64_t i = 0; i < files; i++) {
        TRY(read_line(exam, i, &file));
        if (strcmp(before, file.path) >= 0) {
            verdict_find(exam->verdict, FINDING_FILE_ORDER, "%s", file.path);
        }
        memcpy(before, file.path, sizeof(file.path));
        TRY(take_file(exam, &file));
    }
    return bundle_file_line(&exam->file, MANIFEST_LINE_MAX, &line) == SG_NOT_FOUND
               ? SG_OK
               : no_manifest(exam, MANIFEST_HEAD_LINES + files);
}

/* Nothing lies in the bundle but what is listed. */
static enum sg_status count_files(struct examination *exam)
{
    uint64_t listed = exam->verdict->head.files + 1;
    uint64_t count = 0;
    uint64_t odd = 0;

    TRY(bundle_count(exam->bundle, listed, &count, &odd));
    if (odd > 0) {
        verdict_find(exam->verdict, FINDING_FILE_ODD, "%" PRIu64, odd);
    }
    return count > listed ? find_strays(exam, count - listed) : SG_OK;
}

/* As many of each kind as records of this number and place have. */
static void count_kinds(struct examination *exam)
{
    const struct manifest_head *head = &exam->verdict->head;
    uint64_t parts =
        (head->end - 1) / BUNDLE_PART_RECORDS - head->first / BUNDLE_PART_RECORDS + 1;
    uint64_t bundles = (head->tree_size - 1) / TLOG_TILE_WIDTH + 1;

    if (exam->listing.parts != parts) {
        verdict_find(exam->verdict, FINDING_FILE_COUNT, "records");
    }
    if (exam->listing.tiles != plan_count(head)) {
        verdict_find(exam->verdict, FINDING_FILE_COUNT, "tile");
    }
    if (exam->listing.entries != (manifest_head_whole(head) ? bundles : 0)) {
        verdict_find(exam->verdict, FINDING_FILE_COUNT, "tile/entries");
    }
    if (exam->listing.notes != 2) {
        verdict_find(exam->verdict, FINDING_FILE_COUNT, "checkpoint");
    }
}

enum sg_status examine_files(struct examination *exam)
{
    TRY(read_head(exam));
    TRY(read_lines(exam));
    TRY(count_files(exam));
    count_kinds(exam);
    return SG_OK;
}
