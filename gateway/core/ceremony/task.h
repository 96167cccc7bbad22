#ifndef SEGEL_GATEWAY_CORE_CEREMONY_TASK_H
#define SEGEL_GATEWAY_CORE_CEREMONY_TASK_H

#include "gateway/core/officers/requests.h"
#include "segel/v1/keys.pb-c.h"

/* Inside of the ceremonies: what persons have asked for, from the bytes that are kept.
 * Messages live in the arena. NULL: the bytes are none, or the arena is full. */
Segel__V1__GenerateKeyRequest *task_generate(const struct ledger_request *request,
                                             struct arena *arena);
Segel__V1__ImportCertificateRequest *task_import(const struct ledger_request *request,
                                                 struct arena *arena);
Segel__V1__DestroyKeyRequest *task_destroy(const struct ledger_request *request,
                                           struct arena *arena);

/* "YYYYMMDD" of the day, UTC; 0 = "". False: no day of the calendar. */
SG_MUST_USE bool task_day(int64_t unix_us, char out[9]);

#endif
