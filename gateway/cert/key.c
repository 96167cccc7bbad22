#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "gateway/cert/inside.h"

/* What the public key of the certificate says. */

static void text_fact(struct cert *cert, enum fact fact, const char *text)
{
    facts_text(&cert->facts, fact, slice_str(text)); /* a constant */
}

/* An exponent of more than 63 bits stays absent, so that a rule on it denies. */
static void exponent_fact(struct cert *cert, const EVP_PKEY *key)
{
    enum { BITS_MAX = 63 };
    BIGNUM *exponent = NULL;

    if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) != 1) {
        return;
    }
    if (BN_num_bits(exponent) <= BITS_MAX) {
        facts_number(&cert->facts, FACT_ID_key_rsa_e, (int64_t)BN_get_word(exponent));
    }
    BN_free(exponent);
}

static void rsa_facts(struct cert *cert, const EVP_PKEY *key)
{
    text_fact(cert, FACT_ID_key_type, "rsa");
    facts_number(&cert->facts, FACT_ID_key_rsa_bits, EVP_PKEY_get_bits(key));
    exponent_fact(cert, key);
}

static void ec_facts(struct cert *cert, const EVP_PKEY *key)
{
    char group[64] = "";
    size_t len = 0;

    text_fact(cert, FACT_ID_key_type, "ec");
    if (EVP_PKEY_get_group_name(key, group, sizeof(group), &len) != 1) {
        return;
    }
    const char *nist = EC_curve_nid2nist(OBJ_txt2nid(group));
    struct slice name = pool_copy(&cert->pool, slice_str(nist != NULL ? nist : group));
    if (name.data != NULL) {
        facts_text(&cert->facts, FACT_ID_key_curve, name);
    }
}

void facts_of_key(struct cert *cert)
{
    const EVP_PKEY *key = X509_get0_pubkey(cert->chain[0]);

    switch (key == NULL ? EVP_PKEY_NONE : EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
        rsa_facts(cert, key);
        break;
    case EVP_PKEY_EC:
        ec_facts(cert, key);
        break;
    case EVP_PKEY_RSA_PSS:
        text_fact(cert, FACT_ID_key_type, "rsa-pss");
        break;
    case EVP_PKEY_ED25519:
        text_fact(cert, FACT_ID_key_type, "ed25519");
        break;
    default:
        text_fact(cert, FACT_ID_key_type, "unknown");
        break;
    }
}
