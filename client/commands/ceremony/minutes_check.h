#ifndef SEGEL_CLIENT_COMMANDS_CEREMONY_MINUTES_CHECK_H
#define SEGEL_CLIENT_COMMANDS_CEREMONY_MINUTES_CHECK_H

#include "client/call/known_people.h"
#include "client/call/log_head.h"
#include "client/commands/ceremony/minutes_file.h"
#include "client/commands/ceremony/script_file.h"

/* The examination of minutes: what it needs, and each line of its answer. */
struct minutes_check {
    const struct home *home;              /* NULL: the gateway is not asked */
    const struct minutes_file *file;      /* borrowed, as the rest */
    const struct known_people *known;     /* by the quorum file */
    const struct ceremony_script *script; /* NULL: it is not at hand */
    bool rehearsal;                       /* minutes of one are what is looked for */
    bool indonesian;
    unsigned failed; /* lines so far */
};

/* Prints one line. */
void minutes_check_say(struct minutes_check *check, bool good, const char *what,
                       const char *format, ...) __attribute__((format(printf, 4, 5)));

/* What the file, the script and the quorum file say. SG_CORRUPT etc.: a signature is
 * false, or the persons are not those of the quorum file; told as a line. */
void minutes_check_text(struct minutes_check *check);
/* Whether the last line of a step of the script, by its index, says that it was done. */
bool minutes_check_done(const struct minutes_check *check, size_t index);
/* The first step by which the gateway did something, from 1. 0: none, or the script is
 * not at hand. */
size_t minutes_check_ran(const struct minutes_check *check);
/* The last answer to a question of the script; empty: there is none. */
struct slice minutes_check_answer(const struct minutes_check *check, const char *name);

/* minutes_check_gateway.c: records on the log, and token and key as they are now. */
void minutes_check_gateway(struct minutes_check *check);
/* That a record stands at its index under the checkpoint. */
SG_MUST_USE enum sg_status
minutes_check_prove(const struct home *home, const struct log_head *head, uint64_t index,
                    const struct tlog_hash *leaf, struct sg_error *why);
/* minutes_check_grants.c: the requests, one line. */
void minutes_check_grants(struct minutes_check *check, const struct log_head *head);

#endif
