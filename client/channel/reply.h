#ifndef SEGEL_CLIENT_CHANNEL_REPLY_H
#define SEGEL_CLIENT_CHANNEL_REPLY_H

#include "proto/base.h"
#include "proto/slice.h"

/* What the headers and trailers of a response say, gathered field by field. The zero
 * state after reply_start is "nothing came yet". */
enum { REPLY_TEXT_SIZE = 1024, REPLY_HEADERS_MAX = 65536 };

struct reply {
    int http_status;     /* 0 = none yet */
    bool is_grpc;        /* the content type is gRPC's */
    bool ended;          /* the peer sent all of it */
    int grpc_code;       /* -1 = none yet */
    size_t header_bytes; /* of all fields so far, counted as HTTP/2 does */
    char text[REPLY_TEXT_SIZE];
    uint8_t *details; /* owned: malloc */
    size_t details_len;
};

void reply_start(struct reply *reply);
void reply_fini(struct reply *reply);
/* SG_TOO_LARGE: the peer sends more header bytes than anybody needs. */
SG_MUST_USE enum sg_status reply_field(struct reply *reply, struct slice name,
                                       struct slice value);
/* Whether its body is gRPC's: a proxy answers with a page for people. */
bool reply_is_grpc(const struct reply *reply);
/* A status of our own, instead of what the peer may say later. */
void reply_set(struct reply *reply, int grpc_code, const char *text);
/* The status of a call whose stream ended with this HTTP/2 error code (0 = normally; of
 * one that the peer had ended it is our own, and says nothing). -1: what answered is no
 * gateway. Fills reply->text where the peer gave none. */
int reply_code(struct reply *reply, uint32_t h2_error);

#endif
