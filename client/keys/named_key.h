#ifndef SEGEL_CLIENT_KEYS_NAMED_KEY_H
#define SEGEL_CLIENT_KEYS_NAMED_KEY_H

#include <openssl/pem.h>

#include "proto/base.h"
#include "proto/slice.h"
#include "proto/tlog/note.h"

/* An Ed25519 key of a person or a service, in a file of its own (key_file.h): PKCS#8 in
 * PEM form below one line with the key's name, which every reader of PEM skips. Name and
 * key belong together, because what is signed need not hold the name. */
struct named_key {
    EVP_PKEY *pair; /* owned */
    struct note_key verifier;
};
void named_key_fini(struct named_key *key);

/* What one kind of such keys has of its own. */
struct key_form {
    enum note_kind kind;
    const char *head;    /* the first line, up to the name */
    const char *called;  /* what such a key is called in a sentence */
    const char *maker;   /* the command that makes one */
    const char *example; /* a name */
    bool (*write)(BIO *out, EVP_PKEY *pair, const void *secret);
    pem_password_cb *passphrase; /* told from its last argument, the secret */
    const void *secret;          /* borrowed */
    enum sg_status closed;       /* the PEM text gives no key: status and reason */
    const char *closed_why;
};

/* Makes one and writes it. SG_INVALID: the name. Others as key_file_make. */
SG_MUST_USE enum sg_status named_key_make(const struct key_form *form, const char *name,
                                          const char *path, struct named_key *out,
                                          struct sg_error *why);
/* Whether the file looks like one; needs no secret. SG_INVALID: another kind of file.
 * Others as key_file_read. */
SG_MUST_USE enum sg_status named_key_look(const struct key_form *form, const char *path,
                                          struct sg_error *why);
/* As named_key_look, or form->closed. */
SG_MUST_USE enum sg_status named_key_load(const struct key_form *form, const char *path,
                                          struct named_key *out, struct sg_error *why);
/* The signature is verified before it is given out. SG_INTERNAL: OpenSSL failed. */
SG_MUST_USE enum sg_status named_key_sign(const struct named_key *key, struct slice text,
                                          uint8_t signature[NOTE_ED25519_SIZE]);

#endif
