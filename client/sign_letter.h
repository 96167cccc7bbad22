#ifndef SEGEL_CLIENT_SIGN_LETTER_H
#define SEGEL_CLIENT_SIGN_LETTER_H

#include "client/file.h"
#include "client/sign_plan.h"

/* One letter on its way: input file, prepared PDF, request, signed file. */
enum letter_state {
    LETTER_EMPTY, /* the place in the window is free */
    LETTER_READY, /* prepared; its digest is to be sent */
    LETTER_SENT,
    LETTER_RESTING /* the gateway asked to try again at retry_us */
};

enum { LETTER_ID_SIZE = 40, LETTER_PATH_SIZE = 4096, LETTER_BYTES_MAX = 1 << 30 };

struct letter {
    enum letter_state state;
    const char *path; /* borrowed from the command line */
    char output[LETTER_PATH_SIZE];
    char request_id[LETTER_ID_SIZE];
    struct file_bytes pdf;
    struct pdf_job *job; /* owned */
    unsigned attempts;
    int64_t retry_us; /* monotonic */
};

/* Where the signed letter goes. SG_CONFLICT: it would overwrite the input, or a file that
 * is there without --force. SG_OK with *skip: --resume, and it is there. */
SG_MUST_USE enum sg_status letter_place(struct letter *letter,
                                        const struct sign_plan *plan, bool *skip,
                                        struct sg_error *why);
/* Reads and prepares the PDF. code: short stable word for what was wrong. */
SG_MUST_USE enum sg_status letter_prepare(struct letter *letter,
                                          const struct sign_plan *plan, const char **code,
                                          struct sg_error *why);
/* Puts the signature in and writes the file. */
SG_MUST_USE enum sg_status letter_finish(struct letter *letter, struct slice cms,
                                         struct sg_error *why);
/* Frees what it owns; the place is free again. */
void letter_clear(struct letter *letter);

#endif
