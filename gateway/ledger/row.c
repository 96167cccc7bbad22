#include "gateway/ledger/row.h"

#include <string.h>

#include "gateway/ledger/sql.h"

struct slice row_bytes(struct row *row, int column)
{
    struct slice found = sql_bytes(row->statement, column);
    uint8_t *bytes = (uint8_t *)arena_alloc(row->arena, found.len + 1);

    if (bytes == NULL) {
        row->full = true;
        return slice_of("", 0);
    }
    memcpy(bytes, found.data, found.len);
    bytes[found.len] = '\0';
    return slice_of(bytes, found.len);
}

const char *row_text(struct row *row, int column)
{
    struct slice text = row_bytes(row, column);

    row->sound = row->sound && memchr(text.data, 0, text.len) == NULL;
    return (const char *)text.data;
}

uint64_t row_number(struct row *row, int column)
{
    uint64_t value = 0;

    row->sound = sql_uint(row->statement, column, &value) && row->sound;
    return value;
}

int64_t row_time(struct row *row, int column)
{
    return (int64_t)row_number(row, column);
}

void row_hash(struct row *row, int column, uint8_t out[32])
{
    struct tlog_hash hash = {{0}};

    row->sound = sql_hash(row->statement, column, &hash) && row->sound;
    memcpy(out, hash.bytes, 32);
}

enum sg_status row_end(struct ledger *ledger, const struct row *row, const char *what)
{
    if (row->full) {
        return SG_NO_MEMORY;
    }
    return row->sound ? SG_OK : ledger_latch_corrupt(ledger, what);
}
