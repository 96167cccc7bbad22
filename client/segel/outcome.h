#ifndef SEGEL_CLIENT_SEGEL_OUTCOME_H
#define SEGEL_CLIENT_SEGEL_OUTCOME_H

#include "client/pdf/pdf.h"
#include "client/segel/plan.h"
#include "client/segel/texts.h"
#include "proto/slice.h"
#include "segel/v1/signing.pb-c.h"

/* What became of a letter, with all that it points to. */
struct outcome {
    struct segel_outcome view;       /* first: a view is its outcome */
    Segel__V1__SignResult *result;   /* owned; NULL: the gateway never answered */
    struct segel_failure *failures;  /* owned */
    struct segel_prepared *prepared; /* owned: it holds the bytes of the letter */
    char *block;                     /* owned: texts of the letter */
    struct segel_error error;        /* reason and text */
    bool keeps;                      /* what is there under the output */
};

/* An empty one, made before the letter goes its way: filling it cannot fail. NULL: no
 * memory. */
struct outcome *outcome_new(void);
/* The gateway's answer, which it takes over. */
void outcome_answer(struct outcome *outcome, Segel__V1__SignResult *result);
/* Something went wrong here, before or after the gateway's answer. */
void outcome_spoil(struct outcome *outcome, const struct segel_error *error);
/* Takes over the letter's texts, to which the letter goes on pointing. */
void outcome_name(struct outcome *outcome, struct kept_letter *kept);
/* Checks the signature of a signed one against the letter, and puts it in. prepared is
 * taken over where the outcome needs it, and *prepared then NULL. */
void outcome_finish(struct outcome *outcome, struct segel_prepared **prepared,
                    const struct segel_plan *plan);
/* The same in two steps, for many letters at once. true: the file was begun, the rest of
 * prepared is needed no more, and when the file was ended outcome_end says so. */
bool outcome_begin(struct outcome *outcome, struct segel_prepared **prepared,
                   const struct segel_plan *plan, struct pdf_file *file);
void outcome_end(struct outcome *outcome, const struct pdf_file *file);
void outcome_free(struct outcome *outcome); /* NULL is fine */
/* What the gateway said in its own words; NULL: it never answered. */
const Segel__V1__SignResult *outcome_result(const struct segel_outcome *view);
/* How long to wait before asking again; 0 = it is the last word. */
int64_t outcome_pause_us(const Segel__V1__SignResult *result);

#endif
