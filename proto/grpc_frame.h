#ifndef SEGEL_PROTO_GRPC_FRAME_H
#define SEGEL_PROTO_GRPC_FRAME_H

#include "proto/base.h"
#include "proto/slice.h"

/* Length-prefixed messages of gRPC (doc/PROTOCOL-HTTP2.md): 1 byte compressed flag,
 * 4 bytes length, big endian, the message. */
enum { GRPC_PREFIX_SIZE = 5 };

static inline void grpc_prefix_write(uint8_t out[GRPC_PREFIX_SIZE], bool compressed,
                                     uint32_t len)
{
    out[0] = compressed ? 1 : 0;
    out[1] = (uint8_t)(len >> 24);
    out[2] = (uint8_t)(len >> 16);
    out[3] = (uint8_t)(len >> 8);
    out[4] = (uint8_t)len;
}

/* Cuts a byte stream into messages. Pushed bytes may be cut anywhere. The zero state with
 * max set is ready. Owns one growing buffer of at most max bytes; the announced length is
 * checked against max before anything is allocated. */
struct grpc_deframer {
    uint8_t *message; /* owned */
    size_t cap;
    size_t have;
    size_t need; /* announced length of the current message */
    uint8_t prefix[GRPC_PREFIX_SIZE];
    size_t prefix_have;
    size_t max; /* largest message accepted */
    bool compressed;
};

/* Takes bytes from *bytes (and advances it) up to the end of at most one message.
 * *complete tells whether the message is whole: it then stands in deframer->message with
 * length deframer->need until the next call.
 * SG_TOO_LARGE: announced larger than max. SG_INVALID: flag byte other than 0 and 1.
 * SG_NO_MEMORY. After a failure the deframer is of no use but for _fini. */
SG_MUST_USE enum sg_status grpc_deframe(struct grpc_deframer *deframer,
                                        struct slice *bytes, bool *complete);

/* Whether bytes of an unfinished message are held: at half-close that is an error. */
bool grpc_deframer_partial(const struct grpc_deframer *deframer);
void grpc_deframer_fini(struct grpc_deframer *deframer);

#endif
