#include "client/commands/sign/beside.h"

#include "client/console/file_hash.h"

const char *const sign_beside_own[] = {SIGN_BESIDE_END, ".tlog-proof", ".part", NULL};

bool sign_beside(const struct sign_options *options)
{
    return sg_profile_unstamped(sg_profile_parse(options->profile)) ==
           SG_PROFILE_CADES_B_B;
}

enum sg_status sign_beside_digest(const char *path, const struct segel_plan *plan,
                                  uint8_t out[SG_HASH_MAX], size_t *len,
                                  struct sg_error *why)
{
    struct file_hash found;

    TRY(file_hash(path, segel_plan_hash(plan), &found, why));
    memcpy(out, found.digest, found.len);
    *len = found.len;
    return SG_OK;
}
