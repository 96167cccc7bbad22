#ifndef SEGEL_CLIENT_PDF_MENTION_H
#define SEGEL_CLIENT_PDF_MENTION_H

#include "proto/base.h"
#include "proto/slice.h"

/* References "N G R" as the bytes of an object have them, and the values "null" of keys.
 * The parser leaves out a key whose value is null or refers to nothing; viewers look at
 * it all the same. */

struct mention {
    /* Keys and lists around it, and itself: "/Resources/Font/F1 12 0", "/Kids[ 3 0",
     * "/Rotate null". As written, and until the call returns. */
    struct slice path;
    /* Both 0: null, or none that all viewers read alike, with a sign or out of range. */
    int number;
    int generation;
};

/* false: it has seen enough. */
typedef bool (*mention_take)(void *context, const struct mention *mention);

/* All that stand between this place and the object's end: its "stream", "endobj", or that
 * of the text. Those in strings are none. false: take had enough, or the text cannot be
 * followed. */
SG_MUST_USE bool mention_each(struct slice text, size_t at, mention_take take,
                              void *context);

#endif
