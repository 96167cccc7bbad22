#include "client/commands/extend/check.h"

#include <openssl/err.h>
#include <openssl/ts.h>

#include "client/commands/extend/loss.h"
#include "client/commands/extend/store.h"
#include "client/pdf/compare/changes.h"
#include "client/pdf/pdf.h"
#include "client/verify/cms.h"
#include "client/verify/verify.h"

static void free_token(PKCS7 **token)
{
    PKCS7_free(*token);
}

static void free_info(TS_TST_INFO **info)
{
    TS_TST_INFO_free(*info);
}

static void free_md(EVP_MD_CTX **md)
{
    EVP_MD_CTX_free(*md);
}

static void close_document(struct pdf_document **document)
{
    pdf_close(*document);
}

/* --- Bytes -------------------------------------------------------------------------- */

static bool hash_ranges(struct slice pdf, const uint64_t range[4], const EVP_MD *type,
                        uint8_t out[EVP_MAX_MD_SIZE], unsigned *len)
{
    AUTO(free_md) EVP_MD_CTX *md = EVP_MD_CTX_new();

    return md != NULL && type != NULL && EVP_DigestInit_ex(md, type, NULL) == 1 &&
           EVP_DigestUpdate(md, pdf.data + range[0], range[1]) == 1 &&
           EVP_DigestUpdate(md, pdf.data + range[2], range[3]) == 1 &&
           EVP_DigestFinal_ex(md, out, len) == 1;
}

static bool same_certificate(X509 *cert, struct slice der)
{
    uint8_t *own = NULL;
    int len = i2d_X509(cert, &own);
    bool same = len > 0 && slice_equal(slice_of(own, (size_t)len), der);

    OPENSSL_free(own);
    return same;
}

struct check {
    struct slice pdf;
    const struct pdf_dss *added;
    struct extend_facts *out;
    struct extend_store *store;
    bool
        *bare; /* a signature by the key has no time stamp, nor has the letter after it */
};

static bool is_given(const struct check *check, X509 *cert)
{
    const struct pdf_dss_part *certificates = &check->added->parts[PDF_DSS_CERTS];

    for (size_t i = 0; cert != NULL && i < certificates->count; i++) {
        if (same_certificate(cert, certificates->items[i])) {
            return true;
        }
    }
    return false;
}

/* --- Time stamps -------------------------------------------------------------------- */

static PKCS7 *read_token(struct slice der)
{
    const uint8_t *at = der.data;
    PKCS7 *token = der.len > LONG_MAX ? NULL : d2i_PKCS7(NULL, &at, (long)der.len);

    if (token != NULL && PKCS7_type_is_signed(token) == 0) {
        PKCS7_free(token);
        token = NULL;
    }
    ERR_clear_error();
    return token;
}

static bool imprint_is(PKCS7 *token, const uint8_t *digest, size_t len)
{
    AUTO(free_info) TS_TST_INFO *info = PKCS7_to_TS_TST_INFO(token);
    TS_MSG_IMPRINT *imprint = info == NULL ? NULL : TS_TST_INFO_get_msg_imprint(info);
    const ASN1_OCTET_STRING *found =
        imprint == NULL ? NULL : TS_MSG_IMPRINT_get_msg(imprint);

    ERR_clear_error();
    return found != NULL && slice_equal(slice_of(ASN1_STRING_get0_data(found),
                                                 (size_t)ASN1_STRING_length(found)),
                                        slice_of(digest, len));
}

static const EVP_MD *hash_of(PKCS7 *token)
{
    AUTO(free_info) TS_TST_INFO *info = PKCS7_to_TS_TST_INFO(token);
    TS_MSG_IMPRINT *imprint = info == NULL ? NULL : TS_TST_INFO_get_msg_imprint(info);

    return imprint == NULL
               ? NULL
               : EVP_get_digestbyobj(TS_MSG_IMPRINT_get_algo(imprint)->algorithm);
}

/* Whether the certificate that the token brings confirms it. One that brings none cannot
 * be told (*bare), and is of no authority that is known here; one that nobody signed is
 * none. */
static bool is_confirmed(struct slice der, bool *bare)
{
    const uint8_t *at = der.data;
    AUTO(cms_free) CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)der.len);
    bool one = cms != NULL && sk_CMS_SignerInfo_num(CMS_get0_SignerInfos(cms)) == 1;

    *bare = one && CMS_set1_signers_certs(cms, NULL, 0) == 0;
    bool good = *bare || (one && CMS_verify(cms, NULL, NULL, NULL, NULL,
                                            CMS_NO_SIGNER_CERT_VERIFY) == 1);
    ERR_clear_error();
    return good;
}

/* Whether an authority that was given made it, or one that the letter's own store proves:
 * of an earlier extension, when it was the authority. Notes that it may be revoked. */
static bool is_known(const struct check *check, PKCS7 *token)
{
    STACK_OF(X509) *signers = PKCS7_get0_signers(token, NULL, 0);
    X509 *signer = sk_X509_num(signers) == 1 ? sk_X509_value(signers, 0) : NULL;
    bool known =
        signer != NULL && (is_given(check, signer) ||
                           extend_store_proves(check->store, check->pdf, signer));

    check->out->doubted = check->out->doubted || extend_is_named(check->added, token);
    sk_X509_free(signers);
    ERR_clear_error();
    return known;
}

static bool check_document_stamp(const struct check *check,
                                 const struct pdf_signature *signature)
{
    AUTO(free_token) PKCS7 *token = read_token(signature->cms);
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    bool bare = false;

    if (token == NULL ||
        !hash_ranges(check->pdf, signature->range, hash_of(token), digest, &len) ||
        !imprint_is(token, digest, len) || !is_confirmed(signature->cms, &bare)) {
        return false;
    }
    if (!bare) { /* it is over all that came before */
        check->out->stamp_known = is_known(check, token);
        *check->bare = false;
    }
    return true;
}

enum sg_status extend_token_fits(struct slice token, struct slice digest,
                                 struct sg_error *why)
{
    AUTO(free_token) PKCS7 *parsed = read_token(token);

    return parsed != NULL && imprint_is(parsed, digest.data, digest.len)
               ? SG_OK
               : sg_fail(
                     why, SG_CORRUPT,
                     "the gateway's answer is no time stamp of this letter; it is left "
                     "as it was, and the gateway's administrator should be told");
}

/* --- Signatures --------------------------------------------------------------------- */

static bool is_about(PKCS7 *token, CMS_SignerInfo *signer)
{
    const ASN1_OCTET_STRING *value = CMS_SignerInfo_get0_signature(signer);
    const EVP_MD *type = hash_of(token);
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    return type != NULL &&
           EVP_Digest(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value),
                      digest, &len, type, NULL) == 1 &&
           imprint_is(token, digest, len);
}

/* Empty: there is none. what: the attribute is one, whatever it holds. */
static struct slice stamp_of(CMS_SignerInfo *signer, bool *what)
{
    int at = CMS_unsigned_get_attr_by_NID(signer, NID_id_smime_aa_timeStampToken, -1);
    X509_ATTRIBUTE *attribute = at < 0 ? NULL : CMS_unsigned_get_attr(signer, at);
    const ASN1_TYPE *value =
        attribute == NULL ? NULL : X509_ATTRIBUTE_get0_type(attribute, 0);

    *what = attribute != NULL;
    if (value == NULL || value->type != V_ASN1_SEQUENCE) {
        return slice_of(NULL, 0);
    }
    const ASN1_STRING *text = value->value.sequence;
    return slice_of(ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text));
}

/* By another key: what is added may take the proof of its time, too. */
static void note_other_stamp(const struct check *check, CMS_SignerInfo *signer)
{
    bool there = false;
    AUTO(free_token) PKCS7 *token = read_token(stamp_of(signer, &there));

    check->out->doubted =
        check->out->doubted || (token != NULL && extend_is_named(check->added, token));
    ERR_clear_error();
}

/* False: there is one, and it is not of this signature. */
static bool note_signature_stamp(const struct check *check, CMS_SignerInfo *signer,
                                 bool *stamped)
{
    bool there = false;
    struct slice der = stamp_of(signer, &there);

    if (der.len == 0) {
        return !there;
    }
    AUTO(free_token) PKCS7 *token = read_token(der);
    bool bare = false;
    if (token == NULL || !is_about(token, signer) || !is_confirmed(der, &bare)) {
        return false;
    }
    *stamped = true;
    bool known = is_known(check, token);
    check->out->stamp_known = check->out->stamp_known && known;
    return true;
}

static bool is_by_key(const struct check *check, X509 *cert)
{
    const struct pdf_dss_part *certificates = &check->added->parts[PDF_DSS_CERTS];

    return certificates->count > 0 && same_certificate(cert, certificates->items[0]);
}

static bool check_signature(const struct check *check,
                            const struct pdf_signature *signature)
{
    const uint8_t *at = signature->cms.data;
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    X509 *cert = NULL;
    X509_ALGOR *algorithm = NULL;
    struct sg_error why;

    AUTO(cms_free)
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)signature->cms.len);
    CMS_SignerInfo *signer = cms == NULL ? NULL : cms_only_signer(cms, NULL);
    if (signer == NULL) {
        ERR_clear_error();
        return false;
    }
    CMS_SignerInfo_get0_algs(signer, NULL, &cert, &algorithm, NULL);
    if (!hash_ranges(check->pdf, signature->range,
                     EVP_get_digestbyobj(algorithm->algorithm), digest, &len) ||
        verify_answer(signature->cms, slice_of(digest, len), &why) != SG_OK) {
        ERR_clear_error();
        return false;
    }
    if (is_by_key(check, cert)) {
        bool stamped = false;
        check->out->by_key = true;
        bool sound = note_signature_stamp(check, signer, &stamped);
        *check->bare = *check->bare || !stamped;
        return sound;
    }
    note_other_stamp(check, signer);
    return true;
}

static enum sg_status check_one(const struct check *check,
                                const struct pdf_signature *signature,
                                struct sg_error *why)
{
    bool stamp = strcmp(signature->subfilter, "ETSI.RFC3161") == 0;
    bool sound =
        signature->ranges_sound && (stamp ? check_document_stamp(check, signature)
                                          : check_signature(check, signature));

    return sound ? SG_OK
                 : sg_fail(why, SG_INVALID,
                           "the %s in field '%s' does not match the letter: see 'segel "
                           "verify'",
                           stamp ? "time stamp" : "signature", signature->field);
}

/* --- Behind the last of them -------------------------------------------------------- */

/* What proves the signatures may have been added since, which is no signature itself, and
 * the extension that the catalog names for it. */
static bool is_store(const struct pdf_changes *step)
{
    for (size_t i = 0; i < step->count; i++) {
        const struct pdf_change *change = &step->at[i];
        bool names_it = change->kind == PDF_CHANGE_METADATA &&
                        strcmp(change->name, "/Extensions") == 0;
        if (change->kind != PDF_CHANGE_VALIDATION_DATA && !names_it) {
            return false;
        }
    }
    return !step->forbidden;
}

static enum sg_status check_rest(struct slice pdf, const struct pdf_signature *last,
                                 struct sg_error *why)
{
    const uint64_t ends[] = {last->covered, pdf.len};
    struct pdf_changes step = {.count = 0};

    if (last->covers_file) {
        return SG_OK;
    }
    TRY(pdf_compare(pdf, ends, SG_COUNT(ends), &step, why));
    return is_store(&step)
               ? SG_OK
               : sg_fail(why, SG_INVALID,
                         "something was added behind the letter's last signature: see "
                         "'segel verify'");
}

enum sg_status extend_check(struct slice pdf, const struct pdf_dss *added,
                            struct extend_facts *out, struct sg_error *why)
{
    AUTO(close_document) struct pdf_document *document = NULL;
    AUTO(extend_store_fini) struct extend_store store = {.read = false};
    bool bare = false;
    const struct check check = {pdf, added, out, &store, &bare};

    *out = (struct extend_facts){.stamp_known = true};
    TRY(pdf_open(pdf, &document, why));
    out->signatures = pdf_signature_count(document);
    if (out->signatures == 0) {
        return sg_fail(why, SG_INVALID, "the letter holds no signature");
    }
    for (size_t i = 0; i < out->signatures; i++) {
        TRY(check_one(&check, pdf_signature(document, i), why));
    }
    out->stamped = out->by_key && !bare;
    return check_rest(pdf, pdf_signature(document, out->signatures - 1), why);
}
