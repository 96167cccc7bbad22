#include "gateway/service/control/reload.h"

#include <openssl/sha.h>
#include <stdlib.h>

#include "gateway/config/files.h"
#include "gateway/config/yaml.h"
#include "gateway/core/officers/order.h"
#include "gateway/core/officers/quorum.h"
#include "gateway/core/reload.h"
#include "gateway/policy/policy.h"
#include "gateway/service/control/sound.h"
#include "gateway/service/door.h"

/* What was read and waits to be used. */
struct news {
    struct config *config; /* owned share */
    struct roll *roll;     /* owned; NULL: callers are as they were */
    struct server_renewal *renewal;
    struct order *order;   /* owned: of a policy; NULL: the policy stays */
    struct quorum *quorum; /* owned; NULL: none is configured */
    struct keyring ring;   /* owned: the certificates that it names */
};

static void order_free(struct order *order)
{
    if (order != NULL) {
        policy_free(order->change.policy);
        free(order);
    }
}

static void news_fini(struct news *news)
{
    config_free(news->config);
    roll_free(news->roll);
    server_renewal_free(news->renewal);
    order_free(news->order);
    quorum_free(news->quorum);
    keyring_fini(&news->ring);
}

/* The file's bytes, and what became of them. */
struct tried {
    uint8_t *bytes; /* owned */
    size_t len;
    uint8_t sha256[32];
    bool read;
};

static void tried_fini(struct tried *tried)
{
    free(tried->bytes);
}

/* Also where the quorum file comes with this very reload. */
static SG_MUST_USE enum sg_status check_way(const struct reload *reload,
                                            const struct news *news, const char *path,
                                            struct sg_error *why)
{
    if (news->quorum == NULL && !core_has_quorum(reload->core)) {
        return SG_OK;
    }
    return sg_fail(
        why, SG_PRECONDITION,
        "%.200s: a quorum file says who brings a policy in force: put the file "
        "back, and let an officer or reviewer ask for the new one ('segel policy "
        "load')",
        path);
}

static SG_MUST_USE enum sg_status try_policy(const struct reload *reload,
                                             const char *path, struct tried *tried,
                                             struct news *news, struct sg_error *why)
{
    struct policy *policy = NULL;

    TRY(yaml_file_bytes(path, &tried->bytes, &tried->len, why));
    (void)SHA256(tried->bytes, tried->len, tried->sha256);
    tried->read = true;
    if (core_knows_policy(reload->core, tried->sha256)) {
        return SG_OK;
    }
    TRY(policy_parse(slice_of(tried->bytes, tried->len), path, &policy, why));
    news->order = core_policy_order(policy);
    if (news->order == NULL) {
        return SG_NO_MEMORY;
    }
    TRY(core_weigh_policy(reload->core, policy, why));
    return check_way(reload, news, path, why);
}

/* A file that is refused is an event of its own, whatever else is amiss. */
static enum sg_status read_policy(const struct reload *reload, struct news *news,
                                  struct sg_error *why)
{
    AUTO(tried_fini) struct tried tried = {.bytes = NULL};
    enum sg_status status =
        try_policy(reload, news->config->policy_file, &tried, news, why);

    if (status != SG_OK) {
        core_reject_policy(reload->core, tried.read ? tried.sha256 : NULL,
                           why->text[0] != '\0' ? why->text : sg_status_text(status));
    }
    return status;
}

static enum sg_status read_news(const struct reload *reload, struct news *news,
                                struct sg_error *why)
{
    struct door door;

    TRY(config_load(reload->config_path, &news->config, why));
    TRY(quorum_load(news->config, &news->quorum, why));
    TRY(core_weigh_quorum(reload->core, news->config, news->quorum, why));
    TRY(read_policy(reload, news, why));
    TRY(sound_check(news->config, &news->ring, why));
    TRY(config_files_credentials(news->config, why));
    door_open(news->config, &door);
    TRY(server_prepare(reload->server, &door.options, &news->renewal, why));
    return services_prepare(reload->services, news->config, &news->roll, why);
}

/* Last, because it takes a moment: what it changes in decisions of the log is told with
 * it. */
static void succeed(const struct reload *reload, struct news *news)
{
    if (news->order != NULL) {
        core_know_policy(reload->core, news->order);
        services_succeed(reload->services, news->order);
        news->order = NULL;
    }
}

static void find_changes(const struct reload *reload, const struct news *news,
                         struct changes *out)
{
    const struct changes_of of = {.start = reload->start,
                                  .newest = core_config(reload->core),
                                  .config = news->config,
                                  .keys = core_keys(reload->core),
                                  .fresh = &news->ring};

    changes_find(&of, out);
}

/* The core is the last that may refuse: behind it nothing can fail. Callers come before
 * the trust: its renewal has open connections ask again who they are. */
enum sg_status reload_all(const struct reload *reload, struct changes *out,
                          struct sg_error *why)
{
    AUTO(news_fini) struct news news = {0};

    TRY(read_news(reload, &news, why));
    find_changes(reload, &news, out);
    TRY(core_reload(reload->core, config_take(news.config), &news.ring, why));
    core_take_quorum(reload->core, news.quorum);
    news.quorum = NULL;
    services_renew(reload->services, news.roll);
    news.roll = NULL;
    core_forget_callers(reload->core);
    server_renew(reload->server, news.renewal);
    news.renewal = NULL;
    door_expect(reload->server, reload->core, reload->start->node);
    sound_tell_doubts(&news.ring);
    log_setup(news.config->log_level_value, news.config->log_format_value);
    succeed(reload, &news);
    return SG_OK;
}
