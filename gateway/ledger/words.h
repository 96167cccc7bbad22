#ifndef SEGEL_GATEWAY_LEDGER_WORDS_H
#define SEGEL_GATEWAY_LEDGER_WORDS_H

#include "proto/base.h"
#include "proto/slice.h"

/* The words that a record is found by: texts of some of its members. They are those that
 * filter_matches looks at. */
enum word_kind {
    WORD_TYPE,
    WORD_RULE, /* of each rule that failed, in shadow or lifted, too */
#define FILTER_TEXT(condition, member) WORD_##condition,
#include "gateway/ledger/filter.def"
#undef FILTER_TEXT
    WORD_KINDS
};

struct words {
    /* Called for each word, in no certain order; one may come twice. text lives as long
     * as the call, and is not empty. */
    void (*take)(void *context, enum word_kind kind, struct slice text);
    void *context;
    bool timed; /* out: the record has a time */
    int64_t ts_us;
};

/* A text that is no JSON object has no words. */
void words_of(struct words *words, struct slice record);

/* What words_of is made of. scan knows JSON as Segel writes it, without a copy and
 * without memory; for anything else (an escape, a member twice, a long number, more than
 * 64 words) it is false, nothing was taken, and parse reads it as every JSON reader does.
 */
SG_MUST_USE bool words_scan(struct words *words, struct slice record);
void words_parse(struct words *words, struct slice record);

#endif
