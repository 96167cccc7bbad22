/* What one list or answer says of a certificate (RFC 5280 section 5, RFC 6960 section
 * 3.2), and whether it is to be believed. */
#include <openssl/x509v3.h>

#include "client/verify/case.h"
#include "client/verify/scope.h"
#include "client/verify/strength.h"

static const struct verify_word silence = {.state = VERIFY_STATE_OPEN};
static const struct verify_word disowned = {.state = VERIFY_STATE_OPEN, .disowned = true};

/* Whoever can make another text for a weak signature makes one that calls good; that it
 * revokes goes on counting. */
static struct verify_word weighed(struct verify_word word, bool strong)
{
    word.weak = !strong;
    return word.state == VERIFY_STATE_GOOD && !strong ? silence : word;
}

/* The earlier of the date of revocation and that since when the key was unsafe, which is
 * freed; NULL: it is not said. */
static int64_t revoked_since(const ASN1_TIME *revoked, ASN1_GENERALIZEDTIME *unsafe)
{
    int64_t date = verify_time_us(revoked);
    int64_t since = verify_time_us(unsafe);

    ASN1_GENERALIZEDTIME_free(unsafe);
    return since != 0 && since < date ? since : date;
}

/* Those that RFC 3161 section 4 has for a time-stamp authority whose key is as safe as it
 * was. None that is stated may be any. */
static bool is_in_order(long reason)
{
    static const long reasons[] = {CRL_REASON_UNSPECIFIED, CRL_REASON_AFFILIATION_CHANGED,
                                   CRL_REASON_SUPERSEDED,
                                   CRL_REASON_CESSATION_OF_OPERATION};

    for (size_t i = 0; i < SG_COUNT(reasons); i++) {
        if (reason == reasons[i]) {
            return true;
        }
    }
    return false;
}

/* --- Lists ------------------------------------------------------------------------- */

/* Among the critical extensions only the scope is understood: no delta list. */
static bool is_understood(X509_CRL *crl)
{
    for (int i = X509_CRL_get_ext_by_critical(crl, 1, -1); i >= 0;
         i = X509_CRL_get_ext_by_critical(crl, 1, i)) {
        const ASN1_OBJECT *object = X509_EXTENSION_get_object(X509_CRL_get_ext(crl, i));
        if (OBJ_obj2nid(object) != NID_issuing_distribution_point) {
            return false;
        }
    }
    return X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) < 0;
}

/* Authorities take certificates that have expired from their lists (RFC 5280 section
 * 3.3): a younger list says nothing of them, unless it says that it keeps them
 * (X.509, expiredCertsOnCRL). kept_us: since when; 0 = it does not say so. */
static bool is_silent(X509 *certificate, int64_t this_us, int64_t kept_us)
{
    int64_t end_us = verify_time_us(X509_get0_notAfter(certificate));

    return this_us > end_us && (kept_us == 0 || kept_us > end_us);
}

static int64_t kept_since(X509_CRL *crl)
{
    static const uint8_t oid[] = {0x55, 0x1d, 0x3c}; /* 2.5.29.60 */

    for (int i = 0; i < X509_CRL_get_ext_count(crl); i++) {
        X509_EXTENSION *extension = X509_CRL_get_ext(crl, i);
        const ASN1_OBJECT *object = X509_EXTENSION_get_object(extension);
        if (!slice_equal(slice_of(OBJ_get0_data(object), OBJ_length(object)),
                         slice_of(oid, sizeof(oid)))) {
            continue;
        }
        const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(extension);
        const uint8_t *at = ASN1_STRING_get0_data(value);
        ASN1_GENERALIZEDTIME *time =
            d2i_ASN1_GENERALIZEDTIME(NULL, &at, ASN1_STRING_length(value));
        int64_t since_us = verify_time_us(time);
        ASN1_GENERALIZEDTIME_free(time);
        return since_us;
    }
    return 0;
}

static int64_t entry_since(X509_REVOKED *entry)
{
    return revoked_since(
        X509_REVOKED_get0_revocationDate(entry),
        X509_REVOKED_get_ext_d2i(entry, NID_invalidity_date, NULL, NULL));
}

static long reason_of(X509_REVOKED *entry)
{
    ASN1_ENUMERATED *stated = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
    long reason = stated == NULL ? CRL_REASON_NONE : ASN1_ENUMERATED_get(stated);

    ASN1_ENUMERATED_free(stated);
    return reason;
}

/* An authority that changed its key keeps its name: the list may be by its other key. */
static bool is_by_other_key(X509_CRL *crl, X509 *issuer)
{
    AUTHORITY_KEYID *by =
        X509_CRL_get_ext_d2i(crl, NID_authority_key_identifier, NULL, NULL);
    const ASN1_OCTET_STRING *own = X509_get0_subject_key_id(issuer);
    bool other = by != NULL && by->keyid != NULL && own != NULL &&
                 ASN1_OCTET_STRING_cmp(by->keyid, own) != 0;

    AUTHORITY_KEYID_free(by);
    return other;
}

struct verify_word verify_crl_word(X509_CRL *crl, X509 *certificate, X509 *issuer)
{
    struct verify_word word = {.state = VERIFY_STATE_GOOD,
                               .this_us = verify_time_us(X509_CRL_get0_lastUpdate(crl)),
                               .next_us = verify_time_us(X509_CRL_get0_nextUpdate(crl))};
    X509_REVOKED *entry = NULL;
    EVP_PKEY *key = X509_get0_pubkey(issuer);
    const X509_ALGOR *algorithm = NULL;

    if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_issuer_name(certificate)) != 0 ||
        key == NULL || (X509_get_key_usage(issuer) & KU_CRL_SIGN) == 0 ||
        !is_understood(crl) || !verify_crl_is_about(crl, certificate)) {
        return silence;
    }
    if (X509_CRL_verify(crl, key) != 1) {
        return is_by_other_key(crl, issuer) ? silence : disowned;
    }
    /* 2: taken from the list again. */
    if (X509_CRL_get0_by_cert(crl, &entry, certificate) == 1) {
        word.state = VERIFY_STATE_REVOKED;
        word.revoked_us = entry_since(entry);
        word.in_order = is_in_order(reason_of(entry));
    } else if (is_silent(certificate, word.this_us, kept_since(crl))) {
        return silence;
    }
    X509_CRL_get0_signature(crl, NULL, &algorithm);
    return weighed(word, strength_is_enough(algorithm, key));
}

bool verify_crl_lists(X509_CRL *crl, X509 *certificate, int64_t time_us)
{
    X509_REVOKED *entry = NULL;

    return X509_CRL_get0_by_cert(crl, &entry, certificate) == 1 &&
           entry_since(entry) <= time_us;
}

/* --- Answers ----------------------------------------------------------------------- */

/* The issuer itself, or one whom it made its responder, at the time of the answer. */
static bool may_answer(X509 *responder, X509 *issuer, const ASN1_GENERALIZEDTIME *time)
{
    if (X509_cmp(responder, issuer) == 0) {
        return true;
    }
    int64_t at = verify_time_us(time);
    return X509_NAME_cmp(X509_get_issuer_name(responder),
                         X509_get_subject_name(issuer)) == 0 &&
           X509_verify(responder, X509_get0_pubkey(issuer)) == 1 &&
           (X509_get_extension_flags(responder) & EXFLAG_XKUSAGE) != 0 &&
           (X509_get_extended_key_usage(responder) & XKU_OCSP_SIGN) != 0 &&
           verify_time_us(X509_get0_notBefore(responder)) <= at &&
           at <= verify_time_us(X509_get0_notAfter(responder));
}

/* The answer's signature, and the word by which the issuer named his responder. */
static bool is_strong(const OCSP_BASICRESP *answer, X509 *responder, X509 *issuer)
{
    const X509_ALGOR *named = NULL;

    X509_get0_signature(NULL, &named, responder);
    return strength_is_enough(OCSP_resp_get0_tbs_sigalg(answer),
                              X509_get0_pubkey(responder)) &&
           (X509_cmp(responder, issuer) == 0 ||
            strength_is_enough(named, X509_get0_pubkey(issuer)));
}

/* *responder: borrowed from the answer, or the issuer. */
static bool is_believed(OCSP_BASICRESP *answer, X509 *issuer, X509 **responder)
{
    STACK_OF(X509) *known = sk_X509_new_null();
    bool good = known != NULL && sk_X509_push(known, issuer) > 0 &&
                OCSP_resp_get0_signer(answer, responder, known) == 1 &&
                may_answer(*responder, issuer, OCSP_resp_get0_produced_at(answer)) &&
                OCSP_basic_verify(answer, known, NULL, OCSP_NOVERIFY) == 1;

    sk_X509_free(known);
    return good;
}

/* Of whom nobody has to ask whether he was revoked, too (RFC 6960 section 4.2.2.2.1). */
static bool is_unquestioned(X509 *responder, X509 *issuer)
{
    return X509_cmp(responder, issuer) == 0 ||
           X509_get_ext_by_NID(responder, NID_id_pkix_OCSP_noCheck, -1) >= 0;
}

static bool names(OCSP_SINGLERESP *single, X509 *certificate, X509 *issuer)
{
    OCSP_CERTID *id = (OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(single);
    ASN1_OBJECT *digest = NULL;

    if (OCSP_id_get0_info(NULL, &digest, NULL, NULL, id) != 1) {
        return false;
    }
    const EVP_MD *md = EVP_get_digestbyobj(digest);
    OCSP_CERTID *wanted = md == NULL ? NULL : OCSP_cert_to_id(md, certificate, issuer);
    bool same = wanted != NULL && OCSP_id_cmp(id, wanted) == 0;
    OCSP_CERTID_free(wanted);
    return same;
}

/* archiveCutoff (RFC 6960 section 4.4.4). */
static int64_t cut_off(OCSP_SINGLERESP *single)
{
    ASN1_GENERALIZEDTIME *time =
        OCSP_SINGLERESP_get1_ext_d2i(single, NID_id_pkix_OCSP_archiveCutoff, NULL, NULL);
    int64_t since_us = verify_time_us(time);

    ASN1_GENERALIZEDTIME_free(time);
    return since_us;
}

static struct verify_word word_of(OCSP_SINGLERESP *single, X509 *certificate)
{
    ASN1_GENERALIZEDTIME *revoked = NULL;
    ASN1_GENERALIZEDTIME *from = NULL;
    ASN1_GENERALIZEDTIME *until = NULL;
    int reason = CRL_REASON_NONE;
    int status = OCSP_single_get0_status(single, &reason, &revoked, &from, &until);
    struct verify_word word = {.state = VERIFY_STATE_OPEN,
                               .this_us = verify_time_us(from),
                               .next_us = verify_time_us(until)};

    if (status == V_OCSP_CERTSTATUS_GOOD &&
        !is_silent(certificate, word.this_us, cut_off(single))) {
        word.state = VERIFY_STATE_GOOD;
    } else if (status == V_OCSP_CERTSTATUS_REVOKED) {
        word.state = VERIFY_STATE_REVOKED;
        /* What an entry of a list may say an answer may say, too (RFC 6960 4.4.5). */
        word.revoked_us = revoked_since(
            revoked,
            OCSP_SINGLERESP_get1_ext_d2i(single, NID_invalidity_date, NULL, NULL));
        word.in_order = is_in_order(reason);
    }
    return word;
}

struct verify_word verify_ocsp_word(OCSP_BASICRESP *answer, X509 *certificate,
                                    X509 *issuer)
{
    for (int i = 0; i < OCSP_resp_count(answer) && i < VERIFY_MATERIAL_MAX; i++) {
        OCSP_SINGLERESP *single = OCSP_resp_get0(answer, i);
        X509 *responder = NULL;
        if (!names(single, certificate, issuer)) {
            continue;
        }
        if (!is_believed(answer, issuer, &responder)) {
            return disowned;
        }
        struct verify_word word =
            weighed(word_of(single, certificate), is_strong(answer, responder, issuer));
        word.responder = is_unquestioned(responder, issuer) ? NULL : responder;
        word.made_us = verify_time_us(OCSP_resp_get0_produced_at(answer));
        return word;
    }
    return silence;
}
