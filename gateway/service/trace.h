#ifndef SEGEL_GATEWAY_SERVICE_TRACE_H
#define SEGEL_GATEWAY_SERVICE_TRACE_H

#include "proto/slice.h"

/* Where a call belongs in somebody's distributed trace: the request header "traceparent"
 * (W3C Trace Context, section 3.2). Its trace-id goes into the records and log lines of
 * the call's jobs. A header that is not as the recommendation says counts as none, as
 * do two: a trace is never a reason to refuse. Pure. */
enum { TRACE_ID_SIZE = 33 };
#define TRACE_HEADER "traceparent"

/* "" in out: there is none. */
void trace_read(struct slice header, char out[TRACE_ID_SIZE]);

#endif
