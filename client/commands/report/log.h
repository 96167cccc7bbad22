#ifndef SEGEL_CLIENT_COMMANDS_REPORT_LOG_H
#define SEGEL_CLIENT_COMMANDS_REPORT_LOG_H

#include "client/call/log_head.h"
#include "client/channel/channel.h"
#include "client/report/account.h"

/* Reads the log of a gateway from its first record to the checkpoint that ends the
 * report, or of a log that was pruned to its newest one, as `segel log verify` does.
 * SG_CORRUPT: the log does not verify, why says what is wrong. SG_PRECONDITION as
 * account_finish. Others as channel_unary. */
SG_MUST_USE enum sg_status report_log(struct channel *channel, struct log_trust *trust,
                                      struct account *account, struct sg_error *why);

#endif
