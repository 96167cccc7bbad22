#ifndef SEGEL_GATEWAY_CORE_NOTE_H
#define SEGEL_GATEWAY_CORE_NOTE_H

/* What goes on the log beside decisions: events, and sums of what has no record of its
 * own. */
enum { NOTES_MAX = 320 };

/* Why jobs were answered without a decision, and so without a record of their own. */
enum unrecorded {
    UNRECORDED_NO_LANE, /* the HSM was away */
    UNRECORDED_EXPIRED, /* the deadline passed in the queue */
    UNRECORDED_GIVEN_UP,
    UNRECORDED_KINDS
};

/* An event of the gateway itself, on its way to the log. */
struct gateway_note {
    const char *type; /* static */
    char subject[65];
    char why[256];
};

#endif
