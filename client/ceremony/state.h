#ifndef SEGEL_CLIENT_CEREMONY_STATE_H
#define SEGEL_CLIENT_CEREMONY_STATE_H

#include "client/ceremony/script.h"
#include "proto/quorum/asking.h"
#include "proto/quorum/minutes.h"

/* How far a ceremony has come, so that it can be taken up again: a text that is kept
 * beside the minutes and replaced after each step.
 *
 *     segel-ceremony/v1
 *     next 5                    index of the step to be done, from 0
 *     request 4f…               own id of what the gateway was asked in that step
 *     answer lane lane0
 *     minutes place Room 2      a line of the minutes to be
 */
enum { STATE_MAX = 131072, ANSWERS_MAX = 48, ANSWER_MAX = 256 };

struct ceremony_answer {
    char name[SCRIPT_NAME_SIZE];
    char text[ANSWER_MAX + 1];
};
/* Large: not for a thread's stack. The zero state is a ceremony that begins. Must not be
 * moved. */
struct ceremony_state {
    size_t next;
    char request[ASKING_ID_MAX + 1]; /* "" = nothing is under way */
    size_t answer_count;
    struct ceremony_answer answers[ANSWERS_MAX];
    struct minutes minutes; /* values in room */
    size_t used;
    char room[STATE_MAX];
};

/* Adds a line to the minutes. SG_INVALID, SG_TOO_LARGE: as minutes_add. */
SG_MUST_USE enum sg_status state_note(struct ceremony_state *state, struct sg_error *why,
                                      enum minutes_field field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* SG_INVALID: no plain text of at most ANSWER_MAX bytes. SG_TOO_LARGE: too many. */
SG_MUST_USE enum sg_status state_answer(struct ceremony_state *state, const char *name,
                                        struct slice text, struct sg_error *why);
/* Another text for an answer that was given. SG_INVALID: as above, or it was not. */
SG_MUST_USE enum sg_status state_answer_anew(struct ceremony_state *state,
                                             const char *name, struct slice text,
                                             struct sg_error *why);
/* NULL: it was not answered. */
const char *state_answered(const struct ceremony_state *state, const char *name);

/* SG_TOO_LARGE. */
SG_MUST_USE enum sg_status state_write(const struct ceremony_state *state,
                                       char out[STATE_MAX], size_t *len);
/* out: the zero state. SG_INVALID, SG_TOO_LARGE: why names the line. */
SG_MUST_USE enum sg_status state_read(struct slice text, struct ceremony_state *out,
                                      struct sg_error *why);

#endif
