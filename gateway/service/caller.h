#ifndef SEGEL_GATEWAY_SERVICE_CALLER_H
#define SEGEL_GATEWAY_SERVICE_CALLER_H

#include "gateway/cert/cert.h"
#include "gateway/config.h"
#include "gateway/transport/server.h"

/* Who calls: one for each client certificate, or user of this machine, that was ever let
 * in, and for each network that it came from. */
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
    struct caller *next;
};

void *caller_identify(void *services, const struct peer *peer, struct sg_error *why);
/* The same for all certificates of a caller. */
const void *caller_identity(const void *caller);
bool caller_has_role(const struct caller *caller, enum config_role role);
bool caller_entitled(const struct caller *caller, const char *key);

#endif
