#ifndef SEGEL_GATEWAY_LEDGER_KEYREG_H
#define SEGEL_GATEWAY_LEDGER_KEYREG_H

#include "gateway/ledger/ledger.h"
#include "proto/arena.h"

/* The register of keys: where each stands in its life, and what of it came by a ceremony
 * and not by the configuration. The writer's thread, inside of its transaction where
 * something changes: a change and its record come together or not at all. Any SG_LEDGER
 * latches. */

/* Values as in KeyState of keys.proto. REFUSED is no state of the register. */
enum key_state {
    KEY_NONE,
    KEY_GENERATED,
    KEY_CERTIFIED,
    KEY_ACCEPTED,
    KEY_ACTIVE,
    KEY_INACTIVE,
    KEY_HELD,
    KEY_RETIRED,
    KEY_COMPROMISED,
    KEY_DESTROYED,
    KEY_STATES
};
/* "generated", "accepted" and so on; "none". */
const char *key_state_name(enum key_state state);
/* It never signs again: retired, compromised, destroyed. */
bool key_state_over(enum key_state state);
/* It signs, or may be activated to: accepted, active, inactive. */
bool key_state_signs(enum key_state state);

/* Values as in ActivationMode of keys.proto. */
enum activation_mode {
    ACTIVATION_NONE,
    ACTIVATION_ONE_TIME,
    ACTIVATION_COUNT,
    ACTIVATION_WINDOW,
    ACTIVATION_MODES
};
/* "one_time", "count", "window"; "none". */
const char *activation_mode_name(enum activation_mode mode);

/* How long an ACTIVE key is open. All zero: it is not. */
struct activation {
    enum activation_mode mode;
    int64_t begun_us;
    int64_t until_us;    /* exclusive; 0 = no end by time */
    uint64_t max;        /* jobs; 0 = no bound by number */
    uint64_t used;       /* jobs whose INTENT was written */
    uint32_t idle_s;     /* longest pause between two jobs; 0 = the policy's rule alone */
    int64_t last_use_us; /* 0 = none yet */
    char grant[65];      /* id of the request that opened it */
};

enum { KEYREG_TEXT_MAX = 256, KEYREG_ID_MAX = 64 };

struct keyreg {
    char name[65];                /* for ever of this key, also when it is destroyed */
    enum key_state state;         /* NONE: no key was made, the name is free */
    enum key_state before_hold;   /* of HELD; else NONE */
    uint8_t ckaid[KEYREG_ID_MAX]; /* CKA_ID that a ceremony chose */
    size_t ckaid_len;             /* 0 = the configuration names it */
    char lane[65];                /* of the ceremony; "" = by configuration, as type */
    char type[17];                /* "rsa-3072", "p-256" */
    char backup[129];             /* which copy, and where; "" = not confirmed */
    int64_t since_us;             /* in this state */
    char predecessor[65];         /* "" = none, as successor */
    char successor[65];
    int64_t rotated_us;       /* since when it has the successor; 0 = it has none */
    int64_t overlap_until_us; /* until then it signs beside its successor; 0 = none */
    char hold_reason[KEYREG_TEXT_MAX + 1];
    struct activation activation;
    char minutes[65];                  /* of its ceremony; "" = none */
    char request[65];                  /* whose ceremony is under way; "" = none */
    char trouble[KEYREG_TEXT_MAX + 1]; /* why a ceremony broke off; "" = it did not */
    uint64_t log_index;                /* of the newest record about its state */
    uint8_t log_hash[32];
};

/* The whole row, new or instead of the one of its name. */
SG_MUST_USE enum sg_status ledger_put_key(struct ledger *ledger,
                                          const struct keyreg *key);
/* Only used and last_use_us of its activation: once a turn, behind the INTENTs. */
SG_MUST_USE enum sg_status ledger_use_key(struct ledger *ledger,
                                          const struct keyreg *key);
/* SG_NOT_FOUND. */
SG_MUST_USE enum sg_status ledger_find_key(struct ledger *ledger, const char *name,
                                           struct keyreg *out);
/* What is large: DER of SubjectPublicKeyInfo, and of the certificate with its issuers,
 * one behind the other; either may be empty. */
enum { KEYREG_SPKI_MAX = 4096, KEYREG_CHAIN_MAX = 8 * 16384 };
struct keyreg_der {
    struct slice spki;
    struct slice chain;
};
SG_MUST_USE enum sg_status ledger_put_key_der(struct ledger *ledger, const char *name,
                                              const struct keyreg_der *der);
/* In the arena. SG_NOT_FOUND; SG_NO_MEMORY: the arena is full. */
SG_MUST_USE enum sg_status ledger_find_key_der(struct ledger *ledger, const char *name,
                                               struct arena *arena,
                                               struct keyreg_der *out);

#endif
