#ifndef SEGEL_GATEWAY_SERVICE_POLICY_ASK_H
#define SEGEL_GATEWAY_SERVICE_POLICY_ASK_H

#include "gateway/core/officers/order.h"
#include "gateway/service/policy/petitions.h"
#include "gateway/transport/grpc.h"
#include "proto/arena.h"
#include "segel/v1/policy.pb-c.h"

struct services;
struct asked;
struct clerk;

enum policy_task { POLICY_GET, POLICY_LIST, POLICY_EXPLAIN, POLICY_CHECK, POLICY_LOAD };

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
    char rule[65];      /* of EXPLAIN: its id */
    uint64_t below;     /* of LIST: the page behind this row; 0 = the first */
    size_t limit;       /* of LIST */
    uint8_t *text;      /* owned: as it was sent; of GET, an earlier one as it was kept */
    size_t text_len;

    /* The answer. */
    enum sg_status status;
    char why[512];
    struct arena arena;    /* what the response is made in */
    struct asked *request; /* owned: of LOAD by the quorum file; NULL: it is not so */
    struct policy *base;   /* owned share: in force when it was asked */
    ProtobufCMessage *response;             /* in the arena */
    Segel__V1__LoadPolicyResponse *loading; /* the same, of LOAD */
};

/* With all that it owns. */
void policy_ask_free(struct policy_ask *ask);

/* The clerk's thread from here on. How the file is called in sentences about it. */
extern const char policy_ask_name[];
/* request.c. On the loop: what the ask becomes when the policy is sound. false:
 * the call has been refused. */
bool policy_request_open(struct policy_ask *ask, struct grpc_call *call,
                         const ProtobufCMessage *message);
/* On the clerk's thread: to the core, which answers; the ask goes with it. */
void policy_request_send(struct core *core, struct policy_ask *ask);
/* Back to the loop that asked. */
void policy_ask_reply(struct policy_ask *ask);
/* Sets status and sentence; "" = the status's own. */
void policy_ask_refuse(struct policy_ask *ask, enum sg_status status, const char *why);
/* Answer and reply. ledger: path of its file, for a policy that was in force before. */
void policy_ask_get(struct policy_ask *ask, const char *ledger);
void policy_ask_list(struct policy_ask *ask, const char *ledger);
void policy_ask_explain(struct policy_ask *ask);
void policy_ask_check(struct policy_ask *ask);

#endif
