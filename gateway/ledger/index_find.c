#include <string.h>

#include "gateway/ledger/index.h"
#include "gateway/ledger/index_inside.h"
#include "gateway/ledger/sql.h"

/* Goes from block to block that holds all that is asked for. Each condition knows its
 * next block; the farthest of them is where the others look next. */

enum { TYPES_MAX = 32 };

/* One word, and the first block from where we are that holds it. */
struct cursor {
    int64_t word;
    bool read;      /* block and bits are known */
    uint64_t block; /* UINT64_MAX: none holds it any more */
    uint8_t bits[INDEX_BITMAP];
};

struct finder {
    struct ledger_index *index;
    struct index_search *search;
    struct cursor all[WORD_KINDS]; /* each must hold */
    size_t all_count;
    struct cursor any[TYPES_MAX]; /* one must hold, if there are any */
    size_t any_count;
    uint32_t spent;
};

/* --- What is asked ----------------------------------------------------------------- */

static bool given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static bool timed(const struct record_filter *filter)
{
    return filter->from_us != 0 || filter->until_us != 0;
}

static void want(struct finder *finder, enum word_kind kind, const char *text)
{
    if (given(text)) {
        finder->all[finder->all_count++].word = index_word(kind, slice_str(text));
    }
}

static void take_filter(struct finder *finder, const struct record_filter *filter)
{
    want(finder, WORD_RULE, filter->rule);
#define FILTER_TEXT(condition, member) want(finder, WORD_##condition, filter->condition);
#include "gateway/ledger/filter.def"
#undef FILTER_TEXT
    if (filter->type_count > TYPES_MAX) {
        return; /* all are let pass here; the record itself tells */
    }
    for (size_t i = 0; i < filter->type_count; i++) {
        const char *type = filter->types[i] == NULL ? "" : filter->types[i];
        finder->any[finder->any_count++].word = index_word(WORD_TYPE, slice_str(type));
    }
}

bool index_serves(const struct record_filter *filter)
{
    bool any = timed(filter) || given(filter->rule) ||
               (filter->type_count > 0 && filter->type_count <= TYPES_MAX);

#define FILTER_TEXT(condition, member) any = any || given(filter->condition);
#include "gateway/ledger/filter.def"
#undef FILTER_TEXT
    return any;
}

/* --- Seeking ----------------------------------------------------------------------- */

static bool unpack(struct slice records, uint8_t bits[INDEX_BITMAP])
{
    if (records.len == INDEX_BITMAP) {
        memcpy(bits, records.data, INDEX_BITMAP);
        return true;
    }
    memset(bits, 0, INDEX_BITMAP);
    for (size_t i = 0; i + 1 < records.len; i += 2) {
        unsigned record = records.data[i] | (unsigned)records.data[i + 1] << 8;
        if (record >= INDEX_BLOCK) {
            return false;
        }
        bits[record / 8] |= (uint8_t)(1U << record % 8);
    }
    return records.len < INDEX_BITMAP && records.len % 2 == 0;
}

/* Puts the cursor on the first block from `block` on. */
static enum sg_status seek(struct finder *finder, struct cursor *cursor, uint64_t block)
{
    AUTO(sql_reset) sqlite3_stmt *row = finder->index->statements[INDEX_SEEK];

    if (cursor->read && cursor->block >= block) {
        return SG_OK;
    }
    finder->spent++;
    cursor->read = true;
    if (sqlite3_bind_int64(row, 1, cursor->word) != SQLITE_OK ||
        !sql_bind_uint(row, 2, block)) {
        return SG_IO;
    }
    int rc = sqlite3_step(row);
    if (rc == SQLITE_DONE) {
        cursor->block = UINT64_MAX;
        return SG_OK;
    }
    if (rc != SQLITE_ROW) {
        return SG_IO;
    }
    return sql_uint(row, 0, &cursor->block) && unpack(sql_bytes(row, 1), cursor->bits)
               ? SG_OK
               : SG_CORRUPT;
}

static enum sg_status seek_time(struct finder *finder, uint64_t block, uint64_t *found)
{
    AUTO(sql_reset) sqlite3_stmt *row = finder->index->statements[INDEX_SEEK_TIME];
    const struct record_filter *filter = finder->search->filter;
    int64_t from_us = filter->from_us == 0 ? INT64_MIN : filter->from_us;
    int64_t until_us = filter->until_us == 0 ? INT64_MAX : filter->until_us;

    *found = block;
    if (!timed(filter)) {
        return SG_OK;
    }
    finder->spent++;
    if (!sql_bind_uint(row, 1, block) ||
        sqlite3_bind_int64(row, 2, from_us) != SQLITE_OK ||
        sqlite3_bind_int64(row, 3, until_us) != SQLITE_OK) {
        return SG_IO;
    }
    int rc = sqlite3_step(row);
    if (rc == SQLITE_DONE) {
        *found = UINT64_MAX;
        return SG_OK;
    }
    return rc == SQLITE_ROW && sql_uint(row, 0, found) ? SG_OK : SG_IO;
}

static enum sg_status seek_any(struct finder *finder, uint64_t block, uint64_t *found)
{
    uint64_t nearest = UINT64_MAX;

    for (size_t i = 0; i < finder->any_count; i++) {
        TRY(seek(finder, &finder->any[i], block));
        nearest = finder->any[i].block < nearest ? finder->any[i].block : nearest;
    }
    *found = finder->any_count == 0 ? block : nearest;
    return SG_OK;
}

/* One look by every condition: *block moves up to the farthest. */
static enum sg_status advance(struct finder *finder, uint64_t *block)
{
    uint64_t found = 0;

    for (size_t i = 0; i < finder->all_count && *block != UINT64_MAX; i++) {
        TRY(seek(finder, &finder->all[i], *block));
        *block = finder->all[i].block;
    }
    if (*block != UINT64_MAX) {
        TRY(seek_any(finder, *block, &found));
        *block = found;
    }
    if (*block != UINT64_MAX) {
        TRY(seek_time(finder, *block, &found));
        *block = found;
    }
    return SG_OK;
}

/* The first block from *block on where all conditions meet. *met is false when the effort
 * was used up before. */
static enum sg_status meet(struct finder *finder, uint64_t *block, bool *met)
{
    uint64_t before = 0;

    *met = false;
    while (!*met && *block < finder->index->blocks) {
        before = *block;
        TRY(advance(finder, block));
        *met = *block == before;
        if (!*met && finder->spent >= finder->search->effort) {
            return SG_OK;
        }
    }
    return SG_OK;
}

/* --- Records of a block ------------------------------------------------------------ */

static void combine(const struct finder *finder, uint64_t block,
                    uint8_t bits[INDEX_BITMAP])
{
    memset(bits, finder->any_count == 0 ? 0xff : 0, INDEX_BITMAP);
    for (size_t i = 0; i < finder->any_count; i++) {
        for (size_t k = 0; finder->any[i].block == block && k < INDEX_BITMAP; k++) {
            bits[k] |= finder->any[i].bits[k];
        }
    }
    for (size_t i = 0; i < finder->all_count; i++) {
        for (size_t k = 0; k < INDEX_BITMAP; k++) {
            bits[k] &= finder->all[i].bits[k];
        }
    }
}

/* *more is false when the visitor has enough. */
static enum sg_status visit_block(struct finder *finder, uint64_t block, bool *more)
{
    struct index_search *search = finder->search;
    uint64_t from = block * INDEX_BLOCK;
    uint8_t bits[INDEX_BITMAP];
    enum sg_status status = SG_OK;

    combine(finder, block, bits);
    for (unsigned i = 0; i < INDEX_BLOCK && *more && status == SG_OK; i++) {
        if ((bits[i / 8] >> i % 8 & 1) == 0 || from + i < search->first) {
            continue;
        }
        *more = search->visit(search->context, from + i, &status);
        search->next = from + i + 1;
    }
    if (*more) {
        search->next = from + INDEX_BLOCK;
    }
    return status;
}

/* The next block that has something, and its records. */
static enum sg_status take_next(struct finder *finder, uint64_t *block, bool *more)
{
    bool met = false;

    TRY(meet(finder, block, &met));
    if (met) {
        TRY(visit_block(finder, *block, more));
        (*block)++;
    } else if (*block < finder->index->blocks) {
        finder->search->next = *block * INDEX_BLOCK; /* the effort is used up */
    }
    return SG_OK;
}

enum sg_status index_find(struct ledger_index *index, struct index_search *search)
{
    struct finder finder = {.index = index, .search = search};
    uint64_t block = search->first / INDEX_BLOCK;
    bool more = true;

    take_filter(&finder, search->filter);
    search->next = search->first;
    while (more && block < index->blocks && finder.spent < search->effort) {
        TRY(take_next(&finder, &block, &more));
    }
    if (more && block >= index->blocks && search->next < index_size(index)) {
        search->next = index_size(index);
    }
    return SG_OK;
}
