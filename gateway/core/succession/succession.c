#include "gateway/core/succession/succession.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/core_inside.h"
#include "gateway/core/log/members.h"
#include "gateway/core/succession/inside.h"
#include "gateway/policy/compare.h"

/* Which policy is in force. It changes inside a turn: its record, its text and the first
 * decisions by it are one transaction, so behind a policy.load record no decision is by
 * another policy. Versions only grow: an old file cannot come back by mistake. */

/* --- Weighing ---------------------------------------------------------------------- */

bool core_knows_policy(const struct core *core, const uint8_t sha256[32])
{
    return memcmp(policy_info(core->policy)->sha256, sha256, 32) == 0 ||
           memcmp(core->succession.file_sha256, sha256, 32) == 0;
}

enum sg_status core_weigh_policy(const struct core *core, const struct policy *policy,
                                 struct sg_error *why)
{
    return policy_supersedes(policy, core->policy, why);
}

/* --- Coming in force --------------------------------------------------------------- */

const char succession_ask_for_it[] = "a quorum file says who brings a policy in force: "
                                     "let an officer or reviewer ask for it "
                                     "('segel policy load')";
static const struct succession_words nothing = {NULL, NULL};

enum sg_status succession_keep(struct core *core, const struct order *order)
{
    const struct policy_info *info = policy_info(order->change.policy);
    struct ledger_policy kept = {.version = (uint64_t)info->version,
                                 .index = order->log_index,
                                 .text = policy_text(order->change.policy)};

    memcpy(kept.sha256, info->sha256, sizeof(kept.sha256));
    return ledger_keep_policy(core->ledger, &kept);
}

void succession_publish(struct core *core, struct policy *policy)
{
    MUST(pthread_mutex_lock(&core->policy_lock) == 0);
    struct policy *old = core->policy;
    core->policy = policy_take(policy);
    MUST(pthread_mutex_unlock(&core->policy_lock) == 0);
    policy_free(old);
}

static enum sg_status refuse(struct core *core, struct order *order,
                             enum sg_status status, const char *why)
{
    const char *text = why[0] != '\0' ? why : sg_status_text(status);

    core->succession.rejects++;
    (void)snprintf(order->change.fault, sizeof(order->change.fault), "%s", text);
    (void)snprintf(order->why, sizeof(order->why), "%.191s", text);
    TRY(succession_record(core, "policy.reject", order, &nothing));
    order->status = status;
    return SG_OK;
}

/* The keys first: that is what may fail, and then nothing has happened. Any other failure
 * than the ledger's leaves all as it was. */
static enum sg_status come_in_force(struct core *core, struct order *order,
                                    const struct members *grant, struct sg_error *why)
{
    struct policy *policy = order->change.policy;
    uint8_t previous[32];

    memcpy(previous, policy_info(core->policy)->sha256, sizeof(previous));
    TRY(policy_supersedes(policy, core->policy, why));
    TRY(routes_succeed(core, policy));
    succession_publish(core, policy);
    core->succession.loads++;
    const struct succession_words words = {.previous = previous, .grant = grant};
    if (succession_record(core, "policy.load", order, &words) != SG_OK) {
        return SG_LEDGER;
    }
    return succession_keep(core, order);
}

/* What was asked for when there was no quorum file, or beside it. */
static enum sg_status check_way(const struct core *core, struct sg_error *why)
{
    return core->grants.quorum == NULL
               ? SG_OK
               : sg_fail(why, SG_PRECONDITION, "%s", succession_ask_for_it);
}

static enum sg_status load(struct core *core, struct order *order)
{
    struct sg_error why = {0};
    enum sg_status status = check_way(core, &why);

    if (status == SG_OK) {
        status = come_in_force(core, order, NULL, &why);
    }
    if (status == SG_LEDGER) {
        return status;
    }
    if (status != SG_OK) {
        return refuse(core, order, status, why.text);
    }
    TRY(grants_end_stale(core));
    order->status = SG_OK;
    order->fresh = true;
    return SG_OK;
}

enum sg_status succession_grant(struct core *core, const struct proposal *proposal,
                                const struct members *grant, struct log_place *place)
{
    struct order order = {.change = {.policy = proposal->policy,
                                     .source = "officers",
                                     .effect = proposal->effect}};
    struct sg_error why = {0};

    memcpy(order.change.sha256, policy_info(proposal->policy)->sha256, 32);
    TRY(come_in_force(core, &order, grant, &why));
    place->index = order.log_index;
    memcpy(place->hash, order.log_hash, sizeof(place->hash));
    return SG_OK;
}

static enum sg_status only_record(struct core *core, struct order *order)
{
    bool reject = order->kind == ORDER_POLICY_REJECT;

    core->succession.rejects += reject ? 1 : 0;
    TRY(succession_record(core, reject ? "policy.reject" : "policy.ask", order,
                          &nothing));
    order->status = SG_OK;
    return SG_OK;
}

enum sg_status succession_write(struct core *core, struct order *order)
{
    return order->kind == ORDER_POLICY_LOAD ? load(core, order)
                                            : only_record(core, order);
}

static void tell_loaded(const struct policy_info *info, const struct order *order,
                        const char *who)
{
    const struct policy_effect *effect = &order->change.effect;
    char version[SUCCESSION_NUMBER_SIZE];
    char numbers[4][SUCCESSION_NUMBER_SIZE];

    log_event(LOG_INFO, "policy.loaded", "policy", info->id, "version",
              succession_number((uint64_t)info->version, version), "source",
              order->change.source, "requester", who, "approver", order->change.approver,
              "compared", succession_number(effect->compared, numbers[0]), "newly_denied",
              succession_number(effect->newly_denied, numbers[1]), "newly_allowed",
              succession_number(effect->newly_allowed, numbers[2]), "incomplete",
              succession_number(effect->incomplete, numbers[3]), NULL);
}

void succession_tell(const struct core *core, const struct order *order)
{
    const char *who = order->officer[0] == '\0' ? "administrator" : order->officer;

    if (order->kind == ORDER_POLICY_LOAD && order->fresh) {
        tell_loaded(policy_info(core->policy), order, who);
    } else if (order->kind == ORDER_POLICY_LOAD) {
        log_event(LOG_ERROR, "policy.rejected", "requester", who, "why", order->why,
                  NULL);
    } else if (order->kind == ORDER_POLICY_REJECT) {
        log_event(LOG_ERROR, "policy.rejected", "requester", who, "why",
                  order->change.fault, NULL);
    }
}

void succession_tell_grant(const struct core *core, const struct proposal *proposal,
                           const char *requester)
{
    const struct order order = {
        .change = {.source = "officers", .effect = proposal->effect}};

    tell_loaded(policy_info(core->policy), &order, requester);
}

/* --- From the file ----------------------------------------------------------------- */

/* An order of our own. Takes the share. */
static struct order *own_order(enum order_kind kind, const char *source,
                               struct policy *policy)
{
    struct order *order = (struct order *)calloc(1, sizeof(*order));

    if (order == NULL) {
        policy_free(policy);
        return NULL;
    }
    order->letter.kind = LETTER_ORDER;
    order->kind = kind;
    order->change.source = source;
    order->change.policy = policy;
    if (policy != NULL) {
        memcpy(order->change.sha256, policy_info(policy)->sha256, 32);
    }
    return order;
}

struct order *core_policy_order(struct policy *policy)
{
    return own_order(ORDER_POLICY_LOAD, "reload", policy);
}

void core_know_policy(struct core *core, const struct order *order)
{
    memcpy(core->succession.file_sha256, order->change.sha256,
           sizeof(core->succession.file_sha256));
}

void core_reject_policy(struct core *core, const uint8_t *sha256, const char *fault)
{
    struct order *order = own_order(ORDER_POLICY_REJECT, "reload", NULL);

    if (order == NULL) {
        log_event(LOG_ERROR, "policy.rejected", "why", fault, NULL);
        return;
    }
    if (sha256 != NULL) {
        memcpy(order->change.sha256, sha256, sizeof(order->change.sha256));
    }
    (void)snprintf(order->change.fault, sizeof(order->change.fault), "%s", fault);
    STAILQ_INSERT_TAIL(&core->orders, &order->letter, link);
}
