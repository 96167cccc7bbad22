#include "hsm/token/object.h"

#include <stdio.h>
#include <string.h>

CK_RV object_bytes(struct object object, CK_ATTRIBUTE_TYPE type, void *out, size_t *len)
{
    CK_ATTRIBUTE attribute = {type, out, *len};
    CK_RV rv = object.reach.fn->C_GetAttributeValue(object.reach.session, object.handle,
                                                    &attribute, 1);
    if (rv == CKR_OK && attribute.ulValueLen > *len) {
        return CKR_BUFFER_TOO_SMALL; /* also CK_UNAVAILABLE_INFORMATION, all ones */
    }
    *len = rv == CKR_OK ? attribute.ulValueLen : 0;
    return rv;
}

bool object_ulong(struct object object, CK_ATTRIBUTE_TYPE type, CK_ULONG *value)
{
    size_t len = sizeof(*value);
    return object_bytes(object, type, value, &len) == CKR_OK && len == sizeof(*value);
}

bool object_bool(struct object object, CK_ATTRIBUTE_TYPE type, bool *value)
{
    CK_BBOOL byte = CK_FALSE;
    size_t len = sizeof(byte);
    bool told = object_bytes(object, type, &byte, &len) == CKR_OK && len == sizeof(byte);
    *value = told && byte != CK_FALSE;
    return told;
}

void object_text(struct object object, CK_ATTRIBUTE_TYPE type, char *out, size_t cap)
{
    size_t len = cap - 1;
    if (object_bytes(object, type, out, &len) != CKR_OK) {
        len = 0;
    }
    for (size_t i = 0; i < len; i++) {
        if (out[i] < 0x20 || out[i] == 0x7f) {
            out[i] = '?';
        }
    }
    out[len] = '\0';
}

/* As modules write that nothing was set: bytes of one kind, or none. */
static bool is_blank(const uint8_t *bytes, size_t len)
{
    static const uint8_t kinds[] = {0x00, ' ', '0'};

    for (size_t i = 0; i < SG_COUNT(kinds); i++) {
        size_t at = 0;
        while (at < len && bytes[at] == kinds[i]) {
            at++;
        }
        if (at == len) {
            return true;
        }
    }
    return false;
}

/* The module says that the key has none, or does not know what that is. */
static bool is_unset(CK_RV rv, CK_ULONG len)
{
    return rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE ||
           (rv == CKR_OK && (len == CK_UNAVAILABLE_INFORMATION || len == 0));
}

/* What is there and is no date, or cannot be read, is not the same as none: somebody may
 * have wanted an end. */
bool object_date(struct object object, CK_ATTRIBUTE_TYPE type, char out[9])
{
    uint8_t bytes[16] = {0}; /* a date has eight; a blank may be longer */
    CK_ATTRIBUTE attribute = {type, bytes, sizeof(bytes)};
    CK_RV rv = object.reach.fn->C_GetAttributeValue(object.reach.session, object.handle,
                                                    &attribute, 1);
    size_t len = attribute.ulValueLen;
    bool here = rv == CKR_OK && len <= sizeof(bytes);

    if (is_unset(rv, len) || (here && is_blank(bytes, len))) {
        out[0] = '\0';
        return true;
    }
    (void)snprintf(out, 9, "%.*s", here && len == 8 ? 8 : 0, (const char *)bytes);
    if (strspn(out, "0123456789") != 8) {
        (void)snprintf(out, 9, OBJECT_NO_DATE);
    }
    return rv == CKR_OK || rv == CKR_BUFFER_TOO_SMALL;
}

static const CK_ATTRIBUTE_TYPE FLAGS[KEY_ATTRIBUTE_COUNT] = {
#define ATTRIBUTE(name, type, text) type,
#include "hsm/token/attribute.def"
#undef ATTRIBUTE
};

void object_facts(struct object object, struct key *key)
{
    key->attributes = 0;
    key->known = 0;
    for (unsigned i = 0; i < KEY_ATTRIBUTE_COUNT; i++) {
        bool value = false;
        if (object_bool(object, FLAGS[i], &value)) {
            key->known |= 1U << i;
            key->attributes |= value ? 1U << i : 0;
        }
    }
    size_t len = sizeof(key->allowed);
    if (object_bytes(object, CKA_ALLOWED_MECHANISMS, key->allowed, &len) != CKR_OK) {
        len = 0;
    }
    key->allowed_count = len / sizeof(key->allowed[0]);
    if (!object_ulong(object, CKA_KEY_GEN_MECHANISM, &key->generation)) {
        key->generation = CK_UNAVAILABLE_INFORMATION;
    }
    object_text(object, CKA_LABEL, key->label, sizeof(key->label));
    (void)object_date(object, CKA_START_DATE, key->start_date);
    (void)object_date(object, CKA_END_DATE, key->end_date);
}
