#ifndef SEGEL_GATEWAY_LEDGER_ORIGIN_H
#define SEGEL_GATEWAY_LEDGER_ORIGIN_H

#include "proto/base.h"

/* Whether ledger_open would take it for the log's name (C2SP signed-note). SG_INVALID. */
SG_MUST_USE enum sg_status origin_check(const char *origin, struct sg_error *why);

#endif
