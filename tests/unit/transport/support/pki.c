#include "tests/unit/transport/support/pki.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/base.h"

enum { HOUR = 3600 };

static X509 *new_certificate(const char *name, EVP_PKEY *key, X509 *issuer)
{
    static long serial = 1;
    X509 *cert = X509_new();

    MUST(cert != NULL && X509_set_version(cert, 2) == 1);
    MUST(ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++) == 1);
    MUST(X509_gmtime_adj(X509_getm_notBefore(cert), -HOUR) != NULL);
    MUST(X509_gmtime_adj(X509_getm_notAfter(cert), HOUR) != NULL);
    MUST(X509_set_pubkey(cert, key) == 1);
    X509_NAME *subject = X509_get_subject_name(cert);
    MUST(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                    (const unsigned char *)name, -1, -1, 0) == 1);
    MUST(X509_set_issuer_name(cert, issuer == NULL ? subject
                                                   : X509_get_subject_name(issuer)) == 1);
    return cert;
}

static void extend(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    MUST(extension != NULL && X509_add_ext(cert, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

static void write_files(const char *cert_path, const char *key_path, X509 *cert,
                        EVP_PKEY *key)
{
    FILE *file = fopen(cert_path, "w");
    MUST(file != NULL && PEM_write_X509(file, cert) == 1 && fclose(file) == 0);
    file = fopen(key_path, "w");
    MUST(file != NULL &&
         PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1 &&
         fclose(file) == 0);
}

struct authority {
    X509 *cert;
    EVP_PKEY *key;
};

static struct authority make_authority(const char *name)
{
    struct authority ca = {.key = EVP_EC_gen("P-256")};

    MUST(ca.key != NULL);
    ca.cert = new_certificate(name, ca.key, NULL);
    extend(ca.cert, NID_basic_constraints, "critical,CA:TRUE");
    extend(ca.cert, NID_key_usage, "critical,keyCertSign");
    MUST(X509_sign(ca.cert, ca.key, EVP_sha256()) > 0);
    return ca;
}

static void issue(const struct authority *ca, const char *name, const char *cert_path,
                  const char *key_path)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");

    MUST(key != NULL);
    X509 *cert = new_certificate(name, key, ca->cert);
    extend(cert, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
    MUST(X509_sign(cert, ca->key, EVP_sha256()) > 0);
    write_files(cert_path, key_path, cert, key);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static void free_authority(struct authority *ca)
{
    X509_free(ca->cert);
    EVP_PKEY_free(ca->key);
}

static void name_file(const struct pki *pki, char *out, size_t cap, const char *name)
{
    (void)snprintf(out, cap, "%s/%s", pki->dir, name);
}

void pki_make(struct pki *pki)
{
    *pki = (struct pki){.dir = "/tmp/segel-tls-XXXXXX"};
    MUST(mkdtemp(pki->dir) != NULL);
    name_file(pki, pki->ca, sizeof(pki->ca), "ca.pem");
    name_file(pki, pki->server, sizeof(pki->server), "server.pem");
    name_file(pki, pki->server_key, sizeof(pki->server_key), "server.key");
    name_file(pki, pki->client, sizeof(pki->client), "client.pem");
    name_file(pki, pki->client_key, sizeof(pki->client_key), "client.key");
    name_file(pki, pki->stranger, sizeof(pki->stranger), "stranger.pem");
    name_file(pki, pki->stranger_key, sizeof(pki->stranger_key), "stranger.key");
    name_file(pki, pki->other, sizeof(pki->other), "other.pem");
    name_file(pki, pki->other_key, sizeof(pki->other_key), "other.key");

    struct authority ca = make_authority("test issuer");
    struct authority unknown = make_authority("unknown issuer");
    write_files(pki->ca, pki->server_key, ca.cert, ca.key);
    issue(&ca, "localhost", pki->server, pki->server_key);
    issue(&ca, "friend", pki->client, pki->client_key);
    issue(&ca, "stranger", pki->stranger, pki->stranger_key);
    issue(&unknown, "friend", pki->other, pki->other_key);
    free_authority(&ca);
    free_authority(&unknown);
}

void pki_remove(struct pki *pki)
{
    const char *const files[] = {pki->ca,           pki->server,     pki->server_key,
                                 pki->client,       pki->client_key, pki->stranger,
                                 pki->stranger_key, pki->other,      pki->other_key};

    for (size_t i = 0; i < SG_COUNT(files); i++) {
        (void)unlink(files[i]);
    }
    (void)rmdir(pki->dir);
}
