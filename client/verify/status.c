/* Whether a certificate was revoked, by what others signed about it (RFC 5280 section 5,
 * RFC 6960 section 3.2). */
#include <openssl/x509v3.h>

#include "client/verify/case.h"
#include "client/verify/scope.h"
#include "client/verify/strength.h"

DEFINE_STACK_OF(OCSP_BASICRESP)

enum { US_PER_S = 1000000, SKEW_S = 300 };

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
        word.revoked_us = revoked_since(
            X509_REVOKED_get0_revocationDate(entry),
            X509_REVOKED_get_ext_d2i(entry, NID_invalidity_date, NULL, NULL));
        word.in_order = is_in_order(reason_of(entry));
    } else if (is_silent(certificate, word.this_us, kept_since(crl))) {
        return silence;
    }
    X509_CRL_get0_signature(crl, NULL, &algorithm);
    return weighed(word, strength_is_enough(algorithm, key));
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

static bool is_believed(OCSP_BASICRESP *answer, X509 *issuer, bool *strong)
{
    STACK_OF(X509) *known = sk_X509_new_null();
    X509 *responder = NULL;
    bool good = known != NULL && sk_X509_push(known, issuer) > 0 &&
                OCSP_resp_get0_signer(answer, &responder, known) == 1 &&
                may_answer(responder, issuer, OCSP_resp_get0_produced_at(answer)) &&
                OCSP_basic_verify(answer, known, NULL, OCSP_NOVERIFY) == 1;

    *strong = good && is_strong(answer, responder, issuer);
    sk_X509_free(known);
    return good;
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
        if (names(single, certificate, issuer)) {
            bool strong = false;
            return is_believed(answer, issuer, &strong)
                       ? weighed(word_of(single, certificate), strong)
                       : disowned;
        }
    }
    return silence;
}

/* --- All words about one certificate, and about a chain ----------------------------- */

/* The newest word that counts, and the newest of those that revoke only later. */
struct hearing {
    struct verify_times times;
    struct verify_word best;
    struct verify_word late; /* as a good one */
    bool disowned;           /* one that was given */
};

static bool is_newer(const struct verify_word *word, const struct verify_word *than)
{
    return than->state == VERIFY_STATE_OPEN || word->this_us > than->this_us ||
           (word->this_us == than->this_us && word->state == VERIFY_STATE_REVOKED);
}

static void hear(struct hearing *hearing, bool given, struct verify_word word)
{
    int64_t time_us = hearing->times.time_us;
    bool stays = word.in_order && hearing->times.made_us != 0;
    bool late = word.state == VERIFY_STATE_REVOKED &&
                word.revoked_us > (stays ? hearing->times.made_us : time_us);
    struct verify_word *place = late ? &hearing->late : &hearing->best;

    hearing->disowned = hearing->disowned || (given && word.disowned);
    /* Revoked once the time in question was over: it was good then. */
    if (late) {
        word.state = word.weak ? VERIFY_STATE_OPEN : VERIFY_STATE_GOOD;
    }
    bool counts = word.state != VERIFY_STATE_OPEN && word.this_us != 0 &&
                  word.this_us <= hearing->times.now_us + (int64_t)SKEW_S * US_PER_S &&
                  (word.this_us >= time_us || word.next_us >= time_us);
    /* A revocation is told by old statements too: nobody takes it back but by a newer,
     * and of two that are as new it counts, in whatever order they are given. */
    counts = counts || (word.state == VERIFY_STATE_REVOKED && word.this_us != 0);
    if (counts && is_newer(&word, place)) {
        *place = word;
    }
}

/* One that revokes, too, takes no revocation back: an answer tells the date alone, where
 * the list says since when the key was unsafe; and a hold that became a revocation was
 * one before. */
static const struct verify_word *heard(const struct hearing *hearing)
{
    return hearing->best.state != VERIFY_STATE_REVOKED &&
                   hearing->late.state != VERIFY_STATE_OPEN &&
                   is_newer(&hearing->late, &hearing->best)
               ? &hearing->late
               : &hearing->best;
}

static void ask(struct hearing *hearing, const struct verify_material *source,
                X509 *certificate, X509 *issuer)
{
    for (int i = 0; source != NULL && i < sk_X509_CRL_num(source->crls); i++) {
        hear(hearing, source->given,
             verify_crl_word(sk_X509_CRL_value(source->crls, i), certificate, issuer));
    }
    for (int i = 0; source != NULL && i < sk_OCSP_BASICRESP_num(source->answers); i++) {
        hear(hearing, source->given,
             verify_ocsp_word(sk_OCSP_BASICRESP_value(source->answers, i), certificate,
                              issuer));
    }
}

/* About the certificate at this place of the chain. */
static struct hearing hear_all(STACK_OF(X509) * chain, int at,
                               const struct verify_material *const *sources, size_t count,
                               const struct verify_times *times)
{
    struct hearing hearing = {*times, silence, silence, false};

    hearing.times.made_us = at == 0 ? times->made_us : 0;
    for (size_t i = 0; i < count; i++) {
        ask(&hearing, sources[i], sk_X509_value(chain, at), sk_X509_value(chain, at + 1));
    }
    return hearing;
}

void verify_status_of(STACK_OF(X509) * chain,
                      const struct verify_material *const *sources, size_t count,
                      const struct verify_times *times, struct verify_status *out)
{
    *out = (struct verify_status){.state = VERIFY_STATE_GOOD};
    for (int i = 0; i + 1 < sk_X509_num(chain); i++) {
        const struct hearing hearing = hear_all(chain, i, sources, count, times);
        const struct verify_word *word = heard(&hearing);
        if (word->state == VERIFY_STATE_REVOKED) {
            *out = (struct verify_status){
                .state = VERIFY_STATE_REVOKED, .at = i, .revoked_us = word->revoked_us};
            return;
        }
        out->disowned_at = hearing.disowned && !out->disowned ? i : out->disowned_at;
        out->disowned = out->disowned || hearing.disowned;
        if (word->state == VERIFY_STATE_OPEN && out->state == VERIFY_STATE_GOOD) {
            out->state = VERIFY_STATE_OPEN;
            out->at = i;
            out->said_us = 0;
        } else if (out->said_us == 0 || word->this_us < out->said_us) {
            out->said_us = word->this_us;
        }
    }
}
