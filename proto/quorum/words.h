#ifndef SEGEL_PROTO_QUORUM_WORDS_H
#define SEGEL_PROTO_QUORUM_WORDS_H

#include "proto/base.h"
#include "proto/slice.h"
#include "proto/status.h"

/* Files of lines, each of words with spaces or tabs between them; a line
 * whose first word begins with "#" is a comment (C2SP tlog-policy). Everything points
 * into the text. */
enum { WORDS_FILE_MAX = 65536, WORDS_MAX = 40 };

struct words {
    size_t number; /* of the line, from 1 */
    size_t count;
    struct slice word[WORDS_MAX];
};

/* The next line that holds words. SG_NOT_FOUND: there is none. SG_INVALID: control
 * characters, more words than WORDS_MAX, or no LF at the end; why says in which line. */
SG_MUST_USE enum sg_status words_next(struct slice *rest, struct words *line,
                                      struct sg_error *why);
/* Puts "line N: " before the sentence; returns status. */
enum sg_status words_fail(const struct words *line, enum sg_status status,
                          struct sg_error *why);

#endif
