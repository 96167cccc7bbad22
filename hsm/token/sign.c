#include "hsm/token/sign.h"

#include <string.h>

struct hash_row {
    const char *prefix;
    size_t prefix_len;
    CK_MECHANISM_TYPE ckm;
    CK_RSA_PKCS_MGF_TYPE mgf;
    const EVP_MD *(*md)(void);
};

static const struct hash_row HASHES[SG_HASH_COUNT] = {
#define HASH(name, ckm, mgf, md, prefix)                                                 \
    [SG_HASH_##name] = {prefix, sizeof(prefix) - 1, ckm, mgf, md},
#include "hsm/token/hash.def"
#undef HASH
};

enum { DIGEST_INFO_MAX = 19 + SG_HASH_MAX, PKCS1_PADDING = 11 };

const EVP_MD *sign_md(enum sg_hash hash)
{
    return hash > SG_HASH_NONE && hash < SG_HASH_COUNT ? HASHES[hash].md() : NULL;
}

static bool modulus_has_room(const struct key *key, const struct wanted *wanted)
{
    size_t hash_len = sg_hash_len(wanted->hash);
    if (wanted->mechanism == MECHANISM_RSA_PSS) {
        return key->raw_len >= 2 * hash_len + 2; /* salt as long as the hash */
    }
    return key->raw_len >= HASHES[wanted->hash].prefix_len + hash_len + PKCS1_PADDING;
}

bool sign_fits(const struct key *key, const struct wanted *wanted)
{
    enum key_type type = mechanism_key_type(wanted->mechanism);
    if (type == KEY_NONE || key->type != type) {
        return false;
    }
    if (wanted->mechanism == MECHANISM_EDDSA) {
        return wanted->hash == SG_HASH_NONE && wanted->input.len <= SIGN_MESSAGE_MAX;
    }
    if (wanted->hash <= SG_HASH_NONE || wanted->hash >= SG_HASH_COUNT ||
        wanted->input.len != sg_hash_len(wanted->hash)) {
        return false;
    }
    return key->type != KEY_RSA || modulus_has_room(key, wanted);
}

CK_RV sign_raw(struct reach reach, CK_OBJECT_HANDLE handle, const struct wanted *wanted,
               struct signature *raw)
{
    const struct hash_row *hash = &HASHES[wanted->hash];
    CK_RSA_PKCS_PSS_PARAMS pss = {hash->ckm, hash->mgf, wanted->input.len};
    CK_MECHANISM mechanism = {mechanism_code(wanted->mechanism), NULL, 0};
    /* Of its 4 KiB a digest takes 50 bytes: clearing it all would be most of the work
     * here. */
    uint8_t data[DIGEST_INFO_MAX + SIGN_MESSAGE_MAX] __attribute__((uninitialized));
    size_t prefix = 0;
    if (wanted->mechanism == MECHANISM_RSA_PSS) {
        mechanism.pParameter = &pss;
        mechanism.ulParameterLen = sizeof(pss);
    } else if (wanted->mechanism == MECHANISM_RSA_PKCS1) {
        prefix = hash->prefix_len;
        memcpy(data, hash->prefix, prefix);
    }
    memcpy(data + prefix, wanted->input.data, wanted->input.len);

    CK_ULONG len = sizeof(raw->data);
    CK_RV rv = reach.fn->C_SignInit(reach.session, &mechanism, handle);
    if (rv == CKR_OK) {
        rv = reach.fn->C_Sign(reach.session, data, prefix + wanted->input.len, raw->data,
                              &len);
    }
    raw->len = rv == CKR_OK ? len : 0;
    return rv;
}

/* One INTEGER of the DER: no leading zeros but the one that keeps it positive. */
static size_t put_integer(uint8_t *out, const uint8_t *number, size_t len)
{
    while (len > 1 && *number == 0) {
        number++;
        len--;
    }
    size_t sign = *number >= 0x80 ? 1 : 0;
    out[0] = 0x02;
    out[1] = (uint8_t)(len + sign);
    out[2] = 0;
    memcpy(out + 2 + sign, number, len);
    return 2 + sign + len;
}

static void encode_ecdsa(const struct signature *raw, struct signature *out)
{
    uint8_t body[160];
    size_t half = raw->len / 2;
    size_t len = put_integer(body, raw->data, half);
    len += put_integer(body + len, raw->data + half, half);
    size_t header = 0;
    out->data[header++] = 0x30;
    if (len >= 0x80) {
        out->data[header++] = 0x81;
    }
    out->data[header++] = (uint8_t)len;
    memcpy(out->data + header, body, len);
    out->len = header + len;
}

bool sign_encode(const struct key *key, const struct signature *raw,
                 struct signature *out)
{
    if (raw->len != key->raw_len) {
        return false;
    }
    if (key->type == KEY_EC) {
        encode_ecdsa(raw, out);
        return true;
    }
    memcpy(out->data, raw->data, raw->len);
    out->len = raw->len;
    return true;
}
