#include "proto/tlog/public_key.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

/* The head of a SubjectPublicKeyInfo in DER, up to the key's own bytes: RFC 8410 section
 * 4, and RFC 5480 section 2 with the named curve secp256r1 and an uncompressed point. */
static const uint8_t ED25519_HEAD[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                       0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
static const uint8_t P256_HEAD[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                    0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                    0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
enum { P256_POINT_AT = sizeof(P256_HEAD) - 1, P256_POINT_LEN = 65 };
_Static_assert(P256_POINT_AT + P256_POINT_LEN == NOTE_SPKI_SIZE, "the length of a SPKI");

static void free_key(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static void free_maker(EVP_PKEY_CTX **maker)
{
    EVP_PKEY_CTX_free(*maker);
}

static void free_ctx(EVP_MD_CTX **ctx)
{
    EVP_MD_CTX_free(*ctx);
}

static EVP_PKEY *open_ed25519(const uint8_t *bytes)
{
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes, NOTE_KEY_SIZE);
}

/* The head is compared, not parsed: a key has one text, and one id. */
static EVP_PKEY *open_p256(const uint8_t *spki)
{
    static char curve[] = "prime256v1";
    uint8_t point[P256_POINT_LEN];
    EVP_PKEY *key = NULL;

    if (memcmp(spki, P256_HEAD, sizeof(P256_HEAD)) != 0) {
        return NULL;
    }
    memcpy(point, spki + P256_POINT_AT, sizeof(point));
    OSSL_PARAM parts[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, curve, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
        OSSL_PARAM_construct_end()};
    AUTO(free_maker) EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (maker == NULL || EVP_PKEY_fromdata_init(maker) != 1 ||
        EVP_PKEY_fromdata(maker, &key, EVP_PKEY_PUBLIC_KEY, parts) != 1) {
        return NULL;
    }
    return key;
}

static const struct kind {
    enum note_kind kind;
    size_t len;
    EVP_PKEY *(*open)(const uint8_t *bytes);
    const EVP_MD *(*hash)(void); /* NULL: the signature takes the bytes themselves */
} kinds[] = {
    {NOTE_ED25519, NOTE_KEY_SIZE, open_ed25519, NULL},
    {NOTE_ECDSA, NOTE_SPKI_SIZE, open_p256, EVP_sha256},
    {NOTE_COSIGNATURE, NOTE_KEY_SIZE, open_ed25519, NULL},
};

static const struct kind *find_kind(unsigned kind)
{
    for (size_t i = 0; i < SG_COUNT(kinds); i++) {
        if ((unsigned)kinds[i].kind == kind) {
            return &kinds[i];
        }
    }
    return NULL;
}

size_t public_key_len(unsigned kind)
{
    const struct kind *found = find_kind(kind);

    return found == NULL ? 0 : found->len;
}

/* What OpenSSL finds wrong is an answer, not an error of the connection that this thread
 * may serve: its queue is left as it was. */
bool public_key_valid(enum note_kind kind, const uint8_t *bytes)
{
    const struct kind *found = find_kind((unsigned)kind);

    (void)ERR_set_mark();
    AUTO(free_key) EVP_PKEY *key = found == NULL ? NULL : found->open(bytes);
    (void)ERR_pop_to_mark();
    return key != NULL;
}

static bool verify(const struct kind *kind, const struct note_key *key,
                   struct slice bytes, struct slice signature)
{
    AUTO(free_key) EVP_PKEY *opened = kind->open(key->public_key);
    AUTO(free_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    return opened != NULL && ctx != NULL &&
           EVP_DigestVerifyInit(ctx, NULL, kind->hash == NULL ? NULL : kind->hash(), NULL,
                                opened) == 1 &&
           EVP_DigestVerify(ctx, signature.data, signature.len, bytes.data, bytes.len) ==
               1;
}

bool public_key_signed(const struct note_key *key, struct slice bytes,
                       struct slice signature)
{
    const struct kind *kind = find_kind((unsigned)key->kind);

    (void)ERR_set_mark();
    bool good = kind != NULL && verify(kind, key, bytes, signature);
    (void)ERR_pop_to_mark();
    return good;
}

enum sg_status note_key_of_spki(struct slice name, struct slice spki,
                                struct note_key *key)
{
    if (spki.len == sizeof(ED25519_HEAD) + NOTE_KEY_SIZE &&
        memcmp(spki.data, ED25519_HEAD, sizeof(ED25519_HEAD)) == 0) {
        return note_key_make(name, NOTE_ED25519, spki.data + sizeof(ED25519_HEAD), key);
    }
    if (spki.len == NOTE_SPKI_SIZE && public_key_valid(NOTE_ECDSA, spki.data)) {
        return note_key_make(name, NOTE_ECDSA, spki.data, key);
    }
    return SG_UNSUPPORTED;
}
