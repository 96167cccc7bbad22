#ifndef SEGEL_CLIENT_CONSOLE_NEAREST_H
#define SEGEL_CLIENT_CONSOLE_NEAREST_H

#include <stddef.h>

/* The name that a mistyped word was most likely meant to be, or NULL when none is near:
 * one that the word begins, or at most a third of its letters away. */
const char *nearest(const char *word, const char *const *names, size_t count);

#endif
