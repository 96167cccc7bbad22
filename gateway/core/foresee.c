#include "gateway/core/foresee.h"

#include <stdio.h>
#include <string.h>

#include "gateway/core/succession/inside.h"
#include "gateway/ledger/peek.h"
#include "gateway/policy/policy.h"

/* As succession_start decides: only where the file is not newer must the one in force
 * still load. */
static enum sg_status foresee_policy(const struct config *config,
                                     const struct ledger_policy *kept,
                                     struct sg_error *why)
{
    struct policy *file = NULL;
    struct policy *policy = NULL;

    if (kept->text.len == 0) {
        return SG_OK;
    }
    TRY(policy_load(config->policy_file, &file, why));
    bool same = memcmp(policy_info(file)->sha256, kept->sha256, 32) == 0;
    bool higher = (uint64_t)policy_info(file)->version > kept->version;
    policy_free(file);
    if (same || higher) {
        return SG_OK;
    }
    enum sg_status status = succession_read_kept(config->policy_file, kept, &policy, why);
    policy_free(policy);
    return status;
}

enum sg_status core_foresee(const struct config *config, char *said, size_t size,
                            struct sg_error *why)
{
    const struct ledger_options options = {.path = config->ledger_file,
                                           .origin = config->ledger_origin};
    AUTO(ledger_peek_fini) struct ledger_peek peek = {.exists = false};

    said[0] = '\0';
    TRY(ledger_peek(&options, &peek, why));
    TRY(foresee_policy(config, &peek.policy, why));
    if (peek.exists && peek.schema < peek.schema_ours) {
        (void)snprintf(said, size,
                       "the ledger is of version %llu: a start leads it to %llu, and no "
                       "older segeld opens it from then on",
                       (unsigned long long)peek.schema,
                       (unsigned long long)peek.schema_ours);
    }
    return SG_OK;
}
