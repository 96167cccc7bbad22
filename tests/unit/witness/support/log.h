#ifndef SEGEL_TESTS_UNIT_WITNESS_SUPPORT_LOG_H
#define SEGEL_TESTS_UNIT_WITNESS_SUPPORT_LOG_H

#include "client/witness/judge.h"
#include "client/witness/witness.h"
#include "tests/unit/tlog/support/vectors.h"

/* A log of the decimal numbers with the log key of the known answers, and what it hands
 * to a witness. Texts stay valid until the next call of the same function. */
enum { LOG_BODY_MAX = 8192 };

/* Trusts that log's key. */
void log_keys(struct witness_keys *keys);
/* The root of the first size numbers. */
struct tlog_hash log_root(uint64_t size);
/* A checkpoint note with the log's signature. */
struct slice log_note(uint64_t size, const struct tlog_hash *root);
/* "old <size>", the proof, and the checkpoint. */
struct slice log_body(uint64_t old_size, uint64_t size);
/* The witness's key of the known answers, in memory only. */
void log_witness_key(struct named_key *key);
/* Names for a key and a state in a fresh folder; log_remove takes it away with all. */
void log_paths(struct witness_paths *paths);
void log_remove(void);

#endif
