#ifndef SEGEL_GATEWAY_CORE_OFFICERS_ROSTER_KEPT_H
#define SEGEL_GATEWAY_CORE_OFFICERS_ROSTER_KEPT_H

#include "gateway/core/officers/quorum.h"
#include "gateway/ledger/rosters.h"
#include "proto/digest.h"

/* What the ledger remembers of quorum files: what a start goes by, and whoever asks
 * beforehand whether it would. Any thread: nothing is kept. */
struct roster_kept {
    char before[DIGEST_SHA256_SIZE]; /* in force last, "none" if none was; "" = nothing
                                      * ever was */
    int64_t since_us;                /* CLOCK_REALTIME; 0 where before is "" */
    char file[DIGEST_SHA256_SIZE];   /* of the file when it was last read */
};

/* "sha256:…", "none" for NULL. */
void roster_kept_name(const struct quorum *quorum, char out[DIGEST_SHA256_SIZE]);
/* From the memos LEDGER_ROSTER and LEDGER_ROSTER_FILE; "" where there is none. */
void roster_kept_read(const char *memo, const char *file_memo, struct roster_kept *out);
/* Whether what officers signed for is in force: the file of that name is as it was. */
bool roster_kept_counts(const struct roster_kept *kept, const char *file);
/* The roster that officers signed for, the last one of the ledger. *out is the caller's.
 * SG_CORRUPT: it is not the one in force; else as quorum_make. */
SG_MUST_USE enum sg_status roster_kept_make(const struct config *config,
                                            const struct roster_kept *kept,
                                            const struct ledger_roster *last,
                                            struct quorum **out, struct sg_error *why);

#endif
