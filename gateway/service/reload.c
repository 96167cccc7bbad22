#include "gateway/service/reload.h"

#include "gateway/service/door.h"

/* What was read and waits to be used. */
struct news {
    struct config *config; /* owned */
    struct roll *roll;     /* owned; NULL: callers are as they were */
    struct server_renewal *renewal;
};

static void news_fini(struct news *news)
{
    config_free(news->config);
    roll_free(news->roll);
    server_renewal_free(news->renewal);
}

static enum sg_status read_news(const struct reload *reload, struct news *news,
                                struct sg_error *why)
{
    struct door door;

    TRY(config_load(reload->config_path, &news->config, why));
    door_open(news->config, &door);
    TRY(server_prepare(reload->server, &door.options, &news->renewal, why));
    return services_prepare(reload->services, &news->config, &news->roll, why);
}

/* The core keeps its own copy of the configuration, or frees it. It is the last that may
 * refuse. Callers come before the trust: its renewal has open connections ask again who
 * they are. */
enum sg_status reload_all(const struct reload *reload, struct sg_error *why)
{
    AUTO(news_fini) struct news news = {0};
    struct config *config = NULL;

    TRY(read_news(reload, &news, why));
    TRY(config_load(reload->config_path, &config, why));
    TRY(core_reload(reload->core, config, why));
    services_renew(reload->services, news.roll);
    news.roll = NULL;
    server_renew(reload->server, news.renewal);
    news.renewal = NULL;
    return SG_OK;
}
