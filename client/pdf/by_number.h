#ifndef SEGEL_CLIENT_PDF_BY_NUMBER_H
#define SEGEL_CLIENT_PDF_BY_NUMBER_H

#include "proto/base.h"

/* Something of each object number, in an array that grows to those that come. at: owned
 * by the caller, NULL before the first; count: how many numbers it has; number: up to
 * PDF_OBJECT_MAX; size: of one. The array as it is now, with zeros for what is new; NULL:
 * no memory, and the one before stays. */
void *by_number_reach(void *at, size_t *count, size_t number, size_t size);

#endif
