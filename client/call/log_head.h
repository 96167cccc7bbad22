#ifndef SEGEL_CLIENT_CALL_LOG_HEAD_H
#define SEGEL_CLIENT_CALL_LOG_HEAD_H

#include "client/channel/channel.h"
#include "proto/tlog/checkpoint.h"
#include "proto/tlog/note.h"

/* The key by which checkpoints are judged. */
struct log_trust {
    struct note_key key;
    bool known; /* false: the gateway's own word is taken */
};
/* Reads a verifier key from the first line of a file. SG_INVALID: it is none. */
SG_MUST_USE enum sg_status log_trust_load(const char *path, struct log_trust *trust,
                                          struct sg_error *why);

/* A checkpoint whose signature has been verified. */
struct log_head {
    uint64_t size;
    struct tlog_hash root;
    char origin[NOTE_NAME_MAX + 1];
    size_t note_len;
    uint8_t note[NOTE_MAX];
};
/* The newest one of the gateway. When trust holds no key, it takes the one that the
 * gateway states, and stays unknown. SG_CORRUPT: the signature is false. SG_NOT_FOUND:
 * there is no checkpoint yet, or it is of another log or key. Others as channel_unary. */
SG_MUST_USE enum sg_status log_head_fetch(struct channel *channel,
                                          struct log_trust *trust, struct log_head *out,
                                          struct sg_error *why);
/* One that was saved in a file. */
SG_MUST_USE enum sg_status log_head_load(const char *path, const struct log_trust *trust,
                                         struct log_head *out, struct sg_error *why);

#endif
