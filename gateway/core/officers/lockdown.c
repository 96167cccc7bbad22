#include "gateway/core/officers/lockdown.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/log/members.h"
#include "proto/digest.h"
#include "proto/text.h"

/* Kept as "active|over ID SINCE INDEX HASH PERSON REASON". */
static const char MEMO[] = "lockdown";

const struct record_failure lockdown_failure = {
    .rule = "CP-5.7-01",
    .cp_section = "5.7.1",
    .code = "LOCKED_DOWN",
    .found = "a lock-down is in force",
    .required = "its end, for which several officers sign",
};

void lockdown_refuse(const struct lockdown *lockdown, struct job *job)
{
    job->reason = lockdown_failure.code;
    if (job->denial != NULL) { /* what the policy says is not asked */
        job->denial->count = 0;
    }
    job_refuse(job, SG_PRECONDITION,
               "all signing was stopped by %s (%s); nothing was signed; come back with "
               "the same id when officers have ended it",
               lockdown->person, lockdown->id);
}

static const char *take(char **text)
{
    const char *word = strsep(text, " ");

    return word == NULL ? "" : word;
}

static bool read_number(const char *word, uint64_t *out)
{
    return text_uint(slice_str(word), INT64_MAX, out) == SG_OK;
}

static bool parse(char *text, struct lockdown *out)
{
    uint64_t since = 0;
    size_t len = 0;
    const char *state = take(&text);

    out->active = strcmp(state, "over") != 0;
    (void)snprintf(out->id, sizeof(out->id), "%s", take(&text));
    bool sound = strcmp(state, "active") == 0 || strcmp(state, "over") == 0;
    sound = read_number(take(&text), &since) && sound;
    sound = read_number(take(&text), &out->log_index) && sound;
    sound = text_unhex(slice_str(take(&text)), out->log_hash, 32, &len) == SG_OK &&
            len == 32 && sound;
    (void)snprintf(out->person, sizeof(out->person), "%s", take(&text));
    (void)snprintf(out->reason, sizeof(out->reason), "%s", text == NULL ? "" : text);
    out->since_us = (int64_t)since;
    return sound;
}

enum sg_status lockdown_start(struct core *core, struct sg_error *why)
{
    char text[LEDGER_MEMO_MAX];
    enum sg_status found = ledger_recall(core->ledger, MEMO, text);

    if (found != SG_OK) {
        return found == SG_NOT_FOUND ? SG_OK : found;
    }
    if (!parse(text, &core->lockdown)) {
        return sg_fail(why, SG_CORRUPT,
                       "what the ledger says of a lock-down cannot be read: restore the "
                       "ledger from its backup");
    }
    if (core->lockdown.active) {
        log_event(LOG_WARN, "lockdown.active", "id", core->lockdown.id, "person",
                  core->lockdown.person, "reason", core->lockdown.reason, NULL);
    }
    return SG_OK;
}

static enum sg_status remember(struct core *core)
{
    const struct lockdown *now = &core->lockdown;
    char text[LEDGER_MEMO_MAX];
    char hash[65];

    text_hex(slice_of(now->log_hash, sizeof(now->log_hash)), hash);
    int len =
        snprintf(text, sizeof(text), "%s %s %lld %llu %s %s %s",
                 now->active ? "active" : "over", now->id, (long long)now->since_us,
                 (unsigned long long)now->log_index, hash, now->person, now->reason);
    MUST(len > 0 && (size_t)len < sizeof(text));
    return ledger_remember(core->ledger, MEMO, text);
}

static void place_it(struct lockdown *now, const struct log_place *place)
{
    now->log_index = place->index;
    memcpy(now->log_hash, place->hash, sizeof(now->log_hash));
}

static enum sg_status write_begin(struct core *core, const struct order *order,
                                  struct log_place *place)
{
    struct members members = {.count = 0};
    char cert[65];

    text_hex(slice_of(order->caller_cert, sizeof(order->caller_cert)), cert);
    members_add(&members, "subject", core->lockdown.id);
    members_add(&members, "person", order->officer);
    members_add(&members, "role", order->change.role);
    members_add(&members, "caller_cert", cert);
    members_add(&members, "reason", order->reason);
    return members_write(core, "lockdown", &members, place);
}

enum sg_status lockdown_open_incident(struct core *core)
{
    struct incident_event event = {.kind = INCIDENT_LOCKDOWN};

    (void)snprintf(event.subject, sizeof(event.subject), "%s", core->lockdown.id);
    (void)snprintf(event.why, sizeof(event.why), "%s", core->lockdown.reason);
    return incident_open(core, &event, core->lockdown.person);
}

enum sg_status lockdown_begin(struct core *core, const struct order *order, bool *already)
{
    struct lockdown *now = &core->lockdown;
    struct log_place place;

    *already = now->active;
    if (*already) {
        return SG_OK;
    }
    *now = (struct lockdown){.active = true, .since_us = clock_wall_us()};
    (void)snprintf(now->id, sizeof(now->id), "lockdown-%llu",
                   (unsigned long long)ledger_next_index(core->ledger));
    (void)snprintf(now->person, sizeof(now->person), "%s", order->officer);
    (void)snprintf(now->reason, sizeof(now->reason), "%s", order->reason);
    TRY(write_begin(core, order, &place));
    place_it(now, &place);
    TRY(lockdown_open_incident(core));
    return remember(core);
}

enum sg_status lockdown_check(const struct core *core, const char *id,
                              struct sg_error *why)
{
    if (!core->lockdown.active) {
        return sg_fail(why, SG_PRECONDITION, "there is no lock-down: jobs are signed");
    }
    if (strcmp(core->lockdown.id, id) != 0) {
        return sg_fail(why, SG_PRECONDITION,
                       "the lock-down in force is '%s', not '%.64s'", core->lockdown.id,
                       id);
    }
    return SG_OK;
}

enum sg_status lockdown_end(struct core *core, struct members *members,
                            struct log_place *place)
{
    struct lockdown *now = &core->lockdown;
    char since[TEXT_TIME_SIZE];
    char policy[DIGEST_SHA256_SIZE] = "";

    text_time(now->since_us, since);
    if (core->policy != NULL) { /* without a running gateway there is none */
        digest_sha256_text(policy_info(core->policy)->sha256, policy);
    }
    members_add(members, "since", since);
    members_add(members, "policy_rev", policy);
    now->active = false;
    TRY(members_write(core, "lockdown.clear", members, place));
    place_it(now, place);
    return remember(core);
}
