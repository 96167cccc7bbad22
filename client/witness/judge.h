#ifndef SEGEL_CLIENT_WITNESS_JUDGE_H
#define SEGEL_CLIENT_WITNESS_JUDGE_H

#include "client/witness/state.h"
#include "client/witness/submission.h"
#include "proto/base.h"

/* Whether a checkpoint may be cosigned: C2SP tlog-witness, in its order. Pure. */
enum witness_answer {
#define WITNESS_ANSWER(name, code, text) WITNESS_##name,
#include "client/witness/answers.def"
#undef WITNESS_ANSWER
    WITNESS_ANSWER_COUNT
};
int witness_answer_code(enum witness_answer answer);         /* 409 */
const char *witness_answer_name(enum witness_answer answer); /* "OTHER_SIZE" */
const char *witness_answer_text(enum witness_answer answer);

/* The keys of logs that are trusted; the name of each is its origin. An origin may have
 * more than one. */
enum { WITNESS_KEYS_MAX = 32 };
struct witness_keys {
    struct note_key key[WITNESS_KEYS_MAX];
    size_t count;
};

/* Who signed: UNKNOWN_ORIGIN, FALSE_SIGNATURE, NOT_SIGNED, or COSIGNED when nothing is
 * against it so far. */
enum witness_answer judge_signatures(const struct submission *submission,
                                     const struct witness_keys *keys);
/* Whether the tree is one that grew out of the one that was cosigned last. last: NULL
 * when none was. */
enum witness_answer judge_growth(const struct submission *submission,
                                 const struct witness_entry *last);
/* Two trees of one size: the log has shown different ones to different people. */
bool judge_split(const struct submission *submission, const struct witness_entry *last);
/* Whether `now` may stand in a cosignature: never 0, never before the last one. */
bool judge_clock(uint64_t now_s, const struct witness_entry *last);

#endif
