/* The cryptographic checks: is it one signature, over these bytes, by this certificate.
 */
#include <openssl/ess.h>
#include <openssl/x509v3.h>

#include "client/verify/case.h"

static void free_context(EVP_MD_CTX **context)
{
    EVP_MD_CTX_free(*context);
}

/* What makes it impossible to go on, or NULL. */
static const char *structural_fault(const struct verify_case *c)
{
    if (c->input->cms.len == 0) {
        return "The signature is empty.";
    }
    if (c->cms == NULL) {
        return "The signature is not CMS SignedData (RFC 5652), or bytes follow it.";
    }
    if (c->signer_info == NULL) {
        return "The signature must have exactly one signer; this one has another number.";
    }
    if (CMS_is_detached(c->cms) != (c->is_token ? 0 : 1)) {
        return "The signature carries content of its own, which a detached signature "
               "must "
               "not.";
    }
    if (c->signer == NULL) {
        return "The signature does not hold the certificate of its signer.";
    }
    if (CMS_signed_get_attr_count(c->signer_info) < 1) {
        return "The signature has no signed attributes, so nothing binds it to its "
               "certificate.";
    }
    return NULL;
}

enum verify_mark verify_structure(const struct verify_case *c, struct verify_check *out)
{
    const char *fault = structural_fault(c);
    return fault != NULL ? verify_say(out, VERIFY_FAIL, "%s", fault)
                         : verify_say(out, VERIFY_PASS, "%s",
                                      c->is_token ? "One time-stamp with its certificate."
                                                  : "One detached signature with its "
                                                    "certificate.");
}

bool verify_hash(const struct slice content[2], const EVP_MD *md,
                 uint8_t out[EVP_MAX_MD_SIZE])
{
    AUTO(free_context) EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context != NULL && EVP_DigestInit_ex(context, md, NULL) == 1;

    for (size_t i = 0; good && i < 2; i++) {
        struct slice part = content[i];
        good = part.len == 0 || EVP_DigestUpdate(context, part.data, part.len) == 1;
    }
    return good && EVP_DigestFinal_ex(context, out, NULL) == 1;
}

enum verify_mark verify_digest(const struct verify_case *c, struct verify_check *out)
{
    const EVP_MD *md = verify_case_md(c);
    uint8_t digest[EVP_MAX_MD_SIZE];

    if (md == NULL) {
        return verify_say(out, VERIFY_FAIL,
                          "The digest algorithm is not accepted; SHA-256, SHA-384 and "
                          "SHA-512 are.");
    }
    /* -3: exactly one attribute with exactly one value. */
    const ASN1_OCTET_STRING *signed_digest = CMS_signed_get0_data_by_OBJ(
        c->signer_info, OBJ_nid2obj(NID_pkcs9_messageDigest), -3, V_ASN1_OCTET_STRING);
    if (signed_digest == NULL) {
        return verify_say(out, VERIFY_FAIL,
                          "The signature does not state exactly one digest of the "
                          "document.");
    }
    if (!verify_hash(c->input->content, md, digest)) {
        return verify_say(out, VERIFY_UNKNOWN, "The digest could not be computed here.");
    }
    struct slice found = slice_of(digest, (size_t)EVP_MD_get_size(md));
    struct slice wanted = slice_of(ASN1_STRING_get0_data(signed_digest),
                                   (size_t)ASN1_STRING_length(signed_digest));
    return slice_equal(found, wanted)
               ? verify_say(out, VERIFY_PASS,
                            "The signed bytes are unchanged since signing.")
               : verify_say(out, VERIFY_FAIL,
                            "The signed bytes were changed: their digest is not the one "
                            "that was signed.");
}

enum verify_mark verify_signature(const struct verify_case *c, struct verify_check *out)
{
    enum { RSA_BITS_MIN = 2048, EC_BITS_MIN = 256 };
    EVP_PKEY *key = X509_get0_pubkey(c->signer);

    if (key == NULL || verify_case_md(c) == NULL) {
        return verify_say(out, VERIFY_FAIL,
                          "Key or digest algorithm of the signature is not accepted.");
    }
    int type = EVP_PKEY_get_base_id(key);
    if (type != EVP_PKEY_RSA && type != EVP_PKEY_RSA_PSS && type != EVP_PKEY_EC) {
        return verify_say(out, VERIFY_UNKNOWN,
                          "The signer's key is of a kind that is not judged here (%s); "
                          "RSA and EC keys are.",
                          OBJ_nid2sn(type));
    }
    int least = type == EVP_PKEY_EC ? EC_BITS_MIN : RSA_BITS_MIN;
    if (EVP_PKEY_get_bits(key) < least) {
        return verify_say(out, VERIFY_FAIL,
                          "The signer's key has %d bits; at least %d are needed.",
                          EVP_PKEY_get_bits(key), least);
    }
    /* OpenSSL takes the digest algorithm for what it needs to know and does not look at
     * this field; a reader of the report would believe it. */
    if (verify_case_scheme(c) == SG_SCHEME_NONE) {
        return verify_say(out, VERIFY_FAIL,
                          "The stated signature algorithm does not fit the key and the "
                          "digest algorithm.");
    }
    return CMS_SignerInfo_verify(c->signer_info) == 1
               ? verify_say(out, VERIFY_PASS,
                            "The signature was made with the key of the certificate.")
               : verify_say(out, VERIFY_FAIL,
                            "The signature was not made with the key of the certificate, "
                            "or was altered.");
}

static const ASN1_STRING *ess_value(const struct verify_case *c, int nid)
{
    return CMS_signed_get0_data_by_OBJ(c->signer_info, OBJ_nid2obj(nid), -3,
                                       V_ASN1_SEQUENCE);
}

/* The signer's certificate first: that is the one the first identifier must name. */
static STACK_OF(X509) * signer_first(const struct verify_case *c)
{
    STACK_OF(X509) *ordered = sk_X509_new_null();

    if (ordered == NULL || sk_X509_push(ordered, c->signer) <= 0) {
        sk_X509_free(ordered);
        return NULL;
    }
    for (int i = 0; i < sk_X509_num(c->certificates); i++) {
        X509 *certificate = sk_X509_value(c->certificates, i);
        if (certificate != c->signer && sk_X509_push(ordered, certificate) <= 0) {
            sk_X509_free(ordered);
            return NULL;
        }
    }
    return ordered;
}

/* RFC 5035: without this attribute another certificate of the same key could be put in
 * place of the signer's. */
static bool ess_matches(const struct verify_case *c, const ASN1_STRING *v1,
                        const ASN1_STRING *v2)
{
    const uint8_t *at = v1 == NULL ? NULL : ASN1_STRING_get0_data(v1);
    ESS_SIGNING_CERT *first =
        v1 == NULL ? NULL : d2i_ESS_SIGNING_CERT(NULL, &at, ASN1_STRING_length(v1));
    at = v2 == NULL ? NULL : ASN1_STRING_get0_data(v2);
    ESS_SIGNING_CERT_V2 *second =
        v2 == NULL ? NULL : d2i_ESS_SIGNING_CERT_V2(NULL, &at, ASN1_STRING_length(v2));
    STACK_OF(X509) *chain = signer_first(c);

    bool read = (first != NULL) == (v1 != NULL) && (second != NULL) == (v2 != NULL);
    bool good = read && chain != NULL &&
                OSSL_ESS_check_signing_certs(first, second, chain, 1) > 0;
    sk_X509_free(chain);
    ESS_SIGNING_CERT_free(first);
    ESS_SIGNING_CERT_V2_free(second);
    return good;
}

/* Signatures by ISO 32000-1 (2008) alone, of Acrobat and of others. */
static bool may_be_nameless(const struct verify_case *c)
{
    return c->pdf != NULL && strcmp(c->pdf->subfilter, "adbe.pkcs7.detached") == 0 &&
           CMS_signed_get_attr_by_NID(c->signer_info, NID_id_smime_aa_signingCertificate,
                                      -1) < 0 &&
           CMS_signed_get_attr_by_NID(c->signer_info,
                                      NID_id_smime_aa_signingCertificateV2, -1) < 0;
}

enum verify_mark verify_certificate(const struct verify_case *c, struct verify_check *out)
{
    const ASN1_STRING *v1 = ess_value(c, NID_id_smime_aa_signingCertificate);
    const ASN1_STRING *v2 = ess_value(c, NID_id_smime_aa_signingCertificateV2);

    if (v1 == NULL && v2 == NULL && may_be_nameless(c)) {
        return verify_say(out, VERIFY_NOTE,
                          "The signature does not name its certificate, as older "
                          "signatures need not.");
    }
    if (v1 == NULL && v2 == NULL) {
        return verify_say(out, VERIFY_FAIL,
                          "The signature does not name its certificate "
                          "(signing-certificate-v2 is missing or stands twice).");
    }
    if (!ess_matches(c, v1, v2)) {
        return verify_say(out, VERIFY_FAIL,
                          "The certificate in the signature is not the one that the "
                          "signer named.");
    }
    /* Without a key usage extension OpenSSL answers with all bits set. */
    if ((X509_get_key_usage(c->signer) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) ==
        0) {
        return verify_say(out, VERIFY_FAIL,
                          "The certificate is not meant for signatures: its key usage "
                          "has neither digitalSignature nor nonRepudiation.");
    }
    return verify_say(out, VERIFY_PASS, "The signature names this certificate.");
}
