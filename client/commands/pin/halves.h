#ifndef SEGEL_CLIENT_COMMANDS_PIN_HALVES_H
#define SEGEL_CLIENT_COMMANDS_PIN_HALVES_H

#include "client/officer/passphrase.h"

/* Two officers type a half each (officer/halves.h), on the terminal or by a descriptor
 * that gives two lines. */
struct halves_ask {
    const char *token; /* label */
    const char *fd;    /* NULL: the terminal */
    bool new; /* each is asked for twice, and has at least PASSPHRASE_MIN bytes */
    bool indonesian;
    enum passphrase_kind kind; /* for sentences */
};
SG_MUST_USE enum sg_status pin_halves_ask(const struct halves_ask *ask,
                                          struct passphrase *pin, struct sg_error *why);

#endif
