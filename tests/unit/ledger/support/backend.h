#ifndef SEGEL_TESTS_UNIT_LEDGER_SUPPORT_BACKEND_H
#define SEGEL_TESTS_UNIT_LEDGER_SUPPORT_BACKEND_H

#include <stddef.h>

/* What can keep a ledger. The first row is what tests use that are about its files. */
enum { BACKEND_FOLDER_MAX = 64, BACKEND_WHERE_MAX = 128 };
struct backend {
    const char *name;
    /* A place where no ledger is yet. where: what ledger_open and ledger_reader_open
     * take; folder: of its own, or "". */
    void (*make)(char folder[BACKEND_FOLDER_MAX], char where[BACKEND_WHERE_MAX]);
    /* With all that stands there; nothing has it open. */
    void (*remove)(const char *folder, const char *where);
};
extern const struct backend backends[];
extern const size_t backend_count;

/* The one of books that are made from now on. */
void backend_use(const struct backend *backend);
const struct backend *backend_used(void);

#endif
