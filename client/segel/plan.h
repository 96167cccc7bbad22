#ifndef SEGEL_CLIENT_SEGEL_PLAN_H
#define SEGEL_CLIENT_SEGEL_PLAN_H

#include <stdatomic.h>

#include "client/segel/offers.h"
#include "client/segel/texts.h"
#include "client/verify/known.h"
#include "segel/v1/signing.pb-c.h"

/* What many letters have in common, held against what the key offers. Never changes once
 * it is made, but for the count of its users and what known has seen. */
struct segel_plan {
    atomic_uint users;
    struct segel_terms given;          /* its texts lie in block */
    struct segel_look look;            /* valid when given.look is not NULL */
    char *block;                       /* owned */
    const struct segel_signer *signer; /* a share, as the stamp */
    int64_t told_us;                   /* when the gateway said it; monotonic */
    struct offered_stamp *offered;     /* NULL = the letters are no PDFs */
    Segel__V1__SignTerms terms;        /* texts borrowed from given */
    struct verify_known *known; /* owned; NULL where memory was short: it works, too */
    enum sg_hash hash;
    bool is_pdf; /* PAdES: the letters are PDFs */
    bool is_cms; /* the answer is a CMS, not a bare signature */
};

/* SEGEL_USAGE, "unusable-text": a text that the gateway does not take. NULL = none. */
int plan_check_terms(const struct segel_terms *terms, struct segel_error *error);

struct segel_plan *plan_share(struct segel_plan *plan);

/* What the gateway said is as old as offers may be: make the plan anew. */
bool plan_is_old(const struct segel_plan *plan);

/* The look of a letter: its own, or the plan's; NULL = invisible. */
const struct segel_look *plan_look(const struct segel_plan *plan,
                                   const struct kept_letter *kept);
/* SEGEL_USAGE: this plan does not go with this letter. */
int plan_fits(const struct segel_plan *plan, const struct kept_letter *kept,
              struct segel_error *error);
/* Whether a letter with that look shows a stamp. */
bool plan_shows(const struct segel_plan *plan, const struct segel_look *look);
/* What the PDF is to show. link: room for the text of the QR code. */
enum { PLAN_LINK_SIZE = 1024 };
void plan_wish(const struct segel_plan *plan, const struct kept_letter *kept,
               char link[PLAN_LINK_SIZE], struct pdf_wish *wish);

#endif
