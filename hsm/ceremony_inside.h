#ifndef SEGEL_HSM_CEREMONY_INSIDE_H
#define SEGEL_HSM_CEREMONY_INSIDE_H

#include "hsm/ceremony.h"

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
/* Reads the key into report->key. Fails when it is not there or of no use. */
SG_MUST_USE enum sg_status ceremony_need_key(const struct ceremony_order *order,
                                             struct ceremony_report *report);

/* ceremony_certificate.c */
SG_MUST_USE enum sg_status ceremony_csr(const struct ceremony_order *order,
                                        struct ceremony_report *report);
SG_MUST_USE enum sg_status ceremony_import(const struct ceremony_order *order,
                                           struct ceremony_report *report);

#endif
