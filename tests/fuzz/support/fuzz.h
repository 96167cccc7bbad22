#ifndef SEGEL_TESTS_FUZZ_SUPPORT_FUZZ_H
#define SEGEL_TESTS_FUZZ_SUPPORT_FUZZ_H

#include "proto/base.h"
#include "proto/slice.h"

/* What a target defines, and what it is given: libFuzzer's names, so that the same file
 * is driven by libFuzzer (make fuzz) and by replay.c (make check). */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
/* Optional: a mutation that knows the shape of the input. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t cap, unsigned seed);
/* Any mutation, for its parts. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t len, size_t cap);

/* Takes the first byte off as a choice; 0 when there is none. */
static inline uint8_t fuzz_choice(struct slice *input)
{
    if (input->len == 0) {
        return 0;
    }
    input->len--;
    return *input->data++;
}

/* A copy in a block of exactly its size: one byte read too far is seen by
 * AddressSanitizer. To be freed. */
uint8_t *fuzz_copy(struct slice bytes);

/* xorshift64*: the same numbers from the same seed on every machine. */
static inline uint64_t fuzz_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

#endif
