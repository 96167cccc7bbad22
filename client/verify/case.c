#include "client/verify/case.h"

#include <stdarg.h>
#include <stdio.h>

#include <openssl/err.h>
#include <openssl/pem.h>

/* A signature is a few kilobytes; what is larger is not read at all. */
enum { CMS_LEN_MAX = 4 << 20 };

/* In the order in which the reader sees them. */
static const struct {
    const char *name;
    enum verify_mark (*run)(const struct verify_case *c, struct verify_check *out);
    bool pdf_only;
    bool told_only; /* where its sentence says something */
} checks[] = {
    {"structure", verify_structure, false, false},
    {"digest", verify_digest, false, false},
    {"signature", verify_signature, false, false},
    {"certificate", verify_certificate, false, false},
    {"chain", verify_chain, false, false},
    {"revocation", verify_revocation, false, false},
    {"statements", verify_statements, false, true},
    {"time-stamp", verify_time_stamp, false, false},
    {"coverage", verify_coverage, true, false},
    {"profile", verify_profile, false, false},
};

enum verify_mark verify_say(struct verify_check *out, enum verify_mark mark,
                            const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(out->text, sizeof(out->text), format, arguments);
    va_end(arguments);
    return mark;
}

static X509 *find_signer(const struct verify_case *c)
{
    for (int i = 0; i < sk_X509_num(c->certificates); i++) {
        X509 *certificate = sk_X509_value(c->certificates, i);
        if (CMS_SignerInfo_cert_cmp(c->signer_info, certificate) == 0) {
            return certificate;
        }
    }
    return NULL;
}

void verify_case_open(struct verify_case *c)
{
    struct slice bytes = c->input->cms;
    const uint8_t *at = bytes.data;

    if (bytes.len == 0 || bytes.len > CMS_LEN_MAX) {
        return;
    }
    c->cms = d2i_CMS_ContentInfo(NULL, &at, (long)bytes.len);
    if (c->cms == NULL || at != bytes.data + bytes.len ||
        OBJ_obj2nid(CMS_get0_type(c->cms)) != NID_pkcs7_signed) {
        CMS_ContentInfo_free(c->cms);
        c->cms = NULL;
        return;
    }
    STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(c->cms);
    c->certificates = CMS_get1_certs(c->cms);
    if (signers == NULL || sk_CMS_SignerInfo_num(signers) != 1) {
        return;
    }
    c->signer_info = sk_CMS_SignerInfo_value(signers, 0);
    c->signer = find_signer(c);
    if (c->signer != NULL) {
        CMS_SignerInfo_set1_signer_cert(c->signer_info, c->signer);
    }
}

void verify_case_close(struct verify_case *c)
{
    sk_X509_pop_free(c->certificates, X509_free);
    sk_X509_pop_free(c->chain, X509_free);
    c->chain = NULL;
    CMS_ContentInfo_free(c->cms);
    c->certificates = NULL;
    c->cms = NULL;
    /* Reasons of this signature must not be taken for those of the next. */
    ERR_clear_error();
}

/* Lists the checks in their order and sets report->valid. */
static void verify_case_judge(const struct verify_case *c, struct verify_report *report)
{
    bool readable = true;

    report->count = 0;
    report->valid = true;
    for (size_t i = 0; i < SG_COUNT(checks); i++) {
        if ((checks[i].pdf_only && c->pdf == NULL) ||
            (checks[i].told_only && !verify_is_disowned(c))) {
            continue;
        }
        struct verify_check *check = &report->checks[report->count++];
        check->name = checks[i].name;
        check->mark =
            readable || checks[i].pdf_only
                ? checks[i].run(c, check)
                : verify_say(check, VERIFY_UNKNOWN, "Not judged: see the first check.");
        /* The first check is what all others build on. */
        readable = readable && !(i == 0 && check->mark != VERIFY_PASS);
        report->valid =
            report->valid && check->mark != VERIFY_FAIL && check->mark != VERIFY_UNKNOWN;
    }
}

/* The token in the unsigned attributes, if there is one. Only the first counts: each
 * costs time, and anybody can add more. */
static bool find_token(const struct verify_case *c, struct slice *der)
{
    int at =
        CMS_unsigned_get_attr_by_NID(c->signer_info, NID_id_smime_aa_timeStampToken, -1);
    X509_ATTRIBUTE *attribute = at < 0 ? NULL : CMS_unsigned_get_attr(c->signer_info, at);
    const ASN1_TYPE *value =
        attribute == NULL ? NULL : X509_ATTRIBUTE_get0_type(attribute, 0);

    if (at < 0) {
        return false;
    }
    *der = value == NULL || value->type != V_ASN1_SEQUENCE
               ? slice_of(NULL, 0)
               : slice_of(ASN1_STRING_get0_data(value->value.sequence),
                          (size_t)ASN1_STRING_length(value->value.sequence));
    return true;
}

/* When it existed for certain: the earliest of what time-stamps prove. */
static void find_time(struct verify_case *c, struct verify_token *token)
{
    struct slice der;

    c->time_us = c->input->proven_us;
    if (!find_token(c, &der)) {
        return;
    }
    const ASN1_OCTET_STRING *value = CMS_SignerInfo_get0_signature(c->signer_info);
    const struct slice signature[2] = {
        slice_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)),
        slice_of(NULL, 0)};
    verify_token_judge(der, signature, c->input, token, NULL);
    c->token = token;
    if (token->trusted && (c->time_us == 0 || token->time_us < c->time_us)) {
        c->time_us = token->time_us;
    }
}

static void describe_time(const struct verify_case *c, struct verify_report *report)
{
    const char *prover = "";

    if (c->time_us != 0) {
        prover = c->token != NULL && c->token->trusted ? c->token->authority
                 : c->input->prover != NULL            ? c->input->prover
                                                       : "";
    }
    (void)BIO_snprintf(report->authority, sizeof(report->authority), "%s", prover);
}

void verify_case_run(struct verify_case *c, struct verify_report *report)
{
    struct verify_token token;

    *report = (struct verify_report){.count = 0};
    verify_case_open(c);
    if (c->signer != NULL) {
        find_time(c, &token);
        verify_case_chain(c);
    }
    verify_case_judge(c, report);
    verify_case_describe(c, report);
    describe_time(c, report);
    verify_level(c, report);
    c->token = NULL;
    verify_case_close(c);
}

void verify_cms(const struct verify_input *input, struct verify_report *report)
{
    struct verify_case c = {.input = input};

    verify_case_run(&c, report);
}

/* PEM of any name; false = it is none. The caller frees *der with OPENSSL_free. */
static bool from_pem(struct slice text, uint8_t **der, long *len)
{
    BIO *bio = text.len > CMS_LEN_MAX ? NULL : BIO_new_mem_buf(text.data, (int)text.len);
    char *name = NULL;
    char *header = NULL;
    bool good = bio != NULL && PEM_read_bio(bio, &name, &header, der, len) == 1;

    OPENSSL_free(name);
    OPENSSL_free(header);
    BIO_free(bio);
    ERR_clear_error();
    return good;
}

void verify_detached(struct slice cms, struct slice content,
                     const struct verify_input *terms, struct verify_report *report)
{
    struct verify_input input = *terms;
    uint8_t *der = NULL;
    long len = 0;

    input.cms = from_pem(cms, &der, &len) ? slice_of(der, (size_t)len) : cms;
    input.content[0] = content;
    input.content[1] = slice_of(NULL, 0);
    input.pades = false;
    verify_cms(&input, report);
    OPENSSL_free(der);
}
