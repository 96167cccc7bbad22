#include "gateway/status/evidence.h"

#include <openssl/objects.h>
#include <time.h>

enum { US_PER_S = 1000000 };

bool evidence_time(const ASN1_TIME *time, int64_t *out_us)
{
    struct tm day = {0};

    if (time == NULL || ASN1_TIME_to_tm(time, &day) != 1) {
        return false;
    }
    *out_us = (int64_t)timegm(&day) * US_PER_S;
    return true;
}

bool evidence_algorithm_ok(int signature_nid)
{
    int digest = NID_undef;
    int key = NID_undef;

    return OBJ_find_sigid_algs(signature_nid, &digest, &key) == 1 && digest != NID_sha1 &&
           digest != NID_md5 && digest != NID_md5_sha1;
}

enum sg_status evidence_dates(const struct status_finding *finding, int64_t now_us,
                              struct sg_error *why)
{
    if (finding->this_update_us > now_us + (int64_t)STATUS_SKEW_S * US_PER_S) {
        return sg_fail(why, SG_INVALID,
                       "its thisUpdate lies in the future; compare the clocks");
    }
    if (finding->next_update_us <= finding->this_update_us) {
        return sg_fail(why, SG_INVALID, "its nextUpdate is not after its thisUpdate");
    }
    return SG_OK;
}

bool evidence_follows(const struct status_finding *held,
                      const struct status_finding *next)
{
    return memcmp(next->number, held->number, sizeof(held->number)) >= 0 &&
           next->this_update_us >= held->this_update_us;
}
