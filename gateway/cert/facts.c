#include <openssl/bn.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "gateway/cert/inside.h"
#include "proto/text.h"

/* What the certificate itself says. What is not there reads as an empty set; what cannot
 * be read, or is there more than once, stays absent: a rule that asks for it denies. */

enum { OIDS_MAX = 64, OID_TEXT_MAX = 128 };

static void free_bio(BIO **bio)
{
    BIO_free_all(*bio);
}

static void keep_text(struct cert *cert, enum fact fact, struct slice text)
{
    struct slice copy = pool_copy(&cert->pool, text);

    if (copy.data != NULL && text_plain(copy)) {
        facts_text(&cert->facts, fact, copy);
    }
}

bool name_text(const X509_NAME *name, char out[NAME_TEXT_MAX + 1])
{
    AUTO(free_bio) BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;

    /* UTF-8 letters stay letters. */
    unsigned long form = XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
    if (bio == NULL || X509_NAME_print_ex(bio, name, 0, form) < 0) {
        return false;
    }
    long len = BIO_get_mem_data(bio, &text);
    if (len <= 0 || len > NAME_TEXT_MAX || !text_plain(slice_of(text, (size_t)len))) {
        return false;
    }
    memcpy(out, text, (size_t)len);
    out[len] = '\0';
    return true;
}

void fact_name_text(struct cert *cert, enum fact fact, const X509_NAME *name)
{
    char text[NAME_TEXT_MAX + 1];

    if (name_text(name, text)) {
        keep_text(cert, fact, slice_str(text));
    }
}

/* A name part that is there twice is ambiguous: whoever compares one of them would be
 * shown the other. */
static void name_part(struct cert *cert, enum fact fact, int nid)
{
    const X509_NAME *name = X509_get_subject_name(cert->chain[0]);
    int at = X509_NAME_get_index_by_NID(name, nid, -1);
    unsigned char *text = NULL;

    if (at < 0 || X509_NAME_get_index_by_NID(name, nid, at) >= 0) {
        return;
    }
    const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, at);
    int len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
    if (len > 0) {
        keep_text(cert, fact, slice_of(text, (size_t)len));
    }
    OPENSSL_free(text);
}

static void serial_fact(struct cert *cert)
{
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert->chain[0]), NULL);
    char *text = number == NULL ? NULL : BN_bn2hex(number);

    if (text != NULL) {
        keep_text(cert, FACT_ID_cert_serial, slice_str(text));
    }
    OPENSSL_free(text);
    BN_free(number);
}

bool time_us(const ASN1_TIME *time, int64_t *out)
{
    struct tm day = {0};

    if (ASN1_TIME_to_tm(time, &day) != 1) {
        return false;
    }
    *out = (int64_t)timegm(&day) * 1000000;
    return true;
}

/* false: it is no time, and the fact stays absent. */
static bool time_fact(struct cert *cert, enum fact fact, const ASN1_TIME *time)
{
    int64_t value = 0;
    bool known = time_us(time, &value);

    if (known) {
        facts_number(&cert->facts, fact, value);
    }
    return known;
}

/* PrivateKeyUsagePeriod (RFC 3280, 4.2.1.4): either end may be missing. One that cannot
 * be read, or stands there twice, gives no end that a rule could hold: it counts as over,
 * as does one with a time that is none (OpenSSL 3.0 decodes any text as one). */
static void usage_period_facts(struct cert *cert)
{
    int critical = 0;
    PKEY_USAGE_PERIOD *period =
        X509_get_ext_d2i(cert->chain[0], NID_private_key_usage_period, &critical, NULL);

    if (period == NULL) {
        if (critical != -1) {
            facts_number(&cert->facts, FACT_ID_cert_pkup_until, 0);
        }
        return;
    }
    bool begins = period->notBefore == NULL ||
                  time_fact(cert, FACT_ID_cert_pkup_from, period->notBefore);
    bool ends = period->notAfter == NULL ||
                time_fact(cert, FACT_ID_cert_pkup_until, period->notAfter);
    if (!begins || !ends) {
        facts_number(&cert->facts, FACT_ID_cert_pkup_until, 0);
    }
    PKEY_USAGE_PERIOD_free(period);
}

/* Collects the texts of one set. */
struct texts {
    struct slice *items;
    size_t count;
    bool whole;
};

static struct texts texts_begin(struct cert *cert)
{
    struct texts texts = {.whole = true};

    texts.items = pool_take(&cert->pool, OIDS_MAX, sizeof(*texts.items));
    return texts;
}

static void texts_add(struct cert *cert, struct texts *texts, const char *text)
{
    if (texts->items == NULL || texts->count == OIDS_MAX) {
        texts->whole = false;
        return;
    }
    texts->items[texts->count] = pool_copy(&cert->pool, slice_str(text));
    texts->whole = texts->whole && texts->items[texts->count].data != NULL;
    texts->count++;
}

static void texts_add_oid(struct cert *cert, struct texts *texts, const ASN1_OBJECT *oid)
{
    char text[OID_TEXT_MAX];
    int len = OBJ_obj2txt(text, sizeof(text), oid, 1);

    if (len <= 0 || len >= (int)sizeof(text)) {
        texts->whole = false;
        return;
    }
    texts_add(cert, texts, text);
}

static void texts_end(struct cert *cert, enum fact fact, const struct texts *texts)
{
    if (texts->whole && texts->items != NULL) {
        facts_set(&cert->facts, fact, texts->items, texts->count);
    }
}

/* -1 is OpenSSL's word for "there is no such extension"; -2 and a failed decode leave the
 * fact absent. */
static bool readable(const void *extension, int found)
{
    return extension != NULL || found == -1;
}

static void policy_facts(struct cert *cert)
{
    int found = 0;
    CERTIFICATEPOLICIES *policies =
        X509_get_ext_d2i(cert->chain[0], NID_certificate_policies, &found, NULL);
    struct texts texts = texts_begin(cert);

    texts.whole = readable(policies, found);
    for (int i = 0; i < sk_POLICYINFO_num(policies); i++) {
        texts_add_oid(cert, &texts, sk_POLICYINFO_value(policies, i)->policyid);
    }
    texts_end(cert, FACT_ID_cert_policy_oids, &texts);
    CERTIFICATEPOLICIES_free(policies);
}

static void eku_facts(struct cert *cert)
{
    int found = 0;
    EXTENDED_KEY_USAGE *usages =
        X509_get_ext_d2i(cert->chain[0], NID_ext_key_usage, &found, NULL);
    struct texts texts = texts_begin(cert);

    texts.whole = readable(usages, found);
    for (int i = 0; i < sk_ASN1_OBJECT_num(usages); i++) {
        texts_add_oid(cert, &texts, sk_ASN1_OBJECT_value(usages, i));
    }
    texts_end(cert, FACT_ID_cert_eku, &texts);
    EXTENDED_KEY_USAGE_free(usages);
}

static void key_usage_facts(struct cert *cert)
{
    /* RFC 5280 section 4.2.1.3, by bit. */
    static const char *const names[] = {
        "digitalSignature", "nonRepudiation", "keyEncipherment",
        "dataEncipherment", "keyAgreement",   "keyCertSign",
        "cRLSign",          "encipherOnly",   "decipherOnly"};
    int found = 0;
    ASN1_BIT_STRING *bits = X509_get_ext_d2i(cert->chain[0], NID_key_usage, &found, NULL);
    struct texts texts = texts_begin(cert);

    texts.whole = readable(bits, found);
    for (size_t i = 0; bits != NULL && i < SG_COUNT(names); i++) {
        if (ASN1_BIT_STRING_get_bit(bits, (int)i) == 1) {
            texts_add(cert, &texts, names[i]);
        }
    }
    texts_end(cert, FACT_ID_cert_key_usage, &texts);
    ASN1_BIT_STRING_free(bits);
}

/* X509_check_ca forgives a CA whose key usage does not let it issue: not here. */
static bool is_ca(X509 *certificate)
{
    return (X509_get_extension_flags(certificate) & EXFLAG_CA) != 0 ||
           X509_check_ca(certificate) != 0;
}

static bool has_unknown_critical(X509 *certificate)
{
    for (int i = 0; i < X509_get_ext_count(certificate); i++) {
        X509_EXTENSION *extension = X509_get_ext(certificate, i);
        if (X509_EXTENSION_get_critical(extension) == 1 &&
            X509_supported_extension(extension) != 1) {
            return true;
        }
    }
    return false;
}

void facts_of_certificate(struct cert *cert)
{
    X509 *certificate = cert->chain[0];

    serial_fact(cert);
    name_part(cert, FACT_ID_cert_subject_o, NID_organizationName);
    name_part(cert, FACT_ID_cert_subject_ou, NID_organizationalUnitName);
    name_part(cert, FACT_ID_cert_subject_c, NID_countryName);
    name_part(cert, FACT_ID_cert_subject_cn, NID_commonName);
    fact_name_text(cert, FACT_ID_cert_issuer, X509_get_issuer_name(certificate));
    (void)time_fact(cert, FACT_ID_cert_not_before, X509_get0_notBefore(certificate));
    (void)time_fact(cert, FACT_ID_cert_not_after, X509_get0_notAfter(certificate));
    usage_period_facts(cert);
    policy_facts(cert);
    eku_facts(cert);
    key_usage_facts(cert);
    facts_bool(&cert->facts, FACT_ID_cert_ca, is_ca(certificate));
    facts_bool(&cert->facts, FACT_ID_cert_unknown_critical,
               has_unknown_critical(certificate));
}

int64_t cert_end_us(const X509 *certificate)
{
    int64_t us = 0;

    return time_us(X509_get0_notAfter(certificate), &us) ? us : 0;
}
