#ifndef SEGEL_HSM_CEREMONY_INSIDE_H
#define SEGEL_HSM_CEREMONY_INSIDE_H

#include "hsm/ceremony/ceremony.h"

/* What the tasks of a ceremony share. */

static inline struct reach ceremony_reach(const struct ceremony_report *report)
{
    return (struct reach){report->token.fn, report->token.anchor};
}

static inline struct slice ceremony_id(const struct ceremony_order *order)
{
    return slice_of(order->ref.id, order->ref.id_len);
}

/* Counts what there is of this CKA_ID: 0, 1, or 2 for "more than one". */
CK_RV ceremony_look(struct reach reach, struct slice id, struct presence *presence);
/* The same, into report->presence. */
SG_MUST_USE enum sg_status ceremony_search(const struct ceremony_order *order,
                                           struct ceremony_report *report);
static inline bool ceremony_nothing(const struct presence *presence)
{
    return presence->searched &&
           presence->private_keys + presence->public_keys + presence->certificates == 0;
}
/* Reads the key into report->key. Fails when it is not there or of no use. */
SG_MUST_USE enum sg_status ceremony_need_key(const struct ceremony_order *order,
                                             struct ceremony_report *report);

/* ceremony.c: all that the token wrote is on the disk. Also after a failure: half of a
 * change must not be lost either. */
SG_MUST_USE enum sg_status ceremony_make_durable(const struct lane_config *lane,
                                                 struct trouble *trouble);

/* pin.c: the login of the first two tasks, which take PINs of their own; and the
 * tasks. */
SG_MUST_USE enum sg_status ceremony_enter(struct ceremony_order *order,
                                          struct ceremony_report *report);
SG_MUST_USE enum sg_status ceremony_change_pin(const struct ceremony_order *order,
                                               struct ceremony_report *report);
SG_MUST_USE enum sg_status ceremony_settle_pin(const struct ceremony_order *order,
                                               struct ceremony_report *report);

/* destroy.c. The task; and what a generation that failed has left, which nobody else can
 * have put under its id. */
SG_MUST_USE enum sg_status ceremony_destroy(const struct ceremony_order *order,
                                            struct ceremony_report *report);
CK_RV ceremony_sweep(struct reach reach, const struct key_ref *ref,
                     struct presence *destroyed);

/* certificate.c */
SG_MUST_USE enum sg_status ceremony_csr(const struct ceremony_order *order,
                                        struct ceremony_report *report);
SG_MUST_USE enum sg_status ceremony_import(const struct ceremony_order *order,
                                           struct ceremony_report *report);

#endif
