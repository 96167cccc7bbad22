#include <openssl/cms.h>
#include <openssl/err.h>
#include <stdlib.h>

#include "client/verify/known.h"
#include "client/verify/signed_data.h"
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

/* The only signer; its certificate is among these, or in the CMS where they are NULL.
 * NULL: there is no such. */
static CMS_SignerInfo *only_signer(CMS_ContentInfo *cms, STACK_OF(X509) * certificates)
{
    STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);

    if (sk_CMS_SignerInfo_num(signers) != 1 ||
        CMS_set1_signers_certs(cms, certificates, 0) != 1) {
        return NULL;
    }
    return sk_CMS_SignerInfo_value(signers, 0);
}

/* --- As it came -------------------------------------------------------------------- */

static enum sg_status judge(CMS_ContentInfo *cms, struct slice digest,
                            struct sg_error *why)
{
    CMS_SignerInfo *signer = cms == NULL ? NULL : only_signer(cms, NULL);
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

enum sg_status verify_answer(struct slice bytes, struct slice digest,
                             struct sg_error *why)
{
    AUTO(free_cms) CMS_ContentInfo *cms = read_cms(bytes);

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
    AUTO(free_cms) CMS_ContentInfo *cms = read_cms(slice_of(bare, len));
    CMS_SignerInfo *signer =
        cms == NULL ? NULL : only_signer(cms, known_chain_stack(chain));
    bool good = signer != NULL && names_digest(signer, digest) &&
                CMS_SignerInfo_verify(signer) == 1;
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
    AUTO(free_cms) CMS_ContentInfo *cms = read_cms(bytes);
    TRY(judge(cms, digest, why));
    STACK_OF(X509) *stack = splits ? CMS_get1_certs(cms) : NULL;
    if (stack != NULL) {
        known_chain_keep(known, data.certificates, stack);
    }
    return SG_OK;
}
