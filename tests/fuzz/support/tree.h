#ifndef SEGEL_TESTS_FUZZ_SUPPORT_TREE_H
#define SEGEL_TESTS_FUZZ_SUPPORT_TREE_H

#include <stddef.h>
#include <stdint.h>

/* As LLVMFuzzerCustomMutator, for an input of head bytes and then one element of DER
 * (X.690): elements are changed, left out, doubled or put in another's place, and the
 * lengths around them follow. What is no DER is mutated as bytes. */
size_t tree_mutate(uint8_t *data, size_t len, size_t cap, size_t head, unsigned seed);

#endif
