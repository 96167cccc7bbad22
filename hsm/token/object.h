#ifndef SEGEL_HSM_TOKEN_OBJECT_H
#define SEGEL_HSM_TOKEN_OBJECT_H

#include "hsm/token/key.h"

/* One object of the token and its attributes. What a token says is not believed to be
 * well-formed: every length is checked against the room there is. */
struct object {
    struct reach reach;
    CK_OBJECT_HANDLE handle;
};

/* *len is the room before and the length after. Any code but CKR_OK: the module would
 * not tell, or there is not enough room. */
CK_RV object_bytes(struct object object, CK_ATTRIBUTE_TYPE type, void *out, size_t *len);

/* False when the module would not tell or tells something of another size. */
bool object_ulong(struct object object, CK_ATTRIBUTE_TYPE type, CK_ULONG *value);
bool object_bool(struct object object, CK_ATTRIBUTE_TYPE type, bool *value);
/* Printable text with a final NUL; empty when there is none. */
void object_text(struct object object, CK_ATTRIBUTE_TYPE type, char *out, size_t cap);
/* "YYYYMMDD"; empty when there is none, OBJECT_NO_DATE when what is there is none or
 * the module fails to read it, which is false. */
#define OBJECT_NO_DATE "????????"
bool object_date(struct object object, CK_ATTRIBUTE_TYPE type, char out[9]);

/* What the private object says of itself: flags, allowed mechanisms, origin, dates. */
void object_facts(struct object object, struct key *key);

/* The public key of an object that carries it, with key->type set before; fills type,
 * curve and lengths. SG_UNSUPPORTED: a kind of key we cannot use, SG_NOT_FOUND: the
 * object does not carry it. *public is owned by the caller. */
SG_MUST_USE enum sg_status object_public_key(struct object object, struct key *key,
                                             EVP_PKEY **public);

#endif
