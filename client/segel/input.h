#ifndef SEGEL_CLIENT_SEGEL_INPUT_H
#define SEGEL_CLIENT_SEGEL_INPUT_H

#include "client/segel/error.h"
#include "client/segel/pages.h"
#include "proto/slice.h"

/* The bytes of a letter: read from a file, or the caller's. The zero state is valid for
 * _fini. */
struct input {
    struct slice bytes;
    struct pages pages; /* owned; none: the bytes are the caller's */
};
enum { INPUT_MAX = 1 << 30 };

/* Bytes that the letter will take; 0 when that cannot be told. */
size_t input_size(const char *path);
/* SEGEL_FILE with the reason "unreadable". A file that changes meanwhile is read as far
 * as it is there: what was read is what is signed. */
int input_read(struct input *input, const char *path, struct segel_error *error);
void input_fini(struct input *input);

#endif
