#include "gateway/ledger/reader.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/ledger/filter.h"
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

enum sg_status ledger_read_size(struct ledger_reader *reader, uint64_t *size)
{
    return view_size(reader, size);
}

/* Steps through the records; page->next says where it stopped. */
static enum sg_status read_rows(struct ledger_reader *reader,
                                const struct record_filter *filter,
                                struct record_page *page, record_visit visit,
                                void *context)
{
    AUTO(sql_reset) sqlite3_stmt *row = reader->statements[READ_LEAVES];
    uint32_t seen = 0;
    uint32_t matched = 0;

    if (!sql_bind_uint(row, 1, page->first) || !sql_bind_uint(row, 2, INT64_MAX)) {
        return SG_INVALID;
    }
    for (; seen < page->scan && matched < page->max; seen++) {
        uint64_t index = 0;
        int rc = sqlite3_step(row);
        if (rc == SQLITE_DONE) {
            break;
        }
        if (rc != SQLITE_ROW || !sql_uint(row, 0, &index)) {
            return reading_failed(reader);
        }
        struct slice json = sql_bytes(row, 1);
        if (filter == NULL || filter_matches(filter, json)) {
            visit(context, index, json);
            matched++;
        }
        page->next = index + 1;
    }
    return SG_OK;
}

enum sg_status ledger_read(struct ledger_reader *reader,
                           const struct record_filter *filter, struct record_page *page,
                           record_visit visit, void *context)
{
    page->next = page->first;
    return read_rows(reader, filter, page, visit, context);
}

enum sg_status ledger_read_checkpoint(struct ledger_reader *reader, uint8_t *out,
                                      size_t cap, size_t *len, uint64_t *size)
{
    AUTO(sql_reset) sqlite3_stmt *row = reader->statements[READ_LAST_CHECKPOINT];

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
    if (!sql_uint(row, 0, size)) {
        return SG_CORRUPT;
    }
    memcpy(out, note.data, note.len);
    *len = note.len;
    return SG_OK;
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
