#ifndef SEGEL_CLIENT_CHANNEL_SENTENCE_H
#define SEGEL_CLIENT_CHANNEL_SENTENCE_H

#include "proto/base.h"

/* Writes a reason where no status is to be returned; too long a sentence is cut. */
void sentence(struct sg_error *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
