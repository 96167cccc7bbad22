#ifndef SEGEL_CLIENT_COMMANDS_KEY_ORDER_H
#define SEGEL_CLIENT_COMMANDS_KEY_ORDER_H

#include "client/call/approval_call.h"
#include "client/console/command.h"

/* What the commands share that order something of one key, or ask for it. Their options
 * are a struct of their own that begins with this one. */
struct key_order {
    const char *reason;
    const char *request_id; /* never NULL after _run has begun the work */
    const char *lang;
    bool indonesian;
    char made[APPROVAL_ID_SIZE]; /* where no id was given */
};

/* key: as it was named. options: the command's own. */
typedef enum sg_status key_order_work(const struct home *home, char *key, void *options,
                                      struct sg_error *why);

/* Parses, sees that one key is named and a reason given, does the work, and says what
 * failed. options: with its defaults; it begins with a struct key_order. */
enum exit_code key_order_run(const struct command *command, const struct home *home,
                             struct words *words, struct key_order *options,
                             key_order_work *work);

#endif
