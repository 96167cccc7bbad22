#ifndef SEGEL_GATEWAY_SERVICE_POLICY_PETITIONS_H
#define SEGEL_GATEWAY_SERVICE_POLICY_PETITIONS_H

#include "gateway/policy/policy.h"

/* Policies that somebody wants in force and that wait for a second person: two persons
 * send the same bytes, and one of them is a reviewer. In memory only: a restart, another
 * policy in force, another roster or half an hour ends them. One thread, no clock. */
enum {
    PETITIONS_MAX = 8,
    PETITION_VOTES_MAX = 4,
    PETITION_ID_SIZE = 32,
    PETITION_LIFE_US = 1800000000
};

/* Who asks or agrees, as its connection proves it. */
struct person {
    char name[65];       /* configured name of the caller */
    char identity[72];   /* "sha256:…" of the certificate, "uid:…" of a local user */
    uint8_t cert[32];    /* SHA-256 of the certificate; all zero when local */
    uint8_t key[32];     /* of its public key; likewise */
    uint8_t subject[32]; /* of its subject's name; likewise */
    bool reviewer;       /* else an officer */
};
const char *person_role(const struct person *person);

struct petition {
    char id[PETITION_ID_SIZE];
    struct policy *policy; /* owned share */
    uint8_t base[32];      /* SHA-256 of the policy that was in force */
    struct person asker;
    char request_id[65];
    char reason[257];
    int64_t created_us;                      /* wall clock */
    int64_t until_us;                        /* CLOCK_MONOTONIC */
    struct person votes[PETITION_VOTES_MAX]; /* of others than the asker */
    size_t vote_count;
};

/* The zero state is empty. */
struct petitions {
    struct petition *waiting[PETITIONS_MAX]; /* owned; NULL = free */
};
void petitions_fini(struct petitions *petitions);
/* All end: the roster has changed. */
void petitions_void(struct petitions *petitions);
/* Gives the share back. */
void petition_free(struct petition *petition);

/* What somebody hands in. */
struct handed_in {
    struct policy *policy; /* borrowed */
    const uint8_t *base;   /* 32 bytes: SHA-256 of the policy in force */
    const struct person *person;
    const char *request_id;
    const char *reason;
    const char *id; /* of a petition, should it become one */
    int64_t wall_us;
    int64_t now_us; /* CLOCK_MONOTONIC */
};
enum petition_state {
    PETITION_NEW,    /* nobody wanted it before */
    PETITION_VOTED,  /* one more wants it, and it is not enough */
    PETITION_KNOWN,  /* the same person said so before */
    PETITION_REACHED /* it may come in force: the petition is the caller's */
};
/* *out: borrowed until the next call, but owned when REACHED. SG_CONFLICT: the person
 * used the request_id for other bytes; SG_BUSY: too many wait; SG_NO_MEMORY. */
SG_MUST_USE enum sg_status petitions_hand_in(struct petitions *petitions,
                                             const struct handed_in *handed,
                                             enum petition_state *state,
                                             struct petition **out, struct sg_error *why);
/* The person whose vote counts: a reviewer unless the asker is one. REACHED only. */
const struct person *petition_approver(const struct petition *petition);

#endif
