#include "client/call/log_begin.h"

#include <string.h>

#include "client/call/log_stream.h"
#include "client/channel/unpack.h"
#include "proto/tlog/tile.h"

enum { PATIENCE_MS = 60000, TILES_A_CALL = 32 };
enum { TILE_SIZE = TLOG_TILE_WIDTH * TLOG_HASH_SIZE };

static bool take_first(void *context, uint64_t index, struct slice json)
{
    (void)json;
    *(uint64_t *)context = index;
    return false;
}

enum sg_status log_begin_find(struct channel *channel, uint64_t *first,
                              struct sg_error *why)
{
    struct log_visitor visitor = {take_first, first};
    Segel__V1__ListRecordsRequest request;

    segel__v1__list_records_request__init(&request);
    request.count = 1;
    *first = 0;
    return log_stream(channel, &request, &visitor, why);
}

static void skip_tile(struct audit *audit, const uint8_t *hashes)
{
    struct tlog_hash leaf;

    for (size_t i = 0; i < TLOG_TILE_WIDTH; i++) {
        memcpy(leaf.bytes, hashes + i * TLOG_HASH_SIZE, TLOG_HASH_SIZE);
        audit_skip(audit, &leaf);
    }
}

static enum sg_status skip_tiles(struct audit *audit, uint32_t wanted,
                                 const Segel__V1__GetTilesResponse *page,
                                 struct sg_error *why)
{
    bool good = page->n_tiles == wanted;

    for (size_t i = 0; good && i < page->n_tiles; i++) {
        good = page->tiles[i].len == TILE_SIZE;
        if (good) {
            skip_tile(audit, page->tiles[i].data);
        }
    }
    return good ? SG_OK
                : sg_fail(why, SG_CORRUPT,
                          "the gateway does not have the hashes of the records that were "
                          "pruned");
}

static enum sg_status fetch(struct channel *channel, struct audit *audit,
                            Segel__V1__GetTilesRequest *request, struct sg_error *why)
{
    ProtobufCMessage *reply = NULL;
    struct unary unary = {.path = "/segel.v1.LogService/GetTiles",
                          .timeout_ms = PATIENCE_MS,
                          .request = &request->base,
                          .reply_type = &segel__v1__get_tiles_response__descriptor};

    TRY(channel_unary(channel, &unary, &reply, NULL, why));
    enum sg_status status =
        skip_tiles(audit, request->count,
                   (const Segel__V1__GetTilesResponse *)(const void *)reply, why);
    unpack_free(reply);
    return status;
}

enum sg_status log_begin_skip(struct channel *channel, struct audit *audit,
                              uint64_t tree_size, struct sg_error *why)
{
    Segel__V1__GetTilesRequest request;
    uint64_t first = 0;

    TRY(log_begin_find(channel, &first, why));
    if (first % TLOG_TILE_WIDTH != 0 || first > tree_size) {
        return SG_OK; /* no prune ends there: the audit says what is missing */
    }
    segel__v1__get_tiles_request__init(&request);
    request.tree_size = tree_size;
    for (uint64_t n = 0; n < first / TLOG_TILE_WIDTH; n += request.count) {
        uint64_t left = first / TLOG_TILE_WIDTH - n;
        request.first = n;
        request.count = left < TILES_A_CALL ? (uint32_t)left : TILES_A_CALL;
        TRY(fetch(channel, audit, &request, why));
    }
    return SG_OK;
}
