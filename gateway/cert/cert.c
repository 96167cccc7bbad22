#include "gateway/cert/cert.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/cert/inside.h"

/* The parsed files, for the length of a load. */
struct files {
    STACK_OF(X509) * own; /* the signer's, and perhaps issuers behind it */
    STACK_OF(X509) * issuers;
    STACK_OF(X509) * anchors;
};

static void files_fini(struct files *files)
{
    pem_free(&files->own);
    pem_free(&files->issuers);
    pem_free(&files->anchors);
}

/* One list of candidates: what stands behind the signer's certificate, then the chain
 * file. The references move to files->issuers. */
static enum sg_status join_issuers(struct files *files)
{
    if (files->issuers == NULL) {
        files->issuers = sk_X509_new_null();
    }
    if (files->issuers == NULL) {
        return SG_NO_MEMORY;
    }
    while (sk_X509_num(files->own) > 1) {
        X509 *last = sk_X509_pop(files->own);
        if (sk_X509_unshift(files->issuers, last) == 0) {
            X509_free(last);
            return SG_NO_MEMORY;
        }
    }
    return SG_OK;
}

static enum sg_status take_anchors(const struct cert_anchors *anchors,
                                   const char *certificate, struct files *files,
                                   struct sg_error *why)
{
    files->anchors = X509_chain_up_ref(anchors->list);
    if (files->anchors == NULL) {
        return SG_NO_MEMORY;
    }
    TRY(join_issuers(files));
    if (sk_X509_num(files->issuers) > CERT_CHAIN_MAX) {
        return sg_fail(why, SG_INVALID,
                       "the chain of %s has more than %d certificates; give its issuers "
                       "only",
                       certificate, CERT_CHAIN_MAX);
    }
    return SG_OK;
}

static enum sg_status read_files(const struct cert_files *paths, struct files *files,
                                 struct sg_error *why)
{
    TRY(pem_read(paths->certificate, "certificate", &files->own, why));
    if (paths->chain != NULL) {
        TRY(pem_read(paths->chain, "certificate chain", &files->issuers, why));
    }
    return take_anchors(paths->anchors, paths->certificate, files, why);
}

static enum sg_status read_one(const unsigned char **at, const unsigned char *end,
                               struct files *files)
{
    X509 *one = d2i_X509(NULL, at, (long)(end - *at));

    ERR_clear_error();
    if (one == NULL) {
        return SG_INVALID;
    }
    if (sk_X509_push(files->own, one) == 0) {
        X509_free(one);
        return SG_NO_MEMORY;
    }
    return SG_OK;
}

static enum sg_status read_der(struct slice chain, struct files *files)
{
    const unsigned char *at = chain.data;
    const unsigned char *end = at + chain.len;

    files->own = sk_X509_new_null();
    if (files->own == NULL) {
        return SG_NO_MEMORY;
    }
    do {
        TRY(read_one(&at, end, files));
    } while (at < end && sk_X509_num(files->own) <= CERT_CHAIN_MAX);
    return SG_OK;
}

static enum sg_status read_digests(struct cert *cert)
{
    unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert->chain[0]), &der);

    if (len <= 0) {
        return SG_INVALID;
    }
    cert->spki = pool_copy(&cert->pool, slice_of(der, (size_t)len));
    OPENSSL_free(der);
    return cert->spki.data == NULL ? SG_NO_MEMORY : SG_OK;
}

/* Without these the certificate cannot be used at all, whatever the policy says. */
static bool has_essentials(const struct cert *cert)
{
    const struct fact_value *value = cert->facts.value;

    return X509_get0_pubkey(cert->chain[0]) != NULL &&
           value[FACT_ID_cert_serial].present && value[FACT_ID_cert_not_before].present &&
           value[FACT_ID_cert_not_after].present;
}

static enum sg_status fill(struct cert *cert, struct files *files, const char *path,
                           int64_t now_us, struct sg_error *why)
{
    cert->chain[0] = sk_X509_value(files->own, 0);
    if (X509_up_ref(cert->chain[0]) != 1) {
        return SG_NO_MEMORY;
    }
    cert->chain_count = 1;
    TRY(read_digests(cert));
    facts_of_certificate(cert);
    facts_of_key(cert);
    if (!has_essentials(cert)) {
        return sg_fail(why, SG_INVALID,
                       "the certificate %s does not have a readable public key, serial "
                       "number and validity; ask its issuer for a new one",
                       path);
    }
    cert->issuers = files->issuers;
    cert->anchors = files->anchors;
    files->issuers = NULL;
    files->anchors = NULL;
    return chain_judge(cert, now_us);
}

static enum sg_status make(struct files *files, const char *name, int64_t now_us,
                           struct cert **out, struct sg_error *why)
{
    struct cert *cert = calloc(1, sizeof(*cert));

    if (cert == NULL) {
        return SG_NO_MEMORY;
    }
    enum sg_status status = fill(cert, files, name, now_us, why);
    if (status != SG_OK) {
        cert_free(cert);
        return status;
    }
    *out = cert;
    return SG_OK;
}

enum sg_status cert_load(const struct cert_files *paths, int64_t now_us,
                         struct cert **out, struct sg_error *why)
{
    AUTO(files_fini) struct files files = {0};

    TRY(read_files(paths, &files, why));
    return make(&files, paths->certificate, now_us, out, why);
}

enum sg_status cert_load_der(struct slice chain, const struct cert_anchors *anchors,
                             int64_t now_us, struct cert **out, struct sg_error *why)
{
    static const char name[] = "that was handed in";
    AUTO(files_fini) struct files files = {0};
    enum sg_status status = read_der(chain, &files);

    if (status == SG_INVALID) {
        return sg_fail(why, SG_INVALID,
                       "a certificate is no X.509 in DER, or something stands behind it");
    }
    TRY(status);
    TRY(take_anchors(anchors, name, &files, why));
    return make(&files, name, now_us, out, why);
}

void cert_free(struct cert *cert)
{
    if (cert == NULL) {
        return;
    }
    for (size_t i = 0; i < cert->chain_count; i++) {
        X509_free(cert->chain[i]);
    }
    pem_free(&cert->issuers);
    pem_free(&cert->anchors);
    pool_fini(&cert->pool);
    free(cert);
}

X509 *const *cert_chain(const struct cert *cert, size_t *count)
{
    *count = cert->chain_count;
    return cert->chain;
}

struct slice cert_spki(const struct cert *cert)
{
    return cert->spki;
}

const char *cert_serial(const struct cert *cert)
{
    return (const char *)cert->facts.value[FACT_ID_cert_serial].text.data;
}

int64_t cert_not_before_us(const struct cert *cert)
{
    return cert->facts.value[FACT_ID_cert_not_before].number;
}

int64_t cert_not_after_us(const struct cert *cert)
{
    return cert->facts.value[FACT_ID_cert_not_after].number;
}

static void print_name(const X509_NAME *name, char out[CERT_NAME_SIZE])
{
    if (!name_text(name, out)) {
        out[0] = '\0';
    }
}

void cert_subject(const struct cert *cert, char out[CERT_NAME_SIZE])
{
    print_name(X509_get_subject_name(cert->chain[0]), out);
}

void cert_issuer(const struct cert *cert, char out[CERT_NAME_SIZE])
{
    print_name(X509_get_issuer_name(cert->chain[0]), out);
}

void cert_name_of(const X509 *certificate, char out[CERT_NAME_SIZE])
{
    print_name(X509_get_subject_name(certificate), out);
}

static void copy_named(const struct cert *cert, const char *prefix, struct facts *facts)
{
    for (size_t i = 0; i < FACT_COUNT; i++) {
        if (cert->facts.value[i].present &&
            strncmp(fact_name((enum fact)i), prefix, strlen(prefix)) == 0) {
            facts->value[i] = cert->facts.value[i];
        }
    }
}

void cert_facts(const struct cert *cert, struct facts *facts)
{
    copy_named(cert, "cert.", facts);
}

void cert_key_facts(const struct cert *cert, struct facts *facts)
{
    copy_named(cert, "key.", facts);
}
