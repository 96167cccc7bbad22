#include "client/audit/siphash.h"

#include <endian.h>

enum { WORD = 8 };

struct state {
    uint64_t v0;
    uint64_t v1;
    uint64_t v2;
    uint64_t v3;
};

static uint64_t turn(uint64_t word, unsigned by)
{
    return word << by | word >> (64 - by);
}

static inline void round_of(struct state *s)
{
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = turn(s->v1, 13) ^ s->v0;
    s->v3 = turn(s->v3, 16) ^ s->v2;
    s->v0 = turn(s->v0, 32);
    s->v2 += s->v1;
    s->v0 += s->v3;
    s->v1 = turn(s->v1, 17) ^ s->v2;
    s->v3 = turn(s->v3, 21) ^ s->v0;
    s->v2 = turn(s->v2, 32);
}

static inline void finish(struct state *s)
{
    round_of(s);
    round_of(s);
    round_of(s);
    round_of(s);
}

static inline void take(struct state *s, uint64_t word)
{
    s->v3 ^= word;
    round_of(s);
    round_of(s);
    s->v0 ^= word;
}

/* The last word has the bytes that are left, and the length above them. */
static uint64_t last_word(struct slice text)
{
    size_t left = text.len % WORD;
    uint64_t word = 0;

    if (left > 0) {
        memcpy(&word, text.data + text.len - left, left);
    }
    return le64toh(word) | (uint64_t)text.len << 56;
}

void siphash(const struct siphash_key *key, struct slice text, uint64_t out[2])
{
    struct state s = {key->word[0] ^ UINT64_C(0x736f6d6570736575),
                      key->word[1] ^ UINT64_C(0x646f72616e646f6d) ^ 0xee,
                      key->word[0] ^ UINT64_C(0x6c7967656e657261),
                      key->word[1] ^ UINT64_C(0x7465646279746573)};

    for (size_t i = 0; i + WORD <= text.len; i += WORD) {
        uint64_t word = 0;
        memcpy(&word, text.data + i, sizeof(word));
        take(&s, le64toh(word));
    }
    take(&s, last_word(text));
    s.v2 ^= 0xee;
    finish(&s);
    out[0] = s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
    s.v1 ^= 0xdd;
    finish(&s);
    out[1] = s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
