#ifndef SEGEL_CLIENT_COMMANDS_SIGN_ASK_H
#define SEGEL_CLIENT_COMMANDS_SIGN_ASK_H

#include "client/batch/journal.h"
#include "client/commands/sign/source.h"
#include "client/segel/segel.h"

/* What is to be done with one letter, by what is on disk and in the journal. */
enum sign_ask {
    SIGN_ASK,       /* under `number` */
    SIGN_ASK_THERE, /* an output is there, and is left */
    SIGN_ASK_DONE,  /* an earlier part of the run has signed it, as `number` */
    SIGN_ASK_REFUSE /* why says it; `reason` is the word */
};
struct sign_asked {
    enum sign_ask what;
    const char *reason;
    bool again;                    /* an earlier part of the run may have asked for it */
    bool force;                    /* what is there is overwritten */
    uint32_t number;               /* 0: it is new, and sign_ask_keep gives it one */
    struct journal_letter letter;  /* of a new one: what the journal is to have of it */
    char output[JOURNAL_TEXT_MAX]; /* with the folder */
};

/* Decides, and makes the folder of the output. leave: an output that is there. A failure
 * is the journal's, and ends the run. */
SG_MUST_USE enum sg_status sign_ask(struct journal *journal, const struct sign_row *row,
                                    bool leave, struct sign_asked *out,
                                    struct sg_error *why);

/* Adds a new letter to the journal, with the room and the hash of the plan by which it
 * is prepared: it may be sent after journal_sync. Likewise. */
SG_MUST_USE enum sg_status sign_ask_keep(struct journal *journal,
                                         const struct sign_row *row,
                                         const struct segel_plan *plan,
                                         struct sign_asked *out, struct sg_error *why);

/* Where the result goes. Fails when nothing can be written there; that it is there
 * already is for sign_in_the_way to say. */
SG_MUST_USE enum sg_status sign_place(const struct sign_row *row,
                                      char out[JOURNAL_TEXT_MAX], struct sg_error *why);
SG_MUST_USE enum sg_status sign_in_the_way(const char *output, struct sg_error *why);

#endif
