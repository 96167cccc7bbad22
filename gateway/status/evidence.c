#include "gateway/status/evidence.h"

#include <openssl/objects.h>
#include <openssl/x509_vfy.h>
#include <time.h>

#include "proto/signature_digest.h"

/* As for the chains of signing certificates: no SHA-1, no RSA below 2048 bits. */
enum { SECURITY_LEVEL = 2, DEPTH_MAX = 8, US_PER_S = 1000000 };

void evidence_set_time(X509_VERIFY_PARAM *param, int64_t now_us)
{
    X509_VERIFY_PARAM_set_time(param, (time_t)(now_us / US_PER_S));
    X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
    X509_VERIFY_PARAM_set_depth(param, DEPTH_MAX);
}

bool evidence_time(const ASN1_TIME *time, int64_t *out_us)
{
    struct tm day = {0};

    if (time == NULL || ASN1_TIME_to_tm(time, &day) != 1) {
        return false;
    }
    *out_us = (int64_t)timegm(&day) * US_PER_S;
    return true;
}

static bool digest_ok(int nid)
{
    return nid != NID_sha1 && nid != NID_md5 && nid != NID_md5_sha1;
}

bool evidence_algorithm_ok(const X509_ALGOR *algorithm)
{
    int digest = NID_undef;

    return signature_digest(algorithm, &digest) && digest_ok(digest);
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
    bool taken_back = held->revoked && !next->revoked;
    bool told = next->revoked && !held->revoked;

    if (told) {
        return true;
    }
    return !taken_back && memcmp(next->number, held->number, sizeof(held->number)) >= 0 &&
           next->this_update_us >= held->this_update_us;
}
