#ifndef SEGEL_PROTO_TLOG_LINES_H
#define SEGEL_PROTO_TLOG_LINES_H

#include "proto/base.h"
#include "proto/slice.h"

/* Text made of lines, read and written. */

/* Takes the first line off *rest; line is without its LF. false: no LF is left. */
bool lines_next(struct slice *rest, struct slice *line);

/* Writes into a fixed buffer, and remembers when it was too small: one check at the end
 * is enough. The text is not terminated. */
struct lines_out {
    char *data; /* borrowed */
    size_t cap;
    size_t len;
    bool overflow;
};
void lines_start(struct lines_out *out, char *buffer, size_t cap);
void lines_put(struct lines_out *out, struct slice text);
void lines_text(struct lines_out *out, const char *text);
void lines_uint(struct lines_out *out, uint64_t value);
void lines_b64(struct lines_out *out, struct slice bytes);
/* SG_TOO_LARGE: it did not fit. */
SG_MUST_USE enum sg_status lines_finish(const struct lines_out *out, struct slice *text);

#endif
