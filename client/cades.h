#ifndef SEGEL_CLIENT_CADES_H
#define SEGEL_CLIENT_CADES_H

#include "client/command.h"
#include "client/sign_plan.h"

/* `segel sign` with a CAdES profile: any file, read in pieces; its signature goes to a
 * file of its own, FILE.p7s, in DER (detached). */
bool cades_asked(const struct sign_plan *plan);

struct cades_job {
    const struct home *home;
    struct sign_plan *plan;    /* read, not yet fitted to the key */
    const struct words *paths; /* at least one; no two of one name */
    const char *run_id;        /* request ids are this, '-', and a counter */
    bool json;
};
/* Says of each file what became of it; a failure of the run is complained of. Files are
 * asked for in pieces of CADES_PIECE; a lost connection is opened again, and the same
 * request ids are asked again: nothing is signed twice. */
enum { CADES_PIECE = 64 };
enum exit_code cades_sign(const struct cades_job *job);
/* The same from the command line: a run id is drawn, and what does not fit is said. */
enum exit_code cades_start(const struct home *home, const struct sign_options *options,
                           struct sign_plan *plan, const struct words *paths);

#endif
