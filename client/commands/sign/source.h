#ifndef SEGEL_CLIENT_COMMANDS_SIGN_SOURCE_H
#define SEGEL_CLIENT_COMMANDS_SIGN_SOURCE_H

#include <stdio.h>

#include "client/commands/sign/plan.h"
#include "client/console/options.h"
#include "proto/slice.h"

/* The letters of a run, one after the other: files and folders of the command line or of
 * a list, or the rows of a manifest. It can be gone through again from the begin. */
struct sign_row {
    char *block;        /* owned: the texts */
    const char *path;   /* to read */
    const char *output; /* below the folder of -o; checked by sign_source_survey */
    bool is_named;      /* the user named the output: nothing is put behind it */
    struct sign_options options; /* of this letter */
    uint64_t line;               /* of the manifest; 0 = there is none */
};
void sign_row_fini(struct sign_row *row);
/* Copies the two texts, with room for a suffix of the second, and `more` behind them,
 * where *more_out then points.
 * SG_NO_MEMORY.
 */
SG_MUST_USE enum sg_status sign_row_texts(struct sign_row *row, const char *path,
                                          const char *output, struct slice more,
                                          char **more_out);

struct sign_source;
/* options: of the command line; words: its files and folders; both borrowed. SG_INVALID:
 * neither or several kinds are given, or the manifest's header is wrong. SG_IO. The
 * caller closes *out. */
SG_MUST_USE enum sg_status sign_source_open(const struct sign_options *options,
                                            const struct words *words,
                                            struct sign_source **out,
                                            struct sg_error *why);
/* The caller ends the row with sign_row_fini. SG_NOT_FOUND: that was all. */
SG_MUST_USE enum sg_status sign_source_next(struct sign_source *source,
                                            struct sign_row *out, struct sg_error *why);
SG_MUST_USE enum sg_status sign_source_rewind(struct sign_source *source,
                                              struct sg_error *why);
/* Of the manifest; ',' without one. */
char sign_source_separator(const struct sign_source *source);
void sign_source_close(struct sign_source *source);

/* Goes through all of it, says on the screen what is wrong (of a manifest: up to 20 rows,
 * each with line and column), counts, and rewinds. SG_INVALID: something was. */
SG_MUST_USE enum sg_status sign_source_survey(struct sign_source *source, size_t *count,
                                              struct sg_error *why);

#endif
