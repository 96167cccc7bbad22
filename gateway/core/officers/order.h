#ifndef SEGEL_GATEWAY_CORE_OFFICERS_ORDER_H
#define SEGEL_GATEWAY_CORE_OFFICERS_ORDER_H

#include "gateway/core/core.h"

/* What an officer asks of the core itself. An order is carried out when its record is
 * durable, and comes back by its reply box; without one it is the core's own and goes. */
enum { LETTER_ORDER = 16 }; /* the mark of its letter in both boxes; no other has it */

enum order_kind {
    ORDER_POLICY_ASK,    /* somebody wants another policy: only recorded */
    ORDER_POLICY_LOAD,   /* it comes in force */
    ORDER_POLICY_REJECT, /* it cannot: only recorded */
/* From here on a struct request_order (requests.h). */
#define REQUEST_ORDER(kind, handler, answer, act) ORDER_##kind,
#include "gateway/core/officers/request_orders.def"
#undef REQUEST_ORDER
    ORDER_KINDS
};

/* What an order does to signing, as its row says. */
enum order_act { ACT_OTHER, ACT_LOCK, ACT_KEY_LIFE };

/* Its answer is a page that only reads; false of an order about a policy. Any thread. */
bool order_lists(enum order_kind kind);
/* ACT_OTHER of an order about a policy. Any thread. */
enum order_act order_act(enum order_kind kind);

/* Decisions of the log judged by both policies. */
struct policy_effect {
    bool known; /* they were compared */
    uint64_t compared;
    uint64_t newly_denied;
    uint64_t newly_allowed;
    uint64_t incomplete; /* a fact that the other policy reads was not recorded */
};

/* What an order about a policy is about. */
struct policy_change {
    struct policy *policy; /* owned share; NULL: it did not load */
    const char *source;    /* "start", "reload", "officers"; static */
    uint8_t sha256[32];    /* of the bytes, all zero: they could not be read */
    char role[16];         /* of order->officer: "officer", "reviewer" */
    char approver[65];     /* the other person; "" = none */
    char approver_role[16];
    uint8_t approver_cert[32];
    char approval[32]; /* id of the request that two persons made; "" = none */
    char fault[512];   /* of REJECT: why it cannot come in force */
    struct policy_effect effect;
};

struct order {
    struct letter letter; /* first */
    struct mbox *reply;   /* borrowed: where the core puts the answered order */
    enum order_kind kind;
    struct policy_change change; /* of the kinds about policies */
    char lane[65];               /* of orders_unlatch */
    char officer[65];    /* configured name of the caller; "" = the administrator */
    char request_id[65]; /* of the officer: the same order twice is carried out once */
    char reason[257];    /* in the officer's words; "" = none was given */
    uint8_t caller_cert[32];

    /* The answer. SG_NOT_FOUND: there is no such lane. SG_PRECONDITION: it is not
     * latched; the version is not above the one in force. SG_LEDGER, SG_SHUTDOWN: nothing
     * was done. */
    enum sg_status status;
    char why[320];
    uint64_t log_index;
    uint8_t log_hash[32];
    bool on_log;
    bool fresh;  /* the core's own: to be carried out after the commit */
    void *asker; /* borrowed, the core only carries it */
};

/* Any thread. As core_submit: on anything but SG_OK the caller keeps the order. */
SG_MUST_USE enum sg_status core_order(struct core *core, struct order *order);
/* Gives back what it owns. */
void order_fini(struct order *order);

/* Core thread only: those of a turn, inside of its transaction; orders_obey after its
 * commit. Anything but SG_OK fails the turn. */
SG_MUST_USE enum sg_status orders_write(struct core *core);
void orders_obey(struct core *core);

#endif
