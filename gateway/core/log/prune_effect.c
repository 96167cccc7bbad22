#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/officers/effects.h"
#include "gateway/ledger/prune.h"
#include "proto/quorum/param.h"
#include "proto/text.h"

/* Texts of old records are taken out of the log. */

enum { STEPS_A_SECOND = 4, NUMBER_SIZE = 24 };
static const int64_t day_us = (int64_t)86400 * 1000000;

/* --- Whether ----------------------------------------------------------------------- */

/* No record that is younger may go. */
static int64_t newest_us(const struct core *core)
{
    return clock_wall_us() - core->options.config->retention_days * day_us;
}

static enum sg_status check_age(const struct core *core, const struct prune_facts *facts,
                                struct sg_error *why)
{
    char written[TEXT_TIME_SIZE] = "at an unknown time";
    int64_t last_us =
        facts->oldest_us > facts->newest_us ? facts->oldest_us : facts->newest_us;

    if (last_us <= newest_us(core)) {
        return SG_OK;
    }
    if (last_us != INT64_MAX) {
        text_time(last_us, written);
    }
    return sg_fail(
        why, SG_PRECONDITION,
        "records are kept for %lld days (ledger.retention_days); one of these was "
        "written %s",
        (long long)core->options.config->retention_days, written);
}

/* A record is as old as the last certificate that was valid when it was written needs it
 * to be. */
static enum sg_status check_certificate(const struct key *key, int64_t written_us,
                                        struct sg_error *why)
{
    char until[TEXT_TIME_SIZE];

    if (!key_ready(key) || key->cert == NULL ||
        cert_not_before_us(key->cert) > written_us) {
        return SG_OK;
    }
    int64_t until_us =
        cert_not_after_us(key->cert) + (int64_t)PRUNE_CERTIFICATE_DAYS * day_us;
    if (until_us <= clock_wall_us()) {
        return SG_OK;
    }
    text_time(until_us, until);
    return sg_fail(why, SG_PRECONDITION,
                   "the certificate of key '%s' was valid already: records of its time "
                   "are kept for seven years after its end, until %s",
                   key->config->name, until);
}

static enum sg_status check_certificates(const struct core *core, int64_t written_us,
                                         struct sg_error *why)
{
    for (size_t i = 0; i < core->keyring.count; i++) {
        TRY(check_certificate(&core->keyring.keys[i], written_us, why));
    }
    return SG_OK;
}

static enum sg_status read_before(const struct ledger_request *request, uint64_t *before,
                                  struct sg_error *why)
{
    return param_number(request->param, "before", INT64_MAX, before) == SG_OK
               ? SG_OK
               : sg_fail(why, SG_CORRUPT, "the ledger's request cannot be read");
}

static enum sg_status check_all(struct core *core, const struct ledger_request *request,
                                struct prune_facts *facts, struct sg_error *why)
{
    uint64_t before = 0;

    TRY(read_before(request, &before, why));
    if (core->state.clock.stepped) {
        return sg_fail(why, SG_PRECONDITION,
                       "the clock was set: nobody can say how old a record is; find out "
                       "why, and restart the gateway");
    }
    if (!clock_watch_trusted(&core->state.clock)) {
        return sg_fail(why, SG_PRECONDITION,
                       "the clock is more than a day past the last run, and nobody has "
                       "set it since: have a time source set it first");
    }
    TRY(ledger_prune_check(core->ledger, before, facts, why));
    TRY(check_age(core, facts, why));
    TRY(check_certificates(core, facts->newest_us, why));
    return anchoring_holds(core, before)
               ? SG_OK
               : sg_fail(why, SG_PRECONDITION,
                         "too few anchors outside of this machine hold these records "
                         "(anchoring.quorum)");
}

static enum sg_status check_prune(struct core *core, const struct ledger_request *request,
                                  struct sg_error *why)
{
    struct prune_facts facts = {0};

    return check_all(core, request, &facts, why);
}

/* --- What it does ------------------------------------------------------------------ */

struct prune_texts {
    char before[NUMBER_SIZE];
    char count[NUMBER_SIZE];
    char oldest[TEXT_TIME_SIZE];
    char newest[TEXT_TIME_SIZE];
};

static enum sg_status write_it(struct core *core, const struct prune_facts *facts,
                               struct members *members, struct log_place *place)
{
    struct prune_texts texts;

    (void)snprintf(texts.before, sizeof(texts.before), "%" PRIu64,
                   facts->first + facts->count);
    (void)snprintf(texts.count, sizeof(texts.count), "%" PRIu64, facts->count);
    text_time(facts->oldest_us, texts.oldest);
    text_time(facts->newest_us, texts.newest);
    members_add(members, "before_index", texts.before);
    members_add(members, "count", texts.count);
    members_add(members, "oldest", texts.oldest);
    members_add(members, "newest", texts.newest);
    members_add(members, "size", facts->size);
    members_add(members, "root", facts->root);
    return members_write(core, "log.prune", members, place);
}

static enum sg_status do_prune(struct core *core, const struct ledger_request *request,
                               struct members *members, struct log_place *place)
{
    struct ledger_prune prune = {.newest_us = newest_us(core)};
    struct prune_facts facts = {0};
    struct sg_error why;

    TRY(check_all(core, request, &facts, &why));
    TRY(write_it(core, &facts, members, place));
    prune.before = facts.first + facts.count;
    prune.index = place->index;
    memcpy(prune.hash, place->hash, sizeof(prune.hash));
    return ledger_prune(core->ledger, &prune);
}

static void after_prune(struct core *core, const struct ledger_request *request)
{
    (void)core;
    log_event(LOG_WARN, "log.prune", "before", request->param, "grant", request->id,
              NULL);
}

const struct effect effect_prune = {check_prune, do_prune, after_prune};

/* --- Going on ----------------------------------------------------------------------- */

enum sg_status prune_go_on(struct core *core)
{
    uint64_t kept = 0;
    char count[NUMBER_SIZE];

    for (unsigned i = 0; i < STEPS_A_SECOND; i++) {
        enum sg_status status = ledger_prune_step(core->ledger, &kept);
        if (status != SG_OK) {
            return status == SG_NOT_FOUND ? SG_OK : status;
        }
        if (kept > 0) {
            (void)snprintf(count, sizeof(count), "%" PRIu64, kept);
            log_event(LOG_WARN, "log.prune.kept", "records", count, "why",
                      "they are younger than what was pruned, as the clock went back",
                      NULL);
        }
    }
    return SG_OK;
}
