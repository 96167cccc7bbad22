#ifndef SEGEL_CLIENT_OFFICER_KEY_H
#define SEGEL_CLIENT_OFFICER_KEY_H

#include "client/keys/named_key.h"
#include "client/officer/passphrase.h"

/* A person's key: under a passphrase (RFC 5958; scrypt and AES-256). */

/* As named_key_make. */
SG_MUST_USE enum sg_status officer_key_make(const char *name, const char *path,
                                            const struct passphrase *passphrase,
                                            struct named_key *out, struct sg_error *why);
/* As named_key_look: before anybody is asked for a passphrase. */
SG_MUST_USE enum sg_status officer_key_look(const char *path, struct sg_error *why);
/* As named_key_load. SG_DENIED: the passphrase is wrong. */
SG_MUST_USE enum sg_status officer_key_load(const char *path,
                                            const struct passphrase *passphrase,
                                            struct named_key *out, struct sg_error *why);
/* The note of this text with the one signature of the key; out has room for cap bytes. */
SG_MUST_USE enum sg_status officer_key_sign(const struct named_key *key,
                                            struct slice text, char *out, size_t cap,
                                            struct slice *note);

#endif
