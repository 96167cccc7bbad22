#ifndef SEGEL_CLIENT_OFFICER_PASSPHRASE_H
#define SEGEL_CLIENT_OFFICER_PASSPHRASE_H

#include "proto/base.h"

/* A passphrase that a person types, or that comes by an open descriptor; never from the
 * command line or the environment. */
enum { PASSPHRASE_MIN = 12, PASSPHRASE_MAX = 255 };

struct passphrase {
    char text[PASSPHRASE_MAX + 2];
    size_t len;
};

/* What is asked for: sentences call it so, and name the command's option for it. */
enum passphrase_kind {
    PASSPHRASE_OF_KEY,      /* of a person's key: --passphrase-fd */
    PASSPHRASE_PIN,         /* of a token: --pin-fd */
    PASSPHRASE_HALF,        /* of such a PIN: --pin-fd */
    PASSPHRASE_HALF_TO_JOIN /* of one that is made: --halves-fd */
};

/* Asks on the terminal without echo. SG_INVALID: there is none, or too much was typed.
 * passphrase_ask: of a key. */
SG_MUST_USE enum sg_status passphrase_ask_as(enum passphrase_kind kind,
                                             const char *question, struct passphrase *out,
                                             struct sg_error *why);
SG_MUST_USE enum sg_status passphrase_ask(const char *question, struct passphrase *out,
                                          struct sg_error *why);
/* Asks twice for a new one. SG_INVALID: they differ, or it is shorter than
 * PASSPHRASE_MIN. */
SG_MUST_USE enum sg_status passphrase_ask_new(enum passphrase_kind kind,
                                              const char *question, const char *again,
                                              struct passphrase *out,
                                              struct sg_error *why);
/* The first line of what a descriptor ("3") gives. SG_INVALID. passphrase_read: of a
 * key. */
SG_MUST_USE enum sg_status passphrase_read_as(enum passphrase_kind kind,
                                              const char *descriptor,
                                              struct passphrase *out,
                                              struct sg_error *why);
SG_MUST_USE enum sg_status passphrase_read(const char *descriptor, struct passphrase *out,
                                           struct sg_error *why);
/* The same for the PIN of a token (PKCS#11: at most 255 bytes), of which nothing is known
 * but that there is one. */
SG_MUST_USE enum sg_status
passphrase_ask_pin(const char *question, struct passphrase *out, struct sg_error *why);
SG_MUST_USE enum sg_status
passphrase_read_pin(const char *descriptor, struct passphrase *out, struct sg_error *why);
/* Forgets it. For AUTO. */
void passphrase_wipe(struct passphrase *passphrase);

#endif
