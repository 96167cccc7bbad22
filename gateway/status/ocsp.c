#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "gateway/status/evidence.h"

static void free_response(OCSP_RESPONSE **response)
{
    OCSP_RESPONSE_free(*response);
}

static void free_basic(OCSP_BASICRESP **basic)
{
    OCSP_BASICRESP_free(*basic);
}

static void free_request(OCSP_REQUEST **request)
{
    OCSP_REQUEST_free(*request);
}

static void free_crl(X509_CRL **crl)
{
    X509_CRL_free(*crl);
}

static void free_id(OCSP_CERTID **id)
{
    OCSP_CERTID_free(*id);
}

/* SHA-1 names the issuer here and proves nothing: responders know no other (RFC 6960
 * 4.3, RFC 5019 2.1.1). */
static OCSP_CERTID *id_of(const struct status_link *link)
{
    return OCSP_cert_to_id(EVP_sha1(), link->subject, link->issuer);
}

enum sg_status evidence_ask(const struct status_link *link, uint8_t **out, size_t *len)
{
    AUTO(free_request) OCSP_REQUEST *request = OCSP_REQUEST_new();
    OCSP_CERTID *id = id_of(link);
    unsigned char *der = NULL;

    if (request == NULL || id == NULL || OCSP_request_add0_id(request, id) == NULL) {
        OCSP_CERTID_free(id);
        return SG_NO_MEMORY;
    }
    int size = OCSP_request_add1_nonce(request, NULL, -1) == 1
                   ? i2d_OCSP_REQUEST(request, &der)
                   : 0;
    if (size <= 0) {
        return SG_NO_MEMORY;
    }
    *out = der;
    *len = (size_t)size;
    return SG_OK;
}

static enum sg_status unwrap(struct slice der, OCSP_BASICRESP **out, struct sg_error *why)
{
    const unsigned char *at = der.data;
    AUTO(free_response)
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &at, (long)der.len);

    if (response == NULL || at != der.data + der.len) {
        ERR_clear_error();
        return sg_fail(why, SG_INVALID, "it is not an OCSP answer in DER");
    }
    int state = OCSP_response_status(response);
    if (state != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        return sg_fail(why, SG_INVALID, "the OCSP responder says: %s",
                       OCSP_response_status_str(state));
    }
    *out = OCSP_response_get1_basic(response);
    ERR_clear_error();
    return *out != NULL ? SG_OK
                        : sg_fail(why, SG_INVALID, "the OCSP answer is not a basic one");
}

/* An answer may leave the nonce away (RFC 6960 4.4.1): responders that sign ahead do. A
 * wrong one, or one that nobody asked for, is somebody else's answer. */
static bool nonce_ok(struct slice request, OCSP_BASICRESP *basic)
{
    const unsigned char *at = request.data;

    if (request.len == 0) {
        return true;
    }
    AUTO(free_request)
    OCSP_REQUEST *asked = d2i_OCSP_REQUEST(NULL, &at, (long)request.len);
    int found = asked == NULL ? 0 : OCSP_check_nonce(asked, basic);
    return found == 1 || found == -1;
}

static void free_certificates(STACK_OF(X509) * *list)
{
    sk_X509_free(*list);
}

/* Who may have signed, beside those that the answer brings along. OpenSSL does not look
 * among the anchors, and an issuer that signs itself need not send its certificate. */
static STACK_OF(X509) * signers(const struct status_link *link)
{
    STACK_OF(X509) *list = sk_X509_dup(link->untrusted);

    if (list != NULL && sk_X509_push(list, link->issuer) == 0) {
        sk_X509_free(list);
        return NULL;
    }
    return list;
}

/* Signed by the issuer, or by whom the issuer gave id-kp-OCSPSigning. */
static bool signed_well(const struct status_link *link, OCSP_BASICRESP *basic,
                        int64_t now_us)
{
    AUTO(free_certificates) STACK_OF(X509) *known = signers(link);

    evidence_set_time(X509_STORE_get0_param(link->anchors), now_us);
    bool good = known != NULL &&
                evidence_algorithm_ok(OCSP_resp_get0_tbs_sigalg(basic)) &&
                OCSP_basic_verify(basic, known, link->anchors, OCSP_NOEXPLICIT) == 1;
    ERR_clear_error();
    return good;
}

/* Two words about one certificate: whoever read the first only could be shown the kinder
 * one. */
static bool says_it_once(OCSP_BASICRESP *basic, OCSP_CERTID *id)
{
    int first = OCSP_resp_find(basic, id, -1);

    return first < 0 || OCSP_resp_find(basic, id, first) < 0;
}

static enum sg_status read_single(const struct status_link *link, OCSP_BASICRESP *basic,
                                  int64_t now_us, struct status_finding *out,
                                  struct sg_error *why)
{
    AUTO(free_id) OCSP_CERTID *id = id_of(link);
    ASN1_GENERALIZEDTIME *this_update = NULL;
    ASN1_GENERALIZEDTIME *next_update = NULL;
    int state = 0;
    int reason = 0;

    if (id == NULL || OCSP_resp_find_status(basic, id, &state, &reason, NULL,
                                            &this_update, &next_update) != 1) {
        return sg_fail(why, SG_INVALID, "the OCSP answer is about another certificate");
    }
    if (!says_it_once(basic, id)) {
        return sg_fail(why, SG_INVALID,
                       "the OCSP answer speaks twice of the certificate");
    }
    if (state != V_OCSP_CERTSTATUS_GOOD && state != V_OCSP_CERTSTATUS_REVOKED) {
        return sg_fail(why, SG_INVALID,
                       "the OCSP responder does not know the certificate");
    }
    out->suspended = state == V_OCSP_CERTSTATUS_REVOKED &&
                     reason == OCSP_REVOKED_STATUS_CERTIFICATEHOLD;
    out->revoked = state == V_OCSP_CERTSTATUS_REVOKED && !out->suspended;
    if (!evidence_time(this_update, &out->this_update_us) ||
        !evidence_time(next_update, &out->next_update_us)) {
        return sg_fail(why, SG_INVALID, "the OCSP answer lacks thisUpdate or nextUpdate");
    }
    return evidence_dates(out, now_us, why);
}

/* A kept answer was verified when it came. That its responder's certificate has run out
 * since takes no revocation and no hold back; of a good word nothing is lost with it. */
static bool kept_well(const struct status_link *link, const struct statement *statement,
                      OCSP_BASICRESP *basic, const struct status_finding *finding)
{
    return statement->question.len == 0 && (finding->revoked || finding->suspended) &&
           signed_well(link, basic, finding->this_update_us);
}

/* Of whom somebody has to ask: the issuer would say if not (RFC 6960 4.2.2.2.1). */
static bool is_in_question(const struct status_link *link, X509 *responder)
{
    return X509_cmp(responder, link->issuer) != 0 &&
           X509_get_ext_by_NID(responder, NID_id_pkix_OCSP_noCheck, -1) < 0;
}

/* On hold, too: the list is that of the issuer, and held because it verified. */
static bool is_by_revoked(const struct status_link *link, struct slice list,
                          OCSP_BASICRESP *basic, int64_t this_update_us)
{
    AUTO(free_certificates) STACK_OF(X509) *known = signers(link);
    const unsigned char *at = list.data;
    X509 *responder = NULL;
    X509_REVOKED *entry = NULL;
    int64_t since_us = 0;

    if (list.len == 0 || OCSP_resp_get0_signer(basic, &responder, known) != 1 ||
        !is_in_question(link, responder)) {
        ERR_clear_error();
        return false;
    }
    AUTO(free_crl) X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)list.len);
    return crl != NULL && X509_CRL_get0_by_cert(crl, &entry, responder) == 1 &&
           evidence_time(X509_REVOKED_get0_revocationDate(entry), &since_us) &&
           since_us <= this_update_us;
}

bool evidence_by_revoked(const struct status_link *link,
                         const struct statement *statement, int64_t this_update_us)
{
    AUTO(free_basic) OCSP_BASICRESP *basic = NULL;
    struct sg_error why = {0};

    return unwrap(statement->der, &basic, &why) == SG_OK &&
           is_by_revoked(link, statement->list, basic, this_update_us);
}

enum sg_status evidence_ocsp(const struct status_link *link,
                             const struct statement *statement, int64_t now_us,
                             struct status_finding *out, struct sg_error *why)
{
    AUTO(free_basic) OCSP_BASICRESP *basic = NULL;

    *out = (struct status_finding){0};
    TRY(unwrap(statement->der, &basic, why));
    if (!nonce_ok(statement->question, basic)) {
        return sg_fail(why, SG_INVALID, "the OCSP answer belongs to another question");
    }
    bool signed_now = signed_well(link, basic, now_us);
    enum sg_status found = read_single(link, basic, now_us, out, why);
    if (!signed_now && (found != SG_OK || !kept_well(link, statement, basic, out))) {
        return sg_fail(why, SG_INVALID,
                       "the OCSP answer is not signed by the issuer, nor by a responder "
                       "that the issuer named");
    }
    if (found == SG_OK &&
        is_by_revoked(link, statement->list, basic, out->this_update_us)) {
        return sg_fail(why, SG_INVALID,
                       "the OCSP answer is signed by a responder that the issuer's CRL "
                       "revokes");
    }
    return found;
}
