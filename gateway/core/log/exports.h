#ifndef SEGEL_GATEWAY_CORE_LOG_EXPORTS_H
#define SEGEL_GATEWAY_CORE_LOG_EXPORTS_H

#include "proto/base.h"

/* Reports and bundles that readers have made of the log: a record each ("report.export"),
 * so that what was handed out can be held against the log. The files are not kept. */
struct core;
struct request_order;

/* What was made, by its own word. */
struct export_made {
    const char *what;   /* "report", "bundle"; static */
    uint8_t sha256[32]; /* how each is hashed: docs/REPORT.md, docs/BUNDLE.md */
    uint64_t tree_size; /* of the checkpoint that it was made of */
    int64_t from_us;    /* inclusive; 0 = from the log's beginning */
    int64_t until_us;   /* exclusive; 0 = to its end */
};

/* Inside a transaction: an order of the kind ORDER_EXPORT. SG_INVALID as its status: the
 * log was never so long. */
SG_MUST_USE enum sg_status exports_write(struct core *core, struct request_order *order);

#endif
