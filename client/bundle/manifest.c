#include "client/bundle/manifest.h"

#include <inttypes.h>
#include <stdio.h>

#include "proto/text.h"

static const char version[] = "segel-bundle/v1";

/* --- Paths ------------------------------------------------------------------------- */

static bool part_valid(struct slice part)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789._-";

    for (size_t i = 0; i < part.len; i++) {
        if (memchr(allowed, part.data[i], sizeof(allowed) - 1) == NULL) {
            return false;
        }
    }
    return part.len > 0 && !slice_equal(part, slice_str(".")) &&
           !slice_equal(part, slice_str(".."));
}

bool bundle_path_valid(struct slice path)
{
    size_t start = 0;

    if (path.len > BUNDLE_PATH_MAX) {
        return false;
    }
    for (size_t i = 0; i <= path.len; i++) {
        if (i < path.len && path.data[i] != '/') {
            continue;
        }
        if (!part_valid(slice_of(path.data + start, i - start))) {
            return false;
        }
        start = i + 1;
    }
    return true;
}

void bundle_part_path(uint64_t part, char out[BUNDLE_PATH_MAX + 1])
{
    (void)snprintf(out, BUNDLE_PATH_MAX + 1, "records/%08" PRIu64 ".jsonl", part);
}

/* --- Reading ----------------------------------------------------------------------- */

/* Takes the word and one blank off the line. */
static bool take_name(struct slice *line, const char *name)
{
    size_t len = strlen(name);

    if (line->len <= len || memcmp(line->data, name, len) != 0 ||
        line->data[len] != ' ') {
        return false;
    }
    *line = slice_of(line->data + len + 1, line->len - len - 1);
    return true;
}

/* What stands before the next blank, or the whole rest. */
static struct slice take_word(struct slice *line)
{
    const uint8_t *blank =
        line->len == 0 ? NULL : (const uint8_t *)memchr(line->data, ' ', line->len);
    size_t len = blank == NULL ? line->len : (size_t)(blank - line->data);
    struct slice word = slice_of(line->data, len);

    len += blank == NULL ? 0 : 1;
    *line = slice_of(line->data + len, line->len - len);
    return word;
}

static enum sg_status read_version(struct slice line, struct manifest_head *head)
{
    *head = (struct manifest_head){.origin = ""};
    return slice_equal(line, slice_str(version)) ? SG_OK : SG_INVALID;
}

static enum sg_status read_origin(struct slice line, struct manifest_head *head)
{
    if (!take_name(&line, "origin") || !note_name_valid(line)) {
        return SG_INVALID;
    }
    memcpy(head->origin, line.data, line.len);
    head->origin[line.len] = '\0';
    return SG_OK;
}

static enum sg_status read_tree(struct slice line, struct manifest_head *head)
{
    return take_name(&line, "tree") ? text_uint(line, INT64_MAX, &head->tree_size)
                                    : SG_INVALID;
}

static enum sg_status read_records(struct slice line, struct manifest_head *head)
{
    if (!take_name(&line, "records")) {
        return SG_INVALID;
    }
    TRY(text_uint(take_word(&line), INT64_MAX, &head->first));
    return text_uint(line, INT64_MAX, &head->end);
}

/* "-": no end on this side. */
static enum sg_status read_moment(struct slice word, int64_t none, int64_t *out)
{
    char again[TEXT_TIME_SIZE];

    *out = none;
    if (slice_equal(word, slice_str("-"))) {
        return SG_OK;
    }
    TRY(text_time_parse(word, out));
    if (*out < 0) {
        return SG_INVALID;
    }
    text_time(*out, again);
    return slice_equal(word, slice_str(again)) ? SG_OK : SG_INVALID;
}

static enum sg_status read_period(struct slice line, struct manifest_head *head)
{
    if (!take_name(&line, "period")) {
        return SG_INVALID;
    }
    TRY(read_moment(take_word(&line), INT64_MIN, &head->from_us));
    return read_moment(line, INT64_MAX, &head->until_us);
}

static enum sg_status read_files(struct slice line, struct manifest_head *head)
{
    return take_name(&line, "files") ? text_uint(line, BUNDLE_FILES_MAX, &head->files)
                                     : SG_INVALID;
}

static enum sg_status (*const head_lines[])(struct slice, struct manifest_head *) = {
    read_version, read_origin, read_tree, read_records, read_period, read_files,
};
static_assert(SG_COUNT(head_lines) == MANIFEST_HEAD_LINES, "one function a line");

enum sg_status manifest_head_line(unsigned number, struct slice line,
                                  struct manifest_head *head)
{
    MUST(number < MANIFEST_HEAD_LINES);
    return head_lines[number](line, head);
}

bool manifest_head_sound(const struct manifest_head *head)
{
    return head->first < head->end && head->end <= head->tree_size &&
           head->from_us < head->until_us;
}

bool manifest_head_whole(const struct manifest_head *head)
{
    return head->first == 0 && head->end == head->tree_size;
}

enum sg_status manifest_file_line(struct slice line, struct manifest_file *file)
{
    struct slice hex = take_word(&line);
    uint8_t back[TLOG_HASH_SIZE];
    char again[2 * TLOG_HASH_SIZE + 1];
    size_t len = 0;

    TRY(text_unhex(hex, back, sizeof(back), &len));
    text_hex(slice_of(back, len), again);
    if (len != sizeof(back) || !slice_equal(hex, slice_str(again))) {
        return SG_INVALID;
    }
    TRY(text_uint(take_word(&line), INT64_MAX, &file->size));
    if (!bundle_path_valid(line) || slice_equal(line, slice_str(BUNDLE_MANIFEST))) {
        return SG_INVALID;
    }
    memcpy(file->sha256.bytes, back, sizeof(back));
    memcpy(file->path, line.data, line.len);
    file->path[line.len] = '\0';
    return SG_OK;
}

/* --- Writing ----------------------------------------------------------------------- */

void manifest_write_moment(int64_t time_us, char out[TEXT_TIME_SIZE])
{
    if (time_us == INT64_MIN || time_us == INT64_MAX) {
        memcpy(out, "-", 2);
    } else {
        text_time(time_us, out);
    }
}

enum sg_status manifest_write_head(const struct manifest_head *head,
                                   char out[MANIFEST_HEAD_MAX], size_t *len)
{
    char from[TEXT_TIME_SIZE];
    char until[TEXT_TIME_SIZE];

    manifest_write_moment(head->from_us, from);
    manifest_write_moment(head->until_us, until);
    int wrote = snprintf(out, MANIFEST_HEAD_MAX,
                         "%s\norigin %s\ntree %" PRIu64 "\nrecords %" PRIu64 " %" PRIu64
                         "\nperiod %s %s\nfiles %" PRIu64 "\n",
                         version, head->origin, head->tree_size, head->first, head->end,
                         from, until, head->files);
    if (wrote < 0 || wrote >= MANIFEST_HEAD_MAX) {
        return SG_TOO_LARGE;
    }
    *len = (size_t)wrote;
    return SG_OK;
}

size_t manifest_write_file(const struct manifest_file *file,
                           char out[MANIFEST_LINE_MAX + 2])
{
    size_t hex = (size_t)2 * TLOG_HASH_SIZE;
    size_t room = (size_t)MANIFEST_LINE_MAX + 2 - hex;

    text_hex(slice_of(file->sha256.bytes, TLOG_HASH_SIZE), out);
    int wrote = snprintf(out + hex, room, " %" PRIu64 " %s\n", file->size, file->path);
    MUST(wrote > 0 && (size_t)wrote < room);
    return hex + (size_t)wrote;
}
