#include "gateway/core/foresee.h"

#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/key/known.h"
#include "gateway/core/officers/roster_kept.h"
#include "gateway/core/succession/inside.h"
#include "gateway/ledger/peek.h"
#include "gateway/policy/policy.h"

/* As succession_start decides: only where the file is not newer must the one in force
 * still load. */
static enum sg_status compare(const struct policy_info *file, const struct config *config,
                              const struct ledger_policy *kept, struct sg_error *why)
{
    struct policy *policy = NULL;

    if (memcmp(file->sha256, kept->sha256, 32) == 0 ||
        (uint64_t)file->version > kept->version) {
        return SG_OK;
    }
    enum sg_status status = succession_read_kept(config->policy_file, kept, &policy, why);
    policy_free(policy);
    return status;
}

static struct ledger_options options_of(const struct config *config)
{
    return (struct ledger_options){.path = config->ledger_file,
                                   .origin = config->ledger_origin};
}

static enum sg_status foresee_policy(const struct config *config,
                                     const struct ledger_policy *kept,
                                     struct sg_error *why)
{
    struct policy *file = NULL;

    if (kept->text.len == 0) {
        return SG_OK;
    }
    TRY(policy_load(config->policy_file, &file, why));
    enum sg_status status = compare(policy_info(file), config, kept, why);
    policy_free(file);
    return status;
}

static enum sg_status take_roster(const struct config *config,
                                  const struct ledger_peek *peek,
                                  const struct quorum *file, struct sg_error *why)
{
    struct roster_kept kept;
    struct quorum *signed_for = NULL;
    char name[DIGEST_SHA256_SIZE];

    roster_kept_name(file, name);
    roster_kept_read(peek->roster_memo, peek->roster_file_memo, &kept);
    if (!roster_kept_counts(&kept, name)) {
        return SG_OK;
    }
    TRY(roster_kept_make(config, &kept, &peek->roster, &signed_for, why));
    quorum_free(signed_for);
    return SG_OK;
}

/* As grants_start does. */
static enum sg_status foresee_roster(const struct config *config,
                                     const struct ledger_peek *peek, struct sg_error *why)
{
    struct quorum *file = NULL;

    TRY(quorum_load(config, &file, why));
    enum sg_status status = take_roster(config, peek, file, why);
    quorum_free(file);
    return status;
}

static enum sg_status take_key(const struct config *config,
                               const struct ledger_peek *peek, struct key *key,
                               struct sg_error *why)
{
    for (size_t i = 0; i < peek->key_count; i++) {
        const struct ledger_peek_key *known = &peek->keys[i];
        if (strcmp(known->name, key->config->name) == 0) {
            const struct key_filling filling = {
                .ckaid = slice_of(known->ckaid, known->ckaid_len), .chain = known->chain};
            return known_take(key, &filling, config, why);
        }
    }
    return SG_OK; /* it is new to the ledger */
}

/* As register_start does, with a ring that nobody else has. */
static enum sg_status foresee_keys(const struct config *config,
                                   const struct ledger_peek *peek, struct sg_error *why)
{
    AUTO(keyring_fini) struct keyring ring = {0};

    TRY(keyring_load(config, clock_wall_us(), &ring, why));
    for (size_t i = 0; i < ring.count; i++) {
        TRY(take_key(config, peek, &ring.keys[i], why));
    }
    return keyring_apart(&ring, why);
}

static enum sg_status foresee(const struct config *config, const struct ledger_peek *peek,
                              struct sg_error *why)
{
    TRY(foresee_policy(config, &peek->policy, why));
    TRY(foresee_roster(config, peek, why));
    return foresee_keys(config, peek, why);
}

static bool leads_on(const struct ledger_peek *peek)
{
    return peek->exists && peek->schema < peek->schema_ours;
}

/* A refusal behind the migration would leave a ledger that neither version serves. */
enum sg_status core_foresee_migration(const struct config *config, struct sg_error *why)
{
    const struct ledger_options options = options_of(config);
    AUTO(ledger_peek_fini) struct ledger_peek peek = {.exists = false};

    TRY(ledger_peek(&options, &peek, why));
    return leads_on(&peek) ? foresee(config, &peek, why) : SG_OK;
}

enum sg_status core_foresee(const struct config *config, char *said, size_t size,
                            struct sg_error *why)
{
    const struct ledger_options options = options_of(config);
    AUTO(ledger_peek_fini) struct ledger_peek peek = {.exists = false};

    said[0] = '\0';
    TRY(ledger_peek(&options, &peek, why));
    TRY(foresee(config, &peek, why));
    if (leads_on(&peek)) {
        (void)snprintf(said, size,
                       "the ledger is of version %llu: a start leads it to %llu, and no "
                       "older segeld opens it from then on",
                       (unsigned long long)peek.schema,
                       (unsigned long long)peek.schema_ours);
    }
    return SG_OK;
}
