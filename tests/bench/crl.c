/* crl [ENTRIES]: how long one certificate is looked up in a CRL of 100 000 entries. The
 * CRL is parsed once, as it is for each fetch; its signature is not part of the figure.
 */
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/clock.h"
#include "proto/base.h"

enum { ENTRIES = 100000, LOOKUPS = 200000, SERIAL_BYTES = 16 };

static void set_serial(ASN1_INTEGER *out, uint64_t index)
{
    uint8_t bytes[SERIAL_BYTES] = {0x40};
    uint64_t mixed = index * UINT64_C(0x9E3779B97F4A7C15);

    memcpy(bytes + 4, &mixed, sizeof(mixed));
    MUST(ASN1_STRING_set(out, bytes, sizeof(bytes)) == 1);
}

static void add_entry(X509_CRL *crl, ASN1_INTEGER *serial, const ASN1_TIME *date,
                      ASN1_ENUMERATED *reason)
{
    X509_REVOKED *entry = X509_REVOKED_new();

    MUST(entry != NULL && X509_REVOKED_set_serialNumber(entry, serial) == 1 &&
         X509_REVOKED_set_revocationDate(entry, sg_unconst(date)) == 1 &&
         X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0) == 1 &&
         X509_CRL_add0_revoked(crl, entry) == 1);
}

static X509_CRL *make(uint64_t entries, size_t *len)
{
    X509_CRL *crl = X509_CRL_new();
    ASN1_INTEGER *serial = ASN1_INTEGER_new();
    ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
    ASN1_TIME *date = ASN1_TIME_set(NULL, (time_t)(clock_wall_us() / 1000000));
    EVP_PKEY *key = EVP_EC_gen("P-256");
    unsigned char *der = NULL;

    MUST(crl != NULL && serial != NULL && date != NULL && key != NULL && reason != NULL);
    MUST(ASN1_ENUMERATED_set(reason, CRL_REASON_SUPERSEDED) == 1);
    MUST(X509_CRL_set_version(crl, 1) == 1 && X509_CRL_set1_lastUpdate(crl, date) == 1);
    for (uint64_t i = 0; i < entries; i++) {
        set_serial(serial, i);
        add_entry(crl, serial, date, reason);
    }
    MUST(X509_CRL_sign(crl, key, EVP_sha256()) > 0);
    int size = i2d_X509_CRL(crl, &der);
    MUST(size > 0);
    X509_CRL_free(crl);
    *len = (size_t)size;
    const unsigned char *at = der;
    int64_t begun_us = clock_mono_us();
    crl = d2i_X509_CRL(NULL, &at, size);
    MUST(crl != NULL);
    (void)printf("parse: %.1f ms\n", (double)(clock_mono_us() - begun_us) / 1000);
    OPENSSL_free(der);
    ASN1_INTEGER_free(serial);
    ASN1_ENUMERATED_free(reason);
    ASN1_TIME_free(date);
    EVP_PKEY_free(key);
    return crl;
}

int main(int argc, char **argv)
{
    uint64_t entries = argc > 1 ? strtoull(argv[1], NULL, 10) : ENTRIES;
    size_t len = 0;
    X509_CRL *crl = make(entries, &len);
    ASN1_INTEGER *serial = ASN1_INTEGER_new();
    X509_REVOKED *entry = NULL;
    size_t found = 0;

    MUST(serial != NULL);
    set_serial(serial, 0);
    int64_t begun_us = clock_mono_us();
    (void)X509_CRL_get0_by_serial(crl, &entry, serial);
    (void)printf("sort, at the first look-up: %.1f ms\n",
                 (double)(clock_mono_us() - begun_us) / 1000);
    begun_us = clock_mono_us();
    for (uint64_t i = 0; i < LOOKUPS; i++) { /* half of them are in it */
        set_serial(serial, i * entries * 2 / LOOKUPS);
        found += X509_CRL_get0_by_serial(crl, &entry, serial) == 1 ? 1 : 0;
    }
    (void)printf("CRL of %zu bytes, %llu entries: %.3f us a look-up, %zu of %d found\n",
                 len, (unsigned long long)entries,
                 (double)(clock_mono_us() - begun_us) / LOOKUPS, found, LOOKUPS);
    ASN1_INTEGER_free(serial);
    X509_CRL_free(crl);
    return found == LOOKUPS / 2 ? EXIT_SUCCESS : EXIT_FAILURE;
}
