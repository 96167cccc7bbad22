#include <time.h>

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

/* A subject as authorities write them, whole; with the longest sentence around it there
 * is room in a check's text. */
enum { NAME_SIZE = 320 };

static void name_of(const X509 *certificate, char *out, size_t cap)
{
    verify_write_name(X509_get_subject_name(certificate), out, cap);
}

/* What may only be a matter of what is known here, or of a proof of time, is not called
 * false. */
static bool is_open(int error)
{
    static const int open[] = {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
                               X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
                               X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
                               X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
                               X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
                               X509_V_ERR_CERT_UNTRUSTED};

    for (size_t i = 0; i < SG_COUNT(open); i++) {
        if (error == open[i]) {
            return true;
        }
    }
    return false;
}

static enum verify_mark say_expired(const struct verify_case *c, const X509 *certificate,
                                    const char *name, struct verify_check *out)
{
    char date[TEXT_TIME_SIZE] = "?";

    date_of(X509_get0_notAfter(certificate), date);
    if (c->time_us != 0) {
        return verify_say(out, VERIFY_FAIL,
                          "A certificate had expired on %s, before the time-stamp: %s.",
                          date, name);
    }
    return verify_say(out, VERIFY_UNKNOWN,
                      "A certificate had expired on %s, and no time-stamp proves an "
                      "earlier signature: %s.",
                      date, name);
}

static enum verify_mark say_failure(const struct verify_case *c, X509_STORE_CTX *context,
                                    struct verify_check *out)
{
    const X509 *certificate = X509_STORE_CTX_get_current_cert(context);
    int error = X509_STORE_CTX_get_error(context);
    char name[NAME_SIZE] = "?";
    char date[TEXT_TIME_SIZE] = "?";

    if (certificate != NULL) {
        name_of(certificate, name, sizeof(name));
    }
    if (error == X509_V_ERR_CERT_HAS_EXPIRED && certificate != NULL) {
        return say_expired(c, certificate, name, out);
    }
    if (error == X509_V_ERR_CERT_NOT_YET_VALID && certificate != NULL) {
        date_of(X509_get0_notBefore(certificate), date);
        return verify_say(out, VERIFY_FAIL, "A certificate is valid only from %s on: %s.",
                          date, name);
    }
    return verify_say(out, is_open(error) ? VERIFY_UNKNOWN : VERIFY_FAIL,
                      "No chain to an anchor: %s (at %s).",
                      X509_verify_cert_error_string(error), name);
}

int64_t verify_case_time_s(const struct verify_case *c)
{
    int64_t us = c->time_us != 0 ? c->time_us : c->input->at_us;

    return us != 0 ? us / 1000000 : (int64_t)time(NULL);
}

/* The anchors are trusted because the user gave them, be they roots or issuing CAs. Any
 * purpose: what a certificate may sign is judged by key usage and policy, not by the
 * rules for mail (the default of CMS). A time-stamp's must be for time-stamps alone
 * (RFC 3161 section 2.3). */
static void set_terms(const struct verify_case *c, X509_STORE_CTX *context)
{
    X509_VERIFY_PARAM *terms = X509_STORE_CTX_get0_param(context);

    X509_VERIFY_PARAM_set_flags(terms, X509_V_FLAG_PARTIAL_CHAIN);
    X509_VERIFY_PARAM_set_purpose(terms, c->is_token ? X509_PURPOSE_TIMESTAMP_SIGN
                                                     : X509_PURPOSE_ANY);
    X509_VERIFY_PARAM_set_auth_level(terms, SECURITY_LEVEL);
    X509_VERIFY_PARAM_set_time(terms, (time_t)verify_case_time_s(c));
}

static void add_known(STACK_OF(X509) * known, const STACK_OF(X509) * more)
{
    for (int i = 0; known != NULL && i < sk_X509_num(more); i++) {
        (void)sk_X509_push(known, sk_X509_value(more, i));
    }
}

/* What the signature brought along, the file, and the user. Handles are borrowed. */
static STACK_OF(X509) * known_certificates(const struct verify_case *c)
{
    STACK_OF(X509) *known = sk_X509_new_null();
    const struct verify_material *sources[] = {c->input->file, c->input->given};

    add_known(known, c->certificates);
    for (size_t i = 0; i < SG_COUNT(sources); i++) {
        add_known(known, sources[i] == NULL ? NULL : sources[i]->certificates);
    }
    return known;
}

static enum verify_mark find_chain(struct verify_case *c, STACK_OF(X509) * known,
                                   struct verify_check *out)
{
    AUTO(free_context) X509_STORE_CTX *context = X509_STORE_CTX_new();

    if (known == NULL || context == NULL ||
        X509_STORE_CTX_init(context, c->input->anchors, c->signer, known) != 1) {
        return verify_say(out, VERIFY_UNKNOWN, "There is no memory to judge the chain.");
    }
    set_terms(c, context);
    if (X509_verify_cert(context) != 1) {
        return say_failure(c, context, out);
    }
    char name[NAME_SIZE] = "?";
    c->chain = X509_STORE_CTX_get1_chain(context);
    name_of(sk_X509_value(c->chain, sk_X509_num(c->chain) - 1), name, sizeof(name));
    return verify_say(out, VERIFY_PASS, "The certificate chains to the anchor %s.", name);
}

int64_t verify_now_s(const struct verify_case *c)
{
    return c->input->at_us != 0 ? c->input->at_us / 1000000 : (int64_t)time(NULL);
}

static struct verify_times times_of(const struct verify_case *c)
{
    return (struct verify_times){.time_us = verify_case_time_s(c) * 1000000,
                                 .made_us = c->made_us,
                                 .now_us = verify_now_s(c) * 1000000};
}

void verify_case_chain(struct verify_case *c)
{
    const struct verify_material *sources[] = {c->input->file, c->input->given};

    c->status = (struct verify_status){.state = VERIFY_STATE_OPEN};
    if (c->input->anchors == NULL) {
        c->said.mark = verify_say(&c->said, VERIFY_UNKNOWN,
                                  "The issuer was not judged: no anchors were given.");
        return;
    }
    STACK_OF(X509) *known = known_certificates(c);
    c->said.mark = find_chain(c, known, &c->said);
    sk_X509_free(known);
    if (c->chain != NULL) {
        const struct verify_times times = times_of(c);
        verify_status_of(c->chain, sources, SG_COUNT(sources), &times, &c->status);
    }
}

bool verify_case_proved(const struct verify_case *c,
                        const struct verify_material *material)
{
    struct verify_status status;

    if (c->chain == NULL || material == NULL) {
        return false;
    }
    const struct verify_times times = times_of(c);
    verify_status_of(c->chain, &material, 1, &times, &status);
    return status.state == VERIFY_STATE_GOOD;
}

bool verify_case_proved_at(const struct verify_case *c, int64_t time_us,
                           const struct verify_material *material)
{
    struct verify_case then = *c;

    then.time_us = time_us;
    return verify_case_proved(&then, material);
}

enum verify_mark verify_chain(const struct verify_case *c, struct verify_check *out)
{
    return verify_say(out, c->said.mark, "%s", c->said.text);
}

enum verify_mark verify_revocation(const struct verify_case *c, struct verify_check *out)
{
    char name[NAME_SIZE] = "?";
    char time[TEXT_TIME_SIZE] = "?";

    if (c->chain == NULL) {
        return verify_say(out, VERIFY_NOTE,
                          "Revocation was not judged: there is no chain.");
    }
    name_of(sk_X509_value(c->chain, c->status.at), name, sizeof(name));
    if (c->status.state == VERIFY_STATE_REVOKED) {
        text_time(c->status.revoked_us, time);
        return verify_say(out, VERIFY_FAIL, "A certificate was revoked at %s: %s.", time,
                          name);
    }
    if (c->status.state == VERIFY_STATE_OPEN) {
        return verify_say(out, VERIFY_NOTE,
                          "Nothing at hand tells whether a certificate was revoked: %s.",
                          name);
    }
    text_time(c->status.said_us, time);
    return sk_X509_num(c->chain) < 2
               ? verify_say(out, VERIFY_PASS, "The certificate is an anchor itself.")
               : verify_say(out, VERIFY_PASS,
                            "No certificate was revoked, by statements of %s and later.",
                            time);
}

bool verify_is_disowned(const struct verify_case *c)
{
    return c->status.disowned || c->input->proof_disowned ||
           (c->token != NULL && c->token->status.disowned);
}

enum verify_mark verify_statements(const struct verify_case *c, struct verify_check *out)
{
    char name[NAME_SIZE] = "the authority of the time-stamp";

    if (c->status.disowned) {
        name_of(sk_X509_value(c->chain, c->status.disowned_at), name, sizeof(name));
    }
    return verify_say(out, VERIFY_UNKNOWN,
                      "A statement about revocation that was given is not signed by who "
                      "may make it, and was not used: fetch it anew, or leave it out. It "
                      "speaks of %s.",
                      name);
}
