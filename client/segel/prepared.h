#ifndef SEGEL_CLIENT_SEGEL_PREPARED_H
#define SEGEL_CLIENT_SEGEL_PREPARED_H

#include "client/segel/input.h"
#include "client/segel/plan.h"

/* A letter whose digest can be signed. */
struct segel_prepared {
    struct input input;
    struct pdf_job *job; /* owned; NULL: a digest was given */
    uint8_t digest[SG_HASH_MAX];
    size_t digest_len;
    uint8_t *joined; /* owned: the signed letter, where no file was wanted */
    size_t joined_len;
};

int prepared_make(const struct segel_plan *plan, const struct kept_letter *kept,
                  struct segel_prepared **out, struct segel_error *error);

/* segel_embed in two steps. The first puts the CMS in, and begins the file (pdf_files_end
 * ends it); output NULL: there is no file. The second says what became of the file. */
int prepared_embed(struct segel_prepared *prepared, struct slice cms, const char *output,
                   struct pdf_file *file, struct segel_error *error);
int prepared_written(const struct pdf_file *file, struct segel_error *error);

#endif
