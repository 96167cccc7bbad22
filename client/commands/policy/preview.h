#ifndef SEGEL_CLIENT_COMMANDS_POLICY_PREVIEW_H
#define SEGEL_CLIENT_COMMANDS_POLICY_PREVIEW_H

#include "client/channel/channel.h"
#include "client/commands/policy/common.h"

/* What another policy would change: against the one in force, and in the last decisions
 * of the log, which a gateway shows to reviewers only. All of it is borrowed. */
struct policy_preview {
    struct policy_options *options;
    struct channel *channel;
    const struct policy *wanted;
};

/* Prints it. Failures are those of asking for the policy in force. */
SG_MUST_USE enum sg_status policy_preview(const struct policy_preview *preview,
                                          struct sg_error *why);

#endif
