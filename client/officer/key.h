#ifndef SEGEL_CLIENT_OFFICER_KEY_H
#define SEGEL_CLIENT_OFFICER_KEY_H

#include <openssl/evp.h>

#include "client/officer/passphrase.h"
#include "proto/tlog/note.h"

/* A person's Ed25519 key in a file: a first line with the verifier key's name, then
 * PKCS#8 in PEM form under a passphrase (RFC 5958; scrypt and AES-256). */
struct officer_key {
    EVP_PKEY *pair; /* owned */
    struct note_key verifier;
};
void officer_key_fini(struct officer_key *key);

/* Makes one and writes it, mode 0600, never over another file. SG_INVALID: the name.
 * SG_CONFLICT: the file is there. SG_IO. */
SG_MUST_USE enum sg_status officer_key_make(const char *name, const char *path,
                                            const struct passphrase *passphrase,
                                            struct officer_key *out,
                                            struct sg_error *why);
/* Whether the file looks like one, before anybody is asked for a passphrase; name may be
 * NULL. SG_IO, SG_INVALID: others may read it, or it is another kind of file. */
SG_MUST_USE enum sg_status
officer_key_look(const char *path, char name[NOTE_NAME_MAX + 1], struct sg_error *why);
/* SG_DENIED: the passphrase is wrong. */
SG_MUST_USE enum sg_status officer_key_load(const char *path,
                                            const struct passphrase *passphrase,
                                            struct officer_key *out,
                                            struct sg_error *why);
/* The note of this text with the one signature of the key; out has room for cap bytes. */
SG_MUST_USE enum sg_status officer_key_sign(const struct officer_key *key,
                                            struct slice text, char *out, size_t cap,
                                            struct slice *note);

#endif
