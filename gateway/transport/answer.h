#ifndef SEGEL_GATEWAY_TRANSPORT_ANSWER_H
#define SEGEL_GATEWAY_TRANSPORT_ANSWER_H

#include "gateway/transport/call.h"

/* The header blocks of an answer (doc/PROTOCOL-HTTP2.md, "Responses"). Each function
 * writes at most ANSWER_FIELDS_MAX fields, returns how many, and what they point to lives
 * as long as the call. loop->fields has the room. */
enum {
    /* of grpc-status, grpc-message and grpc-status-details-bin without the last two
     * values, by RFC 9113 section 6.5.2 */
    STATUS_COST = 3 * FIELD_COST + 11 + 2 + 12 + 23
};

/* Response-Headers. */
size_t answer_headers(const struct grpc_call *call, nghttp2_nv *out);
/* Trailers. */
size_t answer_trailers(const struct grpc_call *call, nghttp2_nv *out);
/* Trailers-Only; with the encodings that are accepted, if they are the reason. */
size_t answer_alone(const struct grpc_call *call, bool tell_encodings, nghttp2_nv *out);
/* A bare HTTP status; the text is a constant. */
nghttp2_nv answer_http(const char *status);

#endif
