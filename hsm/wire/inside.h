#ifndef SEGEL_HSM_WIRE_INSIDE_H
#define SEGEL_HSM_WIRE_INSIDE_H

#include "hsm/wire/wire.h"
#include "segel/lane/v1/lane.pb-c.h"

/* What the files of hsm/wire/wire.h share: the messages themselves. */

/* Messages take char * and uint8_t * even where they only read. */
static inline char *wire_text(const char *borrowed)
{
    return (char *)(uintptr_t)borrowed; /* NOLINT(performance-no-int-to-ptr) */
}

static inline ProtobufCBinaryData wire_bytes(const uint8_t *data, size_t len)
{
    uint8_t *borrowed =
        (uint8_t *)(uintptr_t)data; /* NOLINT(performance-no-int-to-ptr) */
    return (ProtobufCBinaryData){.len = len, .data = borrowed};
}

struct key_message {
    Segel__Lane__V1__KeyInfo info;
    uint64_t allowed[KEY_ALLOWED_MAX];
};

/* One packet out. SG_TOO_LARGE: it does not fit. SG_IO: nobody hears it. */
SG_MUST_USE enum sg_status wire_send(int fd, const Segel__Lane__V1__FromLane *message);
/* The packet as a message in the wire's arena; NULL: it is none. */
Segel__Lane__V1__ToLane *wire_unpack(struct wire *wire);
/* False: it has no room. */
SG_MUST_USE bool wire_copy_text(char *to, size_t cap, const char *from);
SG_MUST_USE enum sg_status wire_read_open(const Segel__Lane__V1__Open *open,
                                          struct lane_config *config,
                                          struct trouble *trouble);

/* Plain structures as messages, which borrow from them. */
void wire_key(const struct key *key, struct key_message *out);
void wire_token(const struct token *token, Segel__Lane__V1__Token *about);
void wire_failure(const struct trouble *trouble, Segel__Lane__V1__Failed *failed);

#endif
