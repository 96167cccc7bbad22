#include <openssl/rand.h>
#include <stdlib.h>

#include "gateway/clock.h"
#include "gateway/log.h"
#include "gateway/status/inside.h"
#include "gateway/status/keep.h"

enum { US_PER_S = 1000000, FLOOR_S = 60, DOUBLINGS_MAX = 12 };

static enum sg_status judge(const struct source *source,
                            const struct statement *statement, struct status_finding *out,
                            struct sg_error *why)
{
    const struct status_link *link = &source->of->link;
    const struct status_blob *list = source->of->crl.blob;
    struct statement answer = *statement;
    int64_t now_us = clock_wall_us();

    if (source->kind == STATUS_CRL) {
        return evidence_crl(link, statement->der, now_us, out, why);
    }
    answer.list = list == NULL ? slice_of(NULL, 0) : status_bytes(list);
    return evidence_ocsp(link, &answer, now_us, out, why);
}

void source_read_kept(struct status *status, struct source *source)
{
    AUTO(kept_fini) struct kept kept = {.max = (size_t)status->config->status_max_bytes};
    struct status_finding finding;
    struct sg_error why = {0};

    enum sg_status result =
        keep_read(status->config->status_dir, source->file, &kept, &why);
    if (result == SG_OK) {
        const struct statement statement = {.der = slice_of(kept.data, kept.len)};
        result = judge(source, &statement, &finding, &why);
    }
    if (result == SG_OK) {
        proofs_keep(status, source, &finding, 0, slice_of(kept.data, kept.len));
    } else if (result != SG_NOT_FOUND) {
        log_event(LOG_WARN, "status.ignored", "file", source->file, "why", why.text,
                  NULL);
    }
}

/* What a list says of a responder holds for an answer that came before the list, too:
 * otherwise a stolen key had only to be faster to lift a hold. Words of revocation and of
 * a hold stay. */
static void look_back(struct status *status, struct watched *of, struct slice list)
{
    struct source *told = &of->ocsp;

    if (!told->known || told->blob == NULL || told->finding.revoked ||
        told->finding.suspended) {
        return;
    }
    const struct statement statement = {.der = status_bytes(told->blob), .list = list};
    if (evidence_by_revoked(&of->link, &statement, told->finding.this_update_us)) {
        proofs_drop(status, told);
        log_event(LOG_WARN, "status.ignored", "file", told->file, "why",
                  "the OCSP answer is signed by a responder that the issuer's CRL, which "
                  "came after it, revokes",
                  NULL);
    }
}

static enum sg_status accept(struct status *status, struct source *source,
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
    proofs_keep(status, source, finding, clock_wall_us(), der);
    if (source->kind == STATUS_CRL) {
        look_back(status, source->of, der);
    }
    /* Without the file it is known all the same, until the next start. */
    return keep_write(status->config->status_dir, source->file, der, why);
}

static void forget_question(struct source *source)
{
    OPENSSL_free(source->question);
    source->question = NULL;
    source->question_len = 0;
}

void source_fini(struct source *source)
{
    proofs_give(source->blob);
    forget_question(source);
}

/* Said once for each row of failures, and when it ends. */
static void settle(const struct status *status, struct source *source,
                   enum sg_status result, const struct sg_error *why)
{
    if (result == SG_OK) {
        if (source->failures > 0) {
            log_event(LOG_INFO, "status.again", "url", source->url, NULL);
        }
        source->failures = 0;
    } else if (source->failures++ == 0) {
        log_event(LOG_WARN, "status.failed", "url", source->url, "why",
                  why->text[0] != '\0' ? why->text : sg_status_text(result), NULL);
    }
    source->asked = false;
    forget_question(source);
    source->due_us =
        clock_mono_us() + source_pause(status->config, source, clock_wall_us());
}

static enum sg_status begin(struct status *status, struct source *source,
                            struct sg_error *why)
{
    const struct config *config = status->config;

    if (source->kind == STATUS_OCSP) {
        TRY(evidence_ask(&source->of->link, &source->question, &source->question_len));
    }
    /* RFC 5280 8: https would need the status that it asks for. */
    const struct http_request request = {
        .url = source->url,
        .schemes = "http",
        .type = "application/ocsp-request",
        .body = slice_of(source->question, source->question_len),
        .ca = "",
        .timeout_ms = config->status_timeout_ms,
        .max_bytes = (size_t)config->status_max_bytes,
        .private_addresses = config->status_private_addresses != 0,
        .context = source};
    return http_begin(status->http, &request, why);
}

void source_ask(struct status *status, struct source *source)
{
    struct sg_error why = {0};
    enum sg_status result = begin(status, source, &why);

    source->asked = true;
    if (result != SG_OK) {
        settle(status, source, result, &why);
    }
}

static enum sg_status check_answer(const struct source *source,
                                   const struct http_answer *answer, struct sg_error *why)
{
    if (answer->status != SG_OK) {
        return sg_fail(why, answer->status, "%s%s", answer->why.text,
                       answer->status == SG_DENIED
                           ? "; set status.private_addresses to 1 if that is meant"
                           : "");
    }
    return answer->code == HTTP_FINE ? SG_OK
                                     : sg_fail(why, SG_IO, "%.200s answers with HTTP %ld",
                                               source->url, answer->code);
}

static enum sg_status take(struct status *status, struct source *source,
                           const struct http_answer *answer, struct sg_error *why)
{
    const struct statement statement = {
        .question = slice_of(source->question, source->question_len),
        .der = slice_of(answer->data, answer->len)};
    struct status_finding finding;

    TRY(check_answer(source, answer, why));
    TRY(judge(source, &statement, &finding, why));
    return accept(status, source, &finding, statement.der, why);
}

void source_answered(struct status *status, struct source *source,
                     struct http_answer *answer)
{
    struct sg_error why = {0};
    enum sg_status result = take(status, source, answer, &why);

    settle(status, source, result, &why);
    http_answer_fini(answer);
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
