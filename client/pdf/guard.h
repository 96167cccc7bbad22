#ifndef SEGEL_CLIENT_PDF_GUARD_H
#define SEGEL_CLIENT_PDF_GUARD_H

#include "client/pdf/buffer.h"
#include "client/pdf/refuse.h"

/* A PDF made to do harm can exhaust the parser's stack, memory or time. So the parser
 * runs in a child process with limits: when it dies, one letter is refused, and the
 * caller goes on. Costs about 1 ms of processor time a letter. */

/* Runs in the child: what it writes to answer comes to the parent, nothing else does. It
 * may allocate, but must not use OpenSSL, streams or threads: the parent may have had
 * other threads, whose locks stay as they were. */
typedef void (*pdf_guard_fn)(const void *context, struct pdf_buffer *answer);

/* Refuses with PDF_TOO_COMPLEX when the child did not end well. The answer comes from a
 * process that read hostile input: check it. */
SG_MUST_USE enum sg_status pdf_guard_run(pdf_guard_fn work, const void *context,
                                         struct pdf_buffer *answer,
                                         struct pdf_verdict *verdict);

#endif
