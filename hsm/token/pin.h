#ifndef SEGEL_HSM_TOKEN_PIN_H
#define SEGEL_HSM_TOKEN_PIN_H

#include "hsm/token/rv.h"

/* A PIN on its short way from a file or a pipe to one C_Login. It stands in the secure
 * heap only; process_protect() must have made that. The zero state is valid for pin_wipe.
 */
struct pin {
    uint8_t *data; /* owned, in the secure heap */
    size_t len;
};

enum { PIN_MAX = 255 };

/* Reads a file or systemd credential: one line of 1 to 255 bytes, the line's end is not
 * part of it. Refused when everybody on the machine may read or write the file. */
SG_MUST_USE enum sg_status pin_read(const char *path, struct pin *pin,
                                    struct trouble *trouble);
/* Takes what a pipe holds, which is gone then, and closes it. It must have been written
 * whole and closed before: nobody is waited for. */
SG_MUST_USE enum sg_status pin_take(int fd, struct pin *pin, struct trouble *trouble);
/* Two PINs with a line feed between them: the second goes into rest. SG_INVALID: they are
 * not two. */
SG_MUST_USE enum sg_status pin_split(struct pin *pin, struct pin *rest,
                                     struct trouble *trouble);
void pin_wipe(struct pin *pin);

#endif
