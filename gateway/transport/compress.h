#ifndef SEGEL_GATEWAY_TRANSPORT_COMPRESS_H
#define SEGEL_GATEWAY_TRANSPORT_COMPRESS_H

#include <protobuf-c/protobuf-c.h>
#include <zlib.h>

#include "gateway/transport/limit.h"
#include "proto/slice.h"

/* gzip (RFC 1952) of single messages. The states of zlib are made when a loop first needs
 * them and used for one message after the other, each with a context of its own. The zero
 * state is ready; one thread. */
struct gzip {
    z_stream inflater;
    z_stream deflater;
    bool inflates;
    bool deflates;
    uint8_t *out; /* owned; the message that was inflated last */
    size_t cap;
    size_t charged;
};

/* Inflates one message of at most max bytes. The buffer grows with what comes out of it
 * and is charged to the budget; *out is valid until gzip_release, which is due after
 * success and failure alike. Nothing is an empty message.
 *
 * There has to be exactly one member: further ones, or other bytes behind it, are an
 * error, as they are to grpc-core.
 *
 * SG_INVALID: this is not gzip, is cut short or damaged. SG_TOO_LARGE: more than max.
 * SG_BUSY: no room in the budget. SG_NO_MEMORY. */
SG_MUST_USE enum sg_status gzip_inflate(struct gzip *gzip, struct slice in, size_t max,
                                        struct budget *budget, struct slice *out);
/* How many bytes the last gzip_inflate produced, whatever came of it: what it cost. */
size_t gzip_work(const struct gzip *gzip);
/* Keeps a small buffer for the next message. */
void gzip_release(struct gzip *gzip, struct budget *budget);

/* Packs a message compressed. Returns the length, or 0 when it does not fit into cap (or
 * there is no memory): then it goes as it is. */
size_t gzip_pack(struct gzip *gzip, const ProtobufCMessage *message, uint8_t *out,
                 size_t cap);

void gzip_fini(struct gzip *gzip);

#endif
