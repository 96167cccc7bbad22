#ifndef SEGEL_TESTS_UNIT_LEDGER_SUPPORT_FAULTY_H
#define SEGEL_TESTS_UNIT_LEDGER_SUPPORT_FAULTY_H

#include <stdbool.h>

/* A disk that fails on command: becomes SQLite's default for files opened from now on. */
enum fault { FAULT_NONE, FAULT_WRITE_FULL, FAULT_WRITE_EIO, FAULT_SYNC_EIO };
void faulty_install(void);
void faulty_set(enum fault fault);
/* The process dies by SIGKILL in place of its next write or sync number n, from 1. */
void faulty_kill_at(unsigned n);

#endif
