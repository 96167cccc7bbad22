#ifndef SEGEL_PROTO_EIGHT_H
#define SEGEL_PROTO_EIGHT_H

#include <stdint.h>
#include <string.h>

/* Eight bytes looked at as one number. Answers are nonzero, in the highest bits of bytes,
 * when some byte is what was asked for; which one is not told. */
enum { EIGHT = sizeof(uint64_t) };

static inline uint64_t eight_load(const uint8_t *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof(word));
    return word;
}

/* That byte eight times. */
static inline uint64_t eight_of(uint8_t byte)
{
    return UINT64_C(0x0101010101010101) * byte;
}

/* A byte of 0x80 or more. */
static inline uint64_t eight_high(uint64_t word)
{
    return word & eight_of(0x80);
}

/* A byte below bound, which is at most 0x80. */
static inline uint64_t eight_below(uint64_t word, uint8_t bound)
{
    return (word - eight_of(bound)) & ~word & eight_of(0x80);
}

static inline uint64_t eight_has(uint64_t word, uint8_t byte)
{
    return eight_below(word ^ eight_of(byte), 1);
}

#endif
