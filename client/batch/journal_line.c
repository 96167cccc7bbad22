#include "client/batch/journal_line.h"

#include <inttypes.h>
#include <openssl/sha.h>
#include <stdio.h>

#include "proto/algorithm.h"
#include "proto/text.h"

enum { CELLS_MAX = 11, CELLS_BEFORE_ROOM = 9, SUM_LEN = 8, NAME_LEN = 16 };
enum { CELLS_OF_HEAD = 4, CELLS_BEFORE_FORCE = 3, FORCE_SINCE = 3 /* version */ };
static const char head_word[] = "segel-run";
static const char *const force_words[] = {"keep", "force"};
static const char *const state_words[] = {"pending", "signed", "refused"};

static void hash(struct slice text, uint8_t *out, size_t len)
{
    uint8_t whole[SHA256_DIGEST_LENGTH];

    (void)SHA256(text.data, text.len, whole);
    memcpy(out, whole, len);
}

void journal_name(const char *output, uint8_t out[16])
{
    hash(slice_str(output), out, NAME_LEN);
}

static void check_sum(struct slice text, char out[SUM_LEN + 1])
{
    uint8_t bytes[SUM_LEN / 2];

    hash(text, bytes, sizeof(bytes));
    text_hex(slice_of(bytes, sizeof(bytes)), out);
}

/* --- Writing ----------------------------------------------------------------------- */

/* Tabs and line ends part cells and lines: in a cell they are written as two letters. */
static const struct {
    char meant;
    char written;
} escapes[] = {{'\t', 't'}, {'\n', 'n'}, {'\\', '\\'}};

static void escape(const char *text, char out[2 * JOURNAL_TEXT_MAX])
{
    size_t len = 0;

    for (const char *at = text; *at != '\0'; at++) {
        char letter = *at;
        for (size_t i = 0; i < SG_COUNT(escapes); i++) {
            if (*at == escapes[i].meant) {
                out[len++] = '\\';
                letter = escapes[i].written;
            }
        }
        out[len++] = letter;
    }
    out[len] = '\0';
}

static int write_letter(const struct journal_line *line, char *out, size_t cap)
{
    const struct journal_letter *letter = &line->letter;
    char path[2 * JOURNAL_TEXT_MAX];
    char output[2 * JOURNAL_TEXT_MAX];
    char input[2 * sizeof(letter->input) + 1];
    char terms[2 * sizeof(letter->terms) + 1];
    char room[32] = "";

    if (letter->room != 0) {
        (void)snprintf(room, sizeof(room), "%" PRIu32 "\t%s\t", letter->room,
                       sg_hash_name((enum sg_hash)letter->hash));
    }
    escape(line->path, path);
    escape(line->output, output);
    text_hex(slice_of(letter->input, sizeof(letter->input)), input);
    text_hex(slice_of(letter->terms, sizeof(letter->terms)), terms);
    return snprintf(out, cap,
                    "+\t%" PRIu32 "\t%" PRId64 "\t%" PRIu64 "\t%" PRId64
                    "\t%s\t%s\t%s\t%s\t%s",
                    letter->number, letter->signing_time_us, letter->size,
                    letter->mtime_ns, input, terms, path, output, room);
}

enum sg_status journal_line_write(const struct journal_line *line,
                                  char out[JOURNAL_LINE_MAX], size_t *len)
{
    const struct journal_letter *letter = &line->letter;
    char sum[SUM_LEN + 1];
    int used = 0;

    if (line->kind == JOURNAL_HEAD) {
        bool says = line->version >= FORCE_SINCE;
        used = snprintf(out, JOURNAL_LINE_MAX, "%s\t%u\t%s\t%s%s", head_word,
                        (unsigned)line->version, line->run,
                        says ? force_words[line->force] : "", says ? "\t" : "");
    } else if (line->kind == JOURNAL_LETTER) {
        used = write_letter(line, out, JOURNAL_LINE_MAX);
    } else {
        used = snprintf(out, JOURNAL_LINE_MAX, "=\t%" PRIu32 "\t%s\t%" PRIu64 "\t",
                        letter->number, state_words[letter->state], letter->log_index);
    }
    if (used < 0 || used + SUM_LEN + 2 > JOURNAL_LINE_MAX) {
        return SG_TOO_LARGE;
    }
    check_sum(slice_of(out, (size_t)used), sum);
    (void)snprintf(out + used, JOURNAL_LINE_MAX - (size_t)used, "%s\n", sum);
    *len = (size_t)used + SUM_LEN + 1;
    return SG_OK;
}

/* --- Reading ----------------------------------------------------------------------- */

/* '\0': it is no escape. */
static char meant_by(char written)
{
    char meant = '\0';

    for (size_t i = 0; i < SG_COUNT(escapes); i++) {
        if (escapes[i].written == written) {
            meant = escapes[i].meant;
        }
    }
    return meant;
}

static bool unescape(struct slice text, char out[JOURNAL_TEXT_MAX])
{
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        char letter = (char)text.data[i];
        if (letter == '\\') {
            letter = '\0';
            if (++i < text.len) {
                letter = meant_by((char)text.data[i]);
            }
        }
        if (letter == '\0' || len + 1 == JOURNAL_TEXT_MAX) {
            return false;
        }
        out[len++] = letter;
    }
    out[len] = '\0';
    return len > 0;
}

static bool read_hex(struct slice text, uint8_t *out, size_t len)
{
    char again[2 * 32 + 1];
    size_t got = 0;

    if (len > 32 || text_unhex(text, out, len, &got) != SG_OK || got != len) {
        return false;
    }
    text_hex(slice_of(out, len), again); /* one way to write it */
    return slice_equal(text, slice_str(again));
}

static bool read_number(struct slice text, uint64_t max, uint64_t *out)
{
    return text_uint(text, max, out) == SG_OK;
}

/* Of an earlier version it is not known, and nothing is overwritten. */
static bool read_force(const struct slice *cells, size_t count, uint64_t version,
                       bool *out)
{
    if (version < FORCE_SINCE) {
        return count == CELLS_BEFORE_FORCE;
    }
    if (count != CELLS_OF_HEAD) {
        return false;
    }
    *out = slice_equal(cells[3], slice_str(force_words[true]));
    return *out || slice_equal(cells[3], slice_str(force_words[false]));
}

static bool read_head(const struct slice *cells, size_t count, struct journal_line *out)
{
    uint8_t run[(JOURNAL_RUN_SIZE - 1) / 2];
    uint64_t version = 0;

    if (count < CELLS_BEFORE_FORCE || !read_number(cells[1], JOURNAL_VERSION, &version) ||
        version == 0 || !read_hex(cells[2], run, sizeof(run)) ||
        !read_force(cells, count, version, &out->force)) {
        return false;
    }
    out->version = (uint8_t)version;
    text_hex(slice_of(run, sizeof(run)), out->run);
    out->kind = JOURNAL_HEAD;
    return true;
}

/* Of an earlier version there is none. */
static bool read_room(const struct slice *cells, size_t count,
                      struct journal_letter *letter)
{
    uint64_t room = 0;

    if (count == CELLS_BEFORE_ROOM) {
        return true;
    }
    if (count != CELLS_MAX || !read_number(cells[9], UINT32_MAX, &room) || room == 0) {
        return false;
    }
    letter->room = (uint32_t)room;
    for (int hash = SG_HASH_NONE + 1; hash < SG_HASH_COUNT; hash++) {
        if (slice_equal(cells[10], slice_str(sg_hash_name((enum sg_hash)hash)))) {
            letter->hash = (uint8_t)hash;
        }
    }
    return letter->hash != SG_HASH_NONE;
}

static bool read_letter(const struct slice *cells, size_t count, struct journal_line *out)
{
    struct journal_letter *letter = &out->letter;
    uint64_t number = 0;
    uint64_t time = 0;
    uint64_t mtime = 0;

    if (count < CELLS_BEFORE_ROOM ||
        !read_number(cells[1], JOURNAL_LETTERS_MAX, &number) || number == 0 ||
        !read_number(cells[2], INT64_MAX, &time) ||
        !read_number(cells[3], INT64_MAX, &letter->size) ||
        !read_number(cells[4], INT64_MAX, &mtime) ||
        !read_hex(cells[5], letter->input, sizeof(letter->input)) ||
        !read_hex(cells[6], letter->terms, sizeof(letter->terms)) ||
        !unescape(cells[7], out->path) || !unescape(cells[8], out->output) ||
        !read_room(cells, count, letter)) {
        return false;
    }
    letter->number = (uint32_t)number;
    letter->signing_time_us = (int64_t)time;
    letter->mtime_ns = (int64_t)mtime;
    letter->state = JOURNAL_PENDING;
    journal_name(out->output, letter->name);
    out->kind = JOURNAL_LETTER;
    return true;
}

static bool read_outcome(const struct slice *cells, size_t count,
                         struct journal_line *out)
{
    uint64_t number = 0;
    size_t state = 0;

    if (count != 4 || !read_number(cells[1], JOURNAL_LETTERS_MAX, &number) ||
        !read_number(cells[3], INT64_MAX, &out->letter.log_index)) {
        return false;
    }
    while (state < SG_COUNT(state_words) &&
           !slice_equal(cells[2], slice_str(state_words[state]))) {
        state++;
    }
    out->letter.number = (uint32_t)number;
    out->letter.state = (uint8_t)state;
    out->kind = JOURNAL_OUTCOME;
    return state == JOURNAL_SIGNED || state == JOURNAL_REFUSED;
}

/* The cells of what stands before the check sum. 0 = too many. */
static size_t split(struct slice text, struct slice cells[CELLS_MAX])
{
    size_t count = 0;
    size_t begin = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\t') {
            if (count == CELLS_MAX) {
                return 0;
            }
            cells[count++] = slice_of(text.data + begin, i - begin);
            begin = i + 1;
        }
    }
    return begin == text.len ? count : 0;
}

enum sg_status journal_line_read(struct slice text, struct journal_line *out)
{
    struct slice cells[CELLS_MAX];
    char sum[SUM_LEN + 1];

    if (text.len <= SUM_LEN || text.len >= JOURNAL_LINE_MAX) {
        return SG_CORRUPT;
    }
    struct slice body = slice_of(text.data, text.len - SUM_LEN);
    check_sum(body, sum);
    size_t count = split(body, cells);
    if (count == 0 ||
        !slice_equal(slice_of(text.data + body.len, SUM_LEN), slice_str(sum))) {
        return SG_CORRUPT;
    }
    *out = (struct journal_line){.kind = JOURNAL_HEAD};
    bool sound = slice_equal(cells[0], slice_str("+"))   ? read_letter(cells, count, out)
                 : slice_equal(cells[0], slice_str("=")) ? read_outcome(cells, count, out)
                 : slice_equal(cells[0], slice_str(head_word))
                     ? read_head(cells, count, out)
                     : false;
    return sound ? SG_OK : SG_CORRUPT;
}
