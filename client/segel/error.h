#ifndef SEGEL_CLIENT_SEGEL_ERROR_H
#define SEGEL_CLIENT_SEGEL_ERROR_H

#include "client/segel/segel.h"
#include "proto/base.h"

/* Filling struct segel_error. Each returns the code, so that a failure is one line. */

/* reason NULL = the code's name. error may be NULL; a sentence too long is cut. */
int error_set(struct segel_error *error, enum segel_code code, const char *reason,
              const char *format, ...) __attribute__((format(printf, 4, 5)));
int error_memory(struct segel_error *error);
/* SEGEL_TIMEOUT of a letter that was sent, and whose answer did not come. */
int error_unanswered(struct segel_error *error);
/* What a module of ours said. */
int error_status(struct segel_error *error, enum sg_status status,
                 const struct sg_error *why);
/* Copies one; from may be error itself. */
int error_copy(struct segel_error *error, const struct segel_error *from);

enum segel_code error_code_of(enum sg_status status);
enum segel_code error_code_of_grpc(int grpc_code); /* not 0 */

/* SEGEL_USAGE of a pointer that the caller has to give. */
int error_null(struct segel_error *error, const char *name);

/* Copies what the caller filled, as far as it knew the fields; the rest of own is zero.
 * false: its size says that it was never set. own begins with its size, too. */
bool error_take_struct(void *own, size_t own_size, const void *given);

#endif
