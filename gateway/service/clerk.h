#ifndef SEGEL_GATEWAY_SERVICE_CLERK_H
#define SEGEL_GATEWAY_SERVICE_CLERK_H

#include <stdatomic.h>

#include "gateway/core/order.h"
#include "gateway/service/petitions.h"
#include "gateway/transport/grpc.h"
#include "proto/arena.h"
#include "segel/v1/policy.pb-c.h"

struct services;

/* The thread for what takes long with policies: parsing a file, running its tests,
 * comparing it with the one in force. It keeps the petitions. Neither an I/O loop nor the
 * core waits for it. */
struct clerk;

enum policy_task { POLICY_GET, POLICY_CHECK, POLICY_LOAD };

/* One call of PolicyService under way. It goes from its loop to the clerk, from there to
 * the core where something has to be recorded, and back to the loop. */
struct policy_ask {
    struct order order;        /* first; owns what order_fini frees */
    struct services *services; /* borrowed */
    struct grpc_name name;
    enum policy_task task;
    struct person person;
    char request_id[65];
    char reason[257];
    bool english;
    bool with_text;
    bool by_hash;
    uint8_t sha256[32]; /* by_hash */
    uint8_t *text;      /* owned */
    size_t text_len;

    /* The answer. */
    enum sg_status status;
    char why[512];
    struct arena arena;                     /* what the response is made in */
    struct policy *base;                    /* owned share: in force when it was asked */
    ProtobufCMessage *response;             /* in the arena */
    Segel__V1__LoadPolicyResponse *loading; /* the same, of LOAD */
};

SG_MUST_USE enum sg_status clerk_start(struct core *core, struct clerk **out,
                                       struct sg_error *why);
/* Frees what was not worked on. NULL is allowed. */
void clerk_join(struct clerk *clerk);
/* Any thread: on SG_OK the ask comes back to its reply box, marked LETTER_POLICY or, when
 * the core saw it, LETTER_ORDER. */
SG_MUST_USE enum sg_status clerk_ask(struct clerk *clerk, struct policy_ask *ask);
/* Any thread: persons or roles have changed; what waits for a second person ends. */
void clerk_void(struct clerk *clerk);

/* With all that it owns. */
void policy_ask_free(struct policy_ask *ask);

/* policy_answers.c: messages in the ask's arena; false when it is full. */
bool answer_get(struct policy_ask *ask);
/* policy: NULL, and why, when the file does not load. */
bool answer_check(struct policy_ask *ask, const struct policy *policy, const char *why);
/* petition: NULL: the policy is in force already. */
bool answer_load(struct policy_ask *ask, const struct policy *policy,
                 const struct petition *petition, bool executed);

#endif
