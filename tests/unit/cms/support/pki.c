#include "tests/unit/cms/support/pki.h"

#include <criterion/criterion.h>
#include <openssl/conf.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

enum { YEAR_2025_S = 1735689600, YEAR_2027_S = 1798761600, YEAR_2035_S = 2051222400 };

struct wish {
    EVP_PKEY *subject_key;
    const char *common_name;
    X509 *issuer; /* NULL = self-signed */
    EVP_PKEY *issuer_key;
    int64_t not_before_s;
    int64_t not_after_s;
};

EVP_PKEY *pki_key_new(enum pki_key kind)
{
    static const unsigned bits[] = {2048, 3072, 4096};
    EVP_PKEY *key = kind <= PKI_RSA_4096
                        ? EVP_RSA_gen(bits[kind])
                        : EVP_EC_gen(kind == PKI_P256 ? "P-256" : "P-384");

    cr_assert_not_null(key);
    return key;
}

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;

    CONF *empty = NCONF_new(NULL);
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509V3_set_nconf(&context, empty); /* policies ask for a database, if an empty one */
    X509_EXTENSION *extension = X509V3_EXT_nconf_nid(empty, &context, nid, value);
    cr_assert_not_null(extension, "extension %d: %s", nid, value);
    cr_assert_eq(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
    NCONF_free(empty);
}

static X509 *begin(const struct wish *wish)
{
    static long serial = 1000;
    X509 *made = X509_new();
    X509_NAME *name = X509_get_subject_name(made);

    cr_assert_eq(X509_set_version(made, 2), 1);
    ASN1_INTEGER_set(X509_get_serialNumber(made), ++serial);
    X509_NAME_add_entry_by_txt(name, "C", MBSTRING_ASC, (const uint8_t *)"ID", -1, -1, 0);
    X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC, (const uint8_t *)"Kota Contoh",
                               -1, -1, 0);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                               (const uint8_t *)wish->common_name, -1, -1, 0);
    X509_set_issuer_name(
        made, wish->issuer == NULL ? name : X509_get_subject_name(wish->issuer));
    ASN1_TIME_set(X509_getm_notBefore(made), wish->not_before_s);
    ASN1_TIME_set(X509_getm_notAfter(made), wish->not_after_s);
    cr_assert_eq(X509_set_pubkey(made, wish->subject_key), 1);
    X509 *issuer = wish->issuer == NULL ? made : wish->issuer;
    add_extension(made, issuer, NID_subject_key_identifier, "hash");
    add_extension(made, issuer, NID_authority_key_identifier, "keyid:always");
    return made;
}

static X509 *authority(const struct wish *wish)
{
    X509 *made = begin(wish);
    X509 *issuer = wish->issuer == NULL ? made : wish->issuer;

    add_extension(made, issuer, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(made, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
    cr_assert_gt(X509_sign(made, wish->issuer_key, EVP_sha256()), 0);
    return made;
}

X509 *pki_leaf_new(const struct pki *pki, EVP_PKEY *subject_key,
                   const struct pki_leaf *wish)
{
    struct wish all = {
        .subject_key = subject_key,
        .common_name = wish->common_name,
        .issuer = pki->issuing,
        .issuer_key = pki->issuing_key,
        .not_before_s = wish->not_before_s == 0 ? YEAR_2025_S : wish->not_before_s,
        .not_after_s = wish->not_after_s == 0 ? YEAR_2027_S : wish->not_after_s,
    };
    X509 *made = begin(&all);

    add_extension(made, pki->issuing, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(made, pki->issuing, NID_key_usage,
                  wish->key_usage == NULL ? "critical,digitalSignature,nonRepudiation"
                                          : wish->key_usage);
    add_extension(made, pki->issuing, NID_certificate_policies, "2.16.360.1.1.1.3.12");
    if (wish->extended_key_usage != NULL) {
        add_extension(made, pki->issuing, NID_ext_key_usage, wish->extended_key_usage);
    }
    cr_assert_gt(X509_sign(made, pki->issuing_key, EVP_sha256()), 0);
    return made;
}

void pki_make(struct pki *pki, enum pki_key leaf)
{
    struct wish root = {.common_name = "Root CA Contoh",
                        .not_before_s = YEAR_2025_S,
                        .not_after_s = YEAR_2035_S};
    struct wish issuing = root;

    pki->root_key = pki_key_new(PKI_P256);
    pki->issuing_key = pki_key_new(PKI_P256);
    pki->leaf_key = pki_key_new(leaf);
    root.subject_key = root.issuer_key = pki->root_key;
    pki->root = authority(&root);
    issuing.common_name = "CA Contoh G1";
    issuing.subject_key = pki->issuing_key;
    issuing.issuer = pki->root;
    issuing.issuer_key = pki->root_key;
    pki->issuing = authority(&issuing);
    pki->leaf = pki_leaf_new(pki, pki->leaf_key,
                             &(struct pki_leaf){.common_name = "Segel Kota Contoh"});
}

void pki_free(struct pki *pki)
{
    X509_free(pki->leaf);
    X509_free(pki->issuing);
    X509_free(pki->root);
    EVP_PKEY_free(pki->leaf_key);
    EVP_PKEY_free(pki->issuing_key);
    EVP_PKEY_free(pki->root_key);
}

X509_STORE *pki_store(const struct pki *pki)
{
    X509_STORE *store = X509_STORE_new();

    cr_assert_not_null(store);
    cr_assert_eq(X509_STORE_add_cert(store, pki->root), 1);
    return store;
}
