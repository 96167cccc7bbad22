#ifndef SEGEL_GATEWAY_SERVICE_APPROVALS_APPROVALS_H
#define SEGEL_GATEWAY_SERVICE_APPROVALS_APPROVALS_H

#include "gateway/core/officers/requests.h"
#include "gateway/service/inside.h"
#include "proto/quorum/asking.h"
#include "segel/v1/approvals.pb-c.h"

/* Inside of ApprovalService: approvals.c takes calls to the core, open.c gives
 * them their place, answer.c answers them. */
struct asked {
    struct request_order order; /* first: what the core works on */
    struct services *services;  /* borrowed */
    atomic_uint *counter;       /* borrowed: where it has its place */
    struct grpc_name name;
    int64_t created_us;
    ProtobufCMessage *(*answer)(struct asked *asked); /* in the order's arena */
    struct question *counting;  /* owned: of ReportCompromise; it may be under way */
    uint64_t signatures;        /* what it has found so far */
    bool counted;               /* all of them */
    int64_t count_until_us;     /* CLOCK_MONOTONIC */
    struct policy_ask *loading; /* owned: of LoadPolicy, with its half of the answer */
};

/* A method that only a quorum can have done (proto/quorum/asking.def). */
struct guarded {
    const char *method;  /* full name; static, as refusal */
    const char *refusal; /* to callers who have none of the roles */
    unsigned roles;      /* beside officers */
    ProtobufCMessage *(*answer)(struct asked *asked);
};
/* Asks the core for it with the bytes of message; answers the call in any case. */
void approvals_guard(struct grpc_call *call, struct services *services,
                     const struct guarded *guarded, const ProtobufCMessage *message);

/* Its parts, for a request that somebody else looks at first: asked with what was read of
 * the message, and given back. NULL: the call has been refused. */
struct asked *approvals_prepare(struct grpc_call *call, struct services *services,
                                const struct guarded *guarded,
                                const ProtobufCMessage *message);
void approvals_release(struct asked *asked);
/* Sends what came of it, if somebody still waits, and releases it. */
void approvals_finish(struct asked *asked);

/* NULL: the call has been refused. */
struct asked *approvals_open(struct grpc_call *call, struct services *services,
                             enum order_kind kind);
/* The same with a place of another kind than that of the order. */
enum place { PLACE_ORDER, PLACE_STOP, PLACE_BACKEND };
struct asked *approvals_open_at(struct grpc_call *call, struct services *services,
                                enum order_kind kind, enum place place);
/* Gives it to the core. */
void approvals_submit(struct grpc_call *call, struct asked *asked);
/* Whether the caller has one of the roles, id can be that of a request, or request_id and
 * reason are as asking.h has them; if not the call has been refused. */
bool approvals_may(struct grpc_call *call, unsigned roles, const char *refusal);
bool approvals_named(struct grpc_call *call, const char *id);
/* Whether a text has 1 to max bytes of plain text; if not likewise. */
bool approvals_fits(struct grpc_call *call, const char *text, size_t max,
                    const char *refusal);
bool approvals_identified(struct grpc_call *call, const char *request_id);
bool approvals_reasoned(struct grpc_call *call, const char *reason);
/* Whether no number of a person is in what goes on the log; if not likewise. field: its
 * name, for the refusal. */
bool approvals_impersonal(struct grpc_call *call, const char *field, const char *text);
/* Of an order that stops something, which no word may hold up: digits of such numbers
 * become zeros. reason: approvals_reasoned. */
void approvals_keep_reason(struct order *order, const char *reason);
extern const char approvals_for_two[];

/* The answer to a call that went well; NULL: the arena is full. */
Segel__V1__Approval *approvals_approval(struct asked *asked);
ProtobufCMessage *approvals_create_answer(struct asked *asked);
ProtobufCMessage *approvals_list_answer(struct asked *asked);
ProtobufCMessage *approvals_get_answer(struct asked *asked);
ProtobufCMessage *approvals_approve_answer(struct asked *asked);
ProtobufCMessage *approvals_refuse_answer(struct asked *asked);
ProtobufCMessage *approvals_lock_down_answer(struct asked *asked);
ProtobufCMessage *approvals_release_answer(struct asked *asked);
ProtobufCMessage *approvals_load_answer(struct asked *asked); /* policy/request.c */
ProtobufCMessage *approvals_roster_answer(struct asked *asked);
/* Their parts. */
void *approvals_room(struct asked *asked, size_t size);
void *approvals_make(struct asked *asked, const ProtobufCMessageDescriptor *kind);
Segel__V1__LogPosition *approvals_position(struct asked *asked, uint64_t index,
                                           const uint8_t hash[32]);
Segel__V1__LockDownState *approvals_lock_down(struct asked *asked);
Segel__V1__Approval *approvals_of(struct asked *asked,
                                  const struct ledger_request *request);

#endif
