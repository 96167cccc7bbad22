#ifndef SEGEL_TESTS_UNIT_LEDGER_SUPPORT_LAWFUL_H
#define SEGEL_TESTS_UNIT_LEDGER_SUPPORT_LAWFUL_H

#include "gateway/ledger/record.h"

/* A job as a city sends it; each test spoils one fact. */
struct record_head lawful_head(void);
struct record_job lawful_job(void);
struct record_decision lawful_decision(void);

#endif
