#include <inttypes.h>
#include <stdio.h>

#include "client/bundle/plan.h"
#include "client/channel/unpack.h"
#include "client/commands/log/export.h"
#include "proto/tlog/tile.h"
#include "segel/v1/log.pb-c.h"

enum { PATIENCE_MS = 60000, TILES_A_CALL = 32 };

/* --- Checkpoints ------------------------------------------------------------------- */

/* A decimal length on a line of its own, then the note. */
static enum sg_status put_note(struct export *export, struct slice note)
{
    char line[32];
    int len = snprintf(line, sizeof(line), "%zu\n", note.len);

    TRY(bundle_out_put(&export->scratch, slice_of(line, (size_t)len), export->why));
    return bundle_out_put(&export->scratch, note, export->why);
}

static enum sg_status put_notes(struct export *export,
                                const Segel__V1__ListCheckpointsResponse *page)
{
    for (size_t i = 0; i < page->n_notes; i++) {
        TRY(put_note(export, slice_of(page->notes[i].data, page->notes[i].len)));
    }
    return SG_OK;
}

static enum sg_status next_page(struct export *export, uint64_t until, uint64_t *from)
{
    Segel__V1__ListCheckpointsRequest request;
    ProtobufCMessage *reply = NULL;

    segel__v1__list_checkpoints_request__init(&request);
    request.from_size = *from;
    request.until_size = until;
    struct unary unary = {.path = "/segel.v1.LogService/ListCheckpoints",
                          .timeout_ms = PATIENCE_MS,
                          .request = &request.base,
                          .reply_type =
                              &segel__v1__list_checkpoints_response__descriptor};
    TRY(channel_unary(export->channel, &unary, &reply, NULL, export->why));
    const Segel__V1__ListCheckpointsResponse *page =
        (const Segel__V1__ListCheckpointsResponse *)(const void *)reply;
    enum sg_status status = put_notes(export, page);
    uint64_t next = page->next_size;
    unpack_free(reply);
    TRY(status);
    if (next != 0 && next <= *from) {
        return sg_fail(export->why, SG_CORRUPT,
                       "the gateway lists its checkpoints in a "
                       "circle");
    }
    *from = next;
    return SG_OK;
}

/* Those whose trees end inside of the records, so that the records prove them. */
enum sg_status export_checkpoints(struct export *export)
{
    const struct manifest_head *range = &export->range;
    uint64_t until =
        range->end + 1 < range->tree_size ? range->end + 1 : range->tree_size;
    uint64_t from = range->first > 0 ? range->first : 1;

    TRY(bundle_out_open(&export->writer, BUNDLE_CHECKPOINTS, &export->scratch,
                        export->why));
    while (from != 0 && from < until) {
        TRY(next_page(export, until, &from));
    }
    TRY(bundle_out_close(&export->writer, &export->scratch, export->why));
    return bundle_write_file(&export->writer, BUNDLE_CHECKPOINT,
                             slice_of(export->head.note, export->head.note_len),
                             &export->scratch, export->why);
}

/* --- Tiles ------------------------------------------------------------------------- */

static enum sg_status put_tile(struct export *export, const struct tlog_tile *tile,
                               struct slice hashes)
{
    char path[TLOG_TILE_PATH_SIZE];

    if (hashes.len != (size_t)tile->width * TLOG_HASH_SIZE) {
        return sg_fail(export->why, SG_CORRUPT,
                       "the gateway sent a tile of another width than its tree has");
    }
    tlog_tile_path(tile, path);
    return bundle_write_file(&export->writer, path, hashes, &export->scratch,
                             export->why);
}

static enum sg_status put_tiles(struct export *export, unsigned level, uint64_t *n,
                                const Segel__V1__GetTilesResponse *page)
{
    for (size_t i = 0; i < page->n_tiles; i++) {
        struct tlog_tile tile = {level, *n,
                                 tlog_tile_width(level, *n, export->range.tree_size)};
        TRY(put_tile(export, &tile, slice_of(page->tiles[i].data, page->tiles[i].len)));
        *n += 1;
    }
    return page->n_tiles > 0
               ? SG_OK
               : sg_fail(export->why, SG_CORRUPT, "the gateway sent no tiles");
}

/* Tiles [n, end) of a level, none of which is empty. */
static enum sg_status fetch_tiles(struct export *export, unsigned level, uint64_t n,
                                  uint64_t end)
{
    while (n < end) {
        Segel__V1__GetTilesRequest request;
        ProtobufCMessage *reply = NULL;
        segel__v1__get_tiles_request__init(&request);
        request.level = level;
        request.first = n;
        request.count = end - n < TILES_A_CALL ? (uint32_t)(end - n) : TILES_A_CALL;
        request.tree_size = export->range.tree_size;
        struct unary unary = {.path = "/segel.v1.LogService/GetTiles",
                              .timeout_ms = PATIENCE_MS,
                              .request = &request.base,
                              .reply_type = &segel__v1__get_tiles_response__descriptor};
        TRY(channel_unary(export->channel, &unary, &reply, NULL, export->why));
        enum sg_status status = put_tiles(
            export, level, &n, (const Segel__V1__GetTilesResponse *)(const void *)reply);
        unpack_free(reply);
        TRY(status);
    }
    return SG_OK;
}

static enum sg_status export_level(struct export *export, unsigned level)
{
    struct plan plan = plan_level(&export->range, level);

    TRY(fetch_tiles(export, level, plan.first, plan.end));
    return plan.with_edge ? fetch_tiles(export, level, plan.edge, plan.edge + 1) : SG_OK;
}

enum sg_status export_tiles(struct export *export)
{
    for (unsigned level = 0; level < TLOG_TILE_LEVELS; level++) {
        TRY(export_level(export, level));
    }
    return SG_OK;
}
