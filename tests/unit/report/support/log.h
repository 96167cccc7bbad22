#ifndef SEGEL_TESTS_UNIT_REPORT_SUPPORT_LOG_H
#define SEGEL_TESTS_UNIT_REPORT_SUPPORT_LOG_H

#include "client/report/account.h"

/* A log of a few records, counted for the year 2026 in Jakarta. */
extern struct account *account;
extern struct audit audit;
extern struct sg_error why;

void begin(void);
void end(void);
/* Adds a record; its index. */
uint64_t add(const char *time, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void job(const char *time, const char *outcome);
void checkpoint(void);
const struct report *finished(void);

#endif
