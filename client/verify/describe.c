/* What a report says about signer and signature. All text in it comes from files of
 * strangers and may end up on a terminal: control characters are escaped. */
#include <time.h>

#include <openssl/x509v3.h>

#include "client/verify/case.h"

static void free_bio(BIO **bio)
{
    BIO_free(*bio);
}

int64_t verify_time_us(const ASN1_TIME *time)
{
    struct tm parts;

    if (time == NULL || ASN1_TIME_to_tm(time, &parts) != 1) {
        return 0;
    }
    return (int64_t)timegm(&parts) * 1000000;
}

/* Cuts at the end of a character. */
static void take_text(BIO *bio, char *out, size_t cap)
{
    char *data = NULL;
    long have = BIO_get_mem_data(bio, &data);
    size_t len = have < 0 ? 0 : (size_t)have;

    if (len >= cap) {
        len = cap - 1;
        while (len > 0 && ((uint8_t)data[len] & 0xc0U) == 0x80U) {
            len--;
        }
    }
    memcpy(out, len == 0 ? "" : data, len);
    out[len] = '\0';
}

void verify_write_name(const X509_NAME *name, char *out, size_t cap)
{
    AUTO(free_bio) BIO *bio = BIO_new(BIO_s_mem());

    if (bio != NULL &&
        X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0) {
        take_text(bio, out, cap);
    }
}

static void write_part(const X509 *certificate, int nid, char *out, size_t cap)
{
    AUTO(free_bio) BIO *bio = BIO_new(BIO_s_mem());
    const X509_NAME *name =
        certificate == NULL ? NULL : X509_get_subject_name(certificate);
    int at = name == NULL ? -1 : X509_NAME_get_index_by_NID(name, nid, -1);

    if (at < 0 || bio == NULL) {
        return;
    }
    ASN1_STRING *text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
    if (ASN1_STRING_print_ex(bio, text,
                             ASN1_STRFLGS_ESC_CTRL | ASN1_STRFLGS_UTF8_CONVERT) >= 0) {
        take_text(bio, out, cap);
    }
}

void verify_write_common_name(const X509 *certificate, char *out, size_t cap)
{
    write_part(certificate, NID_commonName, out, cap);
}

static void write_serial(const X509 *certificate, char *out, size_t cap)
{
    AUTO(free_bio) BIO *bio = BIO_new(BIO_s_mem());

    if (bio != NULL && i2a_ASN1_INTEGER(bio, X509_get0_serialNumber(certificate)) > 0) {
        take_text(bio, out, cap);
    }
}

static void write_policies(const X509 *certificate, char *out, size_t cap)
{
    AUTO(free_bio) BIO *bio = BIO_new(BIO_s_mem());
    CERTIFICATEPOLICIES *policies =
        X509_get_ext_d2i(certificate, NID_certificate_policies, NULL, NULL);
    char oid[96];

    for (int i = 0; bio != NULL && i < sk_POLICYINFO_num(policies); i++) {
        (void)OBJ_obj2txt(oid, (int)sizeof(oid),
                          sk_POLICYINFO_value(policies, i)->policyid, 1);
        (void)BIO_printf(bio, "%s%s", i == 0 ? "" : " ", oid);
    }
    CERTIFICATEPOLICIES_free(policies);
    if (bio != NULL) {
        take_text(bio, out, cap);
    }
}

static enum sg_hash hash_of(const struct verify_case *c)
{
    const EVP_MD *md = verify_case_md(c);

    for (int hash = SG_HASH_SHA256; md != NULL && hash < SG_HASH_COUNT; hash++) {
        if (EVP_MD_is_a(md, sg_hash_name((enum sg_hash)hash))) {
            return (enum sg_hash)hash;
        }
    }
    return SG_HASH_NONE;
}

static void write_algorithm(const struct verify_case *c, struct verify_report *report)
{
    enum sg_scheme scheme = verify_case_scheme(c);
    enum sg_hash hash = hash_of(c);

    if (scheme != SG_SCHEME_NONE && hash != SG_HASH_NONE) {
        (void)BIO_snprintf(report->algorithm, sizeof(report->algorithm), "%s-%s",
                           sg_scheme_name(scheme), sg_hash_name(hash));
    }
}

static int64_t stated_time_us(const struct verify_case *c)
{
    ASN1_OBJECT *type = OBJ_nid2obj(NID_pkcs9_signingTime);
    const ASN1_TIME *time =
        CMS_signed_get0_data_by_OBJ(c->signer_info, type, -3, V_ASN1_UTCTIME);

    if (time == NULL) {
        time =
            CMS_signed_get0_data_by_OBJ(c->signer_info, type, -3, V_ASN1_GENERALIZEDTIME);
    }
    return verify_time_us(time);
}

void verify_case_describe(const struct verify_case *c, struct verify_report *report)
{
    if (c->signer == NULL) {
        return;
    }
    const X509_NAME *subject = X509_get_subject_name(c->signer);
    verify_write_common_name(c->signer, report->signer, sizeof(report->signer));
    write_part(c->signer, NID_organizationName, report->office, sizeof(report->office));
    verify_write_name(subject, report->signer_dn, sizeof(report->signer_dn));
    verify_write_name(X509_get_issuer_name(c->signer), report->issuer_dn,
                      sizeof(report->issuer_dn));
    write_serial(c->signer, report->serial, sizeof(report->serial));
    write_policies(c->signer, report->policy_oids, sizeof(report->policy_oids));
    report->not_before_us = verify_time_us(X509_get0_notBefore(c->signer));
    report->not_after_us = verify_time_us(X509_get0_notAfter(c->signer));
    report->signing_time_us = stated_time_us(c);
    write_algorithm(c, report);
    report->proven_us = c->time_us;
    report->status_known = c->chain != NULL && c->status.state == VERIFY_STATE_GOOD;
}
