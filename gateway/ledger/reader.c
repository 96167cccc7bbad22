#include "gateway/ledger/reader.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/ledger/filter.h"
#include "gateway/ledger/index.h"
#include "gateway/ledger/sql.h"
#include "gateway/ledger/view.h"

static const char *const reading_texts[] = {
#define READING(name, sql) sql,
#include "gateway/ledger/reader_statements.def"
#undef READING
};

enum sg_status ledger_reader_open(const char *path, struct ledger_reader **out,
                                  struct sg_error *why)
{
    struct ledger_reader *reader = calloc(1, sizeof(*reader));
    enum sg_status opened = SG_OK;

    if (reader == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "there is no memory for a reader");
    }
    opened = sql_open(path, SQLITE_OPEN_READONLY, &reader->db, why);
    for (size_t i = 0; opened == SG_OK && i < READ_COUNT; i++) {
        opened = sql_prepare(reader->db, reading_texts[i], &reader->statements[i], why);
    }
    if (opened != SG_OK) {
        ledger_reader_close(reader);
        return opened;
    }
    *out = reader;
    return SG_OK;
}

void ledger_reader_close(struct ledger_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    for (size_t i = 0; i < READ_COUNT; i++) {
        (void)sqlite3_finalize(reader->statements[i]);
    }
    index_close(reader->index);
    free(reader->scrub);
    (void)sqlite3_close(reader->db);
    free(reader);
}

static enum sg_status reading_failed(const struct ledger_reader *reader)
{
    int class = sqlite3_errcode(reader->db) & 0xff;

    return class == SQLITE_CORRUPT || class == SQLITE_NOTADB ? SG_CORRUPT : SG_IO;
}

enum sg_status view_begin(struct ledger_reader *reader)
{
    AUTO(sql_reset) sqlite3_stmt *begin = reader->statements[READ_BEGIN];

    return sqlite3_step(begin) == SQLITE_DONE ? SG_OK : reading_failed(reader);
}

void view_end(struct ledger_reader **reader)
{
    AUTO(sql_reset) sqlite3_stmt *end = (*reader)->statements[READ_END];

    /* Nothing was written: there is nothing to lose when this fails. */
    (void)sqlite3_step(end);
}

enum sg_status view_size(struct ledger_reader *reader, uint64_t *size)
{
    AUTO(sql_reset) sqlite3_stmt *row = reader->statements[READ_LAST_LEAF];
    uint64_t last = 0;

    if (sqlite3_step(row) != SQLITE_ROW) {
        return reading_failed(reader);
    }
    *size = sql_uint(row, 0, &last) ? last + 1 : 0;
    return SG_OK;
}

enum sg_status view_pruned(struct ledger_reader *reader, uint64_t *before)
{
    AUTO(sql_reset) sqlite3_stmt *row = reader->statements[READ_PRUNED];

    if (sqlite3_step(row) != SQLITE_ROW) {
        return reading_failed(reader);
    }
    return sql_uint(row, 0, before) ? SG_OK : SG_CORRUPT;
}

enum sg_status ledger_read_pruned(struct ledger_reader *reader, uint64_t *before)
{
    return view_pruned(reader, before);
}

enum sg_status ledger_read_size(struct ledger_reader *reader, uint64_t *size)
{
    return view_size(reader, size);
}

/* --- Reading by a filter ------------------------------------------------------------ */

/* One page on its way. */
struct gathering {
    struct ledger_reader *reader;
    const struct record_filter *filter;
    struct record_page *page;
    record_visit visit;
    void *context;
    uint32_t seen;
    uint32_t matched;
};

static bool is_full(const struct gathering *gathering)
{
    return gathering->seen >= gathering->page->scan ||
           gathering->matched >= gathering->page->max;
}

static void consider(struct gathering *gathering, uint64_t index, struct slice json)
{
    gathering->seen++;
    if (gathering->filter == NULL || filter_matches(gathering->filter, json)) {
        gathering->visit(gathering->context, index, json);
        gathering->matched++;
    }
    gathering->page->next = index + 1;
}

/* Looks at one record after the other; page->next says where it stopped. */
static enum sg_status read_rows(struct gathering *gathering)
{
    AUTO(sql_reset) sqlite3_stmt *row = gathering->reader->statements[READ_LEAVES];

    if (!sql_bind_uint(row, 1, gathering->page->next) ||
        !sql_bind_uint(row, 2, INT64_MAX)) {
        return SG_INVALID;
    }
    while (!is_full(gathering)) {
        uint64_t index = 0;
        int rc = sqlite3_step(row);
        if (rc == SQLITE_DONE) {
            break;
        }
        if (rc != SQLITE_ROW || !sql_uint(row, 0, &index)) {
            return reading_failed(gathering->reader);
        }
        consider(gathering, index, sql_bytes(row, 1));
    }
    return SG_OK;
}

static bool take_found(void *context, uint64_t record, enum sg_status *status)
{
    struct gathering *gathering = (struct gathering *)context;
    AUTO(sql_reset) sqlite3_stmt *row = gathering->reader->statements[READ_LEAVES];
    uint64_t index = 0;

    if (!sql_bind_uint(row, 1, record) || !sql_bind_uint(row, 2, record + 1) ||
        sqlite3_step(row) != SQLITE_ROW || !sql_uint(row, 0, &index)) {
        *status = reading_failed(gathering->reader);
        return false;
    }
    consider(gathering, index, sql_bytes(row, 1));
    return !is_full(gathering);
}

static void drop_index(struct ledger_reader *reader)
{
    index_close(reader->index);
    reader->index = NULL;
}

/* As far as the index goes; true when the records behind it are to be looked at. A fault
 * of the index costs time, not the answer: it finds records in their order, and all after
 * the last one that it found are looked at then. */
static bool read_by_index(struct gathering *gathering)
{
    struct ledger_reader *reader = gathering->reader;
    struct index_search search = {.filter = gathering->filter,
                                  .first = gathering->page->first,
                                  .effort = gathering->page->scan,
                                  .visit = take_found,
                                  .context = gathering};

    if (gathering->filter == NULL || reader->index == NULL || is_full(gathering) ||
        !index_serves(gathering->filter)) {
        return true;
    }
    if (index_find(reader->index, &search) != SG_OK) {
        index_discard(reader->index);
        reader->index = NULL;
        reader->index_lost = true;
        return true;
    }
    gathering->page->next = search.next;
    return search.next >= index_size(reader->index);
}

enum sg_status ledger_read(struct ledger_reader *reader,
                           const struct record_filter *filter, struct record_page *page,
                           record_visit visit, void *context)
{
    struct gathering gathering = {.reader = reader,
                                  .filter = filter,
                                  .page = page,
                                  .visit = visit,
                                  .context = context};

    uint64_t pruned = 0;
    TRY(view_begin(reader)); /* a record that the index names must not go meanwhile */
    AUTO(view_end) struct ledger_reader *view = reader;
    TRY(view_pruned(view, &pruned));
    if (page->first > 0 && page->first < pruned) {
        return SG_PRUNED;
    }
    page->first = page->first < pruned ? pruned : page->first;
    page->next = page->first;
    return read_by_index(&gathering) ? read_rows(&gathering) : SG_OK;
}

enum sg_status ledger_reader_index(struct ledger_reader *reader, const char *path,
                                   struct sg_error *why)
{
    drop_index(reader);
    return index_open(path, reader, &reader->index, why);
}

enum sg_status ledger_reader_step(struct ledger_reader *reader, struct sg_error *why)
{
    if (reader->index_lost) {
        reader->index_lost = false;
        return sg_fail(
            why, SG_CORRUPT,
            "the ledger's index was damaged and is deleted: filters read the "
            "whole log until the gateway is started again and makes a new one");
    }
    if (reader->index == NULL) {
        return SG_NOT_FOUND;
    }
    enum sg_status status = index_step(reader->index, reader);
    if (status == SG_OK || status == SG_NOT_FOUND) {
        return status;
    }
    drop_index(reader);
    return sg_fail(why, status,
                   "the ledger's index could not be written (%s): filters read the whole "
                   "log until the gateway is started again",
                   sg_status_text(status));
}

enum sg_status ledger_reader_lack(struct ledger_reader *reader, uint64_t *records)
{
    uint64_t size = 0;

    *records = 0;
    if (reader->index == NULL) {
        return SG_OK;
    }
    TRY(view_size(reader, &size));
    *records = size > index_size(reader->index) ? size - index_size(reader->index) : 0;
    return SG_OK;
}

/* Which checkpoint a copied note is of. */
struct noted {
    size_t len;
    uint64_t size;
};

static enum sg_status copy_note(struct ledger_reader *reader, enum reading which,
                                uint8_t *out, size_t cap, struct noted *noted)
{
    AUTO(sql_reset) sqlite3_stmt *row = reader->statements[which];

    int rc = sqlite3_step(row);
    if (rc == SQLITE_DONE) {
        return SG_NOT_FOUND;
    }
    if (rc != SQLITE_ROW) {
        return reading_failed(reader);
    }
    struct slice note = sql_bytes(row, 1);
    if (note.len > cap) {
        return SG_TOO_LARGE;
    }
    if (!sql_uint(row, 0, &noted->size)) {
        return SG_CORRUPT;
    }
    memcpy(out, note.data, note.len);
    noted->len = note.len;
    return SG_OK;
}

enum sg_status ledger_read_checkpoint(struct ledger_reader *reader, uint8_t *out,
                                      size_t cap, size_t *len, uint64_t *size)
{
    struct noted noted = {0};

    TRY(copy_note(reader, READ_LAST_CHECKPOINT, out, cap, &noted));
    *len = noted.len;
    *size = noted.size;
    return SG_OK;
}

enum sg_status ledger_read_note(struct ledger_reader *reader, uint8_t *out, size_t cap,
                                size_t *len, uint64_t *size)
{
    struct noted noted = {0};

    TRY(copy_note(reader, READ_LAST_NOTE, out, cap, &noted));
    *len = noted.len;
    *size = noted.size;
    return SG_OK;
}

enum sg_status ledger_read_policy(struct ledger_reader *reader, const uint8_t sha256[32],
                                  uint8_t **out, size_t *len)
{
    AUTO(sql_reset) sqlite3_stmt *row = reader->statements[READ_POLICY];
    int rc =
        sql_bind_bytes(row, 1, slice_of(sha256, 32)) ? sqlite3_step(row) : SQLITE_ERROR;

    if (rc == SQLITE_DONE) {
        return SG_NOT_FOUND;
    }
    if (rc != SQLITE_ROW) {
        return reading_failed(reader);
    }
    struct slice text = sql_bytes(row, 0);
    *out = (uint8_t *)malloc(text.len + 1);
    if (*out == NULL) {
        return SG_NO_MEMORY;
    }
    memcpy(*out, text.data, text.len);
    *len = text.len;
    return SG_OK;
}

enum sg_status ledger_read_checkpoints(struct ledger_reader *reader,
                                       struct checkpoint_range *range,
                                       checkpoint_visit visit, void *context)
{
    AUTO(sql_reset) sqlite3_stmt *row = reader->statements[READ_CHECKPOINTS];
    uint64_t size = 0;
    int rc = SQLITE_ROW;

    range->next = 0;
    if (!sql_bind_uint(row, 1, range->first) || !sql_bind_uint(row, 2, range->until)) {
        return SG_INVALID;
    }
    while ((rc = sqlite3_step(row)) == SQLITE_ROW) {
        if (!sql_uint(row, 0, &size)) {
            return SG_CORRUPT;
        }
        if (!visit(context, size, sql_bytes(row, 1))) {
            range->next = size;
            return SG_OK;
        }
    }
    return rc == SQLITE_DONE ? SG_OK : reading_failed(reader);
}

enum sg_status ledger_outcome_of(struct ledger_reader *reader, const char *caller,
                                 const char *request_id, uint64_t *index)
{
    AUTO(sql_reset) sqlite3_stmt *row = reader->statements[READ_OUTCOME];

    if (!sql_bind_text(row, 1, caller) || !sql_bind_text(row, 2, request_id)) {
        return SG_INVALID;
    }
    int rc = sqlite3_step(row);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
        return reading_failed(reader);
    }
    if (rc == SQLITE_DONE) {
        return SG_NOT_FOUND;
    }
    return sql_uint(row, 0, index) ? SG_OK : SG_PRECONDITION;
}
