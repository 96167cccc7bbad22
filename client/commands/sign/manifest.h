#ifndef SEGEL_CLIENT_COMMANDS_SIGN_MANIFEST_H
#define SEGEL_CLIENT_COMMANDS_SIGN_MANIFEST_H

#include "client/commands/sign/source.h"

/* A table of letters: a row each, with the columns `file`, `out` and those of
 * columns.def. Empty cells leave the option of the command line in force. */
struct sign_manifest;

/* file: at its begin; borrowed, as are name (for sentences) and folder, from which files
 * are counted ("" = here). SG_INVALID: the header; SG_CORRUPT: it is no
 * table. The caller closes *out. */
SG_MUST_USE enum sg_status sign_manifest_open(FILE *file, const char *name,
                                              const char *folder,
                                              struct sign_manifest **out,
                                              struct sg_error *why);
/* SG_NOT_FOUND: no row is left. SG_INVALID: of this row; SG_CORRUPT: nothing that
 * follows can be read. */
SG_MUST_USE enum sg_status sign_manifest_next(struct sign_manifest *manifest,
                                              const struct sign_options *defaults,
                                              struct sign_row *out, struct sg_error *why);
/* ';' or ','. */
char sign_manifest_separator(const struct sign_manifest *manifest);
/* Say where the row is wrong: "letters.csv:12:8 (rect): " and the sentence. The first
 * looks for the cell by which sign_plan_read fails; the second is told the column, and
 * takes that of the file where the table has none of that name. */
enum sg_status sign_manifest_blame(const struct sign_manifest *manifest,
                                   const struct sign_row *row,
                                   const struct sign_options *defaults,
                                   struct sg_error *why);
enum sg_status sign_manifest_blame_column(const struct sign_manifest *manifest,
                                          const char *name, struct sg_error *why);
void sign_manifest_close(struct sign_manifest *manifest); /* NULL is fine */

#endif
