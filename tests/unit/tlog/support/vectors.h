#ifndef SEGEL_TESTS_UNIT_TLOG_SUPPORT_VECTORS_H
#define SEGEL_TESTS_UNIT_TLOG_SUPPORT_VECTORS_H

#include "proto/tlog/merkle.h"

/* Known answers: keys and notes as texts, trees in vectors.def. The log key's seed is the
 * bytes 00 to 1f, the witness's 20 to 3f. */
extern const char vector_log_vkey[];
extern const char vector_witness_vkey[];
extern const char vector_checkpoint[];
extern const char vector_empty_checkpoint[];
extern const char vector_example_vkey[];
extern const char vector_example_note[];
extern const char vector_proof[]; /* index 5 of 8, without extra */

/* Entry 0 to 7 of the small tree. */
struct slice vector_entry(unsigned index);

struct tlog_hash hash_from_hex(const char *hex);

/* A tree kept as leaf hashes, for tests: entries are decimal texts or the small ones. */
enum { TREE_MAX = 600 };
struct test_tree {
    struct tlog_hash leaf[TREE_MAX];
    uint64_t size;
    struct tlog_source source; /* reads this tree; call tree_make first */
};
void tree_make_small(struct test_tree *tree);
void tree_make_decimal(struct test_tree *tree, uint64_t size);

/* Changes one place of a text at a time: for parsers that must not trust their input. */
uint32_t test_random(uint32_t *state);

#endif
