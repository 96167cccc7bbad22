#include "gateway/core/succession.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/core/core_inside.h"
#include "gateway/ledger/record.h"
#include "gateway/policy/compare.h"
#include "proto/digest.h"
#include "proto/text.h"

/* Which policy is in force. It changes inside a turn: its record, its text and the first
 * decisions by it are one transaction, so behind a policy.load record no decision is by
 * another policy. Versions only grow: an old file cannot come back by mistake. */

enum { PAIRS_MAX = 20, NUMBER_SIZE = 24 };

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

/* --- Records ----------------------------------------------------------------------- */

/* Members of a record as they are put together. */
struct members {
    const char *pairs[2 * PAIRS_MAX];
    size_t count;
};

static void add(struct members *members, const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        MUST(members->count < PAIRS_MAX);
        members->pairs[2 * members->count] = name;
        members->pairs[2 * members->count + 1] = value;
        members->count++;
    }
}

/* Texts that members point to. */
struct texts {
    char version[NUMBER_SIZE];
    char hash[DIGEST_SHA256_SIZE];
    char previous[DIGEST_SHA256_SIZE];
    char cert[65];
    char approver_cert[65];
    char numbers[4][NUMBER_SIZE];
};

static const char *number(uint64_t value, char out[NUMBER_SIZE])
{
    (void)snprintf(out, NUMBER_SIZE, "%llu", (unsigned long long)value);
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
        add(members, "subject", info->id);
        add(members, "version", number((uint64_t)info->version, texts->version));
    }
    add(members, "policy_rev", hash_text(change->sha256, texts->hash));
    add(members, "source", change->source);
}

static void add_persons(struct members *members, const struct order *order,
                        struct texts *texts)
{
    const struct policy_change *change = &order->change;

    add(members, "requester",
        order->officer[0] == '\0' ? "administrator" : order->officer);
    add(members, "requester_role", change->role);
    add(members, "requester_cert", cert_text(order->caller_cert, texts->cert));
    add(members, "approver", change->approver);
    add(members, "approver_role", change->approver_role);
    add(members, "approver_cert", cert_text(change->approver_cert, texts->approver_cert));
    add(members, "approval", change->approval);
    add(members, "request_id", order->request_id);
    add(members, "reason", order->reason);
}

static void add_effect(struct members *members, const struct policy_effect *effect,
                       struct texts *texts)
{
    if (effect->known) {
        add(members, "compared", number(effect->compared, texts->numbers[0]));
        add(members, "newly_denied", number(effect->newly_denied, texts->numbers[1]));
        add(members, "newly_allowed", number(effect->newly_allowed, texts->numbers[2]));
        add(members, "incomplete", number(effect->incomplete, texts->numbers[3]));
    }
}

static enum sg_status write_record(struct core *core, const char *type,
                                   struct order *order, const uint8_t previous[32])
{
    char buffer[LEDGER_RECORD_MAX];
    struct members members = {.count = 0};
    struct texts texts;
    struct record_head head;
    struct slice text = {0};

    add_policy(&members, &order->change, &texts);
    if (previous != NULL) {
        add(&members, "previous", hash_text(previous, texts.previous));
    }
    add_persons(&members, order, &texts);
    add_effect(&members, &order->change.effect, &texts);
    add(&members, "why", order->change.fault);
    record_begin(core, &head);
    TRY(record_event(buffer, &head, type, members.pairs, members.count, &text));
    order->log_index = head.seq;
    order->on_log = true;
    return ledger_append(core->ledger, text, order->log_hash);
}

/* --- Coming in force --------------------------------------------------------------- */

static enum sg_status keep(struct core *core, const struct order *order)
{
    const struct policy_info *info = policy_info(order->change.policy);
    struct ledger_policy kept = {.version = (uint64_t)info->version,
                                 .index = order->log_index,
                                 .text = policy_text(order->change.policy)};

    memcpy(kept.sha256, info->sha256, sizeof(kept.sha256));
    return ledger_keep_policy(core->ledger, &kept);
}

static void publish(struct core *core, struct policy *policy)
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
    TRY(write_record(core, "policy.reject", order, NULL));
    order->status = status;
    return SG_OK;
}

/* The keys first: that is what may fail, and then nothing has happened. */
static enum sg_status load(struct core *core, struct order *order)
{
    struct policy *policy = order->change.policy;
    struct sg_error why = {0};
    uint8_t previous[32];

    memcpy(previous, policy_info(core->policy)->sha256, sizeof(previous));
    enum sg_status status = policy_supersedes(policy, core->policy, &why);
    if (status == SG_OK) {
        status = routes_succeed(core, policy);
    }
    if (status != SG_OK) {
        return refuse(core, order, status, why.text);
    }
    publish(core, policy);
    core->succession.loads++;
    TRY(write_record(core, "policy.load", order, previous));
    TRY(keep(core, order));
    TRY(grants_end_stale(core));
    order->status = SG_OK;
    order->fresh = true;
    return SG_OK;
}

static enum sg_status only_record(struct core *core, struct order *order)
{
    bool reject = order->kind == ORDER_POLICY_REJECT;

    core->succession.rejects += reject ? 1 : 0;
    TRY(write_record(core, reject ? "policy.reject" : "policy.ask", order, NULL));
    order->status = SG_OK;
    return SG_OK;
}

enum sg_status succession_write(struct core *core, struct order *order)
{
    return order->kind == ORDER_POLICY_LOAD ? load(core, order)
                                            : only_record(core, order);
}

void succession_tell(const struct core *core, const struct order *order)
{
    const struct policy_info *info = policy_info(core->policy);
    const char *who = order->officer[0] == '\0' ? "administrator" : order->officer;
    const struct policy_effect *effect = &order->change.effect;
    char version[NUMBER_SIZE];
    char numbers[4][NUMBER_SIZE];

    if (order->kind == ORDER_POLICY_LOAD && order->fresh) {
        log_event(LOG_INFO, "policy.loaded", "policy", info->id, "version",
                  number((uint64_t)info->version, version), "source",
                  order->change.source, "requester", who, "approver",
                  order->change.approver, "compared",
                  number(effect->compared, numbers[0]), "newly_denied",
                  number(effect->newly_denied, numbers[1]), "newly_allowed",
                  number(effect->newly_allowed, numbers[2]), "incomplete",
                  number(effect->incomplete, numbers[3]), NULL);
    } else if (order->kind == ORDER_POLICY_LOAD) {
        log_event(LOG_ERROR, "policy.rejected", "requester", who, "why", order->why,
                  NULL);
    } else if (order->kind == ORDER_POLICY_REJECT) {
        log_event(LOG_ERROR, "policy.rejected", "requester", who, "why",
                  order->change.fault, NULL);
    }
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

struct order *core_policy_order(struct core *core, struct policy *policy)
{
    memcpy(core->succession.file_sha256, policy_info(policy)->sha256,
           sizeof(core->succession.file_sha256));
    return own_order(ORDER_POLICY_LOAD, "reload", policy);
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

/* --- At the start ------------------------------------------------------------------ */

/* The file is older than what came in force since, or was changed without a new version.
 */
static enum sg_status keep_newer(struct core *core, const struct ledger_policy *kept,
                                 struct sg_error *why)
{
    const struct policy_info *file = policy_info(core->policy);
    struct policy *policy = NULL;
    struct sg_error inner = {0};
    char text[256];

    enum sg_status status =
        policy_parse(kept->text, "the policy in force", &policy, &inner);
    if (status != SG_OK) {
        return sg_fail(why, status,
                       "version %llu of the policy is in force but no longer loads "
                       "(%.256s): give %s a higher version",
                       (unsigned long long)kept->version, inner.text,
                       core->options.config->policy_file);
    }
    (void)snprintf(text, sizeof(text),
                   "%.128s holds version %lld, which is not above it; other rules need a "
                   "higher metadata.version",
                   core->options.config->policy_file, (long long)file->version);
    char version[NUMBER_SIZE];
    log_event(LOG_WARN, "policy.kept", "policy", policy_info(policy)->id, "version",
              number(kept->version, version), "why", text, NULL);
    publish(core, policy);
    policy_free(policy);
    return SG_OK;
}

enum sg_status succession_start(struct core *core, struct sg_error *why)
{
    AUTO(ledger_policy_fini) struct ledger_policy kept = {.index = 0};
    const struct policy_info *file = policy_info(core->policy);
    enum sg_status found = ledger_last_policy(core->ledger, &kept);

    memcpy(core->succession.file_sha256, file->sha256,
           sizeof(core->succession.file_sha256));
    if (found != SG_OK && found != SG_NOT_FOUND) {
        return sg_fail(why, found, "the policy in force cannot be read: %s",
                       ledger_why(core->ledger));
    }
    core->succession.is_new =
        found == SG_NOT_FOUND || (uint64_t)file->version > kept.version;
    bool same = found == SG_OK && memcmp(file->sha256, kept.sha256, 32) == 0;
    return core->succession.is_new || same ? SG_OK : keep_newer(core, &kept, why);
}

enum sg_status succession_write_start(struct core *core)
{
    struct order order = {.change = {.policy = core->policy, .source = "start"}};

    if (!core->succession.is_new) {
        return SG_OK;
    }
    memcpy(order.change.sha256, policy_info(core->policy)->sha256, 32);
    core->succession.loads++;
    TRY(write_record(core, "policy.load", &order, NULL));
    return keep(core, &order);
}
