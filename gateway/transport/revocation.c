#include "gateway/transport/revocation.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

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
 * clients are looked up in. */
static bool issued_another(X509 *issuer, const STACK_OF(X509) * issuers)
{
    for (int i = 0; i < sk_X509_num(issuers); i++) {
        X509 *other = sk_X509_value(issuers, i);
        if (X509_cmp(other, issuer) != 0 &&
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
