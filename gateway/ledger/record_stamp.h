#ifndef SEGEL_GATEWAY_LEDGER_RECORD_STAMP_H
#define SEGEL_GATEWAY_LEDGER_RECORD_STAMP_H

#include "gateway/ledger/record.h"

/* An authority has stamped a signature, or a document's digest; or none did, and the
 * signature goes out without. */
struct record_stamp {
    const char *decision_id; /* of the signature; NULL: of a document */
    uint64_t outcome_index;  /* likewise */
    const char *caller;
    const char *request_id;
    enum sg_hash hash;
    struct slice digest;   /* of the document; empty: of a signature */
    struct slice token;    /* its SHA-256 goes in */
    int64_t time_us;       /* of the token */
    const char *serial;    /* upper-case hexadecimal */
    const char *authority; /* its address */
    const char *why;       /* there is no token, and why; NULL: there is */
};
SG_MUST_USE enum sg_status record_timestamp(char *buffer, const struct record_head *head,
                                            const struct record_stamp *stamp,
                                            struct slice *out);

#endif
