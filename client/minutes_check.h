#ifndef SEGEL_CLIENT_MINUTES_CHECK_H
#define SEGEL_CLIENT_MINUTES_CHECK_H

#include "client/known_people.h"
#include "client/minutes_file.h"
#include "client/script_file.h"

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
/* minutes_check_gateway.c: records on the log, and token and key as they are now. */
void minutes_check_gateway(struct minutes_check *check);

#endif
