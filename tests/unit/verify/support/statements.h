#ifndef SEGEL_TESTS_UNIT_VERIFY_SUPPORT_STATEMENTS_H
#define SEGEL_TESTS_UNIT_VERIFY_SUPPORT_STATEMENTS_H

#include "tests/unit/verify/support/lawful.h"

/* What authorities say of the lawful signer's certificate, given beside the signature:
 * one after the other is added, then it is judged, and all of them are gone. */
enum { NOW_S = 1767225600, DAY_S = 86400 };

struct statements {
    struct authority authority; /* who says it */
    struct verify_material material;
};
extern struct statements statements;

void statements_begin(void);
void statements_end(void);
void statements_crl(struct authority_list list);
/* Nobody is revoked by the root. */
void statements_root_crl(void);
/* responder, key: authority_ocsp's. */
void statements_ocsp(bool revoked, int64_t this_s, X509 *responder, EVP_PKEY *key);
/* The check of the revocation has this mark, and its sentence the word. */
void statements_expect(enum verify_mark mark, const char *word);

#endif
