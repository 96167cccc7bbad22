#ifndef SEGEL_PROTO_RECORD_DETAILS_H
#define SEGEL_PROTO_RECORD_DETAILS_H

/* Sentences of records (`detail`) that the gateway writes and a reader of the log knows
 * again: older logs hold them, so they stay as they are. */

/* lane.down: officers had the lane stop for a ceremony. It comes back by itself. */
#define RECORD_LANE_RESTS "a ceremony is under way on its token"
/* lane.down: it has found its token, and somebody has to type the PIN. The sentence goes
 * on behind a colon. */
#define RECORD_LANE_AWAITS "it awaits its PIN"

#endif
