#include "gateway/core/key/known.h"

#include "gateway/clock.h"

enum sg_status known_check(const struct config_key *key, bool made, struct sg_error *why)
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

    TRY(known_check(key->config, from->ckaid.len != 0, why));
    if (key->config->certificate != NULL || from->chain.len == 0) {
        return SG_OK;
    }
    enum sg_status status = key_fill(key, from, config, clock_wall_us(), &inner);
    return status == SG_OK ? SG_OK
                           : sg_fail(why, status, "key '%s' of the ledger's register: %s",
                                     key->config->name, inner.text);
}
