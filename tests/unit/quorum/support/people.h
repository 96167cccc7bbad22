#ifndef SEGEL_TESTS_UNIT_QUORUM_SUPPORT_PEOPLE_H
#define SEGEL_TESTS_UNIT_QUORUM_SUPPORT_PEOPLE_H

#include <openssl/evp.h>

#include "proto/quorum/roster.h"

/* Keys made for the test, and a quorum file that names them. */
enum { PEOPLE = 7 };
struct people {
    EVP_PKEY *keys[PEOPLE]; /* of officers a to d, reviewers x and y, operator o */
    struct note_key named[PEOPLE];
    char text[8192];
};

void people_make(struct people *people);
void people_remove(struct people *people);
/* The line of a person. */
void people_line(const struct people *people, size_t index, char out[512]);
/* Adds a signature of a person's key to a note whose text is there. */
void people_sign(const struct people *people, size_t index, struct slice text,
                 struct lines_out *note);
#endif
