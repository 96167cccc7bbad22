#ifndef SEGEL_GATEWAY_NOTIFY_H
#define SEGEL_GATEWAY_NOTIFY_H

#include "proto/base.h"

/* What the gateway tells the service manager that started it (sd_notify(3)): that it
 * serves, how it is, that it ends, and, while a watchdog is asked for, that it is alive.
 * Without a manager all of it does nothing. One set a process, because the environment is
 * the process's; the main thread only. Spoken here rather than by libsystemd, whose
 * compressors and ciphers would be loaded into the process that faces the network. */

/* Takes over NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID: no program that is started
 * later sees them. Once, before any thread and any child. SG_INVALID: they make no sense;
 * why says which. SG_IO: the manager's socket cannot be had. */
SG_MUST_USE enum sg_status notify_open(struct sg_error *why);
void notify_close(void);

/* A word of sd_notify(3): "READY=1", "STOPPING=1". Lost when the manager does not take it
 * at once. */
void notify_say(const char *word);
/* STATUS=: one line for a person who asks `systemctl status`; said once for each text. */
void notify_status(const char *text);
/* RELOADING=1, with the time that the manager asks for. */
void notify_reloading(int64_t mono_us);

/* While the start waits for a person: why, and that it shall not be given up. */
void notify_waiting(const char *text, int64_t mono_us);

/* Whether a manager listens. */
bool notify_managed(void);
/* The manager's patience; 0: it asked for no watchdog. */
int64_t notify_patience_us(void);
/* Feeds the watchdog, when half of its patience is over since the last time. Call it only
 * while all that has to move moves. */
void notify_alive(int64_t mono_us);

#endif
