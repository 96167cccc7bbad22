#include "tests/fuzz/support/seal.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "tests/fuzz/support/fuzz.h"

enum { SECRET_LEN = 32, SIGNATURE_LEN = 64, US_PER_S = 1000000, YEAR_S = 31536000 };

struct named {
    const char *name;
    long serial;
    int extension; /* NID of the one extension */
    const char *value;
};

static EVP_PKEY *key_of(enum seal_hand hand)
{
    static const char *const words[] = {"anchor", "responder", "stranger"};
    static EVP_PKEY *keys[SG_COUNT(words)];
    uint8_t secret[SECRET_LEN];

    if (keys[hand] == NULL) {
        MUST(EVP_Digest(words[hand], strlen(words[hand]), secret, NULL, EVP_sha256(),
                        NULL) == 1);
        keys[hand] =
            EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, SECRET_LEN);
        MUST(keys[hand] != NULL);
    }
    return keys[hand];
}

static void set_name(X509_NAME *name, const char *text)
{
    MUST(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                    (const unsigned char *)text, -1, -1, 0) == 1);
}

static X509 *make(const struct named *named, enum seal_hand hand)
{
    X509 *made = X509_new();
    time_t now = (time_t)(SEAL_NOW_US / US_PER_S);

    MUST(made != NULL && X509_set_version(made, 2) == 1 &&
         ASN1_INTEGER_set(X509_get_serialNumber(made), named->serial) == 1);
    set_name(X509_get_subject_name(made), named->name);
    set_name(X509_get_issuer_name(made), "Anchor");
    MUST(ASN1_TIME_set(X509_getm_notBefore(made), now - YEAR_S) != NULL &&
         ASN1_TIME_set(X509_getm_notAfter(made), now + 20L * YEAR_S) != NULL &&
         X509_set_pubkey(made, key_of(hand)) == 1);
    X509_EXTENSION *extension =
        X509V3_EXT_conf_nid(NULL, NULL, named->extension, named->value);
    MUST(extension != NULL && X509_add_ext(made, extension, -1) == 1);
    X509_EXTENSION_free(extension);
    MUST(X509_sign(made, key_of(SEAL_CA), NULL) > 0);
    return made;
}

X509 *seal_ca(void)
{
    static const struct named named = {"Anchor", 1, NID_basic_constraints,
                                       "critical,CA:TRUE"};
    static X509 *made;

    made = made == NULL ? make(&named, SEAL_CA) : made;
    return made;
}

X509 *seal_subject(void)
{
    static const struct named named = {"Seal", 77, NID_key_usage,
                                       "critical,digitalSignature"};
    static X509 *made;

    made = made == NULL ? make(&named, SEAL_STRANGER) : made;
    return made;
}

X509 *seal_responder(void)
{
    static const struct named named = {"Responder", 78, NID_ext_key_usage, "OCSPSigning"};
    static X509 *made;

    made = made == NULL ? make(&named, SEAL_RESPONDER) : made;
    return made;
}

size_t seal_header(uint8_t *out, uint8_t tag, size_t len)
{
    size_t at = 0;

    MUST(len <= UINT16_MAX);
    out[at++] = tag;
    if (len >= 0x100) {
        out[at++] = 0x82;
        out[at++] = (uint8_t)(len >> 8);
    } else if (len >= 0x80) {
        out[at++] = 0x81;
    }
    out[at++] = (uint8_t)len;
    return at;
}

static void sign(struct slice part, enum seal_hand hand, uint8_t *out)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t len = SIGNATURE_LEN;

    MUST(context != NULL &&
         EVP_DigestSignInit(context, NULL, NULL, NULL, key_of(hand)) == 1 &&
         EVP_DigestSign(context, out, &len, part.data, part.len) == 1);
    EVP_MD_CTX_free(context);
}

size_t seal(const struct seal_parts *parts, enum seal_hand hand, uint8_t *out)
{
    /* AlgorithmIdentifier of Ed25519 (RFC 8410), then a BIT STRING of 64 bytes. */
    static const uint8_t middle[] = {0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 65, 0};
    struct slice part = parts->part;
    struct slice rest = parts->rest;
    size_t len = part.len + sizeof(middle) + SIGNATURE_LEN + rest.len;

    if (len > SEAL_MAX - 64) {
        return 0;
    }
    size_t at = seal_header(out, 0x30, len);
    memcpy(out + at, part.data, part.len);
    at += part.len;
    memcpy(out + at, middle, sizeof(middle));
    at += sizeof(middle);
    sign(part, hand, out + at);
    at += SIGNATURE_LEN;
    if (rest.len > 0) {
        memcpy(out + at, rest.data, rest.len);
    }
    return at + rest.len;
}

const struct status_link *seal_link(void)
{
    static struct status_link link;

    if (link.subject == NULL) {
        link = (struct status_link){seal_subject(), seal_ca(), sk_X509_new_null(),
                                    X509_STORE_new()};
        MUST(link.untrusted != NULL && link.anchors != NULL &&
             X509_STORE_add_cert(link.anchors, link.issuer) == 1);
    }
    return &link;
}
