#ifndef SEGEL_TESTS_UNIT_VERIFY_SUPPORT_LAWFUL_H
#define SEGEL_TESTS_UNIT_VERIFY_SUPPORT_LAWFUL_H

#include "client/verify/verify.h"
#include "tests/unit/verify/support/maker.h"

/* One lawful PAdES signature and all it rests on. A test changes one field, then calls
 * lawful_make for the signature and verify_cms. */
struct lawful {
    struct pki pki;
    X509_STORE *anchors;
    char letter[40];
    uint8_t digest[32];
    struct maker maker;
    struct verify_input input;
    struct verify_report report;
    struct slice made; /* the CMS; owned */
};
extern struct lawful lawful;

#define LAWFUL_TIME_US INT64_C(1767225600000000) /* 2026-01-01 */

void lawful_begin(enum pki_key kind);
void lawful_end(void);
void lawful_make(void);
const struct verify_check *lawful_check(const char *name);

#endif
