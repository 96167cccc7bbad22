#ifndef SEGEL_GATEWAY_POLICY_LOGGED_INSIDE_H
#define SEGEL_GATEWAY_POLICY_LOGGED_INSIDE_H

#include <jansson.h>

#include "gateway/policy/logged.h"

/* Inside of logged*.c: one record being read. */
struct reader {
    uint64_t index;
    json_t *object;    /* borrowed from the record */
    struct pool *pool; /* borrowed */
    struct sg_error *why;
};

/* SG_INVALID: "record 17: 'MEMBER' WHAT". */
SG_MUST_USE enum sg_status reader_fail(const struct reader *reader, const char *member,
                                       const char *what);
/* "" when there is none; SG_INVALID when it is not a text. */
SG_MUST_USE enum sg_status reader_text(const struct reader *reader, const json_t *object,
                                       const char *member, const char **out);
/* The members of "facts", typed. They are KEY facts alone, or JOB and STATE facts alone;
 * none that is set already is said again. */
SG_MUST_USE enum sg_status reader_facts(const struct reader *reader, bool of_key,
                                        struct facts *facts);
/* Those facts that the record has as fields of its own. */
SG_MUST_USE enum sg_status reader_fields(const struct reader *reader,
                                         struct facts *facts);

#endif
