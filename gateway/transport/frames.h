#ifndef SEGEL_GATEWAY_TRANSPORT_FRAMES_H
#define SEGEL_GATEWAY_TRANSPORT_FRAMES_H

#include "proto/base.h"
#include "proto/slice.h"

/* Finds the heads of HTTP/2 frames (RFC 9113 section 4.1) in the bytes of a connection,
 * in pieces of any size. nghttp2 passes over some frames (PRIORITY, unknown types)
 * without a word, and they cost time all the same. */
enum { FRAME_HEAD = 9 };

struct frames {
    uint8_t head[FRAME_HEAD];
    uint32_t have;    /* bytes of the head */
    uint32_t passed;  /* bytes of the client's preface */
    uint32_t payload; /* bytes of the frame still to come */
};

/* How many frames other than DATA and HEADERS begin in these bytes: their heads end
 * there. */
uint32_t frames_control(struct frames *frames, struct slice bytes);

#endif
