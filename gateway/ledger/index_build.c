#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "gateway/ledger/index.h"
#include "gateway/ledger/index_inside.h"
#include "gateway/ledger/sql.h"
#include "gateway/ledger/view.h"
#include "proto/tlog/merkle.h"

/* Takes one block of records apart and writes down which hold which word. */

struct occurrence {
    int64_t word;
    uint16_t record; /* in the block */
};

/* The last word of its kind: mostly the next one is the same. */
enum { LAST_MAX = 64 };
struct last_word {
    size_t len; /* 0: none yet */
    uint8_t text[LAST_MAX];
    int64_t word;
};

struct word_set {
    struct occurrence *rows; /* owned */
    size_t count;
    size_t cap;
    bool full; /* there was no memory */
    uint16_t record;
    int64_t first_us;
    int64_t last_us;
    struct tlog_hash last_leaf;
    struct last_word last[WORD_KINDS];
};

/* --- Words of a record ------------------------------------------------------------- */

int64_t index_word(enum word_kind kind, struct slice text)
{
    uint8_t head = (uint8_t)kind;
    int64_t word = 0;

    struct tlog_hash hash = tlog_sha256_of(slice_of(&head, 1), text);
    memcpy(&word, hash.bytes, sizeof(word));
    return word;
}

static int64_t word_of(struct word_set *set, enum word_kind kind, struct slice text)
{
    struct last_word *last = &set->last[kind];

    if (text.len > LAST_MAX) {
        return index_word(kind, text);
    }
    if (!slice_equal(slice_of(last->text, last->len), text)) {
        last->len = text.len;
        memcpy(last->text, text.data, text.len);
        last->word = index_word(kind, text);
    }
    return last->word;
}

static bool make_room(struct word_set *set)
{
    size_t cap = set->cap == 0 ? (size_t)INDEX_BLOCK * 8 : set->cap * 2;
    void *rows = set->count < set->cap ? set->rows
                                       : reallocarray(set->rows, cap, sizeof(*set->rows));

    if (rows == NULL) {
        set->full = true;
        return false;
    }
    set->cap = set->count < set->cap ? set->cap : cap;
    set->rows = (struct occurrence *)rows;
    return true;
}

static void add_word(void *context, enum word_kind kind, struct slice text)
{
    struct word_set *set = (struct word_set *)context;

    if (make_room(set)) {
        set->rows[set->count++] =
            (struct occurrence){word_of(set, kind, text), set->record};
    }
}

static void add_record(struct word_set *set, uint16_t record, struct slice bytes)
{
    struct words words = {.take = add_word, .context = set};

    set->record = record;
    words_of(&words, bytes);
    if (words.timed) {
        set->first_us = words.ts_us < set->first_us ? words.ts_us : set->first_us;
        set->last_us = words.ts_us > set->last_us ? words.ts_us : set->last_us;
    }
}

static enum sg_status read_block(struct word_set *set, struct ledger_reader *reader,
                                 uint64_t block)
{
    AUTO(sql_reset) sqlite3_stmt *row = reader->statements[READ_LEAVES];
    uint64_t first = block * INDEX_BLOCK;
    uint64_t pruned = 0;
    uint64_t found = 0;

    TRY(view_pruned(reader, &pruned));
    uint64_t from = pruned > first ? pruned - first : 0;
    if (!sql_bind_uint(row, 1, first + from) ||
        !sql_bind_uint(row, 2, first + INDEX_BLOCK)) {
        return SG_INVALID;
    }
    for (uint64_t i = from; i < INDEX_BLOCK && !set->full; i++) {
        if (sqlite3_step(row) != SQLITE_ROW || !sql_uint(row, 0, &found) ||
            found != first + i) {
            return SG_IO;
        }
        struct slice bytes = sql_bytes(row, 1);
        add_record(set, (uint16_t)i, bytes);
        if (i == INDEX_BLOCK - 1) {
            set->last_leaf = tlog_leaf(bytes);
        }
    }
    return set->full ? SG_NO_MEMORY : SG_OK;
}

/* --- Writing ----------------------------------------------------------------------- */

enum { DIGITS = sizeof(int64_t), DIGIT_VALUES = 256 };

/* The lowest digit is 0; the highest holds the sign. */
static unsigned digit_of(const struct occurrence *row, unsigned digit)
{
    uint64_t rising = (uint64_t)row->word ^ UINT64_C(1) << 63;

    return (unsigned)(rising >> 8 * digit & 0xff);
}

static void sort_by_digit(const struct occurrence *from, struct occurrence *to,
                          size_t count, unsigned digit)
{
    size_t places[DIGIT_VALUES + 1] = {0};

    for (size_t i = 0; i < count; i++) {
        places[digit_of(&from[i], digit) + 1]++;
    }
    for (unsigned value = 1; value < DIGIT_VALUES; value++) {
        places[value] += places[value - 1];
    }
    for (size_t i = 0; i < count; i++) {
        to[places[digit_of(&from[i], digit)]++] = from[i];
    }
}

/* By word, in the order of the table. Each pass keeps the order of what is equal: of one
 * word the records stay in theirs. Behind an even number of passes the rows are where
 * they were, in the place that has set->cap. */
_Static_assert(DIGITS % 2 == 0, "the rows end in the smaller place");
static bool sort_rows(struct word_set *set)
{
    struct occurrence *other =
        (struct occurrence *)reallocarray(NULL, set->count + 1, sizeof(*other));

    for (unsigned digit = 0; other != NULL && digit < DIGITS; digit++) {
        struct occurrence *sorted = other;
        sort_by_digit(set->rows, sorted, set->count, digit);
        other = set->rows;
        set->rows = sorted;
    }
    free(other);
    return other != NULL;
}

static bool run_statement(struct ledger_index *index, enum indexing which)
{
    AUTO(sql_reset) sqlite3_stmt *statement = index->statements[which];

    return sqlite3_step(statement) == SQLITE_DONE;
}

/* One word's records, in rising order; a rule may be named twice by one. */
static size_t pack(const struct occurrence *rows, size_t count, uint8_t out[INDEX_BITMAP])
{
    size_t len = 0;

    if (count * 2 >= INDEX_BITMAP) {
        memset(out, 0, INDEX_BITMAP);
        for (size_t i = 0; i < count; i++) {
            out[rows[i].record / 8] |= (uint8_t)(1U << rows[i].record % 8);
        }
        return INDEX_BITMAP;
    }
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || rows[i].record != rows[i - 1].record) {
            out[len++] = (uint8_t)(rows[i].record & 0xff);
            out[len++] = (uint8_t)(rows[i].record >> 8);
        }
    }
    return len;
}

static bool write_word(struct ledger_index *index, const struct occurrence *rows,
                       size_t count)
{
    sqlite3_stmt *add_posting = index->statements[INDEX_ADD_POSTING];
    uint8_t bytes[INDEX_BITMAP];
    size_t len = pack(rows, count, bytes);

    return sqlite3_bind_int64(add_posting, 1, rows[0].word) == SQLITE_OK &&
           sql_bind_uint(add_posting, 2, index->blocks) &&
           sql_bind_bytes(add_posting, 3, slice_of(bytes, len)) &&
           run_statement(index, INDEX_ADD_POSTING);
}

static bool write_words(struct ledger_index *index, const struct word_set *set)
{
    size_t from = 0;
    bool good = true;

    while (good && from < set->count) {
        size_t to = from + 1;
        while (to < set->count && set->rows[to].word == set->rows[from].word) {
            to++;
        }
        good = write_word(index, set->rows + from, to - from);
        from = to;
    }
    return good;
}

static bool write_head(struct ledger_index *index, const struct word_set *set)
{
    sqlite3_stmt *add_block = index->statements[INDEX_ADD_BLOCK];

    return sql_bind_uint(add_block, 1, index->blocks) &&
           sqlite3_bind_int64(add_block, 2, set->first_us) == SQLITE_OK &&
           sqlite3_bind_int64(add_block, 3, set->last_us) == SQLITE_OK &&
           sql_bind_bytes(add_block, 4,
                          slice_of(set->last_leaf.bytes, sizeof(set->last_leaf.bytes))) &&
           run_statement(index, INDEX_ADD_BLOCK);
}

static enum sg_status write_block(struct ledger_index *index, const struct word_set *set)
{
    bool good = run_statement(index, INDEX_BEGIN) && write_words(index, set) &&
                write_head(index, set) && run_statement(index, INDEX_COMMIT);

    if (!good) {
        (void)run_statement(index, INDEX_ROLLBACK);
        return SG_IO;
    }
    index->blocks++;
    return SG_OK;
}

/* --- A step ------------------------------------------------------------------------ */

/* What is left of a disk that fills up is the ledger's. */
static bool disk_has_room(const struct ledger_index *index)
{
    struct statvfs disk;
    char folder[PATH_MAX];
    const char *slash = strrchr(index->path, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - index->path) + 1;

    memcpy(folder, len == 0 ? "." : index->path, len == 0 ? 1 : len);
    folder[len == 0 ? 1 : len] = '\0';
    return statvfs(folder, &disk) == 0 && disk.f_bavail > disk.f_blocks / 16;
}

static enum sg_status begin_file(struct ledger_index *index)
{
    sqlite3_stmt *set_begin = NULL;
    struct sg_error ignored;

    TRY(index_open_file(index, &ignored));
    set_begin = index->statements[INDEX_SET_BEGIN];
    return sql_bind_uint(set_begin, 1, index->pruned) &&
                   run_statement(index, INDEX_SET_BEGIN)
               ? SG_OK
               : SG_IO;
}

static enum sg_status add_block(struct ledger_index *index, struct ledger_reader *reader,
                                struct word_set *set)
{
    if (index->db == NULL) {
        TRY(begin_file(index));
    }
    TRY(read_block(set, reader, index->blocks));
    if (set->count > 0 && !sort_rows(set)) {
        return SG_NO_MEMORY;
    }
    return write_block(index, set);
}

enum sg_status index_step(struct ledger_index *index, struct ledger_reader *reader)
{
    struct word_set set = {.first_us = INT64_MAX, .last_us = INT64_MIN};
    uint64_t size = 0;

    TRY(view_size(reader, &size));
    if (size / INDEX_BLOCK <= index->blocks || !disk_has_room(index)) {
        return SG_NOT_FOUND;
    }
    enum sg_status status = add_block(index, reader, &set);
    free(set.rows);
    return status;
}
