#ifndef SEGEL_GATEWAY_LEDGER_ROSTERS_H
#define SEGEL_GATEWAY_LEDGER_ROSTERS_H

#include "gateway/ledger/ledger.h"

/* Memos: which one is in force and since when, as "sha256:… SINCE" or "none SINCE" (also
 * that there is none any more is news), and what the file was when it was last read, in
 * force or not. */
#define LEDGER_ROSTER      "roster"
#define LEDGER_ROSTER_FILE "roster/file"

/* Quorum files that came in force, each kept in the transaction of the record that says
 * so. The writer's thread. */
struct ledger_roster {
    uint8_t sha256[32]; /* of the text */
    uint64_t index;     /* of its roster.load record */
    int64_t since_us;
    struct slice text;
};
SG_MUST_USE enum sg_status ledger_keep_roster(struct ledger *ledger,
                                              const struct ledger_roster *roster);
/* The last one; SG_NOT_FOUND, SG_NO_MEMORY. out->text is owned: _fini. */
SG_MUST_USE enum sg_status ledger_last_roster(struct ledger *ledger,
                                              struct ledger_roster *out);
/* The one of that hash, whenever it came in force; else the same. */
SG_MUST_USE enum sg_status ledger_find_roster(struct ledger *ledger,
                                              const uint8_t sha256[32],
                                              struct ledger_roster *out);
void ledger_roster_fini(struct ledger_roster *roster);

#endif
