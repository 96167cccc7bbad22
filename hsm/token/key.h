#ifndef SEGEL_HSM_TOKEN_KEY_H
#define SEGEL_HSM_TOKEN_KEY_H

#include <openssl/evp.h>

#include "hsm/token/token.h"
#include "proto/slice.h"

enum key_type { KEY_NONE, KEY_RSA, KEY_EC, KEY_ED25519 };

enum {
    KEY_ID_MAX = 64,
    KEY_NAME_MAX = 64,
    KEY_SPKI_MAX = 1200, /* RSA-8192 takes 1062 */
    KEY_ALLOWED_MAX = 16,
};

/* Bits of attributes and known: 1 << KEY_ATTRIBUTE_x. */
enum key_attribute {
#define ATTRIBUTE(name, type, text) KEY_ATTRIBUTE_##name,
#include "hsm/token/attribute.def"
#undef ATTRIBUTE
    KEY_ATTRIBUTE_COUNT
};

/* Which key is wanted. */
struct key_ref {
    char name[KEY_NAME_MAX + 1];
    uint8_t id[KEY_ID_MAX];
    size_t id_len;                /* 0: any, then label is given */
    char label[KEY_NAME_MAX + 1]; /* CKA_LABEL; "": any */
    uint8_t spki[KEY_SPKI_MAX];   /* pinned public key; empty: whatever the token has */
    size_t spki_len;
};

/* A key as the token shows it. Immutable after the lane's start, so every thread may read
 * it. */
struct key {
    struct key_ref ref;
    bool usable;      /* false: code and why say what is wrong */
    const char *code; /* static: "KEY_NOT_FOUND", … */
    struct sg_error why;

    CK_OBJECT_HANDLE handle;
    enum key_type type;
    unsigned bits;     /* of the modulus or the field */
    const char *curve; /* static: "P-256", …, "Ed25519"; "" for RSA */
    size_t raw_len;    /* of what C_Sign gives */
    uint64_t rsa_e;    /* 0: not RSA, or larger than 64 bits */
    uint8_t spki[KEY_SPKI_MAX];
    size_t spki_len;

    uint32_t mechanisms; /* bits 1 << enum mechanism: in what ways it may sign */
    uint32_t attributes;
    uint32_t known;
    CK_MECHANISM_TYPE allowed[KEY_ALLOWED_MAX];
    size_t allowed_count;
    CK_MECHANISM_TYPE generation; /* CK_UNAVAILABLE_INFORMATION: unknown */
    char label[KEY_NAME_MAX + 1];
    char start_date[9]; /* as object_date tells it */
    char end_date[9];
};

/* How to reach objects: a session of the token that no other thread uses. */
struct reach {
    CK_FUNCTION_LIST *fn;
    CK_SESSION_HANDLE session;
};

/* Objects of this class whose CKA_ID and CKA_LABEL are those of the reference, where it
 * names them; of very many the first. */
struct key_handles {
    CK_OBJECT_HANDLE list[16];
    size_t count;
};
CK_RV key_list(struct reach reach, CK_OBJECT_CLASS class, const struct key_ref *ref,
               struct key_handles *out);
/* By CKA_ID alone. *count is 0, 1, or 2 for "more than one"; *handle is the first. */
CK_RV key_find(struct reach reach, CK_OBJECT_CLASS class, struct slice id,
               CK_OBJECT_HANDLE *handle, unsigned *count);

/* Finds the key by its CKA_ID or CKA_LABEL, reads what the token tells of it and compares
 * its public key with the pinned one. A key that is missing, ambiguous, other than pinned
 * or of no use to us is no failure: key->usable is false then. What fails is the token. A
 * key that was named by its label alone is named in key->ref by its CKA_ID too: it is
 * that one from now on. */
SG_MUST_USE enum sg_status key_load(struct reach reach, const struct key_ref *ref,
                                    struct key *key, struct trouble *trouble);

/* Says why the key is of no use: a stable code, and what follows "key 'name' ...". */
void key_useless(struct key *key, const char *code, const char *what);

/* "rsa", "ec", "ed25519", or "". */
const char *key_type_name(enum key_type type);
const char *key_attribute_name(enum key_attribute attribute);
/* "rsa-2048", "p-256", "ed25519": as the command line names kinds of keys. */
void key_kind(const struct key *key, char out[16]);

#endif
