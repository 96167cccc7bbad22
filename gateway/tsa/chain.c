#include <openssl/sha.h>
#include <string.h>

#include "gateway/tsa/inside.h"

/* Certificates behind the tokens: those of the last one, and those that are no longer
 * good, which this module is told by who watches them. */

static size_t place_of(const struct tsa *tsa, const uint8_t sha256[32])
{
    size_t i = 0;

    while (i < tsa->doubted_count && memcmp(tsa->doubted[i], sha256, 32) != 0) {
        i++;
    }
    return i;
}

static bool is_doubted(struct tsa *tsa)
{
    uint8_t sha256[32];

    (void)SHA256(tsa->came, tsa->came_len, sha256);
    MUST(pthread_mutex_lock(&tsa->lock) == 0);
    bool doubted = place_of(tsa, sha256) < tsa->doubted_count;
    MUST(pthread_mutex_unlock(&tsa->lock) == 0);
    return doubted;
}

enum sg_status chain_read(struct tsa *tsa, const struct tsa_token *token,
                          struct sg_error *why)
{
    if (token_chain(&tsa->settings.trust, slice_of(token->der, token->len), tsa->came,
                    &tsa->came_len) != SG_OK) {
        tsa->came_len = 0; /* it was believed a moment ago; the next one tells */
        return SG_OK;
    }
    return is_doubted(tsa)
               ? sg_fail(why, SG_INVALID,
                         "its certificate, or that of an issuer, is revoked or on hold "
                         "('tsa.revoked' in the gateway's log)")
               : SG_OK;
}

void chain_keep(struct tsa *tsa)
{
    if (tsa->came_len == 0 || (tsa->came_len == tsa->chain_len &&
                               memcmp(tsa->came, tsa->chain, tsa->chain_len) == 0)) {
        return; /* this thread alone writes it */
    }
    MUST(pthread_mutex_lock(&tsa->lock) == 0);
    memcpy(tsa->chain, tsa->came, tsa->came_len);
    tsa->chain_len = tsa->came_len;
    MUST(pthread_mutex_unlock(&tsa->lock) == 0);
    atomic_fetch_add(&tsa->generation, 1);
}

uint64_t tsa_chain_generation(struct tsa *tsa)
{
    return atomic_load(&tsa->generation);
}

uint64_t tsa_chain(struct tsa *tsa, uint8_t *out, size_t *len)
{
    uint64_t generation = 0;

    MUST(pthread_mutex_lock(&tsa->lock) == 0);
    memcpy(out, tsa->chain, tsa->chain_len);
    *len = tsa->chain_len;
    generation = atomic_load(&tsa->generation);
    MUST(pthread_mutex_unlock(&tsa->lock) == 0);
    return generation;
}

void tsa_doubt(struct tsa *tsa, const uint8_t sha256[32], bool doubted)
{
    MUST(pthread_mutex_lock(&tsa->lock) == 0);
    size_t place = place_of(tsa, sha256);
    bool known = place < tsa->doubted_count;
    if (doubted && !known) {
        MUST(tsa->doubted_count < TSA_CHAINS_MAX);
        memcpy(tsa->doubted[tsa->doubted_count++], sha256, 32);
    } else if (!doubted && known) {
        memmove(tsa->doubted[place], tsa->doubted[--tsa->doubted_count], 32);
    }
    MUST(pthread_mutex_unlock(&tsa->lock) == 0);
}
