#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "gateway/ledger/index.h"
#include "gateway/ledger/index_inside.h"
#include "gateway/ledger/sql.h"
#include "gateway/ledger/view.h"
#include "proto/text.h"
#include "proto/tlog/merkle.h"

/* Takes one block of records apart and writes down which hold which word. */

struct occurrence {
    int64_t word;
    uint16_t record; /* in the block */
};

struct word_set {
    struct occurrence *rows; /* owned */
    size_t count;
    size_t cap;
    bool full; /* there was no memory */
    int64_t first_us;
    int64_t last_us;
    struct tlog_hash last_leaf;
};

/* --- Words of a record ------------------------------------------------------------- */

int64_t index_word(enum word_kind kind, struct slice text)
{
    uint8_t bytes[1 + 8192];
    int64_t word = 0;

    bytes[0] = (uint8_t)kind;
    size_t len = text.len < sizeof(bytes) - 1 ? text.len : sizeof(bytes) - 1;
    memcpy(bytes + 1, text.data, len);
    struct tlog_hash hash = tlog_sha256(slice_of(bytes, len + 1));
    memcpy(&word, hash.bytes, sizeof(word));
    return word;
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

static void add(struct word_set *set, uint16_t record, enum word_kind kind,
                const json_t *text)
{
    if (!json_is_string(text) || json_string_length(text) == 0 || !make_room(set)) {
        return;
    }
    struct slice bytes = slice_of(json_string_value(text), json_string_length(text));
    set->rows[set->count++] = (struct occurrence){index_word(kind, bytes), record};
}

static const struct {
    enum word_kind kind;
    const char *member;
} members[] = {
    {WORD_TYPE, "type"},
#define FILTER_TEXT(condition, member) {WORD_##condition, member},
#include "gateway/ledger/filter.def"
#undef FILTER_TEXT
};

static void add_rules(struct word_set *set, uint16_t record, const json_t *json)
{
    const json_t *failures = json_object_get(json, "fail");
    const json_t *shadows =
        json_object_get(json_object_get(json, "rules"), "shadow_fail");

    for (size_t i = 0; i < json_array_size(failures); i++) {
        add(set, record, WORD_RULE, json_object_get(json_array_get(failures, i), "rule"));
    }
    for (size_t i = 0; i < json_array_size(shadows); i++) {
        add(set, record, WORD_RULE, json_array_get(shadows, i));
    }
}

static void add_time(struct word_set *set, const json_t *json)
{
    const char *text = json_string_value(json_object_get(json, "ts"));
    int64_t ts_us = 0;

    if (text != NULL && text_time_parse(slice_str(text), &ts_us) == SG_OK) {
        set->first_us = ts_us < set->first_us ? ts_us : set->first_us;
        set->last_us = ts_us > set->last_us ? ts_us : set->last_us;
    }
}

static void add_record(struct word_set *set, uint16_t record, struct slice bytes)
{
    json_t *json = json_loadb((const char *)bytes.data, bytes.len, JSON_ALLOW_NUL, NULL);

    if (json_is_object(json)) {
        for (size_t i = 0; i < SG_COUNT(members); i++) {
            add(set, record, members[i].kind, json_object_get(json, members[i].member));
        }
        add_rules(set, record, json);
        add_time(set, json);
    }
    json_decref(json);
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

static int by_word(const void *a, const void *b)
{
    const struct occurrence *left = (const struct occurrence *)a;
    const struct occurrence *right = (const struct occurrence *)b;

    if (left->word != right->word) {
        return left->word < right->word ? -1 : 1;
    }
    return (int)left->record - (int)right->record;
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

static enum sg_status add_block(struct ledger_index *index, struct ledger_reader *reader,
                                struct word_set *set)
{
    struct sg_error ignored;

    if (index->db == NULL) {
        TRY(index_open_file(index, &ignored));
    }
    TRY(read_block(set, reader, index->blocks));
    if (set->count > 0) {
        qsort(set->rows, set->count, sizeof(*set->rows), by_word);
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
