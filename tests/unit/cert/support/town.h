#ifndef SEGEL_TESTS_UNIT_CERT_SUPPORT_TOWN_H
#define SEGEL_TESTS_UNIT_CERT_SUPPORT_TOWN_H

#include "gateway/cert/cert.h"
#include "tests/unit/cert/support/maker.h"

/* The authorities over a town's seal, for a suite's init and fini. */
extern struct made town_root;
extern struct made town_issuing;

void town_found(void);
void town_leave(void);

/* cert_load by three files; chain may be NULL. */
SG_MUST_USE enum sg_status town_read(const char *const paths[3], int64_t at_us,
                                     struct cert **cert, struct sg_error *why);
/* Loads a seal made by spec at that time, with the lawful chain and anchor. The caller
 * frees it. */
struct cert *town_load(const struct maker_spec *spec, int64_t at_us);
/* The facts of a seal made by spec, now; they borrow from *cert, which the caller frees.
 */
struct facts town_facts(const struct maker_spec *spec, struct cert **cert);

#endif
