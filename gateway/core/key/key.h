#ifndef SEGEL_GATEWAY_CORE_KEY_KEY_H
#define SEGEL_GATEWAY_CORE_KEY_KEY_H

#include <pthread.h>
#include <stdatomic.h>

#include "gateway/cert/cert.h"
#include "gateway/cms/cms.h"
#include "gateway/config/config.h"
#include "gateway/core/lane/lane.h"
#include "gateway/policy/policy.h"
#include "gateway/status/status.h"

struct binding;

/* Where a key keeps its present binding: the core replaces it, any thread may hold on to
 * the one it found. */
struct binding_holder {
    pthread_mutex_t lock;          /* leaf; held for a pointer's time */
    struct binding *binding;       /* owned share; NULL until a lane has opened the key */
    struct status_cell status;     /* of its certificates; without the lock */
    struct cert_path path;         /* core thread: its chain, as of late */
    bool watched;                  /* core thread: its status is asked for */
    const struct key *predecessor; /* core thread; NULL: it follows none */
    _Atomic(const struct key *) heir; /* who signs in its place; NULL: it does itself */
    /* of a later configuration: see key_rules; NULL: those of the start */
    _Atomic(const struct config_key *) rules;
};

/* A key that callers can name: its certificate and the CMS templates. A slot of the
 * configuration is empty until a ceremony fills it. What a key has it gets once, and then
 * it is ready: from then on it is immutable, but for what the holder holds. Any thread;
 * of a key that is not ready nothing but config, holder and ready may be looked at. */
struct key {
    const struct config_key *config; /* borrowed */
    struct config_object object;     /* on its tokens: by configuration, or a ceremony */
    atomic_bool ready;               /* see key_ready */
    struct cert *cert;               /* owned */
    uint8_t spki_sha256[32];
    struct binding_holder *holder;      /* owned */
    const struct cert_anchors *anchors; /* borrowed from its ring */
    /* owned; NULL where the gateway does not serve the profile */
    struct cms_template *templates[SG_PROFILE_COUNT][SG_HASH_COUNT];
    char algorithms[SG_SCHEME_COUNT][SG_HASH_COUNT][32]; /* "rsa-pkcs1-sha256" */
};

/* Whether it has its certificate, and may be used as any key. Any thread. */
bool key_ready(const struct key *key);

/* The key that signs where this one is named: itself, or the last of those that took its
 * place when it was retired. Any thread. */
const struct key *key_current(const struct key *key);

/* What it may sign, as the newest configuration that was taken says:
 * allowed_classes, prohibited_classes and raw_allowed. All else of a key is in config.
 * Any thread; it lives as long as the core. */
const struct config_key *key_rules(const struct key *key);
/* Core thread. The key must be bound anew for it. NULL: those of the start again. */
void key_rule(const struct key *key, const struct config_key *rules);

/* The present binding, held until binding_give; NULL when no lane has opened the key yet.
 * Any thread. */
struct binding *key_take_binding(const struct key *key);
/* The same for the core thread, which alone replaces it: nothing is held. */
const struct binding *key_binding(const struct key *key);
/* Core thread. Takes the caller's share of the new one. */
void key_bind(const struct key *key, struct binding *binding);

struct keyring {
    struct key *keys; /* owned */
    size_t count;
    struct cert_anchors *anchors; /* owned: of all its keys, now and later */
};

/* Reads the anchors and the certificates of all keys that the configuration has: what the
 * lanes must be told before they open (the public keys to pin). Slots stay empty. SG_…:
 * why names key and file. */
SG_MUST_USE enum sg_status keyring_load(const struct config *config, int64_t now_us,
                                        struct keyring *ring, struct sg_error *why);
void keyring_fini(struct keyring *ring);
/* A part of keyring_load, to be asked again when slots were filled: SG_INVALID: two names
 * are of one key, and why has both. Before the core has the ring, or on its thread. */
SG_MUST_USE enum sg_status keyring_apart(const struct keyring *ring,
                                         struct sg_error *why);
/* Before the core has it. SG_PRECONDITION: the certificate of that key and its chain lead
 * to no anchor, and every letter with it may be refused; why says so. */
SG_MUST_USE enum sg_status keyring_trusts(const struct keyring *ring, size_t key,
                                          struct sg_error *why);

/* Whether key_fill would take the chain, now and at any later start. SG_TOO_LARGE,
 * SG_INVALID: why. */
SG_MUST_USE enum sg_status key_try(const struct key *key, struct slice chain,
                                   const struct config *config, struct sg_error *why);
/* What a ceremony has made of a slot. */
struct key_filling {
    struct slice ckaid; /* CKA_ID, 1 to CONFIG_KEY_ID_MAX bytes */
    struct slice chain; /* DER: the certificate, its issuers behind it */
};
/* Fills an empty slot, for good: it is ready on SG_OK, and as empty as before on anything
 * else. Core thread, or before there are others. */
SG_MUST_USE enum sg_status key_fill(struct key *key, const struct key_filling *from,
                                    const struct config *config, int64_t now_us,
                                    struct sg_error *why);

/* Judges what was kept of CRLs and OCSP answers for these keys, before the first job is
 * judged, and begins to fetch. *out: NULL when status.dir is not set; free it before the
 * ring. */
SG_MUST_USE enum sg_status keyring_watch(const struct keyring *ring,
                                         const struct config *config, struct status **out,
                                         struct sg_error *why);

/* On the core's thread, now and then: keys whose certificates have come since are
 * watched, too. NULL is allowed. */
void keyring_watch_more(const struct keyring *ring, struct status *status);

/* NULL when there is none of that name. */
const struct key *keyring_find(const struct keyring *ring, struct slice name);

#endif
