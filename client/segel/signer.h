#ifndef SEGEL_CLIENT_SEGEL_SIGNER_H
#define SEGEL_CLIENT_SEGEL_SIGNER_H

#include "client/segel/error.h"

/* Whether one of the words is this one. */
bool signer_offers(const char *const *words, size_t count, const char *word);

#endif
