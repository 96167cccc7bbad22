#include <stdio.h>

#include "client/card/inside.h"

enum { FOUND_MAX = 2, VALUE_MAX = 256 };

/* RFC 8410, and the name that PKCS#11 3.0 knows it by. */
static const uint8_t oid[] = {0x06, 0x03, 0x2b, 0x65, 0x70};
static const char curve_name[] = "\x13\x0c"
                                 "edwards25519";

/* --- Looking ------------------------------------------------------------------------ */

/* class and, unless it is NULL, type, beside what the URI or the public half says. */
struct search {
    CK_OBJECT_CLASS class;
    const CK_KEY_TYPE *type;
    struct slice id;
    struct slice label;
};

static void add(CK_ATTRIBUTE *list, CK_ULONG *count, CK_ATTRIBUTE_TYPE type,
                struct slice value)
{
    if (value.len > 0) {
        list[(*count)++] = (CK_ATTRIBUTE){type, sg_unconst(value.data), value.len};
    }
}

/* How many there are: 0, 1 or 2. */
static enum sg_status find(const struct card *card, const struct search *search,
                           CK_OBJECT_HANDLE *out, CK_ULONG *count, struct sg_error *why)
{
    CK_ATTRIBUTE list[4];
    CK_ULONG len = 0;
    CK_OBJECT_HANDLE found[FOUND_MAX];

    add(list, &len, CKA_CLASS, slice_of(&search->class, sizeof(search->class)));
    if (search->type != NULL) {
        add(list, &len, CKA_KEY_TYPE, slice_of(search->type, sizeof(*search->type)));
    }
    add(list, &len, CKA_ID, search->id);
    add(list, &len, CKA_LABEL, search->label);
    *count = 0;
    CK_RV rv = card->fn->C_FindObjectsInit(card->session, list, len);
    if (rv == CKR_OK) {
        rv = card->fn->C_FindObjects(card->session, found, FOUND_MAX, count);
        (void)card->fn->C_FindObjectsFinal(card->session);
    }
    if (rv != CKR_OK) {
        return card_failed("does not list the card's keys", rv, why);
    }
    *out = *count > 0 ? found[0] : 0;
    return SG_OK;
}

static bool read(const struct card *card, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
                 uint8_t out[VALUE_MAX], size_t *len)
{
    CK_ATTRIBUTE attribute = {type, out, VALUE_MAX};

    *len = 0;
    if (card->fn->C_GetAttributeValue(card->session, object, &attribute, 1) != CKR_OK ||
        attribute.ulValueLen > VALUE_MAX) {
        return false;
    }
    *len = attribute.ulValueLen;
    return true;
}

/* --- The public half ---------------------------------------------------------------- */

static struct slice named(const struct card *card, CK_ATTRIBUTE_TYPE type)
{
    const CK_ATTRIBUTE *given = p11_kit_uri_get_attribute(card->uri, type);

    return given == NULL ? slice_of(NULL, 0) : slice_of(given->pValue, given->ulValueLen);
}

/* A key of that name that is no Edwards key gets its own sentence. */
static enum sg_status not_there(const struct card *card, const struct search *search,
                                struct sg_error *why)
{
    struct search any = *search;
    CK_OBJECT_HANDLE object = 0;
    CK_ULONG count = 0;

    any.type = NULL;
    TRY(find(card, &any, &object, &count, why));
    return count > 0
               ? sg_fail(why, SG_UNSUPPORTED,
                         "the key that the URI names on token '%s' is no Ed25519 key: "
                         "approvals are Ed25519 signatures, as every reader of the log "
                         "can verify them; keep one in a file if the card makes none "
                         "('segel officer key --out')",
                         card->token)
               : sg_fail(why, SG_NOT_FOUND,
                         "token '%s' shows no key that the URI names; its public half "
                         "must be readable without a PIN",
                         card->token);
}

/* The 32 bytes alone, or as OCTET STRING or BIT STRING. */
static bool unwrap(struct slice value, uint8_t out[NOTE_KEY_SIZE])
{
    static const struct {
        uint8_t head[3];
        size_t len;
    } forms[] = {{{0}, 0}, {{0x04, 0x20}, 2}, {{0x03, 0x21, 0x00}, 3}};

    for (size_t i = 0; i < SG_COUNT(forms); i++) {
        if (value.len == forms[i].len + NOTE_KEY_SIZE &&
            memcmp(value.data, forms[i].head, forms[i].len) == 0) {
            memcpy(out, value.data + forms[i].len, NOTE_KEY_SIZE);
            return true;
        }
    }
    return false;
}

static bool is_ed25519(struct slice curve)
{
    return slice_equal(curve, slice_of(oid, sizeof(oid))) ||
           slice_equal(curve, slice_of(curve_name, sizeof(curve_name) - 1));
}

static enum sg_status take(struct card *card, CK_OBJECT_HANDLE object,
                           struct sg_error *why)
{
    uint8_t value[VALUE_MAX];
    size_t len = 0;

    bool good = read(card, object, CKA_EC_PARAMS, value, &len) &&
                is_ed25519(slice_of(value, len)) &&
                read(card, object, CKA_EC_POINT, value, &len) &&
                unwrap(slice_of(value, len), card->public_key);
    if (!good) {
        return sg_fail(why, SG_UNSUPPORTED,
                       "token '%s' does not tell the public half of the key as an "
                       "Ed25519 key",
                       card->token);
    }
    if (read(card, object, CKA_ID, value, &len) && len <= sizeof(card->id)) {
        memcpy(card->id, value, len);
        card->id_len = len;
    }
    if (read(card, object, CKA_LABEL, value, &len) && len < sizeof(card->label)) {
        memcpy(card->label, value, len);
    }
    return SG_OK;
}

static enum sg_status check_mechanism(const struct card *card, struct sg_error *why)
{
    CK_MECHANISM_INFO info = {0};

    return card->fn->C_GetMechanismInfo(card->slot, CKM_EDDSA, &info) == CKR_OK &&
                   (info.flags & CKF_SIGN) != 0
               ? SG_OK
               : sg_fail(why, SG_UNSUPPORTED,
                         "token '%s' makes no Ed25519 signatures (CKM_EDDSA), which "
                         "approvals are: use another card, or a key in a file ('segel "
                         "officer key --out')",
                         card->token);
}

enum sg_status card_find_key(struct card *card, struct sg_error *why)
{
    static const CK_KEY_TYPE edwards = CKK_EC_EDWARDS;
    const struct search search = {.class = CKO_PUBLIC_KEY,
                                  .type = &edwards,
                                  .id = named(card, CKA_ID),
                                  .label = named(card, CKA_LABEL)};
    CK_OBJECT_HANDLE object = 0;
    CK_ULONG count = 0;

    TRY(check_mechanism(card, why));
    TRY(find(card, &search, &object, &count, why));
    if (count == 0) {
        return not_there(card, &search, why);
    }
    if (count > 1) {
        return sg_fail(why, SG_CONFLICT,
                       "token '%s' has several such keys: add object=… or id=%%… to the "
                       "URI",
                       card->token);
    }
    return take(card, object, why);
}

/* --- The private half --------------------------------------------------------------- */

enum sg_status card_find_private(const struct card *card, CK_OBJECT_HANDLE *out,
                                 bool *each_time, struct sg_error *why)
{
    static const CK_KEY_TYPE edwards = CKK_EC_EDWARDS;
    const struct slice none = {.len = 0};
    const struct slice label = slice_str(card->label);
    const struct search search = {.class = CKO_PRIVATE_KEY,
                                  .type = &edwards,
                                  .id = slice_of(card->id, card->id_len),
                                  .label = card->id_len > 0 ? none : label};
    uint8_t value[VALUE_MAX];
    CK_ULONG count = 0;
    size_t len = 0;

    TRY(find(card, &search, out, &count, why));
    if (count != 1) {
        return sg_fail(why, SG_NOT_FOUND,
                       "token '%s' holds %s private key to the public one", card->token,
                       count == 0 ? "no" : "more than one");
    }
    *each_time =
        read(card, *out, CKA_ALWAYS_AUTHENTICATE, value, &len) && len == 1 && value[0];
    return SG_OK;
}
