#include <stdio.h>
#include <string.h>

#include "gateway/core/core_inside.h"
#include "gateway/core/succession/inside.h"

/* Which policy a start begins with: that of the file, or that of the ledger. Whoever may
 * restart the gateway is not for that reason one of those who bring a policy in force. */

enum sg_status succession_read_kept(const char *path, const struct ledger_policy *kept,
                                    struct policy **out, struct sg_error *why)
{
    struct sg_error inner = {0};
    enum sg_status status = policy_parse(kept->text, "the policy in force", out, &inner);

    return status == SG_OK
               ? SG_OK
               : sg_fail(why, status,
                         "version %llu of the policy is in force but no longer loads "
                         "(%.256s): give %.128s a higher version",
                         (unsigned long long)kept->version, inner.text, path);
}

static void keep(struct core *core, struct policy *kept, const char *text)
{
    char version[SUCCESSION_NUMBER_SIZE];
    const struct policy_info *info = policy_info(kept);

    log_event(LOG_WARN, "policy.kept", "policy", info->id, "version",
              succession_number((uint64_t)info->version, version), "why", text, NULL);
    succession_publish(core, kept);
}

/* The file is older than what came in force since, or was changed without a new version.
 */
static enum sg_status keep_newer(struct core *core, const struct ledger_policy *kept,
                                 struct sg_error *why)
{
    const struct policy_info *file = policy_info(core->policy);
    struct policy *policy = NULL;
    char text[256];

    TRY(succession_read_kept(core->options.config->policy_file, kept, &policy, why));
    (void)snprintf(text, sizeof(text),
                   "%.128s holds version %lld, which is not above it; other rules need a "
                   "higher metadata.version",
                   core->options.config->policy_file, (long long)file->version);
    keep(core, policy, text);
    policy_free(policy);
    return SG_OK;
}

/* The file is newer, and by the ledger a quorum file says who brings a policy in force.
 * It is taken all the same when the one in force cannot be read by this version of Segel:
 * nobody could ask for anything otherwise. */
static void keep_agreed(struct core *core, const struct ledger_policy *kept)
{
    struct succession *succession = &core->succession;
    struct policy *policy = NULL;
    struct sg_error why = {0};

    succession->is_new = succession_read_kept(core->options.config->policy_file, kept,
                                              &policy, &why) != SG_OK;
    if (succession->is_new) {
        (void)snprintf(succession->start_why, sizeof(succession->start_why), "%s",
                       why.text);
        return;
    }
    (void)snprintf(succession->start_why, sizeof(succession->start_why), "%.128s: %s",
                   core->options.config->policy_file, succession_ask_for_it);
    succession->refused = true;
    keep(core, policy, succession->start_why);
    policy_free(policy);
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
    bool same = found == SG_OK && memcmp(file->sha256, kept.sha256, 32) == 0;
    bool higher = found == SG_OK && (uint64_t)file->version > kept.version;
    core->succession.is_new = found == SG_NOT_FOUND || higher;
    if (same || found == SG_NOT_FOUND) {
        return SG_OK;
    }
    if (!higher) {
        return keep_newer(core, &kept, why);
    }
    if (grants_had_quorum(core)) {
        keep_agreed(core, &kept);
    }
    return SG_OK;
}

static enum sg_status write_refusal(struct core *core)
{
    struct order order = {.change = {.source = "start"}};
    const struct succession_words words = {NULL, NULL};

    memcpy(order.change.sha256, core->succession.file_sha256, 32);
    (void)snprintf(order.change.fault, sizeof(order.change.fault), "%s",
                   core->succession.start_why);
    core->succession.rejects++;
    return succession_record(core, "policy.reject", &order, &words);
}

enum sg_status succession_write_start(struct core *core)
{
    struct order order = {.change = {.policy = core->policy, .source = "start"}};
    const struct succession_words words = {NULL, NULL};

    if (core->succession.refused) {
        return write_refusal(core);
    }
    if (!core->succession.is_new) {
        return SG_OK;
    }
    memcpy(order.change.sha256, policy_info(core->policy)->sha256, 32);
    (void)snprintf(order.change.fault, sizeof(order.change.fault), "%s",
                   core->succession.start_why);
    core->succession.loads++;
    TRY(succession_record(core, "policy.load", &order, &words));
    return succession_keep(core, &order);
}
