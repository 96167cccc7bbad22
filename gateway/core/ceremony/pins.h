#ifndef SEGEL_GATEWAY_CORE_CEREMONY_PINS_H
#define SEGEL_GATEWAY_CORE_CEREMONY_PINS_H

#include "gateway/core/lane/lane.h"

/* PINs that a person types at the gateway's machine. On the core's thread. */
struct core;

/* How a lane is, for whoever is about to type its PIN. */
struct pin_view {
    enum lane_state state;
    char why[320];
    struct lane_token token;
    uint32_t failures; /* refused logins of the token since one last went well */
    bool ceremony;     /* a ceremony awaits it, not the lane */
    bool change;       /* a new PIN of its token is awaited */
    bool typed;        /* a person types its PIN: no file has it */
};
/* SG_NOT_FOUND: there is no such lane. */
SG_MUST_USE enum sg_status core_pin_look(struct core *core, const char *lane,
                                         struct pin_view *out, struct sg_error *why);

struct pin_entry {
    int pipe; /* its reading end; the caller's, who closes it */
    bool last_try;
    unsigned uid; /* who types */
};
/* Hands the PIN to the lane, which logs in once; nothing of it stays here. It is on the
 * log. What comes of it core_pin_look shows. SG_NOT_FOUND as above. SG_PRECONDITION: the
 * lane awaits no PIN, another lane is in its login to the same token or was refused
 * there, or one more wrong PIN locks the token and last_try was not said. SG_IO: the
 * lane's process was gone. SG_LEDGER. */
SG_MUST_USE enum sg_status core_pin_enter(struct core *core, const char *lane,
                                          const struct pin_entry *entry,
                                          struct sg_error *why);
/* The ceremony that awaits the lane's PIN is not held. SG_NOT_FOUND; SG_PRECONDITION:
 * there is none. */
SG_MUST_USE enum sg_status core_pin_call_off(struct core *core, const char *lane,
                                             unsigned uid, struct sg_error *why);
/* The new PIN, or the old one and the new where the lane's is typed, for the change that
 * officers have agreed to. What comes of it core_pin_changed tells. SG_NOT_FOUND;
 * SG_PRECONDITION: none is awaited. SG_IO. */
SG_MUST_USE enum sg_status core_pin_change(struct core *core, const char *lane,
                                           const struct pin_entry *entry,
                                           struct sg_error *why);
/* SG_BUSY: it is under way. SG_OK: done. SG_PRECONDITION: it is not. */
SG_MUST_USE enum sg_status core_pin_changed(struct core *core, struct sg_error *why);

#endif
