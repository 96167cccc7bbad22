#include "gateway/transport/revocation.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

enum { NAME_TEXT = 256 };

static void free_bio(BIO **bio)
{
    BIO_free(*bio);
}

static void free_lists(STACK_OF(X509_CRL) * *lists)
{
    sk_X509_CRL_pop_free(*lists, X509_CRL_free);
}

static void free_issuers(STACK_OF(X509) * *issuers)
{
    sk_X509_pop_free(*issuers, X509_free);
}

/* All lists of the file; false: it ends in something else, or holds none. */
static bool read_lists(const char *path, STACK_OF(X509_CRL) * lists)
{
    AUTO(free_bio) BIO *file = BIO_new_file(path, "r");
    X509_CRL *list;

    while (file != NULL &&
           (list = PEM_read_bio_X509_CRL(file, NULL, NULL, NULL)) != NULL) {
        if (sk_X509_CRL_push(lists, list) == 0) {
            X509_CRL_free(list);
            return false;
        }
    }
    return sk_X509_CRL_num(lists) > 0 &&
           ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
}

static const char *name_text(const X509_NAME *name, char out[NAME_TEXT])
{
    return X509_NAME_oneline(name, out, NAME_TEXT) == NULL ? "" : out;
}

/* OpenSSL would take a delta for the whole list: whoever was revoked before it gets in.
 */
static enum sg_status refuse_deltas(const STACK_OF(X509_CRL) * lists, const char *path,
                                    struct sg_error *why)
{
    char name[NAME_TEXT];

    for (int i = 0; i < sk_X509_CRL_num(lists); i++) {
        const X509_CRL *list = sk_X509_CRL_value(lists, i);
        if (X509_CRL_get_ext_by_NID(list, NID_delta_crl, -1) >= 0) {
            return sg_fail(why, SG_INVALID,
                           "'%s' holds a delta list of '%s'; put its complete list there "
                           "instead",
                           path, name_text(X509_CRL_get_issuer(list), name));
        }
    }
    return SG_OK;
}

static bool has_list(const STACK_OF(X509_CRL) * lists, X509 *issuer)
{
    for (int i = 0; i < sk_X509_CRL_num(lists); i++) {
        X509_CRL *list = sk_X509_CRL_value(lists, i);
        if (X509_NAME_cmp(X509_CRL_get_issuer(list), X509_get_subject_name(issuer)) ==
                0 &&
            X509_CRL_verify(list, X509_get0_pubkey(issuer)) == 1) {
            return true;
        }
    }
    return false;
}

/* A root that is there for its issuers' sake: its own list, if it has one, is not what
 * clients are looked up in. Another certificate of the same name is none of these: it is
 * the issuer itself, renewed, or with its next key. */
static bool issued_another(X509 *issuer, const STACK_OF(X509) * issuers)
{
    const X509_NAME *name = X509_get_subject_name(issuer);

    for (int i = 0; i < sk_X509_num(issuers); i++) {
        X509 *other = sk_X509_value(issuers, i);
        if (X509_NAME_cmp(X509_get_subject_name(other), name) != 0 &&
            X509_check_issued(issuer, other) == X509_V_OK) {
            return true;
        }
    }
    return false;
}

static enum sg_status look_for_all(const STACK_OF(X509_CRL) * lists,
                                   const STACK_OF(X509) * issuers, const char *path,
                                   struct sg_error *why)
{
    char name[NAME_TEXT];

    for (int i = 0; i < sk_X509_num(issuers); i++) {
        X509 *issuer = sk_X509_value(issuers, i);
        if (!has_list(lists, issuer) && !issued_another(issuer, issuers)) {
            return sg_fail(why, SG_INVALID,
                           "'%s' holds no revocation list that '%s' of the client "
                           "issuers signed; add its list, or none of its clients gets in",
                           path, name_text(X509_get_subject_name(issuer), name));
        }
    }
    return SG_OK;
}

static enum sg_status use(X509_STORE *store, const STACK_OF(X509_CRL) * lists)
{
    for (int i = 0; i < sk_X509_CRL_num(lists); i++) {
        if (X509_STORE_add_crl(store, sk_X509_CRL_value(lists, i)) != 1) {
            return SG_NO_MEMORY;
        }
    }
    return X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK) == 1 ? SG_OK : SG_NO_MEMORY;
}

enum sg_status revocation_load(X509_STORE *store, const char *path, struct sg_error *why)
{
    AUTO(free_lists) STACK_OF(X509_CRL) *lists = sk_X509_CRL_new_null();
    AUTO(free_issuers) STACK_OF(X509) *issuers = X509_STORE_get1_all_certs(store);

    if (lists == NULL || issuers == NULL) {
        return SG_NO_MEMORY;
    }
    bool whole = read_lists(path, lists);
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    if (!whole) {
        return sg_fail(why, SG_INVALID,
                       "'%s' does not hold certificate revocation lists in PEM (%s); it "
                       "must hold one of each issuer of clients",
                       path, reason == NULL ? "no reason given" : reason);
    }
    TRY(refuse_deltas(lists, path, why));
    enum sg_status status = look_for_all(lists, issuers, path, why);
    ERR_clear_error();
    return status == SG_OK ? use(store, lists) : status;
}

/* --- How long they are good for ---------------------------------------------------- */

/* All of a store; the two lists are owned, what is in the first is borrowed. */
struct stored {
    STACK_OF(X509_CRL) * lists;
    STACK_OF(X509) * issuers;
};

static void stored_fini(struct stored *stored)
{
    sk_X509_CRL_free(stored->lists);
    sk_X509_pop_free(stored->issuers, X509_free);
}

static bool stored_read(X509_STORE *store, struct stored *out)
{
    STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(store);

    out->lists = sk_X509_CRL_new_null();
    out->issuers = X509_STORE_get1_all_certs(store);
    for (int i = 0; out->lists != NULL && i < sk_X509_OBJECT_num(objects); i++) {
        X509_CRL *list = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(objects, i));
        if (list != NULL && sk_X509_CRL_push(out->lists, list) == 0) {
            return false;
        }
    }
    return out->lists != NULL && out->issuers != NULL;
}

/* Whose key signed it, of several of one name too; NULL: that of an issuer which its
 * clients bring along. Borrowed; one key has one answer. */
static X509 *signer_of(const struct stored *stored, X509_CRL *list)
{
    X509 *signer = NULL;

    for (int i = 0; signer == NULL && i < sk_X509_num(stored->issuers); i++) {
        X509 *issuer = sk_X509_value(stored->issuers, i);
        if (X509_NAME_cmp(X509_get_subject_name(issuer), X509_CRL_get_issuer(list)) ==
                0 &&
            X509_CRL_verify(list, X509_get0_pubkey(issuer)) == 1) {
            signer = issuer;
        }
    }
    ERR_clear_error();
    return signer;
}

static bool has_issuer(const struct stored *stored, const X509_NAME *name)
{
    for (int i = 0; i < sk_X509_num(stored->issuers); i++) {
        const X509 *issuer = sk_X509_value(stored->issuers, i);
        if (X509_NAME_cmp(X509_get_subject_name(issuer), name) == 0) {
            return true;
        }
    }
    return false;
}

/* Neither that of a root which is there for its issuers' sake, nor what an issuer has
 * left of a key of which no client is trusted any more. */
static bool looked_up(const struct stored *stored, const X509_NAME *name, X509 *signer)
{
    return signer == NULL ? !has_issuer(stored, name)
                          : !issued_another(signer, stored->issuers);
}

/* Of that name and key. OpenSSL goes by the one that is current, if any is. */
static int64_t newest_end_us(const struct stored *stored, const X509_NAME *name,
                             const X509 *signer)
{
    int64_t newest_us = INT64_MIN;

    for (int i = 0; i < sk_X509_CRL_num(stored->lists); i++) {
        X509_CRL *list = sk_X509_CRL_value(stored->lists, i);
        int64_t end_us = validity_time_us(X509_CRL_get0_nextUpdate(list), INT64_MAX);
        if (end_us > newest_us && X509_NAME_cmp(X509_CRL_get_issuer(list), name) == 0 &&
            signer_of(stored, list) == signer) {
            newest_us = end_us;
        }
    }
    return newest_us;
}

void revocation_validity(X509_STORE *store, struct validity *out)
{
    AUTO(stored_fini) struct stored stored = {.lists = NULL};
    char name[NAME_TEXT];

    if (!stored_read(store, &stored)) {
        return;
    }
    for (int i = 0; i < sk_X509_CRL_num(stored.lists); i++) {
        X509_CRL *list = sk_X509_CRL_value(stored.lists, i);
        const X509_NAME *issuer = X509_CRL_get_issuer(list);
        X509 *signer = signer_of(&stored, list);
        int64_t end_us = newest_end_us(&stored, issuer, signer);
        if (end_us < out->lists_until_us) {
            out->lists_until_us = end_us;
        }
        if (end_us < out->parts[VALIDITY_LISTS].until_us &&
            looked_up(&stored, issuer, signer)) {
            out->parts[VALIDITY_LISTS].until_us = end_us;
            (void)snprintf(out->issuer, sizeof(out->issuer), "%.150s",
                           name_text(issuer, name));
        }
    }
}

bool revocation_is_over(int error)
{
    return error == X509_V_ERR_CRL_HAS_EXPIRED || error == X509_V_ERR_CRL_NOT_YET_VALID;
}
