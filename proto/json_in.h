#ifndef SEGEL_PROTO_JSON_IN_H
#define SEGEL_PROTO_JSON_IN_H

#include "proto/base.h"
#include "proto/slice.h"

/* Reads one JSON object where it lies: one strict pass (RFC 8259), which copies nothing,
 * makes no tree and needs no memory. What stands in it comes value by value, in the order
 * of the text; a container comes before what is in it.
 *
 *     struct json_in in;
 *     struct json_value value;
 *
 *     json_in_start(&in, text);
 *     while (json_in_next(&in, &value)) {
 *         …
 *     }
 *     TRY(json_in_finish(&in));
 *
 * Whether the text is JSON is known at its end only. Members that come twice are the
 * caller's business. */
enum json_in_kind {
    JSON_IN_TEXT,
    JSON_IN_NUMBER,
    JSON_IN_WORD, /* true, false, null */
    JSON_IN_OBJECT,
    JSON_IN_ARRAY
};

struct json_value {
    enum json_in_kind kind;
    unsigned depth;   /* 1: a member of the outermost object */
    struct slice key; /* as it is written between the quotes; empty in an array */
    struct slice raw; /* of a text what stands between the quotes, escapes and all; of a
                       * number or a word all of it; else empty */
};

enum { JSON_IN_DEPTH = 16 };
struct json_in {
    const uint8_t *at; /* borrowed */
    const uint8_t *end;
    unsigned depth;
    uint32_t objects; /* bit d: the container at depth d is an object */
    struct slice key; /* of the value that comes next */
    bool more;        /* a value comes next */
    bool failed;
    bool escaped; /* a text or a name so far had an escape */
};

void json_in_start(struct json_in *in, struct slice text);
/* false: there is no further value, or the text is broken. */
bool json_in_next(struct json_in *in, struct json_value *value);
/* SG_INVALID: it is not one JSON object and nothing else, not UTF-8, or deeper than
 * JSON_IN_DEPTH. */
SG_MUST_USE enum sg_status json_in_finish(const struct json_in *in);

#endif
