#include "gateway/transport/validity.h"

#include <time.h>

#include "proto/text.h"

static const struct {
    const char *name;
    const char *setting;
} words[VALIDITY_PARTS] = {
    [VALIDITY_CERTIFICATE] = {"the gateway's TLS certificate", "tls.certificate"},
    [VALIDITY_ISSUERS] = {"the last issuer of client certificates", "tls.client_ca"},
    [VALIDITY_LISTS] = {"the list of revoked client certificates", "tls.client_crl"}};

int64_t validity_time_us(const ASN1_TIME *time, int64_t otherwise)
{
    struct tm day;

    return time != NULL && ASN1_TIME_to_tm(time, &day) == 1
               ? (int64_t)timegm(&day) * 1000000
               : otherwise;
}

int64_t validity_chain_end_us(const STACK_OF(X509) * chain)
{
    int64_t first_us = INT64_MAX;

    for (int i = 0; chain != NULL && i < sk_X509_num(chain); i++) {
        int64_t end_us =
            validity_time_us(X509_get0_notAfter(sk_X509_value(chain, i)), INT64_MAX);
        first_us = end_us < first_us ? end_us : first_us;
    }
    return first_us;
}

void validity_init(struct validity *out)
{
    out->issuer[0] = '\0';
    out->lists_until_us = INT64_MAX;
    out->served_until_us = INT64_MAX;
    out->end_count = 0;
    out->tls12 = false;
    out->lists = false;
    for (size_t i = 0; i < VALIDITY_PARTS; i++) {
        out->parts[i].from_us = INT64_MIN;
        out->parts[i].until_us = INT64_MAX;
    }
}

enum sg_status validity_check(const struct validity *validity, enum validity_part part,
                              int64_t now_us, struct sg_error *why)
{
    int64_t from_us = validity->parts[part].from_us;
    int64_t until_us = validity->parts[part].until_us;
    bool early = now_us < from_us;
    char when[TEXT_TIME_SIZE];

    if (!early && now_us < until_us) {
        return SG_OK;
    }
    bool lists = part == VALIDITY_LISTS;
    text_time_s(early ? from_us : until_us, when);
    return sg_fail(
        why, SG_INVALID,
        "%s%s%s%s %s on %s, and no client gets in; put a current one into %s%s, and "
        "send SIGHUP",
        words[part].name, lists ? " of '" : "", lists ? validity->issuer : "",
        lists ? "'" : "", early ? "begins only" : "ended", when, words[part].setting,
        early ? ", or compare the clocks" : "");
}

int64_t validity_end_us(const struct validity *validity, enum validity_part part)
{
    int64_t until_us = validity->parts[part].until_us;

    return until_us == INT64_MAX ? 0 : until_us;
}
