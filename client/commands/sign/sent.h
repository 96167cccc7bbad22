#ifndef SEGEL_CLIENT_COMMANDS_SIGN_SENT_H
#define SEGEL_CLIENT_COMMANDS_SIGN_SENT_H

#include "client/commands/sign/ask.h"
#include "client/commands/sign/extend.h"
#include "client/commands/sign/plans.h"

/* A letter of a run that was handed to libsegel, until its outcome is taken: what a
 * digest's outcome does not tell, and what the journal calls it. */
struct sign_sent {
    uint32_t number; /* of the journal */
    bool again;      /* it may have been sent before */
    bool beside;     /* its signature goes to a file of its own */
    bool raises;     /* it is to be extended: libsegel gives its bytes */
    const char *path;
    const char *output;
    const char *profile;
    struct sign_extension extension;
    const struct segel_outcome *outcome; /* owned while it is extended */
    uint8_t digest[SG_HASH_MAX];
    char texts[]; /* of path, output, profile and key */
};

/* Hands the letter in, by what the journal has of it, or says why not: a code of
 * libsegel. The outcome's user is the struct sign_sent; free() ends it. */
struct sign_way {
    struct segel_bulk *bulk;
    struct sign_plans *plans;
    struct journal *journal;
};
/* The terms of a letter as wanted, and libsegel's plan of them, which is borrowed until
 * the next one is asked for. Of a letter that the journal has: by the hash that it has
 * there. A code of libsegel. */
struct sign_wanted {
    struct sign_plan plan;
    struct segel_plan *terms;
};
int sign_plan_get(const struct sign_way *way, const struct sign_row *row,
                  const struct sign_asked *asked, struct sign_wanted *out,
                  struct segel_error *error);
int sign_send(const struct sign_way *way, const struct sign_row *row,
              const struct sign_asked *asked, struct segel_error *error);
/* Writes the signature beside; nothing where libsegel has written the letter. SG_IO. */
SG_MUST_USE enum sg_status sign_sent_write(const struct sign_sent *sent,
                                           const struct segel_outcome *outcome,
                                           struct sg_error *why);

#endif
