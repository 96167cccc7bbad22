#include <openssl/err.h>
#include <openssl/x509.h>

#include "hsm/ceremony/inside.h"
#include "hsm/token/object.h"
#include "proto/text.h"

/* A CKA_ID is a name that anybody may give to anything. What bears it is destroyed only
 * when its public key says that it is the key that is meant. */

/* The private key first: whatever fails afterwards, nobody signs with it any more. */
static const CK_OBJECT_CLASS CLASSES[] = {CKO_PRIVATE_KEY, CKO_PUBLIC_KEY,
                                          CKO_CERTIFICATE};
enum { PRIVATE, PUBLIC, CERTIFICATE, KINDS };

/* What is there, and whose. */
struct estate {
    struct key_handles objects[KINDS]; /* all that goes */
    size_t ours[KINDS];                /* of these: shown to be of the key */
    bool foreign;                      /* something is of another key */
};

static void free_key(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static enum sg_status certificate_key(struct object object, EVP_PKEY **public)
{
    static uint8_t value[CEREMONY_CERTIFICATE_MAX];
    const uint8_t *at = value;
    size_t len = sizeof(value);
    if (object_bytes(object, CKA_VALUE, value, &len) != CKR_OK) {
        return SG_NOT_FOUND;
    }
    X509 *certificate = d2i_X509(NULL, &at, (long)len);
    *public = certificate == NULL ? NULL : X509_get_pubkey(certificate);
    X509_free(certificate);
    return *public == NULL ? SG_UNSUPPORTED : SG_OK;
}

/* A private key of a curve does not show its public one. */
static enum sg_status public_of(struct object object, size_t kind, EVP_PKEY **public)
{
    struct key read;
    return kind == CERTIFICATE ? certificate_key(object, public)
                               : object_public_key(object, &read, public);
}

/* With a label configured, other keys may have the same id: their public objects and
 * certificates are left alone. */
static void judge(struct object object, size_t kind, const struct ceremony_order *order,
                  EVP_PKEY *wanted, struct estate *estate)
{
    AUTO(free_key) EVP_PKEY *public = NULL;
    struct key_handles *objects = &estate->objects[kind];
    bool shown = wanted == NULL || public_of(object, kind, &public) == SG_OK;
    bool ours = wanted == NULL || (shown && EVP_PKEY_eq(public, wanted) == 1);
    ERR_clear_error();
    if (shown && !ours && kind != PRIVATE && order->ref.label[0] != '\0') {
        return;
    }
    estate->foreign = estate->foreign || (shown && !ours);
    estate->ours[kind] += ours ? 1 : 0;
    objects->list[objects->count++] = object.handle;
}

static CK_RV survey(struct reach reach, const struct ceremony_order *order,
                    EVP_PKEY *wanted, struct estate *estate)
{
    *estate = (struct estate){.foreign = false};
    for (size_t kind = 0; kind < KINDS; kind++) {
        struct key_handles found;
        struct key_ref ref = order->ref;
        if (kind != PRIVATE) {
            ref.label[0] = '\0'; /* the id makes them a pair; labels may differ */
        }
        CK_RV rv = key_list(reach, CLASSES[kind], &ref, &found);
        if (rv != CKR_OK) {
            return rv;
        }
        for (size_t i = 0; i < found.count; i++) {
            judge((struct object){reach, found.list[i]}, kind, order, wanted, estate);
        }
    }
    return CKR_OK;
}

static void count(const struct estate *estate, struct presence *presence)
{
    *presence =
        (struct presence){.searched = true,
                          .private_keys = (unsigned)estate->objects[PRIVATE].count,
                          .public_keys = (unsigned)estate->objects[PUBLIC].count,
                          .certificates = (unsigned)estate->objects[CERTIFICATE].count};
}

/* Each private key shows whose it is, or has a public object or a certificate that does.
 */
static bool all_shown(const struct estate *estate)
{
    const size_t *ours = estate->ours;
    size_t beside = ours[PUBLIC] > ours[CERTIFICATE] ? ours[PUBLIC] : ours[CERTIFICATE];
    return estate->objects[PRIVATE].count <= ours[PRIVATE] + beside;
}

static enum sg_status check(const struct ceremony_order *order,
                            struct ceremony_report *report, const struct estate *estate)
{
    if (estate->foreign) {
        return trouble_config(&report->trouble,
                              "the token (serial %s) has another key under CKA_ID %s: "
                              "nothing was touched",
                              report->token.serial, order->ref.name);
    }
    return all_shown(estate)
               ? SG_OK
               : trouble_config(&report->trouble,
                                "the token (serial %s) does not show which key it has "
                                "under CKA_ID %s, as it has no public object or "
                                "certificate for it: nothing was touched",
                                report->token.serial, order->ref.name);
}

static CK_RV destroy_kind(struct reach reach, const struct key_handles *objects,
                          unsigned *destroyed)
{
    for (size_t i = 0; i < objects->count; i++) {
        CK_RV rv = reach.fn->C_DestroyObject(reach.session, objects->list[i]);
        if (rv != CKR_OK) {
            return rv;
        }
        (*destroyed)++;
    }
    return CKR_OK;
}

static CK_RV destroy_all(struct reach reach, const struct estate *estate,
                         struct presence *destroyed)
{
    unsigned *const counts[KINDS] = {&destroyed->private_keys, &destroyed->public_keys,
                                     &destroyed->certificates};
    CK_RV rv = CKR_OK;
    for (size_t kind = 0; rv == CKR_OK && kind < KINDS; kind++) {
        rv = destroy_kind(reach, &estate->objects[kind], counts[kind]);
    }
    return rv;
}

CK_RV ceremony_sweep(struct reach reach, const struct key_ref *ref,
                     struct presence *destroyed)
{
    const struct ceremony_order order = {.ref = *ref};
    struct estate estate;
    CK_RV rv = survey(reach, &order, NULL, &estate);
    return rv != CKR_OK ? rv : destroy_all(reach, &estate, destroyed);
}

static enum sg_status carry_out(const struct ceremony_order *order,
                                struct ceremony_report *report, EVP_PKEY *wanted,
                                struct estate *estate)
{
    report->untouched = false;
    report->destroyed.searched = true;
    CK_RV rv = destroy_all(ceremony_reach(report), estate, &report->destroyed);
    CK_RV searched = survey(ceremony_reach(report), order, wanted, estate);
    if (searched == CKR_OK) {
        count(estate, &report->presence);
    }
    if (rv != CKR_OK || searched != CKR_OK) {
        return trouble_rv(&report->trouble, rv != CKR_OK ? rv : searched,
                          "the key '%s' was not destroyed as a whole, ask for it again",
                          order->ref.name);
    }
    return ceremony_nothing(&report->presence)
               ? SG_OK
               : trouble_config(&report->trouble,
                                "the token still shows objects of the key '%s' after it "
                                "destroyed them",
                                order->ref.name);
}

enum sg_status ceremony_destroy(const struct ceremony_order *order,
                                struct ceremony_report *report)
{
    const uint8_t *der = order->ref.spki;
    struct estate estate;
    AUTO(free_key) EVP_PKEY *wanted = NULL;
    if (order->ref.spki_len > 0) {
        wanted = d2i_PUBKEY(NULL, &der, (long)order->ref.spki_len);
        ERR_clear_error();
        if (wanted == NULL || der != order->ref.spki + order->ref.spki_len) {
            return trouble_config(&report->trouble,
                                  "the public key of the key to be destroyed cannot be "
                                  "read: nothing was touched");
        }
    }
    CK_RV rv = survey(ceremony_reach(report), order, wanted, &estate);
    if (rv != CKR_OK) {
        return trouble_rv(&report->trouble, rv,
                          "the token cannot be searched: nothing was touched");
    }
    count(&estate, &report->presence);
    TRY(check(order, report, &estate));
    return carry_out(order, report, wanted, &estate);
}
