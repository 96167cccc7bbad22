#ifndef SEGEL_CLIENT_COMMANDS_LOG_VERDICT_H
#define SEGEL_CLIENT_COMMANDS_LOG_VERDICT_H

#include "client/audit/audit.h"
#include "client/call/log_head.h"

/* What a whole log came to, held against its checkpoint and perhaps an earlier one. */
struct log_verdict {
    struct log_trust trust;
    struct log_head head;
    struct log_head earlier;  /* note_len 0: none was given */
    struct log_head replaced; /* the one that is saved already; note_len 0: none */
    struct audit audit;
    size_t under_way; /* INTENTs so young that their OUTCOME may still come */
    bool root_equal;
    bool earlier_equal; /* also when none was given */
    bool replaced_equal;
    bool sound;
    bool indonesian; /* how it is told; else in English */
};
/* After the last record; audit->marks: the head, then the earlier one and the
 * one that is replaced, where they are there. */
void log_verdict_reach(struct log_verdict *verdict);
/* One page for people, or one JSON object. Never says "verified" of records that no
 * checkpoint covers. */
void log_verdict_print(const struct log_verdict *verdict, bool json);

#endif
