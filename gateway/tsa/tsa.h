#ifndef SEGEL_GATEWAY_TSA_TSA_H
#define SEGEL_GATEWAY_TSA_TSA_H

#include "gateway/config/config.h"
#include "gateway/mbox.h"
#include "gateway/tsa/token.h"

/* Tokens of time stamp authorities (RFC 3161), asked for on a thread of its own: several
 * at once, each bounded in bytes and time. The authorities are asked in the order of the
 * configuration; one that fails three times in a row is left alone for a while. What an
 * authority sends is believed only after it was verified. */
struct tsa;

/* One question. Whoever asks owns it until tsa_ask, and again when it comes back. */
struct tsa_ask {
    struct letter letter; /* first; its kind is the asker's, and comes back */
    struct mbox *reply;   /* borrowed; not bounded */
    enum sg_hash hash;
    uint8_t digest[SG_HASH_MAX];
    int64_t deadline_us; /* CLOCK_MONOTONIC, set by tsa_ask: tsa.wait_ms from then */

    /* The answer. status SG_TSA: no authority gave a token; why says what the last one
     * did. SG_SHUTDOWN: the gateway ends. */
    enum sg_status status;
    struct sg_error why;
    struct tsa_token token;

    uint32_t tried; /* bits of the authorities that failed it; of the module */
};

/* Whether the settings are sound: SG_INVALID; nothing is asked. Without tsa.urls all is.
 */
SG_MUST_USE enum sg_status tsa_check(const struct config *config, struct sg_error *why);
/* *out: NULL when tsa.urls is empty. config: borrowed. */
SG_MUST_USE enum sg_status tsa_new(const struct config *config, struct tsa **out,
                                   struct sg_error *why);
/* Begins with a question of its own. */
SG_MUST_USE enum sg_status tsa_start(struct tsa *tsa, struct sg_error *why);
/* All questions go back to their askers first, with SG_SHUTDOWN. NULL is allowed. */
void tsa_free(struct tsa *tsa);

/* Any thread. SG_BUSY: tsa.queue_limit wait already behind tsa.at_once that are under
 * way; SG_SHUTDOWN: it ends. On both the caller still owns it. */
SG_MUST_USE enum sg_status tsa_ask(struct tsa *tsa, struct tsa_ask *ask);

/* Of the questions about signatures (tsa.hash). */
enum sg_hash tsa_hash(const struct tsa *tsa);

/* Any thread: room for a token in a signature, in bytes: what a common one needs, and
 * once one came that fills two thirds of that, what the longest does that is taken. */
size_t tsa_room(const struct tsa *tsa);

/* Any thread: the certificates of the authority that last gave a token, DER one behind
 * the other: its own first, then its issuers up to the anchor. Empty: no token came yet.
 * The generation is another number when they have changed. out: room for
 * TSA_CHAIN_MAX. */
uint64_t tsa_chain(struct tsa *tsa, uint8_t *out, size_t *len);
uint64_t tsa_chain_generation(struct tsa *tsa);

/* Any thread: whether tokens by the chain of that SHA-256 are refused from now on, as
 * those of an authority that fails: one of its certificates is revoked or on hold. At
 * most so many at once. */
enum { TSA_CHAINS_MAX = 16 };
void tsa_doubt(struct tsa *tsa, const uint8_t sha256[32], bool doubted);
/* Any thread: a question of the gateway's own, as at the start, so that the chain is of
 * an authority that is believed. Nothing while one is under way. */
void tsa_probe(struct tsa *tsa);

/* Any thread: what it has done since the start. */
struct tsa_counts {
    uint64_t tokens;
    uint64_t failures; /* of single questions to single authorities */
    uint64_t without;  /* questions that no authority answered */
    unsigned waiting;  /* questions of others that have no answer yet */
    unsigned authorities;
    unsigned resting; /* of those, left alone for now */
};
void tsa_count(struct tsa *tsa, struct tsa_counts *out);

#endif
