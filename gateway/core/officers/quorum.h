#ifndef SEGEL_GATEWAY_CORE_OFFICERS_QUORUM_H
#define SEGEL_GATEWAY_CORE_OFFICERS_QUORUM_H

#include "gateway/config/config.h"
#include "proto/quorum/roster.h"

/* The quorum file as it was read once. Immutable. */
struct quorum {
    struct roster roster;
    uint8_t sha256[32]; /* of the file */
    struct slice text;  /* owned: the file */
};

/* Reads officers.quorum. *out: owned by the caller; NULL when the setting is empty. Each
 * person of the file must be a caller of the same name who has that person's role and no
 * other. SG_NOT_FOUND, SG_IO, SG_INVALID, SG_TOO_LARGE, SG_NO_MEMORY: one sentence. */
SG_MUST_USE enum sg_status quorum_load(const struct config *config, struct quorum **out,
                                       struct sg_error *why);
/* The same from a text, of which it keeps a copy. */
SG_MUST_USE enum sg_status quorum_make(const struct config *config, struct slice text,
                                       struct quorum **out, struct sg_error *why);
/* Whether each person is a caller of that configuration, as above. SG_INVALID. */
SG_MUST_USE enum sg_status quorum_fits(const struct config *config,
                                       const struct quorum *quorum, struct sg_error *why);
/* NULL: no memory. */
struct quorum *quorum_copy(const struct quorum *quorum);
/* NULL is allowed. */
void quorum_free(struct quorum *quorum);

/* Index of the person; GROUPS_NONE: there is none of that name, or no quorum file. */
unsigned quorum_find(const struct quorum *quorum, const char *person);

#endif
