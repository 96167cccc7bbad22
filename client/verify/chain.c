#include <openssl/x509_vfy.h>

#include "client/verify/case.h"
#include "proto/text.h"

/* 112 bits: RSA from 2048, no SHA-1 below the anchor. */
enum { SECURITY_LEVEL = 2 };

static void free_context(X509_STORE_CTX **context)
{
    X509_STORE_CTX_free(*context);
}

static void date_of(const ASN1_TIME *time, char out[TEXT_TIME_SIZE])
{
    text_time(verify_time_us(time), out);
    out[10] = '\0'; /* the day is enough for a sentence */
}

static void name_of(const X509 *certificate, char *out, size_t cap)
{
    verify_write_name(X509_get_subject_name(certificate), out, cap);
}

static enum verify_mark say_failure(X509_STORE_CTX *context, struct verify_check *out)
{
    const X509 *certificate = X509_STORE_CTX_get_current_cert(context);
    int error = X509_STORE_CTX_get_error(context);
    char name[96] = "?";
    char date[TEXT_TIME_SIZE] = "?";

    if (certificate != NULL) {
        name_of(certificate, name, sizeof(name));
    }
    if (error == X509_V_ERR_CERT_HAS_EXPIRED && certificate != NULL) {
        date_of(X509_get0_notAfter(certificate), date);
        return verify_say(out, VERIFY_FAIL,
                          "A certificate had expired on %s at the time asked for: %s.",
                          date, name);
    }
    if (error == X509_V_ERR_CERT_NOT_YET_VALID && certificate != NULL) {
        date_of(X509_get0_notBefore(certificate), date);
        return verify_say(out, VERIFY_FAIL, "A certificate is valid only from %s on: %s.",
                          date, name);
    }
    return verify_say(out, VERIFY_FAIL, "No chain to an anchor: %s (at %s).",
                      X509_verify_cert_error_string(error), name);
}

/* The anchors are trusted because the user gave them, be they roots or issuing CAs. Any
 * purpose: what a certificate may sign is judged by key usage and policy, not by the
 * rules for mail (the default of CMS). */
static void set_terms(const struct verify_input *input, X509_STORE_CTX *context)
{
    X509_VERIFY_PARAM *terms = X509_STORE_CTX_get0_param(context);

    X509_VERIFY_PARAM_set_flags(terms, X509_V_FLAG_PARTIAL_CHAIN);
    X509_VERIFY_PARAM_set_purpose(terms, X509_PURPOSE_ANY);
    X509_VERIFY_PARAM_set_auth_level(terms, SECURITY_LEVEL);
    if (input->at_us != 0) {
        X509_VERIFY_PARAM_set_time(terms, (time_t)(input->at_us / 1000000));
    }
}

enum verify_mark verify_chain(const struct verify_case *c, struct verify_check *out)
{
    if (c->input->anchors == NULL) {
        return verify_say(out, VERIFY_UNKNOWN,
                          "The issuer was not judged: no anchors were given.");
    }
    AUTO(free_context) X509_STORE_CTX *context = X509_STORE_CTX_new();
    if (context == NULL || X509_STORE_CTX_init(context, c->input->anchors, c->signer,
                                               c->certificates) != 1) {
        return verify_say(out, VERIFY_UNKNOWN, "There is no memory to judge the chain.");
    }
    set_terms(c->input, context);
    if (X509_verify_cert(context) != 1) {
        return say_failure(context, out);
    }
    char name[128] = "?";
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(context);
    name_of(sk_X509_value(chain, sk_X509_num(chain) - 1), name, sizeof(name));
    return verify_say(out, VERIFY_PASS, "The certificate chains to the anchor %s.", name);
}
