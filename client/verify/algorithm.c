#include "client/verify/case.h"

const EVP_MD *verify_case_md(const struct verify_case *c)
{
    static const int accepted[] = {NID_sha256, NID_sha384, NID_sha512};
    X509_ALGOR *algor = NULL;
    const ASN1_OBJECT *object = NULL;

    CMS_SignerInfo_get0_algs(c->signer_info, NULL, NULL, &algor, NULL);
    X509_ALGOR_get0(&object, NULL, NULL, algor);
    for (size_t i = 0; i < SG_COUNT(accepted); i++) {
        if (OBJ_obj2nid(object) == accepted[i]) {
            return EVP_get_digestbynid(accepted[i]);
        }
    }
    return NULL;
}

static int digest_nid(const struct verify_case *c)
{
    const EVP_MD *md = verify_case_md(c);

    return md == NULL ? NID_undef : EVP_MD_get_type(md);
}

static enum sg_scheme rsa_scheme(int signature_nid, int key_nid)
{
    if (signature_nid == NID_rsassaPss) {
        return SG_SCHEME_RSA_PSS;
    }
    return key_nid == NID_rsaEncryption ? SG_SCHEME_RSA_PKCS1 : SG_SCHEME_NONE;
}

enum sg_scheme verify_case_scheme(const struct verify_case *c)
{
    X509_ALGOR *algor = NULL;
    const ASN1_OBJECT *object = NULL;
    const EVP_PKEY *key = X509_get0_pubkey(c->signer);
    int md_nid = NID_undef;
    int key_nid = NID_undef;

    CMS_SignerInfo_get0_algs(c->signer_info, NULL, NULL, NULL, &algor);
    X509_ALGOR_get0(&object, NULL, NULL, algor);
    int nid = OBJ_obj2nid(object);
    if (OBJ_find_sigid_algs(nid, &md_nid, &key_nid) != 1) {
        key_nid = nid; /* rsaEncryption: the digest algorithm says the rest */
    }
    if (key == NULL || (md_nid != NID_undef && md_nid != digest_nid(c))) {
        return SG_SCHEME_NONE;
    }
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
        return rsa_scheme(nid, key_nid);
    case EVP_PKEY_EC:
        return key_nid == NID_X9_62_id_ecPublicKey && md_nid != NID_undef
                   ? SG_SCHEME_ECDSA
                   : SG_SCHEME_NONE;
    default:
        return SG_SCHEME_NONE;
    }
}
