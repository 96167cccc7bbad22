#ifndef SEGEL_GATEWAY_CORE_OFFICERS_REQUESTS_H
#define SEGEL_GATEWAY_CORE_OFFICERS_REQUESTS_H

#include "gateway/core/log/exports.h"
#include "gateway/core/mandate/order.h"
#include "gateway/core/officers/lockdown.h"
#include "gateway/core/officers/order.h"
#include "gateway/core/officers/quorum.h"
#include "gateway/core/watch/incidents.h"
#include "gateway/ledger/minutes.h"
#include "gateway/ledger/overrides.h"
#include "gateway/ledger/requests.h"
#include "proto/quorum/grant.h"

/* What persons ask of the core about requests, approvals and lock-down: an order of one
 * of the kinds from ORDER_REQUEST on. Of the order itself are read: who calls (officer,
 * caller_cert, change.role), request_id and reason. */
enum {
    REQUESTS_PENDING_MAX = 256,
    REQUESTS_OF_ONE_MAX = 64, /* of one person: nobody keeps all others from asking */
    REQUEST_MESSAGE_MAX = (1 << 20) + (1 << 16)
};

struct request_order {
    struct order order; /* first */
    struct arena arena; /* owned: what is asked and answered */

    enum task task;     /* REQUEST */
    const char *method; /* REQUEST: static */
    char object[65];    /* REQUEST: a name, see text_name; KEY_…: the key */
    char param[GRANT_PARAM_MAX + 1]; /* REQUEST: as asking.h makes it */
    struct slice message;            /* REQUEST: in the arena */
    char id[65];                     /* GET, APPROVE, REFUSE, MINUTES_… */
    struct slice note;               /* APPROVE, MINUTES_SIGN: in the arena */
    int64_t moment_us;               /* KEY_COMPROMISE */
    struct mandate_order mandates;   /* MANDATES */
    char text[513];                  /* KEY_BACKUP: the medium; KEY_CSR: the subject */
    struct request_query query;      /* LIST: its task is in the arena or static */
    struct export_made made;         /* EXPORT */
    struct incident_ask incident;    /* of incidents */

    /* The answer. */
    struct request_page page;       /* of LIST; else the one request */
    struct incident_page incidents; /* of INCIDENT_LIST and STATUS; else the one */
    uint64_t pending;               /* of STATUS: requests in all; page has those that
                                     * wait for who asks */
    bool alone;                 /* of REQUEST: done by one person, as there is no file */
    uint8_t fewest[TASK_COUNT]; /* persons, by the file in force; 0 = there is none */
    struct quorum *quorum;      /* owned copy, of ROSTER; NULL: there is none */
    int64_t quorum_since_us;    /* likewise */
    struct lockdown lockdown;   /* as it is now */
    bool already;               /* of LOCK_DOWN, KEY_…: it was so before */
    struct slice csr;           /* of KEY_CSR, in the arena: DER */
    bool parked;                /* it is answered later */
    struct ledger_override *overrides; /* of OVERRIDES: in the arena */
    size_t override_count;
    struct ledger_minutes *minutes; /* of MINUTES_…: in the arena */
    size_t minutes_count;
    const char **missing; /* of one: who has not signed; in the arena */
    size_t missing_count;
    const struct ledger_request *executed; /* in the arena: to be carried out after the
                                            * commit; NULL: none */
};

void request_order_free(struct request_order *order);

/* Inside a transaction, and after its commit. */
SG_MUST_USE enum sg_status requests_write(struct core *core, struct order *order);
void requests_tell(struct core *core, struct order *order);

/* requests_look.c: inside a transaction; nothing is changed. */
SG_MUST_USE enum sg_status requests_list(struct core *core, struct request_order *order);
SG_MUST_USE enum sg_status requests_roster(struct core *core,
                                           struct request_order *order);
SG_MUST_USE enum sg_status requests_overrides(struct core *core,
                                              struct request_order *order);

/* orders.c: a lane may log in once more by one officer's word: inside a transaction, and
 * after. */
SG_MUST_USE enum sg_status orders_unlatch(struct core *core, struct order *order);
void orders_obey_unlatch(struct core *core, struct order *order);

/* minutes.c: inside a transaction. */
SG_MUST_USE enum sg_status minutes_on_get(struct core *core, struct request_order *order);
SG_MUST_USE enum sg_status minutes_on_list(struct core *core,
                                           struct request_order *order);
SG_MUST_USE enum sg_status minutes_on_sign(struct core *core,
                                           struct request_order *order);

/* approve.c: inside a transaction; the request is pending or not. */
SG_MUST_USE enum sg_status requests_approve(struct core *core,
                                            struct request_order *order,
                                            struct ledger_request *request);
/* standing.c: what waits for one person. */
SG_MUST_USE enum sg_status standing_on_ask(struct core *core,
                                           struct request_order *order);
/* Refuses an order: sets status and sentence, and is no failure of the turn. */
enum sg_status request_refuse(struct request_order *order, enum sg_status status,
                              const struct sg_error *why);

#endif
