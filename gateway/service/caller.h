#ifndef SEGEL_GATEWAY_SERVICE_CALLER_H
#define SEGEL_GATEWAY_SERVICE_CALLER_H

#include <stdatomic.h>

#include "gateway/cert/cert.h"
#include "gateway/config/config.h"
#include "gateway/transport/server.h"

/* Who calls: one for each client certificate, or user of this machine, that is let in,
 * and for each network that it comes from. What nobody uses any more goes when there is
 * another one to remember: certificates may be short-lived, and the gateway is not. */
struct caller {
    const struct config_caller *config; /* of the start: its name and place in the core */
    const struct config_caller *rights; /* of its roll: what it may do */
    uint8_t fingerprint[32];
    char fingerprint_text[7 + 64 + 1]; /* "sha256:…"; "uid:…" of a local one */
    struct cert_marks marks;           /* of its certificate */
    int64_t uid;                       /* of a local one, else JOB_REMOTE */
    const char *network; /* that it connects from, by its roll; NULL: none of those */
    struct slice *keys;  /* owned: the config's words as slices */
    struct slice roles[4];
    size_t role_count;
    atomic_uint uses; /* by connections, and by what outlives them */
    struct caller *next;
};

/* For the transport: one use of it. */
void *caller_identify(void *services, const struct peer *peer, struct sg_error *why);
void caller_release(void *caller);
/* One more use of one that is in use: for whoever needs it longer than its call. */
struct caller *caller_hold(struct caller *caller);
void caller_free(struct caller *caller); /* for roll.c */
/* The same for all certificates of a caller. */
const void *caller_identity(const void *caller);
bool caller_has_role(const struct caller *caller, enum config_role role);
bool caller_entitled(const struct caller *caller, const char *key);

#endif
