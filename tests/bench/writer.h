#ifndef SEGEL_TESTS_BENCH_WRITER_H
#define SEGEL_TESTS_BENCH_WRITER_H

#include <openssl/evp.h>
#include <stdlib.h>

#include "gateway/ledger/ledger.h"
#include "proto/tlog/note.h"
#include "tests/bench/jobs.h"

/* Writes synthetic jobs into a ledger as the core does, and signs its checkpoints by a
 * key of its own. Every failure ends the program. */
#define WRITER_ORIGIN "bench.example/log"
enum { TURN_MAX = 2048 };

struct writer {
    const char *folder;
    char path[512];
    struct ledger *ledger;
    EVP_PKEY *key;
    struct note_key log_key;
    uint64_t jobs;   /* that were begun; those before the pending ones are done */
    uint64_t random; /* of those with random ids, the next one; 0: ids of runs */
    struct claim pending[TURN_MAX];
    size_t pending_count;
};

static inline _Noreturn void writer_give_up(const char *doing, const char *why)
{
    (void)fprintf(stderr, "ledger: %s: %s\n", doing, why);
    exit(1); /* NOLINT(concurrency-mt-unsafe): one thread */
}

static inline void writer_need(enum sg_status status, const char *doing,
                               const struct writer *writer)
{
    if (status != SG_OK) {
        writer_give_up(doing,
                       writer->ledger != NULL && ledger_why(writer->ledger)[0] != '\0'
                           ? ledger_why(writer->ledger)
                           : sg_status_text(status));
    }
}

static inline void writer_outcomes(struct writer *writer, size_t count)
{
    static char buffer[LEDGER_RECORD_MAX];

    for (size_t i = 0; i < count; i++) {
        struct claim *claim = &writer->pending[i];
        claim->state = CLAIM_SIGNED;
        claim->signature_len = 256;
        claim->outcome_index = ledger_next_index(writer->ledger);
        struct slice text = jobs_outcome(buffer, claim->outcome_index, claim);
        writer_need(ledger_append(writer->ledger, text, claim->outcome_hash), "append",
                    writer);
        writer_need(ledger_settle(writer->ledger, claim), "settle", writer);
    }
    writer->pending_count -= count;
}

static inline void writer_intents(struct writer *writer, size_t count)
{
    static char buffer[LEDGER_RECORD_MAX];

    for (size_t i = 0; i < count; i++) {
        struct claim *claim = &writer->pending[writer->pending_count++];
        uint64_t *next = writer->random != 0 ? &writer->random : &writer->jobs;
        jobs_claim((*next)++, ledger_next_index(writer->ledger), claim);
        struct slice text = jobs_intent(buffer, claim->intent_index, claim);
        writer_need(ledger_append(writer->ledger, text, NULL), "append", writer);
        writer_need(ledger_claim(writer->ledger, claim), "claim", writer);
    }
}

/* As a turn of the core under load: outcomes of older jobs, and new ones, in one commit.
 */
static inline void writer_turn(struct writer *writer, size_t records)
{
    size_t outcomes = writer->pending_count;

    MUST(outcomes <= records);
    writer_need(ledger_begin(writer->ledger), "begin", writer);
    writer_outcomes(writer, outcomes);
    size_t room = records - outcomes;
    writer_intents(writer, outcomes == 0 && records > 1 ? records / 2 : room);
    writer_need(ledger_commit(writer->ledger), "commit", writer);
}

static inline void writer_settle_all(struct writer *writer)
{
    char count[24];

    writer_need(ledger_begin(writer->ledger), "begin", writer);
    writer_outcomes(writer, writer->pending_count);
    (void)snprintf(count, sizeof(count), "%" PRIu64, writer->jobs);
    writer_need(ledger_remember(writer->ledger, "bench", count), "remember", writer);
    writer_need(ledger_commit(writer->ledger), "commit", writer);
    writer_need(ledger_idle(writer->ledger), "write back", writer);
}

static inline void writer_sign(const struct writer *writer, struct slice text,
                               uint8_t signature[64])
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t len = 64;

    MUST(ctx != NULL && EVP_DigestSignInit(ctx, NULL, NULL, NULL, writer->key) == 1 &&
         EVP_DigestSign(ctx, signature, &len, text.data, text.len) == 1);
    EVP_MD_CTX_free(ctx);
}

static inline void writer_checkpoint(struct writer *writer)
{
    char text[512];
    char note[1024];
    uint8_t signature[64];
    struct lines_out lines;
    struct slice whole;
    size_t len = 0;

    writer_need(ledger_checkpoint_text(writer->ledger, text, sizeof(text), &len), "text",
                writer);
    writer_sign(writer, slice_of(text, len), signature);
    lines_start(&lines, note, sizeof(note));
    note_begin(&lines, slice_of(text, len));
    note_add_signature(&lines, slice_str(WRITER_ORIGIN), writer->log_key.id,
                       slice_of(signature, sizeof(signature)));
    writer_need(lines_finish(&lines, &whole), "write a note", writer);
    writer_need(ledger_checkpoint_store(writer->ledger, whole), "store a checkpoint",
                writer);
}

static inline void writer_key(struct writer *writer)
{
    uint8_t public_key[NOTE_KEY_SIZE];
    size_t len = sizeof(public_key);

    writer->key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    MUST(writer->key != NULL &&
         EVP_PKEY_get_raw_public_key(writer->key, public_key, &len) == 1);
    writer_need(note_key_make(slice_str(WRITER_ORIGIN), NOTE_ED25519, public_key,
                              &writer->log_key),
                "make a log key", writer);
}

#endif
