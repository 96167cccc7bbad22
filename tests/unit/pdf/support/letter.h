#ifndef SEGEL_TESTS_UNIT_PDF_SUPPORT_LETTER_H
#define SEGEL_TESTS_UNIT_PDF_SUPPORT_LETTER_H

#include "proto/base.h"
#include "proto/slice.h"

/* A small PDF made from the text of its objects: build the lawful one, spoil one fact. */
enum { LETTER_OBJECTS = 12 };
struct letter {
    const char *header;
    const char *objects[LETTER_OBJECTS]; /* number = index + 1; NULL ends the list */
    const char *trailer;                 /* more keys of the trailer */
    const char *end;                     /* instead of startxref and what follows */
};

/* One empty page of 400 by 300 points: 1 catalog, 2 pages, 3 page, 4 content. */
struct letter letter_lawful(void);
/* The same with an empty signature field "letter.head" (objects 5 and 6). */
struct letter letter_with_field(void);
/* Bytes of a slice that the test itself allocated, to change or free them. */
static inline void *letter_own(const void *bytes)
{
    union {
        const void *from;
        void *to;
    } cast = {.from = bytes};
    return cast.to;
}

/* To be freed with letter_free. */
struct slice letter_build(const struct letter *letter);
/* The same, followed by so many streams each of which has the next one as its length. */
struct slice letter_chain(const struct letter *letter, int count);
struct slice letter_read(const char *path);
void letter_write(const char *path, struct slice bytes);
void letter_free(struct slice pdf);

#endif
