#include <stdio.h>
#include <string.h>

#include "gateway/core/core_inside.h"
#include "gateway/core/log/members.h"
#include "gateway/core/succession/inside.h"
#include "proto/digest.h"
#include "proto/text.h"

/* What the log says of a policy that came, or was refused. */

/* Texts that members point to. */
struct texts {
    char version[SUCCESSION_NUMBER_SIZE];
    char hash[DIGEST_SHA256_SIZE];
    char previous[DIGEST_SHA256_SIZE];
    char cert[65];
    char approver_cert[65];
    char numbers[4][SUCCESSION_NUMBER_SIZE];
};

const char *succession_number(uint64_t value, char out[SUCCESSION_NUMBER_SIZE])
{
    (void)snprintf(out, SUCCESSION_NUMBER_SIZE, "%llu", (unsigned long long)value);
    return out;
}

static bool all_zero(const uint8_t bytes[32])
{
    uint8_t any = 0;

    for (size_t i = 0; i < 32; i++) {
        any |= bytes[i];
    }
    return any == 0;
}

static const char *hash_text(const uint8_t hash[32], char out[DIGEST_SHA256_SIZE])
{
    out[0] = '\0';
    if (!all_zero(hash)) {
        digest_sha256_text(hash, out);
    }
    return out;
}

static const char *cert_text(const uint8_t hash[32], char out[65])
{
    out[0] = '\0';
    if (!all_zero(hash)) { /* a user of this machine has none */
        text_hex(slice_of(hash, 32), out);
    }
    return out;
}

static void add_policy(struct members *members, const struct policy_change *change,
                       struct texts *texts)
{
    if (change->policy != NULL) {
        const struct policy_info *info = policy_info(change->policy);
        members_add(members, "subject", info->id);
        members_add(members, "version",
                    succession_number((uint64_t)info->version, texts->version));
    }
    members_add(members, "policy_rev", hash_text(change->sha256, texts->hash));
    members_add(members, "source", change->source);
}

static void add_persons(struct members *members, const struct order *order,
                        struct texts *texts)
{
    const struct policy_change *change = &order->change;

    members_add(members, "requester",
                order->officer[0] == '\0' ? "administrator" : order->officer);
    members_add(members, "requester_role", change->role);
    members_add(members, "requester_cert", cert_text(order->caller_cert, texts->cert));
    members_add(members, "approver", change->approver);
    members_add(members, "approver_role", change->approver_role);
    members_add(members, "approver_cert",
                cert_text(change->approver_cert, texts->approver_cert));
    members_add(members, "approval", change->approval);
    members_add(members, "request_id", order->request_id);
    members_add(members, "reason", order->reason);
}

static void add_effect(struct members *members, const struct policy_effect *effect,
                       struct texts *texts)
{
    if (effect->known) {
        members_add(members, "compared",
                    succession_number(effect->compared, texts->numbers[0]));
        members_add(members, "newly_denied",
                    succession_number(effect->newly_denied, texts->numbers[1]));
        members_add(members, "newly_allowed",
                    succession_number(effect->newly_allowed, texts->numbers[2]));
        members_add(members, "incomplete",
                    succession_number(effect->incomplete, texts->numbers[3]));
    }
}

/* Of those whose approvals were signed, behind the subject. */
static void add_grant(struct members *members, const struct members *grant)
{
    for (size_t i = 1; i < grant->count; i++) {
        members_add(members, grant->pairs[2 * i], grant->pairs[2 * i + 1]);
    }
}

enum sg_status succession_record(struct core *core, const char *type, struct order *order,
                                 const struct succession_words *words)
{
    struct members members = {.count = 0};
    struct texts texts;
    struct log_place place;

    add_policy(&members, &order->change, &texts);
    if (words->previous != NULL) {
        members_add(&members, "previous", hash_text(words->previous, texts.previous));
    }
    if (words->grant == NULL) {
        add_persons(&members, order, &texts);
    } else {
        add_grant(&members, words->grant);
    }
    add_effect(&members, &order->change.effect, &texts);
    members_add(&members, "why", order->change.fault);
    TRY(members_write(core, type, &members, &place));
    order->log_index = place.index;
    memcpy(order->log_hash, place.hash, sizeof(order->log_hash));
    order->on_log = true;
    return SG_OK;
}
