#ifndef SEGEL_CLIENT_SEGEL_PAGES_H
#define SEGEL_CLIENT_SEGEL_PAGES_H

#include "proto/base.h"

/* Memory for the bytes of letters. A letter that a reader gets by its socket (guard.h)
 * has pages that no child process inherits: one that another letter took over finds none
 * of it, and a fork does not make the parent copy it. Such pages wait for the next letter
 * when they are given back, up to PAGES_KEPT of them: new ones cost more than the
 * reading. A larger letter has pages that a child reads as its own copy. Any thread. */
enum { PAGES_SIZE = 1 << 17, PAGES_KEPT = 128 };
struct pages {
    void *at; /* owned; NULL: none */
    size_t len;
};

/* SG_NO_MEMORY. The caller gives them back. */
SG_MUST_USE enum sg_status pages_take(size_t len, struct pages *out);
void pages_give(struct pages *pages); /* then they are none */
/* Frees those that wait. */
void pages_rest(void);

#endif
