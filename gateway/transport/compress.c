#include "gateway/transport/compress.h"

#include <stdlib.h>

enum {
    GZIP_WINDOW = MAX_WBITS + 16, /* zlib's way to say: gzip, and nothing else */
    MEMORY_LEVEL = 8,
    FIRST_CAP = 4096,
    KEPT_CAP = 65536
};

/* zlib does not write to its input, but its struct does not say so. */
static Bytef *input_of(const uint8_t *data)
{
    const union {
        const uint8_t *in;
        Bytef *out;
    } input = {.in = data};

    return input.out;
}

static enum sg_status start_inflater(struct gzip *gzip)
{
    if (gzip->inflates) {
        return inflateReset(&gzip->inflater) == Z_OK ? SG_OK : SG_INTERNAL;
    }
    gzip->inflates = inflateInit2(&gzip->inflater, GZIP_WINDOW) == Z_OK;
    return gzip->inflates ? SG_OK : SG_NO_MEMORY;
}

/* One byte more than may come out shows that more would. */
static enum sg_status grow(struct gzip *gzip, size_t max, struct budget *budget)
{
    size_t cap = gzip->cap < FIRST_CAP ? FIRST_CAP : gzip->cap * 2;

    cap = cap > max + 1 ? max + 1 : cap;
    if (cap > gzip->charged && !budget_take(budget, cap - gzip->charged)) {
        return SG_BUSY;
    }
    gzip->charged = cap > gzip->charged ? cap : gzip->charged;
    uint8_t *grown = (uint8_t *)realloc(gzip->out, cap);
    if (grown == NULL) {
        return SG_NO_MEMORY;
    }
    gzip->out = grown;
    gzip->cap = cap;
    return SG_OK;
}

/* Fills the buffer as far as it goes. */
static int inflate_some(struct gzip *gzip, size_t *len)
{
    z_stream *stream = &gzip->inflater;

    stream->next_out = gzip->out + *len;
    stream->avail_out = (uInt)(gzip->cap - *len);
    int result = inflate(stream, Z_NO_FLUSH);
    *len = gzip->cap - stream->avail_out;
    return result;
}

/* What zlib's last word means. With input used up and room to spare nothing more will
 * come: a message that has not ended is cut short. */
static enum sg_status judge(const struct gzip *gzip, int result, bool *more)
{
    const z_stream *stream = &gzip->inflater;

    *more = result == Z_OK && (stream->avail_in > 0 || stream->avail_out == 0);
    if (*more || (result == Z_STREAM_END && stream->avail_in == 0)) {
        return SG_OK;
    }
    return result == Z_MEM_ERROR ? SG_NO_MEMORY : SG_INVALID;
}

static enum sg_status inflate_all(struct gzip *gzip, size_t max, struct budget *budget,
                                  size_t *len)
{
    enum sg_status status = SG_OK;
    bool more = true;

    while (status == SG_OK && more) {
        status = *len == gzip->cap ? grow(gzip, max, budget) : SG_OK;
        if (status == SG_OK) {
            status = judge(gzip, inflate_some(gzip, len), &more);
        }
        if (*len > max) {
            return SG_TOO_LARGE;
        }
    }
    return status;
}

static enum sg_status charge_kept(struct gzip *gzip, struct budget *budget)
{
    if (!budget_take(budget, gzip->cap)) {
        return SG_BUSY;
    }
    gzip->charged = gzip->cap;
    return SG_OK;
}

enum sg_status gzip_inflate(struct gzip *gzip, struct slice in, size_t max,
                            struct budget *budget, struct slice *out)
{
    size_t len = 0;

    MUST(gzip->charged == 0 && in.len <= UINT32_MAX && max < UINT32_MAX);
    *out = slice_of(NULL, 0);
    gzip->inflater.total_out = 0;
    if (in.len == 0) {
        return SG_OK;
    }
    TRY(charge_kept(gzip, budget));
    TRY(start_inflater(gzip));
    gzip->inflater.next_in = input_of(in.data);
    gzip->inflater.avail_in = (uInt)in.len;
    TRY(inflate_all(gzip, max, budget, &len));
    *out = slice_of(gzip->out, len);
    return SG_OK;
}

size_t gzip_work(const struct gzip *gzip)
{
    return gzip->inflater.total_out;
}

void gzip_release(struct gzip *gzip, struct budget *budget)
{
    budget_give(budget, gzip->charged);
    gzip->charged = 0;
    if (gzip->cap > KEPT_CAP) {
        free(gzip->out);
        gzip->out = NULL;
        gzip->cap = 0;
    }
}

/* Takes the pieces of a message as protobuf-c packs them. */
struct sink {
    ProtobufCBuffer base;
    z_stream *stream;
};

static void take_piece(ProtobufCBuffer *buffer, size_t len, const uint8_t *data)
{
    z_stream *stream = ((struct sink *)buffer)->stream;

    stream->next_in = input_of(data);
    stream->avail_in = (uInt)len;
    while (stream->avail_in > 0 && stream->avail_out > 0 &&
           deflate(stream, Z_NO_FLUSH) == Z_OK) {
        continue;
    }
}

/* Fast rather than small: it runs on the thread that serves everybody. */
static bool start_deflater(struct gzip *gzip)
{
    if (gzip->deflates) {
        return deflateReset(&gzip->deflater) == Z_OK;
    }
    gzip->deflates = deflateInit2(&gzip->deflater, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW,
                                  MEMORY_LEVEL, Z_DEFAULT_STRATEGY) == Z_OK;
    return gzip->deflates;
}

size_t gzip_pack(struct gzip *gzip, const ProtobufCMessage *message, uint8_t *out,
                 size_t cap)
{
    struct sink sink = {.base = {.append = take_piece}, .stream = &gzip->deflater};

    if (cap == 0 || cap > UINT32_MAX || !start_deflater(gzip)) {
        return 0;
    }
    gzip->deflater.next_out = out;
    gzip->deflater.avail_out = (uInt)cap;
    (void)protobuf_c_message_pack_to_buffer(message, &sink.base);
    bool whole = gzip->deflater.avail_in == 0 && gzip->deflater.avail_out > 0 &&
                 deflate(&gzip->deflater, Z_FINISH) == Z_STREAM_END;
    return whole ? cap - gzip->deflater.avail_out : 0;
}

void gzip_fini(struct gzip *gzip)
{
    if (gzip->inflates) {
        (void)inflateEnd(&gzip->inflater);
    }
    if (gzip->deflates) {
        (void)deflateEnd(&gzip->deflater);
    }
    free(gzip->out);
    *gzip = (struct gzip){0};
}
