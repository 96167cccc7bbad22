#include <stdlib.h>

#include "gateway/clock.h"
#include "gateway/status/inside.h"

/* Statements for others: shared bytes, so that nobody who copies a long CRL holds the
 * thread up that fetches. */

struct status_blob {
    atomic_uint shares;
    size_t len;
    uint8_t bytes[];
};

void proofs_give(struct status_blob *blob)
{
    if (blob != NULL && atomic_fetch_sub(&blob->shares, 1) == 1) {
        free(blob);
    }
}

struct slice status_bytes(const struct status_blob *blob)
{
    return slice_of(blob->bytes, blob->len);
}

static struct status_blob *make_blob(struct slice der)
{
    struct status_blob *blob = (struct status_blob *)malloc(sizeof(*blob) + der.len);

    if (blob != NULL) {
        atomic_init(&blob->shares, 1);
        blob->len = der.len;
        memcpy(blob->bytes, der.data, der.len);
    }
    return blob;
}

/* In one step: whoever took an old list by what is found of the new one would take it for
 * one that still holds. */
void proofs_keep(struct status *status, struct source *source,
                 const struct status_finding *finding, int64_t fetched_us,
                 struct slice der)
{
    struct status_blob *blob = make_blob(der);

    MUST(pthread_mutex_lock(&status->lock) == 0);
    struct status_blob *before = source->blob;
    source->known = true;
    source->finding = *finding;
    source->fetched_us = fetched_us;
    source->blob = blob;
    MUST(pthread_mutex_unlock(&status->lock) == 0);
    proofs_give(before);
}

void proofs_drop(struct status *status, struct source *source)
{
    MUST(pthread_mutex_lock(&status->lock) == 0);
    struct status_blob *before = source->blob;
    source->known = false;
    source->finding = (struct status_finding){0};
    source->blob = NULL;
    MUST(pthread_mutex_unlock(&status->lock) == 0);
    proofs_give(before);
}

/* --- Taking ------------------------------------------------------------------------- */

static void note_time(const struct source *source, struct status_proofs *out)
{
    int64_t us =
        source->fetched_us > 0 ? source->fetched_us : source->finding.this_update_us;

    if (out->fetched_us == 0 || us < out->fetched_us) {
        out->fetched_us = us;
    }
}

static bool take_statement(const struct source *source, struct status_proofs *out)
{
    if (source->blob == NULL || out->count == STATUS_PROOFS_MAX) {
        return false;
    }
    atomic_fetch_add(&source->blob->shares, 1);
    out->items[out->count].kind = source->kind;
    out->items[out->count++].blob = source->blob;
    note_time(source, out);
    return true;
}

static void take_certificate(X509 *cert, struct status_proofs *out)
{
    if (out->cert_count < SG_COUNT(out->certs) && X509_up_ref(cert) == 1) {
        out->certs[out->cert_count++] = cert;
    }
}

static bool holds(const struct source *source, int64_t now_us)
{
    return source->blob != NULL && source->finding.next_update_us >= now_us;
}

static bool calls_good(const struct source *source)
{
    return !source->finding.revoked && !source->finding.suspended;
}

/* One that is over may still prove what was signed before its time. */
static void take_link(const struct watched *link, bool last, struct status_proofs *out)
{
    size_t at = out->count;
    bool crl = take_statement(&link->crl, out);
    bool ocsp = take_statement(&link->ocsp, out);
    int64_t now_us = clock_wall_us();

    out->whole = out->whole && (crl || ocsp);
    bool held = holds(&link->crl, now_us) || holds(&link->ocsp, now_us);
    out->over = out->over || ((crl || ocsp) && !held);
    /* One that calls it revoked, or on hold, never stays away. */
    if (crl && ocsp) {
        out->items[at].spare = holds(&link->ocsp, now_us) && calls_good(&link->ocsp) &&
                               calls_good(&link->crl);
    }
    take_certificate(link->link.subject, out);
    if (last) {
        take_certificate(link->link.issuer, out);
    }
}

static void take_entry(const struct status *status, const struct status_entry *entry,
                       struct status_proofs *out)
{
    size_t count = 0;

    out->whole = entry->whole && (entry->link_count > 0 || entry->anchored);
    for (size_t i = 0; i < entry->link_count; i++) {
        take_link(&status->links[entry->links[i]], i + 1 == entry->link_count, out);
    }
    if (entry->anchored) {
        take_certificate(cert_chain(entry->key.cert, &count)[0], out);
    }
    out->never = out->whole ? NULL : links_silent(status, entry, &out->silent);
    if (out->never != NULL && X509_up_ref(out->silent) != 1) {
        out->never = NULL;
        out->silent = NULL;
    }
}

enum sg_status status_prove(struct status *status, const char *name,
                            struct status_proofs *out)
{
    const struct status_entry *found = NULL;

    *out = (struct status_proofs){.count = 0};
    MUST(pthread_mutex_lock(&status->lock) == 0);
    for (size_t i = 0; i < status->known_count; i++) {
        const struct status_entry *entry = &status->entries[i];
        found = strcmp(entry->key.name, name) == 0 ? entry : found;
    }
    if (found != NULL) {
        take_entry(status, found, out);
    }
    MUST(pthread_mutex_unlock(&status->lock) == 0);
    return found == NULL ? SG_NOT_FOUND : SG_OK;
}

void status_proofs_fini(struct status_proofs *proofs)
{
    for (size_t i = 0; i < proofs->count; i++) {
        proofs_give(proofs->items[i].blob);
    }
    for (size_t i = 0; i < proofs->cert_count; i++) {
        X509_free(proofs->certs[i]);
    }
    X509_free(proofs->silent);
    *proofs = (struct status_proofs){.count = 0};
}
