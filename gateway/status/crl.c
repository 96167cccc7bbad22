#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "gateway/status/evidence.h"

static void free_crl(X509_CRL **crl)
{
    X509_CRL_free(*crl);
}

static void free_context(X509_STORE_CTX **context)
{
    X509_STORE_CTX_free(*context);
}

static void free_list(STACK_OF(X509_CRL) * *list)
{
    sk_X509_CRL_free(*list);
}

/* Said by OpenSSL of the path, but no reason to disbelieve the CRL: what the CRL says of
 * the certificate is read from it, its age and the certificate's are facts of their own,
 * and how far it may be ahead has been judged (evidence_dates). */
static bool may_pass(int error, int depth)
{
    return error == X509_V_ERR_CERT_REVOKED || error == X509_V_ERR_CRL_HAS_EXPIRED ||
           error == X509_V_ERR_CRL_NOT_YET_VALID ||
           (depth == 0 && (error == X509_V_ERR_CERT_HAS_EXPIRED ||
                           error == X509_V_ERR_CERT_NOT_YET_VALID));
}

static int on_verify(int good, X509_STORE_CTX *context)
{
    int error = X509_STORE_CTX_get_error(context);

    if (good == 1 || !may_pass(error, X509_STORE_CTX_get_error_depth(context))) {
        return good;
    }
    X509_STORE_CTX_set_error(context, X509_V_OK);
    return 1;
}

/* One in the file of anchors: OpenSSL would verify that one in place of one that bears
 * another issuer's name. */
static STACK_OF(X509_CRL) *
    no_others(const X509_STORE_CTX *context, const X509_NAME *issuer)
{
    (void)context;
    (void)issuer;
    return NULL;
}

/* The path from the subject to an anchor, and the CRL by it: issuer, scope, critical
 * extensions, key usage and signature. Indirect CRLs find no subject here. */
static enum sg_status verify(const struct status_link *link, X509_CRL *crl,
                             int64_t now_us, struct sg_error *why)
{
    AUTO(free_context) X509_STORE_CTX *context = X509_STORE_CTX_new();
    AUTO(free_list) STACK_OF(X509_CRL) *list = sk_X509_CRL_new_null();

    X509_STORE_set_lookup_crls(link->anchors, no_others);
    if (context == NULL || list == NULL || sk_X509_CRL_push(list, crl) == 0 ||
        X509_STORE_CTX_init(context, link->anchors, link->subject, link->untrusted) !=
            1) {
        return SG_NO_MEMORY;
    }
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
    evidence_set_time(param, now_us);
    if (X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_CRL_CHECK) != 1) {
        return SG_NO_MEMORY;
    }
    X509_STORE_CTX_set0_crls(context, list);
    X509_STORE_CTX_set_verify_cb(context, on_verify);
    bool good = X509_verify_cert(context) == 1;
    int error = X509_STORE_CTX_get_error(context);
    ERR_clear_error();
    return good ? SG_OK
                : sg_fail(why, SG_INVALID, "the CRL does not verify: %s",
                          X509_verify_cert_error_string(error));
}

/* cRLNumber is mandatory in RFC 5280, and without it nobody could see one go back. */
static enum sg_status read_number(X509_CRL *crl, struct status_finding *out,
                                  struct sg_error *why)
{
    int critical = 0;
    ASN1_INTEGER *number =
        (ASN1_INTEGER *)X509_CRL_get_ext_d2i(crl, NID_crl_number, &critical, NULL);
    BIGNUM *value = number == NULL ? NULL : ASN1_INTEGER_to_BN(number, NULL);
    bool good = value != NULL && BN_is_negative(value) == 0 &&
                BN_bn2binpad(value, out->number, STATUS_NUMBER_MAX) == STATUS_NUMBER_MAX;

    BN_free(value);
    ASN1_INTEGER_free(number);
    ERR_clear_error();
    return good ? SG_OK
                : sg_fail(why, SG_INVALID,
                          "the CRL has no cRLNumber, or one of more than %d octets",
                          STATUS_NUMBER_MAX);
}

static enum sg_status read_dates(const X509_CRL *crl, int64_t now_us,
                                 struct status_finding *out, struct sg_error *why)
{
    if (!evidence_time(X509_CRL_get0_lastUpdate(crl), &out->this_update_us) ||
        !evidence_time(X509_CRL_get0_nextUpdate(crl), &out->next_update_us)) {
        return sg_fail(why, SG_INVALID, "the CRL lacks thisUpdate or nextUpdate");
    }
    return evidence_dates(out, now_us, why);
}

/* No reason given, or one that cannot be read, is a revocation. */
static bool on_hold(const X509_REVOKED *entry)
{
    int critical = 0;
    ASN1_ENUMERATED *reason = (ASN1_ENUMERATED *)X509_REVOKED_get_ext_d2i(
        entry, NID_crl_reason, &critical, NULL);
    bool hold =
        reason != NULL && ASN1_ENUMERATED_get(reason) == CRL_REASON_CERTIFICATE_HOLD;

    ASN1_ENUMERATED_free(reason);
    return hold;
}

static void read_entry(const struct status_link *link, X509_CRL *crl,
                       struct status_finding *out)
{
    X509_REVOKED *entry = NULL;

    /* 2: an entry that says removeFromCRL. */
    if (X509_CRL_get0_by_cert(crl, &entry, link->subject) == 1) {
        out->suspended = on_hold(entry);
        out->revoked = !out->suspended;
    }
    ERR_clear_error();
}

/* OpenSSL looks for it only where extended CRLs are allowed. A delta names what changed:
 * who is not in it may be revoked all the same. */
static bool is_delta(const X509_CRL *crl)
{
    return X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0;
}

enum sg_status evidence_crl(const struct status_link *link, struct slice der,
                            int64_t now_us, struct status_finding *out,
                            struct sg_error *why)
{
    const unsigned char *at = der.data;
    const X509_ALGOR *algorithm = NULL;

    *out = (struct status_finding){0};
    AUTO(free_crl) X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der.len);
    if (crl == NULL || at != der.data + der.len) {
        ERR_clear_error();
        return sg_fail(why, SG_INVALID, "it is not a CRL in DER");
    }
    X509_CRL_get0_signature(crl, NULL, &algorithm);
    if (X509_CRL_get_version(crl) != 1 || !evidence_algorithm_ok(algorithm)) {
        return sg_fail(why, SG_INVALID,
                       "the CRL is not of version 2, or signed with an algorithm that "
                       "proves nothing");
    }
    if (is_delta(crl)) {
        return sg_fail(why, SG_INVALID, "it is a delta CRL; a complete one is needed");
    }
    TRY(read_dates(crl, now_us, out, why));
    TRY(read_number(crl, out, why));
    TRY(verify(link, crl, now_us, why));
    read_entry(link, crl, out);
    return SG_OK;
}
