#ifndef SEGEL_CLIENT_SEGEL_TEXTS_H
#define SEGEL_CLIENT_SEGEL_TEXTS_H

#include "client/segel/segel.h"
#include "proto/algorithm.h"
#include "proto/base.h"

/* Texts of a caller's struct, copied into one block: the struct's own pointers are led to
 * the copies. NULL stays NULL. SG_NO_MEMORY: nothing has changed. */
enum { TEXTS_MAX = 24 };
struct texts {
    const char **at[TEXTS_MAX];
    size_t count;
};
void texts_add(struct texts *texts, const char **at);
SG_MUST_USE enum sg_status texts_keep(const struct texts *texts, char **block);

/* Whether the gateway takes it: at most max bytes of UTF-8 without control characters.
 * NULL = as "". */
bool text_taken(const char *text, size_t max);

/* A letter as submitted, with copies of its texts. The zero state is valid for _fini. */
struct kept_letter {
    struct segel_letter letter;
    struct segel_look look; /* valid when letter.look is not NULL, which points to it */
    /* Valid when letter.digest is not NULL: that is the caller's, and not to be read. */
    uint8_t digest[SG_HASH_MAX];
    char *block; /* owned */
};
/* Takes over what the caller filled; SEGEL_USAGE: what is missing, or too much. */
int kept_letter_take(struct kept_letter *kept, const struct segel_letter *given,
                     struct segel_error *error);
void kept_letter_fini(struct kept_letter *kept);

/* The same for a look alone: look gets a copy whose texts still are the caller's. */
int look_take(struct segel_look *look, const struct segel_look *given,
              struct segel_error *error);
void texts_add_look(struct texts *texts, struct segel_look *look);
bool look_visible(const struct segel_look *look); /* NULL = no */

#endif
