#include "hsm/token/key.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "hsm/token/object.h"
#include "proto/text.h"

static void free_key(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

const char *key_type_name(enum key_type type)
{
    static const char *const names[] = {"", "rsa", "ec", "ed25519"};
    return (size_t)type < SG_COUNT(names) ? names[type] : "";
}

const char *key_attribute_name(enum key_attribute attribute)
{
    static const char *const names[] = {
#define ATTRIBUTE(name, type, text) text,
#include "hsm/token/attribute.def"
#undef ATTRIBUTE
    };
    return (size_t)attribute < SG_COUNT(names) ? names[attribute] : "";
}

void key_kind(const struct key *key, char out[16])
{
    if (key->type == KEY_RSA || key->type == KEY_EC) {
        const char *family = key->type == KEY_RSA ? "rsa" : "p";
        (void)snprintf(out, 16, "%s-%u", family, key->bits);
        return;
    }
    (void)snprintf(out, 16, "%s", key_type_name(key->type));
}

/* An empty value would not mean "any" but "without". */
static void add(CK_ATTRIBUTE *filter, CK_ULONG *n, CK_ATTRIBUTE_TYPE type,
                struct slice value)
{
    if (value.len > 0) {
        filter[*n] = (CK_ATTRIBUTE){type, sg_unconst(value.data), value.len};
        (*n)++;
    }
}

CK_RV key_list(struct reach reach, CK_OBJECT_CLASS class, const struct key_ref *ref,
               struct key_handles *out)
{
    CK_ATTRIBUTE filter[3] = {{CKA_CLASS, &class, sizeof(class)}};
    CK_ULONG named = 1;
    CK_ULONG n = 0;
    add(filter, &named, CKA_ID, slice_of(ref->id, ref->id_len));
    add(filter, &named, CKA_LABEL, slice_str(ref->label));
    MUST(named > 1);
    *out = (struct key_handles){.count = 0};
    CK_RV rv = reach.fn->C_FindObjectsInit(reach.session, filter, named);
    if (rv != CKR_OK) {
        return rv;
    }
    rv = reach.fn->C_FindObjects(reach.session, out->list, SG_COUNT(out->list), &n);
    CK_RV end = reach.fn->C_FindObjectsFinal(reach.session);
    out->count = n > SG_COUNT(out->list) ? SG_COUNT(out->list) : n;
    return rv != CKR_OK ? rv : end;
}

/* *count is 0, 1, or 2 for "more than one"; *handle is the first. */
static CK_RV key_search(struct reach reach, CK_OBJECT_CLASS class,
                        const struct key_ref *ref, CK_OBJECT_HANDLE *handle,
                        unsigned *count)
{
    struct key_handles found;
    CK_RV rv = key_list(reach, class, ref, &found);
    *handle = found.list[0];
    *count = found.count > 2 ? 2 : (unsigned)found.count;
    return rv;
}

CK_RV key_find(struct reach reach, CK_OBJECT_CLASS class, struct slice id,
               CK_OBJECT_HANDLE *handle, unsigned *count)
{
    struct key_ref ref = {.id_len = id.len};
    MUST(id.len > 0 && id.len <= sizeof(ref.id));
    memcpy(ref.id, id.data, id.len);
    return key_search(reach, class, &ref, handle, count);
}

void key_useless(struct key *key, const char *code, const char *what)
{
    const struct key_ref *ref = &key->ref;
    char id[2 * KEY_ID_MAX + 1];
    text_hex(slice_of(ref->id, ref->id_len), id);
    key->usable = false;
    key->code = code;
    (void)snprintf(key->why.text, sizeof(key->why.text), "key '%s' (%s%s%s%s%s%s) %s",
                   ref->name, ref->id_len > 0 ? "CKA_ID " : "", id,
                   ref->id_len > 0 && ref->label[0] != '\0' ? ", " : "",
                   ref->label[0] != '\0' ? "CKA_LABEL '" : "", ref->label,
                   ref->label[0] != '\0' ? "'" : "", what);
}

/* Not a failure of the lane. */
static enum sg_status useless(struct key *key, const char *code, const char *what)
{
    key_useless(key, code, what);
    return SG_OK;
}

static enum sg_status take_public(struct key *key, EVP_PKEY *public)
{
    uint8_t *der = NULL;
    int len = i2d_PUBKEY(public, &der);
    bool fits = len > 0 && len <= KEY_SPKI_MAX;
    if (fits) {
        memcpy(key->spki, der, (size_t)len);
        key->spki_len = (size_t)len;
    }
    OPENSSL_free(der);
    return fits ? SG_OK : SG_UNSUPPORTED;
}

/* The pinned key wins where it is the same key: its bytes are those of the certificate.
 */
static enum sg_status compare_pinned(struct key *key, EVP_PKEY *public)
{
    const uint8_t *der = key->ref.spki;
    AUTO(free_key) EVP_PKEY *pinned = d2i_PUBKEY(NULL, &der, (long)key->ref.spki_len);
    bool same = pinned != NULL && der == key->ref.spki + key->ref.spki_len &&
                EVP_PKEY_eq(pinned, public) == 1;
    ERR_clear_error();
    if (!same) {
        return useless(
            key, "KEY_CERT_MISMATCH",
            "is not the key of its certificate: the token's public key differs "
            "from the pinned one");
    }
    memcpy(key->spki, key->ref.spki, key->ref.spki_len);
    key->spki_len = key->ref.spki_len;
    return SG_OK;
}

/* SoftHSM 2.6.1 cannot give back the dates of a private object (it answers
 * CKR_GENERAL_ERROR); the public one has the same. Where that has none, the one that
 * cannot be read may still be an end. */
static void date_from_public(struct object private, struct object public,
                             CK_ATTRIBUTE_TYPE type, char date[9])
{
    char same[9] = "";

    if (date[0] != '\0' && object_date(private, type, date)) {
        return;
    }
    (void)object_date(public, type, same);
    if (same[0] != '\0') {
        memcpy(date, same, sizeof(same));
    }
}

static enum sg_status load_public(struct reach reach, struct key *key,
                                  struct trouble *trouble)
{
    struct object object = {reach, key->handle};
    struct key_ref same = key->ref;
    CK_OBJECT_HANDLE handle = 0;
    unsigned count = 0;
    if (same.id_len > 0) {
        same.label[0] = '\0'; /* the id makes them a pair; labels may differ */
    }
    CK_RV rv = key_search(reach, CKO_PUBLIC_KEY, &same, &handle, &count);
    if (rv != CKR_OK) {
        return trouble_rv(trouble, rv, "the token cannot be searched");
    }
    if (count > 1) {
        return useless(key, "KEY_AMBIGUOUS", "has more than one public object");
    }
    if (count == 1) {
        const struct object private = object;
        object.handle = handle; /* an RSA private object carries both numbers too */
        date_from_public(private, object, CKA_START_DATE, key->start_date);
        date_from_public(private, object, CKA_END_DATE, key->end_date);
    }
    AUTO(free_key) EVP_PKEY *public = NULL;
    enum sg_status status = object_public_key(object, key, &public);
    if (status != SG_OK) {
        ERR_clear_error();
        return status == SG_NOT_FOUND
                   ? useless(key, "KEY_PUBLIC_MISSING",
                             "has no public object: its public key cannot be compared")
                   : useless(key, "KEY_TYPE_UNSUPPORTED",
                             "shows no public key that can be used: RSA, P-256, P-384, "
                             "P-521 or Ed25519");
    }
    if (take_public(key, public) != SG_OK) {
        return useless(key, "KEY_TYPE_UNSUPPORTED", "is too large");
    }
    key->usable = true;
    return key->ref.spki_len == 0 ? SG_OK : compare_pinned(key, public);
}

static void learn_id(struct object object, struct key_ref *ref)
{
    size_t len = sizeof(ref->id);
    if (ref->id_len == 0 && object_bytes(object, CKA_ID, ref->id, &len) == CKR_OK) {
        ref->id_len = len;
    }
}

enum sg_status key_load(struct reach reach, const struct key_ref *ref, struct key *key,
                        struct trouble *trouble)
{
    unsigned count = 0;
    *key = (struct key){
        .ref = *ref, .code = "", .curve = "", .generation = CK_UNAVAILABLE_INFORMATION};
    CK_RV rv = key_search(reach, CKO_PRIVATE_KEY, ref, &key->handle, &count);
    if (rv != CKR_OK) {
        return trouble_rv(trouble, rv, "the token cannot be searched for key '%s'",
                          ref->name);
    }
    if (count == 0) {
        return useless(key, "KEY_NOT_FOUND", "is not on the token");
    }
    if (count > 1) {
        return useless(key, "KEY_AMBIGUOUS", "is on the token more than once");
    }
    struct object object = {reach, key->handle};
    bool every_time = false;
    learn_id(object, &key->ref);
    if (object_bool(object, CKA_ALWAYS_AUTHENTICATE, &every_time) && every_time) {
        return useless(key, "KEY_ALWAYS_AUTHENTICATE",
                       "wants the PIN for every signature (CKA_ALWAYS_AUTHENTICATE); "
                       "make a key without that");
    }
    object_facts(object, key);
    return load_public(reach, key, trouble);
}
