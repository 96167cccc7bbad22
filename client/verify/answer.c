#include <openssl/err.h>
#include <openssl/ess.h>
#include <stdlib.h>

#include "client/verify/cms.h"
#include "client/verify/known.h"
#include "client/verify/signed_data.h"
#include "client/verify/verify.h"

/* Whole: nothing may stand behind it that a reader of the letter would see as part of it.
 */
static CMS_ContentInfo *read_cms(struct slice bytes)
{
    const unsigned char *at = bytes.data;
    CMS_ContentInfo *cms =
        bytes.len > LONG_MAX ? NULL : d2i_CMS_ContentInfo(NULL, &at, (long)bytes.len);

    if (cms != NULL && at != bytes.data + bytes.len) {
        CMS_ContentInfo_free(cms);
        return NULL;
    }
    return cms;
}

static bool names_digest(CMS_SignerInfo *signer, struct slice digest)
{
    const ASN1_OBJECT *type = OBJ_nid2obj(NID_pkcs9_messageDigest);
    const ASN1_OCTET_STRING *found =
        (const ASN1_OCTET_STRING *)CMS_signed_get0_data_by_OBJ(signer, type, -3,
                                                               V_ASN1_OCTET_STRING);

    return found != NULL &&
           slice_equal(digest, slice_of(ASN1_STRING_get0_data(found),
                                        (size_t)ASN1_STRING_length(found)));
}

static void free_list(STACK_OF(X509) * *list)
{
    sk_X509_free(*list);
}

static void free_certificates(STACK_OF(X509) * *list)
{
    sk_X509_pop_free(*list, X509_free);
}

/* The signer's certificate, and behind it the others. NULL: no memory. */
static STACK_OF(X509) * signer_first(X509 *own, STACK_OF(X509) * others)
{
    STACK_OF(X509) *list = sk_X509_new_null();

    for (int i = -1; list != NULL && i < sk_X509_num(others); i++) {
        X509 *next = i < 0 ? own : sk_X509_value(others, i);
        if ((i < 0 || next != own) && sk_X509_push(list, next) <= 0) {
            sk_X509_free(list);
            return NULL;
        }
    }
    return list;
}

/* RFC 5035: the certificate is the one that was signed for, to the last bit. A signature
 * that names none is told of by whoever looks at its profile. */
static bool names_certificate(CMS_SignerInfo *signer, STACK_OF(X509) * certificates)
{
    int nid = NID_id_smime_aa_signingCertificateV2;
    const ASN1_STRING *value = (const ASN1_STRING *)CMS_signed_get0_data_by_OBJ(
        signer, OBJ_nid2obj(nid), -3, V_ASN1_SEQUENCE);
    X509 *own = NULL;

    if (value == NULL) {
        return CMS_signed_get_attr_by_NID(signer, nid, -1) < 0;
    }
    CMS_SignerInfo_get0_algs(signer, NULL, &own, NULL, NULL);
    AUTO(free_list) STACK_OF(X509) *list = signer_first(own, certificates);
    const uint8_t *at = ASN1_STRING_get0_data(value);
    ESS_SIGNING_CERT_V2 *named =
        d2i_ESS_SIGNING_CERT_V2(NULL, &at, ASN1_STRING_length(value));
    bool same = list != NULL && named != NULL &&
                OSSL_ESS_check_signing_certs(NULL, named, list, 1) > 0;
    ESS_SIGNING_CERT_V2_free(named);
    return same;
}

/* --- As it came -------------------------------------------------------------------- */

static enum sg_status judge(CMS_ContentInfo *cms, struct slice digest,
                            struct sg_error *why)
{
    CMS_SignerInfo *signer = cms == NULL ? NULL : cms_only_signer(cms, NULL);
    bool fits = signer != NULL && names_digest(signer, digest);
    AUTO(free_certificates) STACK_OF(X509) *all = fits ? CMS_get1_certs(cms) : NULL;
    bool good = fits && CMS_SignerInfo_verify(signer) == 1;
    bool named = good && names_certificate(signer, all);

    ERR_clear_error();
    if (named) {
        return SG_OK;
    }
    return sg_fail(why, SG_CORRUPT,
                   "the gateway's answer is %s; the letter is left as it was, and the "
                   "gateway's administrator should be told",
                   signer == NULL ? "no CMS signature"
                   : good         ? "a signature with another certificate than it names"
                   : fits         ? "a false signature"
                                  : "a signature of another document");
}

enum sg_status verify_answer(struct slice bytes, struct slice digest,
                             struct sg_error *why)
{
    AUTO(cms_free) CMS_ContentInfo *cms = read_cms(bytes);

    return judge(cms, digest, why);
}

/* --- With certificates that are known ---------------------------------------------- */

static void free_bytes(uint8_t *const *bytes)
{
    free(*bytes);
}

/* Whether the answer is good beyond doubt: these are the certificates it came with, and
 * the rest of it is read as ever. */
static bool is_good(const struct signed_data *data, const struct known_chain *chain,
                    struct slice digest)
{
    AUTO(free_bytes) uint8_t *bare = NULL;
    size_t len = 0;

    if (signed_data_bare(data, &bare, &len) != SG_OK) {
        return false;
    }
    AUTO(cms_free) CMS_ContentInfo *cms = read_cms(slice_of(bare, len));
    CMS_SignerInfo *signer =
        cms == NULL ? NULL : cms_only_signer(cms, known_chain_stack(chain));
    bool good = signer != NULL && names_digest(signer, digest) &&
                CMS_SignerInfo_verify(signer) == 1 &&
                names_certificate(signer, known_chain_stack(chain));
    ERR_clear_error();
    return good;
}

static bool is_good_by_known(struct verify_known *known, const struct signed_data *data,
                             struct slice digest)
{
    struct known_chain *chain = known_chain_take(known, data->certificates);
    bool good = chain != NULL && is_good(data, chain, digest);

    known_chain_drop(chain);
    return good;
}

enum sg_status verify_answer_known(struct verify_known *known, struct slice bytes,
                                   struct slice digest, struct sg_error *why)
{
    struct signed_data data;
    bool splits = known != NULL && signed_data_split(bytes, &data);

    if (splits && is_good_by_known(known, &data, digest)) {
        return SG_OK;
    }
    AUTO(cms_free) CMS_ContentInfo *cms = read_cms(bytes);
    TRY(judge(cms, digest, why));
    STACK_OF(X509) *stack = splits ? CMS_get1_certs(cms) : NULL;
    if (stack != NULL) {
        known_chain_keep(known, data.certificates, stack);
    }
    return SG_OK;
}
