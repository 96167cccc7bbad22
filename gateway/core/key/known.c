#include "gateway/core/key/known.h"

#include "gateway/clock.h"
#include "gateway/ledger/keyreg.h"
#include "proto/arena.h"

/* made: by a ceremony. */
static enum sg_status check_origin(const struct config_key *key, bool made,
                                   struct sg_error *why)
{
    if (key->certificate != NULL && made) {
        return sg_fail(why, SG_INVALID,
                       "key '%s' was made by a ceremony, and the configuration names "
                       "another one: take id, uri, certificate and chain away, or "
                       "choose another name",
                       key->name);
    }
    if (key->certificate == NULL && !made) {
        return sg_fail(why, SG_INVALID,
                       "key '%s' was one of the configuration and is no slot: give it "
                       "its id and certificate back, or name the slot otherwise",
                       key->name);
    }
    return SG_OK;
}

enum sg_status known_take(struct key *key, const struct key_filling *from,
                          const struct config *config, struct sg_error *why)
{
    struct sg_error inner = {0};

    TRY(check_origin(key->config, from->ckaid.len != 0, why));
    if (key->config->certificate != NULL || from->chain.len == 0) {
        return SG_OK;
    }
    enum sg_status status = key_fill(key, from, config, clock_wall_us(), &inner);
    return status == SG_OK ? SG_OK
                           : sg_fail(why, status, "key '%s' of the ledger's register: %s",
                                     key->config->name, inner.text);
}

/* --- A whole ring ------------------------------------------------------------------ */

static enum sg_status read_known(struct ledger *ledger, struct key *key,
                                 struct arena *arena, const struct config *config,
                                 struct sg_error *why)
{
    struct keyreg row = {.state = KEY_NONE};
    struct keyreg_der der = {.spki = slice_of("", 0), .chain = slice_of("", 0)};
    enum sg_status found = ledger_find_key(ledger, key->config->name, &row);

    if (found == SG_OK && row.state != KEY_NONE) {
        arena_reset(arena);
        found = ledger_find_key_der(ledger, row.name, arena, &der);
    }
    if (found != SG_OK && found != SG_NOT_FOUND) {
        return sg_fail(why, found, "%s", ledger_why(ledger));
    }
    if (row.state == KEY_NONE) {
        return SG_OK; /* new to the ledger, or its name is free again */
    }
    const struct key_filling filling = {.ckaid = slice_of(row.ckaid, row.ckaid_len),
                                        .chain = der.chain};
    return known_take(key, &filling, config, why);
}

enum sg_status known_take_all(struct ledger *ledger, struct keyring *ring,
                              const struct config *config, struct sg_error *why)
{
    AUTO(arena_fini) struct arena arena = {0};

    if (ledger_why(ledger)[0] != '\0') {
        return SG_OK; /* the start that it needs will say so */
    }
    TRY(arena_init(&arena, KEYREG_CHAIN_MAX + KEYREG_SPKI_MAX + 64));
    for (size_t i = 0; i < ring->count; i++) {
        TRY(read_known(ledger, &ring->keys[i], &arena, config, why));
    }
    return keyring_apart(ring, why);
}
