#include "tests/unit/cert/support/maker.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DAY_S = 86400, YEAR_S = 365 * DAY_S };

struct maker_spec maker_root(void)
{
    return (struct maker_spec){
        .subject = {{"C", "ID"}, {"O", "Test Root"}, {"CN", "Root CA (TEST)"}},
        .from_s = -(int64_t)YEAR_S,
        .until_s = 9 * (int64_t)YEAR_S,
        .extensions = {{NID_basic_constraints, "critical,CA:TRUE"},
                       {NID_key_usage, "critical,keyCertSign,cRLSign"},
                       {NID_subject_key_identifier, "hash"}}};
}

struct maker_spec maker_issuing(const struct made *root)
{
    struct maker_spec spec = maker_root();

    spec.subject[1][1] = "Test Issuing";
    spec.subject[2][1] = "Issuing CA (TEST)";
    spec.issuer = root;
    return spec;
}

struct maker_spec maker_seal(const struct made *issuing)
{
    return (struct maker_spec){
        .subject = {{"C", "ID"},
                    {"O", "Pemerintah Kota Contoh (TEST)"},
                    {"OU", "Dinas Komunikasi dan Informatika"},
                    {"CN", "Segel Elektronik Kota Contoh (TEST)"}},
        .rsa_bits = 2048,
        .from_s = -(int64_t)DAY_S,
        .until_s = 2 * (int64_t)YEAR_S,
        .extensions = {{NID_basic_constraints, "critical,CA:FALSE"},
                       {NID_key_usage, "critical,digitalSignature,nonRepudiation"},
                       {NID_ext_key_usage,
                        "emailProtection,clientAuth,"
                        "1.3.6.1.4.1.311.10.3.12,1.2.840.113583.1.1.5"},
                       {NID_certificate_policies, "2.16.360.1.1.1.3.12"},
                       {NID_subject_key_identifier, "hash"}},
        .issuer = issuing};
}

static void add_unknown(X509 *certificate, const char *value)
{
    ASN1_OBJECT *oid = OBJ_txt2obj("1.2.3.4.5.6", 1);
    ASN1_OCTET_STRING *bytes = ASN1_OCTET_STRING_new();

    MUST(ASN1_OCTET_STRING_set(bytes, (const unsigned char *)value, (int)strlen(value)) ==
         1);
    X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, oid, 1, bytes);
    MUST(X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(bytes);
    ASN1_OBJECT_free(oid);
}

static void add_extensions(X509 *certificate, const struct maker_spec *spec, X509 *issuer)
{
    X509V3_CTX context;
    CONF *conf = NCONF_new(NULL); /* OpenSSL wants one for certificatePolicies */

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509V3_set_nconf(&context, conf);
    for (size_t i = 0; i < SG_COUNT(spec->extensions); i++) {
        const struct maker_extension *wanted = &spec->extensions[i];
        if (wanted->nid == -1) {
            add_unknown(certificate, wanted->value);
        } else if (wanted->nid != 0) {
            X509_EXTENSION *made =
                X509V3_EXT_nconf_nid(conf, &context, wanted->nid, wanted->value);
            MUST(made != NULL && X509_add_ext(certificate, made, -1) == 1);
            X509_EXTENSION_free(made);
        }
    }
    NCONF_free(conf);
}

static X509_NAME *make_name(const struct maker_spec *spec)
{
    X509_NAME *name = X509_NAME_new();

    for (size_t i = 0; i < SG_COUNT(spec->subject) && spec->subject[i][0] != NULL; i++) {
        MUST(X509_NAME_add_entry_by_txt(name, spec->subject[i][0], MBSTRING_UTF8,
                                        (const unsigned char *)spec->subject[i][1], -1,
                                        -1, 0) == 1);
    }
    return name;
}

struct made maker_make(const struct maker_spec *spec)
{
    struct made made = {.certificate = X509_new()};
    X509 *x = made.certificate;
    X509_NAME *name = make_name(spec);

    made.key =
        spec->rsa_bits > 0 ? EVP_RSA_gen((unsigned)spec->rsa_bits) : EVP_EC_gen("P-256");
    MUST(x != NULL && made.key != NULL && X509_set_version(x, 2) == 1);
    MUST(ASN1_INTEGER_set(X509_get_serialNumber(x), 0x0A1B2C) == 1);
    X509 *issuer = spec->issuer != NULL ? spec->issuer->certificate : x;
    EVP_PKEY *signer = spec->issuer != NULL ? spec->issuer->key : made.key;
    MUST(X509_set_subject_name(x, name) == 1);
    MUST(X509_set_issuer_name(x, X509_get_subject_name(issuer)) == 1);
    MUST(ASN1_TIME_set(X509_getm_notBefore(x), MAKER_NOW_S + spec->from_s) != NULL);
    MUST(ASN1_TIME_set(X509_getm_notAfter(x), MAKER_NOW_S + spec->until_s) != NULL);
    MUST(X509_set_pubkey(x, made.key) == 1);
    add_extensions(x, spec, issuer);
    const char *digest = spec->digest != NULL ? spec->digest : "SHA256";
    MUST(X509_sign(x, signer, EVP_get_digestbyname(digest)) > 0);
    X509_NAME_free(name);
    return made;
}

void maker_free(struct made *made)
{
    X509_free(made->certificate);
    EVP_PKEY_free(made->key);
    *made = (struct made){0};
}

static FILE *open_new(char path[32])
{
    (void)snprintf(path, 32, "/tmp/segel-cert-XXXXXX");
    int fd = mkstemp(path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

    MUST(file != NULL);
    return file;
}

void maker_write(char path[32], const struct made *const *all, size_t count)
{
    FILE *file = open_new(path);

    for (size_t i = 0; i < count; i++) {
        MUST(PEM_write_X509(file, all[i]->certificate) == 1);
    }
    MUST(fclose(file) == 0);
}

void maker_write_text(char path[32], const char *text)
{
    FILE *file = open_new(path);

    MUST(fputs(text, file) >= 0 && fclose(file) == 0);
}
