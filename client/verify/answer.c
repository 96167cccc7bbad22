#include <openssl/cms.h>
#include <openssl/err.h>

#include "client/verify/verify.h"

static void free_cms(CMS_ContentInfo **cms)
{
    CMS_ContentInfo_free(*cms);
}

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

/* The only signer; its certificate is in the CMS. NULL: there is no such. */
static CMS_SignerInfo *only_signer(CMS_ContentInfo *cms)
{
    STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);

    if (sk_CMS_SignerInfo_num(signers) != 1 ||
        CMS_set1_signers_certs(cms, NULL, 0) != 1) {
        return NULL;
    }
    return sk_CMS_SignerInfo_value(signers, 0);
}

enum sg_status verify_answer(struct slice bytes, struct slice digest,
                             struct sg_error *why)
{
    AUTO(free_cms) CMS_ContentInfo *cms = read_cms(bytes);
    CMS_SignerInfo *signer = cms == NULL ? NULL : only_signer(cms);
    bool fits = signer != NULL && names_digest(signer, digest);
    bool good = fits && CMS_SignerInfo_verify(signer) == 1;

    ERR_clear_error();
    if (good) {
        return SG_OK;
    }
    return sg_fail(why, SG_CORRUPT,
                   "the gateway's answer is %s; the letter is left as it was, and the "
                   "gateway's administrator should be told",
                   signer == NULL ? "no CMS signature"
                   : fits         ? "a false signature"
                                  : "a signature of another document");
}
