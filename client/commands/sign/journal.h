#ifndef SEGEL_CLIENT_COMMANDS_SIGN_JOURNAL_H
#define SEGEL_CLIENT_COMMANDS_SIGN_JOURNAL_H

#include "client/batch/journal.h"
#include "client/commands/sign/plan.h"

/* Which journal a run keeps. Without --journal it is `.segel-run-RUN.journal` in the
 * folder of -o, and goes when nothing of the run is open. */
struct sign_journal {
    struct journal *journal; /* owned */
    bool has_folder; /* the folder of -o is open, and locked where that can be done */
    int folder;      /* owned */
};

/* The folder is there. SG_PRECONDITION: another process is at work in it, or an earlier
 * run is not finished in it and --resume is not given, or goes on with another journal;
 * SG_INVALID: there are several. SG_NOT_FOUND: --resume with --journal, and there is
 * none. */
SG_MUST_USE enum sg_status sign_journal_open(const struct sign_options *options,
                                             struct sign_journal *out,
                                             struct sg_error *why);
/* whole: every letter was dealt with. Takes the file away where the run goes on with
 * nothing. How many letters are open: they may have been signed, and nobody knows, or are
 * signed, and not there. */
size_t sign_journal_close(struct sign_journal *journal, bool whole);

#endif
