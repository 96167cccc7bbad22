#ifndef SEGEL_CLIENT_VERIFY_KNOWN_H
#define SEGEL_CLIENT_VERIFY_KNOWN_H

#include <openssl/x509.h>

#include "proto/base.h"
#include "proto/slice.h"

/* The certificates of the answer that was found good last, by their bytes: thousands of
 * answers bring the same ones, and decoding them is most of the work. Any threads. */
struct verify_known;
struct verify_known *verify_known_new(void); /* NULL: no memory */
void verify_known_free(struct verify_known *known);

/* verify_answer, sooner: what it takes and refuses is the same for the same bytes,
 * whatever came before. known NULL: not sooner. */
SG_MUST_USE enum sg_status verify_answer_known(struct verify_known *known,
                                               struct slice cms, struct slice digest,
                                               struct sg_error *why);

/* --- For answer.c ------------------------------------------------------------------ */

/* Decoded certificates, shared by their users; they never change. */
struct known_chain;
/* NULL: those are other bytes. Give back with known_chain_drop. */
struct known_chain *known_chain_take(struct verify_known *known, struct slice bytes);
STACK_OF(X509) * known_chain_stack(const struct known_chain *chain); /* borrowed */
void known_chain_drop(struct known_chain *chain);                    /* NULL is fine */
/* Keeps them in place of those before, or does not: then the next answer takes longer.
 * Takes the stack over. */
void known_chain_keep(struct verify_known *known, struct slice bytes,
                      STACK_OF(X509) * stack);

#endif
