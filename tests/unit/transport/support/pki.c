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

/* The key goes to it. */
static struct authority make_root(const char *name, EVP_PKEY *key)
{
    struct authority ca = {.key = key};

    MUST(ca.key != NULL);
    ca.cert = new_certificate(name, ca.key, NULL);
    extend(ca.cert, NID_basic_constraints, "critical,CA:TRUE");
    extend(ca.cert, NID_key_usage, "critical,keyCertSign,cRLSign");
    MUST(X509_sign(ca.cert, ca.key, EVP_sha256()) > 0);
    return ca;
}

static struct authority make_authority(const char *name)
{
    return make_root(name, EVP_EC_gen("P-256"));
}

static void sign(X509 *cert, const struct authority *ca)
{
    MUST(X509_sign(cert, ca->key, EVP_sha256()) > 0);
}

static void issue(const struct authority *ca, const char *name, const char *cert_path,
                  const char *key_path)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");

    MUST(key != NULL);
    X509 *cert = new_certificate(name, key, ca->cert);
    extend(cert, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
    sign(cert, ca);
    write_files(cert_path, key_path, cert, key);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static struct authority read_authority(const struct pki *pki)
{
    FILE *cert = fopen(pki->ca, "r");
    FILE *key = fopen(pki->ca_key, "r");

    MUST(cert != NULL && key != NULL);
    struct authority ca = {PEM_read_X509(cert, NULL, NULL, NULL),
                           PEM_read_PrivateKey(key, NULL, NULL, NULL)};
    MUST(ca.cert != NULL && ca.key != NULL && fclose(cert) == 0 && fclose(key) == 0);
    return ca;
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
    name_file(pki, pki->made, sizeof(pki->made), "made.pem");
    name_file(pki, pki->made_key, sizeof(pki->made_key), "made.key");
    name_file(pki, pki->crl, sizeof(pki->crl), "crl.pem");
    name_file(pki, pki->ca_key, sizeof(pki->ca_key), "ca.key");

    struct authority ca = make_authority("test issuer");
    struct authority unknown = make_authority("unknown issuer");
    write_files(pki->ca, pki->ca_key, ca.cert, ca.key);
    issue(&ca, "localhost", pki->server, pki->server_key);
    issue(&ca, "friend", pki->client, pki->client_key);
    issue(&ca, "stranger", pki->stranger, pki->stranger_key);
    issue(&unknown, "friend", pki->other, pki->other_key);
    free_authority(&ca);
    free_authority(&unknown);
}

static void spoil(X509 *cert, enum pki_flaw flaw)
{
    if (flaw == PKI_EXPIRED) {
        MUST(X509_gmtime_adj(X509_getm_notAfter(cert), -60) != NULL);
    } else if (flaw == PKI_NOT_YET) {
        MUST(X509_gmtime_adj(X509_getm_notBefore(cert), HOUR / 2) != NULL);
    } else if (flaw == PKI_SERVER_ONLY) {
        extend(cert, NID_ext_key_usage, "serverAuth");
    }
}

/* Another issuer of the last one; its certificate goes into the file of the chain. */
static void add_issuer(struct authority *last, size_t number, FILE *chain)
{
    struct authority next = {.key = EVP_EC_gen("P-256")};
    char name[32];

    (void)snprintf(name, sizeof(name), "issuer %zu", number);
    next.cert = new_certificate(name, next.key, last->cert);
    extend(next.cert, NID_basic_constraints, "critical,CA:TRUE");
    sign(next.cert, last);
    MUST(PEM_write_X509(chain, next.cert) == 1);
    free_authority(last);
    *last = next;
}

void pki_issue(const struct pki *pki, enum pki_flaw flaw, size_t between)
{
    struct authority ca = read_authority(pki);
    char *issuers = NULL;
    size_t len = 0;
    FILE *chain = open_memstream(&issuers, &len);

    MUST(chain != NULL);
    for (size_t i = 0; i < between; i++) {
        add_issuer(&ca, i, chain);
    }
    MUST(fclose(chain) == 0);
    EVP_PKEY *key = flaw == PKI_WEAK ? EVP_RSA_gen(1024) : EVP_EC_gen("P-256");
    X509 *cert = new_certificate("friend", key, ca.cert);
    spoil(cert, flaw);
    const EVP_MD *digest = flaw == PKI_OLD_DIGEST ? EVP_sha1() : EVP_sha256();
    MUST(X509_sign(cert, ca.key, digest) > 0);
    write_files(pki->made, pki->made_key, cert, key);
    FILE *file = fopen(pki->made, "a");
    MUST(file != NULL && fwrite(issuers, 1, len, file) == len && fclose(file) == 0);
    free(issuers);
    X509_free(cert);
    EVP_PKEY_free(key);
    free_authority(&ca);
}

static void add_revoked(X509_CRL *list, const char *path, const ASN1_TIME *when)
{
    FILE *file = fopen(path, "r");
    MUST(file != NULL);
    X509 *cert = PEM_read_X509(file, NULL, NULL, NULL);
    X509_REVOKED *entry = X509_REVOKED_new();

    MUST(cert != NULL && entry != NULL && fclose(file) == 0);
    MUST(X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(cert)) == 1);
    ASN1_TIME *copy = ASN1_STRING_dup(when);
    MUST(X509_REVOKED_set_revocationDate(entry, copy) == 1);
    MUST(X509_CRL_add0_revoked(list, entry) == 1);
    ASN1_TIME_free(copy);
    X509_free(cert);
}

static X509_CRL *new_list(const struct authority *ca, bool current)
{
    X509_CRL *list = X509_CRL_new();
    ASN1_TIME *from = X509_gmtime_adj(NULL, -HOUR);
    ASN1_TIME *until = X509_gmtime_adj(NULL, current ? HOUR : -60);

    MUST(list != NULL && X509_CRL_set_version(list, 1) == 1);
    MUST(X509_CRL_set_issuer_name(list, X509_get_subject_name(ca->cert)) == 1);
    MUST(X509_CRL_set1_lastUpdate(list, from) == 1);
    MUST(X509_CRL_set1_nextUpdate(list, until) == 1);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    return list;
}

/* Signs it, and releases it. mode: as of fopen. */
static void put_list(const struct pki *pki, X509_CRL *list, EVP_PKEY *key,
                     const char *mode)
{
    MUST(X509_CRL_sort(list) == 1 && X509_CRL_sign(list, key, EVP_sha256()) > 0);
    FILE *file = fopen(pki->crl, mode);
    MUST(file != NULL && PEM_write_X509_CRL(file, list) == 1 && fclose(file) == 0);
    X509_CRL_free(list);
}

static void write_list(const struct pki *pki, X509_CRL *list, EVP_PKEY *key)
{
    put_list(pki, list, key, "w");
}

void pki_revoke(const struct pki *pki, bool current, bool made)
{
    struct authority ca = read_authority(pki);
    X509_CRL *list = new_list(&ca, current);

    if (made) {
        add_revoked(list, pki->made, X509_CRL_get0_lastUpdate(list));
    }
    write_list(pki, list, ca.key);
    free_authority(&ca);
}

void pki_write_list(const struct pki *pki, enum pki_list kind)
{
    struct authority ca = read_authority(pki);
    struct authority other = make_authority("another issuer");
    X509_CRL *list = new_list(kind == PKI_LIST_OF_ANOTHER_NAME ? &other : &ca, true);
    ASN1_INTEGER *base = ASN1_INTEGER_new();

    MUST(base != NULL && ASN1_INTEGER_set(base, 1) == 1);
    if (kind == PKI_LIST_DELTA) {
        MUST(X509_CRL_add1_ext_i2d(list, NID_delta_crl, base, 1, 0) == 1);
    }
    write_list(pki, list, kind == PKI_LIST_DELTA ? ca.key : other.key);
    ASN1_INTEGER_free(base);
    free_authority(&other);
    free_authority(&ca);
}

/* mode: as of fopen. */
static void put_authority(const struct pki *pki, const struct authority *ca,
                          const char *mode)
{
    FILE *file = fopen(pki->ca, mode);

    MUST(file != NULL && PEM_write_X509(file, ca->cert) == 1 && fclose(file) == 0);
}

void pki_renew(const struct pki *pki)
{
    struct authority ca = read_authority(pki);

    MUST(EVP_PKEY_up_ref(ca.key) == 1);
    struct authority renewed = make_root("test issuer", ca.key);
    put_authority(pki, &renewed, "a");
    free_authority(&renewed);
    free_authority(&ca);
}

void pki_end(const struct pki *pki, long in_seconds, bool alone)
{
    struct authority ca = read_authority(pki);

    MUST(X509_gmtime_adj(X509_getm_notAfter(ca.cert), in_seconds) != NULL);
    sign(ca.cert, &ca);
    put_authority(pki, &ca, alone ? "w" : "a");
    free_authority(&ca);
}

void pki_add_other(const struct pki *pki)
{
    struct authority other = make_authority("another issuer");

    put_authority(pki, &other, "a");
    free_authority(&other);
}

static void put_between(const struct pki *pki, long in_seconds, const char *mode)
{
    static size_t number;
    struct authority ca = read_authority(pki);
    struct authority next = {.key = EVP_EC_gen("P-256")};
    char name[32];

    (void)snprintf(name, sizeof(name), "issuer %zu", number++);
    next.cert = new_certificate(name, next.key, ca.cert);
    extend(next.cert, NID_basic_constraints, "critical,CA:TRUE");
    MUST(X509_gmtime_adj(X509_getm_notAfter(next.cert), in_seconds) != NULL);
    sign(next.cert, &ca);
    put_authority(pki, &next, mode);
    free_authority(&next);
    free_authority(&ca);
}

void pki_add_between(const struct pki *pki, long in_seconds)
{
    put_between(pki, in_seconds, "a");
}

void pki_leave_between(const struct pki *pki)
{
    put_between(pki, 3600, "w");
}

void pki_rekey(const struct pki *pki, bool alone)
{
    struct authority next = make_authority("test issuer");

    put_authority(pki, &next, alone ? "w" : "a");
    put_list(pki, new_list(&next, true), next.key, "a");
    free_authority(&next);
}

void pki_remove(struct pki *pki)
{
    const char *const files[] = {pki->ca,           pki->server,     pki->server_key,
                                 pki->client,       pki->client_key, pki->stranger,
                                 pki->stranger_key, pki->other,      pki->other_key,
                                 pki->made,         pki->made_key,   pki->crl,
                                 pki->ca_key};

    for (size_t i = 0; i < SG_COUNT(files); i++) {
        (void)unlink(files[i]);
    }
    (void)rmdir(pki->dir);
}
