#ifndef SEGEL_TESTS_FUZZ_SUPPORT_FRAMES_H
#define SEGEL_TESTS_FUZZ_SUPPORT_FRAMES_H

#include <stddef.h>
#include <stdint.h>

/* As LLVMFuzzerCustomMutator, for an input of one byte and then HTTP/2 frames. */
size_t frames_mutate(uint8_t *data, size_t len, size_t cap, unsigned seed);

#endif
