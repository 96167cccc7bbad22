#ifndef SEGEL_CLIENT_COMMANDS_POLICY_ASK_H
#define SEGEL_CLIENT_COMMANDS_POLICY_ASK_H

#include "client/commands/policy/common.h"

/* `segel policy explain --gateway`: asks the gateway that the home folder names, and
 * prints what it answers. */
enum exit_code policy_ask(const struct home *home, const struct policy_options *options);

#endif
