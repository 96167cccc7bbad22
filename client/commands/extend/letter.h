#ifndef SEGEL_CLIENT_COMMANDS_EXTEND_LETTER_H
#define SEGEL_CLIENT_COMMANDS_EXTEND_LETTER_H

#include <stdatomic.h>

#include "client/console/home.h"
#include "client/pdf/pdf.h"
#include "segel/v1/signing.pb-c.h"

/* Signed letters that are to be checked in many years: what proves their certificates is
 * added (B-LT), and a time stamp over all of it (B-LTA). */
enum extend_level { EXTEND_B_T, EXTEND_B_LT, EXTEND_B_LTA, EXTEND_LEVELS };
const char *extend_level_word(enum extend_level level); /* "b-lt" */
SG_MUST_USE enum sg_status extend_level_read(const char *word, enum extend_level *out,
                                             struct sg_error *why);

/* One run: what the gateway knows of the key, asked once for the letters of ten minutes.
 */
struct extend_run {
    const struct home *home;
    const char *key;
    bool current; /* of the key that answers for the name by now, not of the very one */
    enum extend_level level;
    struct channel *channel;                            /* owned */
    Segel__V1__GetSignerResponse *signer;               /* owned */
    Segel__V1__GetValidationDataResponse *proofs;       /* owned; NULL for B-T */
    struct slice parts[PDF_DSS_KINDS][PDF_DSS_MAX + 1]; /* of the proofs */
    struct pdf_dss dss;
    size_t room; /* bytes for a document time stamp */
    bool keeps;  /* what is there under an output, unless it is the same letter */
    char id[40]; /* of the run; request ids begin with it */
    unsigned stamps;
    bool lost; /* gateway or authority cannot be reached: others are not worth a try */
    bool by_other;  /* the last letter is signed, and not by this key */
    bool stamped;   /* the last letter had its time stamp, whatever came of it then */
    bool unwritten; /* all was there for it, and its file could not be written */
    const atomic_bool *given_up; /* ends each wait for the gateway; NULL = never */
    int64_t asked_us;            /* CLOCK_MONOTONIC; 0 = nothing is known */
};
/* Connects and asks. The run's end is extend_end, whatever came of it. */
SG_MUST_USE enum sg_status extend_begin(struct extend_run *run, struct sg_error *why);
void extend_end(struct extend_run *run);
/* What was asked for is not older than ten minutes: a statement that it holds may be over
 * since. */
bool extend_fresh(const struct extend_run *run);

/* One letter, from path to output; a half one is never left there. Where what is known is
 * not fresh, connects and asks anew. SG_INVALID and others:
 * why says what is wrong with it, and nothing was written. */
SG_MUST_USE enum sg_status extend_letter(struct extend_run *run, const char *path,
                                         const char *output, struct sg_error *why);
/* The same of a letter in memory. */
SG_MUST_USE enum sg_status extend_bytes(struct extend_run *run, struct slice pdf,
                                        const char *output, struct sg_error *why);

#endif
