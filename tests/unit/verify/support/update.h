#ifndef SEGEL_TESTS_UNIT_VERIFY_SUPPORT_UPDATE_H
#define SEGEL_TESTS_UNIT_VERIFY_SUPPORT_UPDATE_H

#include "proto/slice.h"

/* A later revision by somebody's hand: objects with their new text. */
enum { UPDATE_NEXT = 1 << 24 };
struct update {
    int number; /* and UPDATE_NEXT for each generation behind the first */
    const char *text;
};

/* The PDF with one more revision; whole file, to be freed. root: object of the catalog.
 * The table is sound, and refers to the one before. */
struct slice update_pdf(struct slice pdf, const struct update *objects, size_t count,
                        int root);
/* A first revision from the text of its objects, numbered from 1, which is the catalog;
 * whole file, to be freed. */
struct slice update_build(const char *const *objects, size_t count);
/* A revision that brings no objects, but a table in which number stands at another place
 * of the file. */
struct slice update_point(struct slice pdf, int number, size_t at);
/* Likewise, one in which the number is free. */
struct slice update_free(struct slice pdf, int number);
/* The text of an object's newest revision, without "obj" and "endobj", with a zero byte;
 * lives until the next call. Fails the test when there is none. */
char *update_text(struct slice pdf, int number);
/* In the text, what stands there by something else; of any length. Fails the test when
 * it does not stand there. */
void update_replace(char *text, const char *from, const char *to);

#endif
