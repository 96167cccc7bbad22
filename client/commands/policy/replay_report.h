#ifndef SEGEL_CLIENT_COMMANDS_POLICY_REPLAY_REPORT_H
#define SEGEL_CLIENT_COMMANDS_POLICY_REPLAY_REPORT_H

#include "client/commands/policy/common.h"
#include "client/commands/policy/replay.h"

/* What `segel policy replay` and `segel policy load` print of decisions judged again: a
 * row (with --json an object) for each that would be another one, then the sums. A bar
 * moves on stderr meanwhile when that is a terminal. */
struct replay_report {
    const struct policy_options *options; /* borrowed */
    const struct policy *policy;          /* that judges; borrowed */
    bool bar;
    int64_t started_us;
    int64_t drawn_us;
    uint64_t rows;
    uint64_t unreadable;
};

/* Makes the task tell the report, which must live as long. */
void replay_report_start(struct replay_report *report,
                         const struct policy_options *options,
                         struct policy_replay *task);
/* Takes the bar off; before anything else is printed when the run has failed. */
void replay_report_clear(const struct replay_report *report);
/* EXIT_WELL: each decision would be the same; EXIT_REFUSED: not so, or not for certain.
 */
enum exit_code replay_report_sums(const struct replay_report *report,
                                  const struct policy_replay_sums *sums);

#endif
