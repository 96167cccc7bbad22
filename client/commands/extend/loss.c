#define _GNU_SOURCE /* memmem */
#include "client/commands/extend/loss.h"

#include <openssl/err.h>
#include <stdlib.h>

#include "client/verify/verify.h"

DEFINE_STACK_OF(OCSP_BASICRESP)

enum { SIGNATURES_MAX = 64 };

static void take(struct verify_material *material, const struct pdf_dss *added,
                 enum pdf_dss_kind kind)
{
    static void (*const takers[])(struct verify_material *, struct slice) = {
        [PDF_DSS_CERTS] = verify_material_certificate,
        [PDF_DSS_CRLS] = verify_material_crl,
        [PDF_DSS_OCSPS] = verify_material_ocsp};

    for (size_t i = 0; i < added->parts[kind].count; i++) {
        takers[kind](material, added->parts[kind].items[i]);
    }
}

/* --- What may be one ---------------------------------------------------------------- */

/* Whoever is on a list is there by his serial number. */
static bool is_in_lists(const struct pdf_dss *added, const X509 *certificate)
{
    const struct pdf_dss_part *lists = &added->parts[PDF_DSS_CRLS];
    uint8_t *serial = NULL;
    int len = i2d_ASN1_INTEGER(X509_get0_serialNumber(certificate), &serial);
    bool found = len <= 0;

    for (size_t i = 0; !found && i < lists->count; i++) {
        const struct slice list = lists->items[i];
        found = memmem(list.data, list.len, serial, (size_t)len) != NULL;
    }
    OPENSSL_free(serial);
    return found;
}

/* Whomever it is about: answers that revoke are rare. */
static bool revokes(OCSP_BASICRESP *answer)
{
    for (int i = 0; i < OCSP_resp_count(answer); i++) {
        OCSP_SINGLERESP *single = OCSP_resp_get0(answer, i);
        if (OCSP_single_get0_status(single, NULL, NULL, NULL, NULL) ==
            V_OCSP_CERTSTATUS_REVOKED) {
            return true;
        }
    }
    return false;
}

static bool any_revokes(const struct pdf_dss *added)
{
    struct verify_material material = {.answers = NULL};
    bool found = false;

    take(&material, added, PDF_DSS_OCSPS);
    for (int i = 0; i < sk_OCSP_BASICRESP_num(material.answers); i++) {
        found = found || revokes(sk_OCSP_BASICRESP_value(material.answers, i));
    }
    verify_material_fini(&material);
    return found;
}

bool extend_is_named(const struct pdf_dss *added, PKCS7 *token)
{
    const STACK_OF(X509) *certificates =
        token->d.sign == NULL ? NULL : token->d.sign->cert;
    bool named = any_revokes(added);

    for (int i = 0; !named && i < sk_X509_num(certificates); i++) {
        named = is_in_lists(added, sk_X509_value(certificates, i));
    }
    ERR_clear_error();
    return named;
}

/* --- With it, and without ----------------------------------------------------------- */

/* Two authorities may bear one name. */
static bool has_issuer(const struct verify_material *added, X509 *certificate)
{
    const X509_NAME *name = X509_get_issuer_name(certificate);

    for (int i = 0; i < sk_X509_num(added->certificates); i++) {
        X509 *other = sk_X509_value(added->certificates, i);
        if (X509_cmp(other, certificate) != 0 &&
            X509_NAME_cmp(X509_get_subject_name(other), name) == 0 &&
            X509_verify(certificate, X509_get0_pubkey(other)) == 1) {
            return true;
        }
    }
    return false;
}

/* Where the chains that the gateway gives end: trust enough for a comparison. */
static X509_STORE *ends_of(const struct verify_material *added)
{
    X509_STORE *anchors = X509_STORE_new();

    for (int i = 0; anchors != NULL && i < sk_X509_num(added->certificates); i++) {
        X509 *one = sk_X509_value(added->certificates, i);
        if (!has_issuer(added, one)) {
            (void)X509_STORE_add_cert(anchors, one);
        }
    }
    return anchors;
}

struct views {
    struct verify_report before[SIGNATURES_MAX];
    struct verify_report after[SIGNATURES_MAX];
};

static bool is_less(const struct verify_report *before, const struct verify_report *after)
{
    return !before->is_time_stamp && ((before->valid && !after->valid) ||
                                      (before->proven_us != 0 && after->proven_us == 0));
}

/* What cannot be told may be a loss. The issuers are known in both views. */
static bool compare(struct slice pdf, X509_STORE *anchors, int64_t at_us,
                    const struct verify_material *added, struct views *views)
{
    const struct verify_material issuers = {.certificates = added->certificates};
    const struct verify_input before = {
        .anchors = anchors, .at_us = at_us, .given = &issuers};
    const struct verify_input after = {
        .anchors = anchors, .at_us = at_us, .given = added};
    struct sg_error why;
    size_t count = 0;

    if (verify_pdf(pdf, &before, views->before, SIGNATURES_MAX, &count, &why) != SG_OK ||
        verify_pdf(pdf, &after, views->after, SIGNATURES_MAX, &count, &why) != SG_OK ||
        count > SIGNATURES_MAX) {
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        if (is_less(&views->before[i], &views->after[i])) {
            return true;
        }
    }
    return false;
}

bool extend_loses(struct slice pdf, const struct pdf_dss *added, int64_t at_us)
{
    struct verify_material material = {.crls = NULL};

    for (int kind = 0; kind < PDF_DSS_KINDS; kind++) {
        take(&material, added, (enum pdf_dss_kind)kind);
    }
    X509_STORE *anchors = ends_of(&material);
    struct views *views = (struct views *)calloc(1, sizeof(*views));
    bool loses = anchors == NULL || views == NULL ||
                 compare(pdf, anchors, at_us, &material, views);

    X509_STORE_free(anchors);
    verify_material_fini(&material);
    free(views);
    ERR_clear_error();
    return loses;
}
