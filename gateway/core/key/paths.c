#include "gateway/clock.h"
#include "gateway/core/core_inside.h"

enum { AGAIN_US = 1000000 }; /* after there was no memory */

/* Chains of certificates while the gateway runs. What was judged at the start holds until
 * the validity of one of the certificates ends or begins; then the key is bound anew,
 * before the next job is decided. A clock that was set back ends it as well. */

static void tell(struct core *core, const struct key *key)
{
    const char *text = key->holder->path.good
                           ? "certificate path verifies"
                           : "certificate path does not verify: a certificate of the "
                             "chain is out of its validity";

    notes_add(core, "key.state", key->config->name, text);
    log_event(key->holder->path.good ? LOG_INFO : LOG_ERROR, "key.path", "key",
              key->config->name, "why", text, NULL);
}

static enum sg_status judge_again(struct core *core, const struct key *key,
                                  int64_t now_us)
{
    struct cert_path *path = &key->holder->path;
    bool was_good = path->good;

    if (cert_path_holds(path, now_us)) {
        return SG_OK;
    }
    TRY(cert_judge_path(key->cert, now_us, path));
    if (path->good != was_good) {
        tell(core, key);
    }
    return SG_OK;
}

static void narrow(struct cert_path *all, const struct cert_path *one)
{
    all->from_us = one->from_us > all->from_us ? one->from_us : all->from_us;
    all->until_us = one->until_us < all->until_us ? one->until_us : all->until_us;
}

static enum sg_status judge_key(struct core *core, const struct key *key, int64_t now_us,
                                struct cert_path *all)
{
    if (key_ready(key)) {
        TRY(judge_again(core, key, now_us));
        narrow(all, &key->holder->path);
    }
    return SG_OK;
}

static enum sg_status judge_all(struct core *core, int64_t now_us)
{
    struct cert_path all = {.from_us = INT64_MIN, .until_us = INT64_MAX};
    struct sg_error why = {0};

    for (size_t i = 0; i < core->keyring.count; i++) {
        TRY(judge_key(core, &core->keyring.keys[i], now_us, &all));
    }
    TRY(routes_bind(core, &why));
    core->paths = all;
    return SG_OK;
}

void paths_look_after(struct core *core)
{
    int64_t now_us = clock_wall_us();

    if (!cert_path_holds(&core->paths, now_us) && judge_all(core, now_us) != SG_OK) {
        log_event(LOG_ERROR, "keys.unbound", "why", sg_status_text(SG_NO_MEMORY), NULL);
        core->paths.until_us = now_us + AGAIN_US;
    }
}
