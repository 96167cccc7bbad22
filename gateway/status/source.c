#include <openssl/rand.h>
#include <stdlib.h>

#include "gateway/clock.h"
#include "gateway/log.h"
#include "gateway/status/inside.h"
#include "gateway/status/keep.h"

enum { US_PER_S = 1000000, FLOOR_S = 60, DOUBLINGS_MAX = 12 };

static void free_question(uint8_t **question)
{
    OPENSSL_free(*question);
}

static enum sg_status judge(const struct watched *link, const struct source *source,
                            const struct statement *statement, struct status_finding *out,
                            struct sg_error *why)
{
    int64_t now_us = clock_wall_us();

    return source->kind == STATUS_CRL
               ? evidence_crl(&link->link, statement->der, now_us, out, why)
               : evidence_ocsp(&link->link, statement, now_us, out, why);
}

void source_read_kept(const struct status *status, const struct watched *link,
                      struct source *source)
{
    AUTO(kept_fini) struct kept kept = {.max = (size_t)status->config->status_max_bytes};
    struct status_finding finding;
    struct sg_error why = {0};

    enum sg_status result =
        keep_read(status->config->status_dir, source->file, &kept, &why);
    if (result == SG_OK) {
        const struct statement statement = {.der = slice_of(kept.data, kept.len)};
        result = judge(link, source, &statement, &finding, &why);
    }
    if (result == SG_OK) {
        source->known = true;
        source->finding = finding;
    } else if (result != SG_NOT_FOUND) {
        log_event(LOG_WARN, "status.ignored", "file", source->file, "why", why.text,
                  NULL);
    }
}

static enum sg_status accept(const struct status *status, struct source *source,
                             const struct status_finding *finding, struct slice der,
                             struct sg_error *why)
{
    if (source->known && !evidence_follows(&source->finding, finding)) {
        return sg_fail(
            why, SG_INVALID,
            "%.200s sends a statement older than the one that was kept, or one "
            "that takes a revocation back; if the issuer means it, remove %s from "
            "status.dir and start again",
            source->url, source->file);
    }
    source->known = true;
    source->finding = *finding;
    source->fetched_us = clock_wall_us();
    /* Without the file it is known all the same, until the next start. */
    return keep_write(status->config->status_dir, source->file, der, why);
}

static enum sg_status try_once(const struct status *status, const struct watched *link,
                               struct source *source, struct sg_error *why)
{
    const struct config *config = status->config;
    const struct fetch_limits limits = {
        config->status_timeout_ms, config->status_max_bytes, config->status_proxy,
        config->status_private_addresses != 0, &status->stop};
    AUTO(fetched_fini) struct fetched answer = {0};
    AUTO(free_question) uint8_t *question = NULL;
    struct status_finding finding;
    size_t len = 0;

    if (source->kind == STATUS_OCSP) {
        TRY(evidence_ask(&link->link, &question, &len));
    }
    struct statement statement = {.question = slice_of(question, len)};
    TRY(fetch(&limits, source->url, statement.question, &answer, why));
    statement.der = slice_of(answer.data, answer.len);
    TRY(judge(link, source, &statement, &finding, why));
    return accept(status, source, &finding, statement.der, why);
}

/* Said once for each row of failures, and when it ends. */
void source_fetch(const struct status *status, const struct watched *link,
                  struct source *source)
{
    struct sg_error why = {0};
    enum sg_status result = try_once(status, link, source, &why);

    if (result == SG_OK) {
        if (source->failures > 0) {
            log_event(LOG_INFO, "status.again", "url", source->url, NULL);
        }
        source->failures = 0;
    } else if (!atomic_load(&status->stop)) {
        if (source->failures++ == 0) {
            log_event(LOG_WARN, "status.failed", "url", source->url, "why",
                      why.text[0] != '\0' ? why.text : sg_status_text(result), NULL);
        }
    }
    source->due_us =
        clock_mono_us() + source_pause(status->config, source, clock_wall_us());
}

/* Many gateways must not ask in step after an outage: between half and all of it. */
static int64_t jitter(int64_t pause_us)
{
    uint16_t random = 0;

    MUST(RAND_bytes((unsigned char *)&random, sizeof(random)) == 1);
    return pause_us / 2 + pause_us / 2 * random / UINT16_MAX;
}

int64_t source_pause(const struct config *config, const struct source *source,
                     int64_t now_us)
{
    int64_t refresh_us = config->status_refresh_s * US_PER_S;

    if (source->failures > 0) {
        unsigned doublings =
            source->failures - 1 < DOUBLINGS_MAX ? source->failures - 1 : DOUBLINGS_MAX;
        int64_t pause_us = (int64_t)US_PER_S << doublings;
        int64_t most_us = config->status_retry_max_s * US_PER_S;
        return jitter(pause_us < most_us ? pause_us : most_us);
    }
    /* Well before nextUpdate, so that some failures may happen in between. */
    int64_t early_us = (source->finding.next_update_us - now_us) / 4 * 3;
    int64_t floor_us = FLOOR_S * (int64_t)US_PER_S;
    early_us = early_us < floor_us ? floor_us : early_us;
    return refresh_us < early_us ? refresh_us : early_us;
}
