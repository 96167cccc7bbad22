#include "client/commands/mandate/digests.h"

#include <stdlib.h>
#include <string.h>

#include "client/console/file.h"
#include "proto/text.h"

enum { FILE_MAX = 4 << 20 };

void mandate_digests_free(struct mandate_digests *digests)
{
    free(digests->bytes);
    free(digests->items);
    *digests = (struct mandate_digests){.count = 0};
}

static SG_MUST_USE enum sg_status make_room(struct mandate_digests *out)
{
    out->bytes = (uint8_t *)malloc((size_t)MANDATE_DIGESTS_MAX * SG_HASH_MAX);
    out->items = (ProtobufCBinaryData *)calloc(MANDATE_DIGESTS_MAX, sizeof(*out->items));
    return out->bytes == NULL || out->items == NULL ? SG_NO_MEMORY : SG_OK;
}

/* Without blanks at its end, and the CR of other systems. */
static struct slice trimmed(struct slice line)
{
    while (line.len > 0 && strchr(" \t\r", line.data[line.len - 1]) != NULL) {
        line.len--;
    }
    return line;
}

static SG_MUST_USE enum sg_status take_line(struct slice line, size_t number,
                                            enum sg_hash hash,
                                            struct mandate_digests *out,
                                            struct sg_error *why)
{
    size_t wanted = sg_hash_len(hash);
    size_t len = 0;

    if (line.len == 0 || line.data[0] == '#') {
        return SG_OK;
    }
    if (out->count == MANDATE_DIGESTS_MAX) {
        return sg_fail(why, SG_INVALID, "a mandate names %d documents at most",
                       MANDATE_DIGESTS_MAX);
    }
    uint8_t *at = out->bytes + out->count * wanted;
    if (text_unhex(line, at, wanted, &len) != SG_OK || len != wanted) {
        return sg_fail(why, SG_INVALID,
                       "line %zu is no %s: write its %zu hexadecimal digits", number,
                       sg_hash_name(hash), 2 * wanted);
    }
    out->items[out->count++] = (ProtobufCBinaryData){.data = at, .len = wanted};
    return SG_OK;
}

enum sg_status mandate_digests_read(const char *path, enum sg_hash hash,
                                    struct mandate_digests *out, struct sg_error *why)
{
    AUTO(file_free) struct file_bytes file = {0};
    size_t begin = 0;

    TRY(file_read(path, FILE_MAX, &file, why));
    TRY(make_room(out));
    for (size_t number = 1; begin < file.len; number++) {
        const uint8_t *at = file.data + begin;
        const uint8_t *end = (const uint8_t *)memchr(at, '\n', file.len - begin);
        size_t len = end == NULL ? file.len - begin : (size_t)(end - at);
        TRY(take_line(trimmed(slice_of(at, len)), number, hash, out, why));
        begin += len + 1;
    }
    return out->count > 0 ? SG_OK
                          : sg_fail(why, SG_INVALID, "'%.200s' names no document", path);
}
