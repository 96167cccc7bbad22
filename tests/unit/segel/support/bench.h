#ifndef SEGEL_TESTS_UNIT_SEGEL_SUPPORT_BENCH_H
#define SEGEL_TESTS_UNIT_SEGEL_SUPPORT_BENCH_H

#include "client/segel/segel.h"
#include "proto/slice.h"

/* What the tests of libsegel begin with: a handle on gRPC's own server, which misbehaves
 * by the name of the key, and a small letter. */
extern struct segel *segel;
extern struct segel_error error;
extern struct slice letter_bytes;

void bench_open(void); /* skips the test where there is no server */
void bench_close(void);

/* A plan for this key, invisible. The caller frees it. */
struct segel_plan *bench_plan(const char *key);
/* The same; all that comes after it goes to this listener instead. */
struct segel_plan *bench_plan_behind(const char *key, const char *listener);
/* A letter of letter_bytes with this id, signed at a time of its own. */
struct segel_letter bench_letter(const char *id);

#endif
