#ifndef SEGEL_GATEWAY_CORE_KEY_H
#define SEGEL_GATEWAY_CORE_KEY_H

#include "gateway/cert/cert.h"
#include "gateway/cms/cms.h"
#include "gateway/config.h"
#include "gateway/core/lane.h"
#include "gateway/policy/policy.h"

/* A key that callers can name: its certificate, what the token says of it, the verdicts
 * that depend on it alone, and the CMS templates. Immutable after loading: any thread. */
struct key {
    const struct config_key *config; /* borrowed */
    struct cert *cert;               /* owned */
    uint8_t spki_sha256[32];
    size_t lane;       /* index of the lane that holds it */
    uint32_t position; /* of the key in that lane */
    bool usable;       /* the token can sign with it */
    char why[256];     /* when not: one sentence */
    bool hardware;
    struct policy_key *bound; /* owned */
    /* owned; NULL where the gateway does not serve the profile */
    struct cms_template *templates[SG_PROFILE_COUNT][SG_HASH_COUNT];
    char algorithms[SG_SCHEME_COUNT][SG_HASH_COUNT][32]; /* "rsa-pkcs1-sha256" */
};

struct keyring {
    struct key *keys; /* owned */
    size_t count;
};

/* Reads the certificates of all configured keys: what the lanes must be told before they
 * open (the public keys to pin). SG_…: why names key and file. */
SG_MUST_USE enum sg_status keyring_load(const struct config *config, int64_t now_us,
                                        struct keyring *ring, struct sg_error *why);
/* Binds the keys to what the lanes answered, and to the policy. */
SG_MUST_USE enum sg_status keyring_bind(struct keyring *ring, const struct policy *policy,
                                        struct lane *const *lanes, struct sg_error *why);
void keyring_fini(struct keyring *ring);

/* NULL when there is none of that name. */
const struct key *keyring_find(const struct keyring *ring, struct slice name);

#endif
