#ifndef SEGEL_CLIENT_PDF_GUARD_GUARD_H
#define SEGEL_CLIENT_PDF_GUARD_GUARD_H

#include "client/pdf/buffer.h"
#include "client/pdf/refuse.h"

/* A PDF made to do harm can exhaust the parser's stack, memory or time, or worse. So the
 * parser runs in child processes with limits: 30 s of processor time, 1 GiB, no file, no
 * network and no other system calls than memory and the way back (seccomp). When one
 * dies, one letter is refused, and the caller goes on. Any thread may ask. They have the
 * locale "C", whatever their parent's is.
 *
 * What runs in the child may allocate, but must not use OpenSSL, streams or threads: the
 * parent may have had other threads, whose locks stay as they were. What it writes to
 * answer comes to the parent, nothing else does; it was written by a process that read
 * hostile input: check it. A child that does not end well is PDF_TOO_COMPLEX;
 * SG_UNSUPPORTED: the kernel has no filter of system calls, and why says so. */

/* A process of its own, which sees all of the parent's memory as it is now, but for what
 * the parent keeps from its children. Costs about 1 ms of processor time, and more the
 * more memory the parent has. */
typedef void (*pdf_guard_fn)(const void *context, struct pdf_buffer *answer);
SG_MUST_USE enum sg_status pdf_guard_run(pdf_guard_fn work, const void *context,
                                         struct pdf_buffer *answer,
                                         struct pdf_verdict *verdict);

/* A process that lives on for the next letters, and sees what it is sent: two texts. It
 * may also follow pointers into what the parent had when serial was drawn, and has not
 * changed since. So much is saved that the process hardly costs anything.
 *
 * The price: a letter that took such a process over could write into the answers to the
 * letters after it. So it ends after GUARD_LETTERS letters, after a slow one, and after
 * any that it did not answer; what it did not answer is asked of a process of its own, so
 * that no letter is refused for another's fault. */
enum { GUARD_LETTERS = 64, GUARD_PARCEL_MAX = 1 << 20 };
typedef void (*pdf_guard_parcel_fn)(struct slice pdf, struct slice order,
                                    struct pdf_buffer *answer);
struct pdf_guard_parcel {
    pdf_guard_parcel_fn work;
    struct slice pdf;
    struct slice order; /* both together at most GUARD_PARCEL_MAX bytes */
    uint64_t serial;    /* 0 = it points to nothing */
};
/* SG_UNSUPPORTED: no such process can be had, or it ended: use pdf_guard_run. */
SG_MUST_USE enum sg_status pdf_guard_ask(const struct pdf_guard_parcel *parcel,
                                         struct pdf_buffer *answer);

/* Larger than that of every reader that runs now, and never 0. */
uint64_t pdf_guard_serial(void);

/* How many letters one process reads; 1 = each has its own; 0 = GUARD_LETTERS. */
void pdf_guard_set_letters(unsigned letters);
/* Ends the processes that read nothing now: they end by themselves with the program. */
void pdf_guard_rest(void);

#endif
