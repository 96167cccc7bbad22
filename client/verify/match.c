/* Which signature of a letter is meant, when only its hash is known. */
#include <openssl/evp.h>

#include "client/verify/case.h"
#include "client/verify/cms.h"

static void free_context(EVP_MD_CTX **context)
{
    EVP_MD_CTX_free(*context);
}

static void close_document(struct pdf_document **document)
{
    if (*document != NULL) {
        pdf_close(*document);
    }
}

/* The hash of the signature value inside a CMS with one signer. */
static bool hash_value(struct slice bytes, uint8_t out[32])
{
    const uint8_t *at = bytes.data;
    AUTO(cms_free)
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)bytes.len);
    unsigned len = 0;

    if (cms == NULL || OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed) {
        return false;
    }
    STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);
    if (signers == NULL || sk_CMS_SignerInfo_num(signers) != 1) {
        return false;
    }
    const ASN1_OCTET_STRING *value =
        CMS_SignerInfo_get0_signature(sk_CMS_SignerInfo_value(signers, 0));
    return EVP_Digest(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value),
                      out, &len, EVP_sha256(), NULL) == 1;
}

/* The bytes that a signature covers, hashed anew. */
static bool digest_equal(struct slice pdf, const uint64_t range[4],
                         const struct verify_named *named)
{
    const EVP_MD *md = EVP_get_digestbyname(sg_hash_name(named->hash));
    AUTO(free_context) EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    bool good =
        md != NULL && context != NULL && EVP_DigestInit_ex(context, md, NULL) == 1;
    for (size_t i = 0; good && i < 4; i += 2) {
        good = range[i] <= pdf.len && range[i + 1] <= pdf.len - range[i] &&
               EVP_DigestUpdate(context, pdf.data + range[i], (size_t)range[i + 1]) == 1;
    }
    return good && EVP_DigestFinal_ex(context, digest, &len) == 1 &&
           slice_equal(slice_of(digest, len), slice_of(named->digest, named->digest_len));
}

/* Index of the signature, or the number of all: it is not there. */
static size_t find(const struct pdf_document *document, const struct verify_named *named)
{
    size_t count = pdf_signature_count(document);
    uint8_t hash[32];

    for (size_t i = 0; i < count; i++) {
        if (hash_value(pdf_signature(document, i)->cms, hash) &&
            memcmp(hash, named->signature, sizeof(hash)) == 0) {
            return i;
        }
    }
    return count;
}

enum sg_status verify_pdf_named(struct slice pdf, const struct verify_named *named,
                                struct verify_report *report, struct sg_error *why)
{
    static struct verify_report reports[VERIFY_NAMED_MAX];
    static const struct verify_input nobody = {.anchors = NULL};
    AUTO(close_document) struct pdf_document *document = NULL;
    size_t count = 0;

    TRY(pdf_open(pdf, &document, why));
    size_t at = find(document, named);
    if (at == pdf_signature_count(document) || at >= VERIFY_NAMED_MAX) {
        return sg_fail(why, SG_NOT_FOUND, "no signature of the letter is the one named");
    }
    if (!digest_equal(pdf, pdf_signature(document, at)->range, named)) {
        return sg_fail(why, SG_CORRUPT, "the letter's digest is not the one named");
    }
    TRY(verify_pdf(pdf, &nobody, reports, VERIFY_NAMED_MAX, &count, why));
    *report = reports[at];
    return SG_OK;
}
