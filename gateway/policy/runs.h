#ifndef SEGEL_GATEWAY_POLICY_RUNS_H
#define SEGEL_GATEWAY_POLICY_RUNS_H

#include "proto/base.h"
#include "proto/slice.h"

/* What most patterns are: runs of characters, one behind the other, of which each end
 * can be seen without looking back: "[A-Z]{2}/[0-9]+". They are judged with every job,
 * and regexec took more time there than all other rules together. Immutable once read. */
enum { RUNS_MAX = 16, RUN_WITHOUT_END = UINT16_MAX };

struct run {
    uint8_t members[32]; /* one bit for each byte that may stand in it */
    uint16_t least;
    uint16_t most; /* RUN_WITHOUT_END: as many as there are */
};

struct runs {
    size_t count;
    struct run run[RUNS_MAX];
};

/* false: the pattern is none of these, or there was no memory to find out; regexec must
 * judge it. The pattern is one that regcomp takes as an extended one. */
bool runs_read(const char *pattern, struct runs *out);
/* Whether the whole text is what the pattern says: as regexec with anchors has it. */
bool runs_match(const struct runs *runs, struct slice text);

#endif
