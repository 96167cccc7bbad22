#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/status/inside.h"

/* --- Addresses ------------------------------------------------------------------- */

/* RFC 5280 4.2.1.13: http, as the one scheme that needs no status of its own. */
static bool take_url(const char *text, size_t len, char out[STATUS_URL_MAX])
{
    if (len >= STATUS_URL_MAX || len < 8 || memcmp(text, "http://", 7) != 0) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] > '~') {
            return false;
        }
    }
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

static bool url_of_names(const GENERAL_NAMES *names, char out[STATUS_URL_MAX])
{
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        const ASN1_IA5STRING *uri =
            name->type == GEN_URI ? name->d.uniformResourceIdentifier : NULL;
        if (uri != NULL && take_url((const char *)ASN1_STRING_get0_data(uri),
                                    (size_t)ASN1_STRING_length(uri), out)) {
            return true;
        }
    }
    return false;
}

/* A point for some reasons only, or of another issuer, does not tell everything. */
static bool is_plain(const DIST_POINT *point)
{
    return point->reasons == NULL && point->CRLissuer == NULL &&
           point->distpoint != NULL && point->distpoint->type == 0;
}

static void crl_url(X509 *certificate, char out[STATUS_URL_MAX])
{
    CRL_DIST_POINTS *points = (CRL_DIST_POINTS *)X509_get_ext_d2i(
        certificate, NID_crl_distribution_points, NULL, NULL);

    for (int i = 0; i < sk_DIST_POINT_num(points); i++) {
        const DIST_POINT *point = sk_DIST_POINT_value(points, i);
        if (is_plain(point) && url_of_names(point->distpoint->name.fullname, out)) {
            break;
        }
    }
    CRL_DIST_POINTS_free(points);
    ERR_clear_error();
}

static void ocsp_url(X509 *certificate, char out[STATUS_URL_MAX])
{
    STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(certificate);

    for (int i = 0; i < sk_OPENSSL_STRING_num(urls); i++) {
        const char *url = sk_OPENSSL_STRING_value(urls, i);
        if (take_url(url, strlen(url), out)) {
            break;
        }
    }
    X509_email_free(urls);
    ERR_clear_error();
}

/* --- Issuers --------------------------------------------------------------------- */

static X509 *issuer_among(X509 *subject, const STACK_OF(X509) * candidates)
{
    for (int i = 0; i < sk_X509_num(candidates); i++) {
        X509 *candidate = sk_X509_value(candidates, i);
        if (X509_check_issued(candidate, subject) == X509_V_OK &&
            X509_verify(subject, X509_get0_pubkey(candidate)) == 1) {
            return candidate;
        }
    }
    ERR_clear_error();
    return NULL;
}

static bool copy_chain(X509 *const *chain, size_t count, STACK_OF(X509) * *out)
{
    *out = sk_X509_new_null();
    for (size_t i = 0; *out != NULL && i < count; i++) {
        if (X509_add_cert(*out, chain[i], X509_ADD_FLAG_UP_REF) != 1) {
            return false;
        }
    }
    return *out != NULL;
}

static void name_source(struct source *source, enum status_source kind,
                        struct watched *of)
{
    const uint8_t *sha256 = of->sha256;

    source->kind = kind;
    source->of = of;
    for (size_t i = 0; i < 32; i++) {
        (void)snprintf(source->file + 2 * i, 3, "%02x", sha256[i]);
    }
    (void)snprintf(source->file + 64, sizeof(source->file) - 64, ".%s",
                   status_source_name(kind));
}

/* --- Links ----------------------------------------------------------------------- */

static void address(const struct config *config, bool signer, struct watched *link)
{
    const char *crl = signer ? config->status_crl_url : "";
    const char *ocsp = signer ? config->status_ocsp_url : "";

    if (!take_url(crl, strlen(crl), link->crl.url)) {
        crl_url(link->link.subject, link->crl.url);
    }
    if (!take_url(ocsp, strlen(ocsp), link->ocsp.url)) {
        ocsp_url(link->link.subject, link->ocsp.url);
    }
}

/* SG_NOT_FOUND: nobody known has issued it. */
static enum sg_status make_link(struct status *status, X509 *const *chain, size_t count,
                                const struct status_entry *entry,
                                const uint8_t sha256[32])
{
    bool stamps = entry->key.stamps;
    struct watched *link = &status->links[status->link_count];
    STACK_OF(X509) *issuers = NULL;

    if (!copy_chain(chain + 1, count - 1, &issuers)) {
        sk_X509_pop_free(issuers, X509_free);
        return SG_NO_MEMORY;
    }
    X509 *issuer = issuer_among(chain[0], issuers);
    issuer = issuer == NULL
                 ? issuer_among(chain[0], stamps ? status->stamp_roots : status->roots)
                 : issuer;
    if (issuer == NULL) {
        sk_X509_pop_free(issuers, X509_free);
        return SG_NOT_FOUND;
    }
    *link = (struct watched){.link = {chain[0], issuer, issuers,
                                      stamps ? status->stamp_anchors : status->anchors}};
    MUST(X509_up_ref(chain[0]) == 1 && X509_up_ref(issuer) == 1);
    memcpy(link->sha256, sha256, sizeof(link->sha256));
    name_source(&link->crl, STATUS_CRL, link);
    name_source(&link->ocsp, STATUS_OCSP, link);
    /* The configured addresses are of the letters' signers. */
    address(status->config, entry->link_count == 0 && !stamps, link);
    status->link_count++;
    return SG_OK;
}

/* Keys often share their issuers. */
static size_t find_link(const struct status *status, const uint8_t sha256[32])
{
    size_t i = 0;

    while (i < status->link_count && memcmp(status->links[i].sha256, sha256, 32) != 0) {
        i++;
    }
    return i;
}

static enum sg_status add_link(struct status *status, struct status_entry *entry,
                               X509 *const *chain, size_t count)
{
    uint8_t sha256[32];

    if (X509_digest(chain[0], EVP_sha256(), sha256, NULL) != 1) {
        return SG_NO_MEMORY;
    }
    size_t index = find_link(status, sha256);
    if (index == STATUS_LINKS_MAX) {
        return SG_INVALID;
    }
    if (index == status->link_count) {
        TRY(make_link(status, chain, count, entry, sha256));
    }
    entry->links[entry->link_count++] = index;
    return SG_OK;
}

static bool is_stamp_anchor(const struct status *status, X509 *certificate)
{
    bool same = false;

    for (int i = 0; !same && i < sk_X509_num(status->stamp_roots); i++) {
        same = X509_cmp(sk_X509_value(status->stamp_roots, i), certificate) == 0;
    }
    return same;
}

enum sg_status links_add(struct status *status, struct status_entry *entry)
{
    size_t count = 0;
    X509 *const *chain = cert_chain(entry->key.cert, &count);

    entry->whole = true;
    /* Nothing is asked of an anchor, and so of nobody behind it. */
    if (entry->key.stamps && is_stamp_anchor(status, chain[0])) {
        entry->anchored = true;
        return SG_OK;
    }
    for (size_t i = 0; i < count; i++) {
        enum sg_status added = add_link(status, entry, chain + i, count - i);
        if (added == SG_NOT_FOUND) {
            entry->whole = false;
            entry->orphan = chain[i];
        } else if (added != SG_OK) {
            return added;
        }
    }
    return SG_OK;
}

const char *links_silent(const struct status *status, const struct status_entry *entry,
                         X509 **which)
{
    for (size_t i = 0; i < entry->link_count; i++) {
        const struct watched *link = &status->links[entry->links[i]];
        if (link->crl.url[0] == '\0' && link->ocsp.url[0] == '\0') {
            *which = link->link.subject;
            return "it names no http address of a CRL or an OCSP responder";
        }
    }
    *which = entry->orphan;
    return entry->orphan == NULL ? NULL : "its issuer is not known to the gateway";
}

static enum sg_status check_url(const char *setting, const char *url,
                                struct sg_error *why)
{
    char out[STATUS_URL_MAX];

    return url[0] == '\0' || take_url(url, strlen(url), out)
               ? SG_OK
               : sg_fail(why, SG_INVALID,
                         "%s is not an address that begins with http:// and has at most "
                         "%d plain characters",
                         setting, STATUS_URL_MAX - 1);
}

/* Of the time stamp authorities: another file, so that neither can speak for the other.
 */
static enum sg_status read_stamp_anchors(struct status *status, struct sg_error *why)
{
    const char *path = status->config->tsa_anchors_file;

    if (path[0] == '\0') {
        return SG_OK;
    }
    status->stamp_anchors = X509_STORE_new();
    if (status->stamp_anchors == NULL ||
        X509_STORE_set_flags(status->stamp_anchors, X509_V_FLAG_PARTIAL_CHAIN) != 1 ||
        X509_STORE_load_file(status->stamp_anchors, path) != 1) {
        ERR_clear_error();
        return sg_fail(why, SG_INVALID, "cannot read tsa.anchors %s", path);
    }
    status->stamp_roots = X509_STORE_get1_all_certs(status->stamp_anchors);
    return status->stamp_roots == NULL ? SG_NO_MEMORY : SG_OK;
}

enum sg_status status_check(const struct config *config, struct sg_error *why)
{
    TRY(check_url("status.crl_url", config->status_crl_url, why));
    return check_url("status.ocsp_url", config->status_ocsp_url, why);
}

enum sg_status links_make(struct status *status, struct sg_error *why)
{
    TRY(status_check(status->config, why));
    status->anchors = X509_STORE_new();
    status->links = (struct watched *)calloc(STATUS_LINKS_MAX, sizeof(*status->links));
    if (status->anchors == NULL || status->links == NULL) {
        return SG_NO_MEMORY;
    }
    if (X509_STORE_load_file(status->anchors, status->config->anchors_file) != 1) {
        ERR_clear_error();
        return sg_fail(why, SG_INVALID, "cannot read the trust anchors %s",
                       status->config->anchors_file);
    }
    status->roots = X509_STORE_get1_all_certs(status->anchors);
    if (status->roots == NULL) {
        return SG_NO_MEMORY;
    }
    TRY(read_stamp_anchors(status, why));
    for (size_t i = 0; i < status->entry_count; i++) {
        enum sg_status added = links_add(status, &status->entries[i]);
        if (added != SG_OK) {
            return sg_fail(why, added,
                           "the chains of all keys have more than %d "
                           "certificates, or there is no memory for them",
                           STATUS_LINKS_MAX);
        }
    }
    return SG_OK;
}

void links_fini(struct status *status)
{
    for (size_t i = 0; i < status->link_count; i++) {
        X509_free(status->links[i].link.subject);
        X509_free(status->links[i].link.issuer);
        sk_X509_pop_free(status->links[i].link.untrusted, X509_free);
        source_fini(&status->links[i].crl);
        source_fini(&status->links[i].ocsp);
    }
    free(status->links);
    sk_X509_pop_free(status->roots, X509_free);
    X509_STORE_free(status->anchors);
    sk_X509_pop_free(status->stamp_roots, X509_free);
    X509_STORE_free(status->stamp_anchors);
}
