#include "gateway/transport/issuers.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

static void free_issuers(STACK_OF(X509) * *issuers)
{
    sk_X509_pop_free(*issuers, X509_free);
}

/* The common name, as OpenSSL shows names: what is not plain ASCII is escaped. */
static void name_of(const X509 *issuer, char out[VALIDITY_NAME_SIZE])
{
    static const char common[] = "/CN=";
    char whole[512] = "";
    const char *from = whole;

    (void)X509_NAME_oneline(X509_get_subject_name(issuer), whole, sizeof(whole));
    for (const char *at = strstr(whole, common); at != NULL; at = strstr(from, common)) {
        from = at + sizeof(common) - 1;
    }
    (void)snprintf(out, VALIDITY_NAME_SIZE, "%.64s", from);
}

static int64_t end_of(const X509 *issuer)
{
    return validity_time_us(X509_get0_notAfter(issuer), INT64_MAX);
}

static bool same_issuer(const X509 *one, const X509 *other)
{
    return X509_NAME_cmp(X509_get_subject_name(one), X509_get_subject_name(other)) == 0 &&
           EVP_PKEY_eq(X509_get0_pubkey(one), X509_get0_pubkey(other)) == 1;
}

/* One that was renewed with its key goes on; what another key has signed does not. */
static int64_t last_end_us(const STACK_OF(X509) * issuers, const X509 *issuer)
{
    int64_t last_us = end_of(issuer);

    for (int i = 0; i < sk_X509_num(issuers); i++) {
        const X509 *other = sk_X509_value(issuers, i);
        int64_t end_us = end_of(other);
        if (end_us > last_us && same_issuer(other, issuer)) {
            last_us = end_us;
        }
    }
    return last_us;
}

static struct validity_end *find(struct validity *out, const char *name)
{
    for (size_t i = 0; i < out->end_count; i++) {
        if (strcmp(out->ends[i].name, name) == 0) {
            return &out->ends[i];
        }
    }
    return NULL;
}

static struct validity_end *latest(struct validity *out)
{
    struct validity_end *last = &out->ends[0];

    for (size_t i = 1; i < out->end_count; i++) {
        last = out->ends[i].until_us > last->until_us ? &out->ends[i] : last;
    }
    return last;
}

/* Of two that look alike by their names the first to end counts; without room, those that
 * end first. */
static void add_end(struct validity *out, const struct validity_end *end)
{
    struct validity_end *place = find(out, end->name);

    if (place == NULL && out->end_count < VALIDITY_ENDS_MAX) {
        out->ends[out->end_count++] = *end;
        return;
    }
    place = place == NULL ? latest(out) : place;
    if (end->until_us < place->until_us) {
        *place = *end;
    }
}

/* OpenSSL looks for the issuer of any other, whether or not it stands in the store. */
static bool is_anchor(X509 *issuer)
{
    return X509_check_trust(issuer, X509_TRUST_SSL_CLIENT, 0) == X509_TRUST_TRUSTED;
}

bool issuers_anchored(X509_STORE *store)
{
    AUTO(free_issuers) STACK_OF(X509) *issuers = X509_STORE_get1_all_certs(store);
    bool found = false;

    for (int i = 0; i < sk_X509_num(issuers) && !found; i++) {
        found = is_anchor(sk_X509_value(issuers, i));
    }
    return found;
}

static void widen(struct validity *out, const X509 *anchor, bool first)
{
    int64_t from_us = validity_time_us(X509_get0_notBefore(anchor), INT64_MIN);
    int64_t until_us = end_of(anchor);

    if (first || from_us < out->parts[VALIDITY_ISSUERS].from_us) {
        out->parts[VALIDITY_ISSUERS].from_us = from_us;
    }
    if (first || until_us > out->parts[VALIDITY_ISSUERS].until_us) {
        out->parts[VALIDITY_ISSUERS].until_us = until_us;
    }
}

void issuers_validity(X509_STORE *store, struct validity *out)
{
    AUTO(free_issuers) STACK_OF(X509) *issuers = X509_STORE_get1_all_certs(store);
    bool first = true;

    for (int i = 0; i < sk_X509_num(issuers); i++) {
        X509 *issuer = sk_X509_value(issuers, i);
        struct validity_end end = {.until_us = last_end_us(issuers, issuer)};
        name_of(issuer, end.name);
        add_end(out, &end);
        if (is_anchor(issuer)) {
            widen(out, issuer, first);
            first = false;
        }
    }
}
