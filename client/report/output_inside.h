#ifndef SEGEL_CLIENT_REPORT_OUTPUT_INSIDE_H
#define SEGEL_CLIENT_REPORT_OUTPUT_INSIDE_H

#include "client/report/output.h"

/* Inside of output.c and folder.c: what all formats of one report share. */
struct made {
    struct figures figures;
    char *json; /* owned: all but the last line */
    size_t json_len;
    char sha256[65];
};
/* To be ended in any case. */
SG_MUST_USE enum sg_status made_make(const struct output *output, struct made *made,
                                     struct sg_error *why);
void made_fini(struct made *made);
SG_MUST_USE enum sg_status made_tell(const struct output *output, const struct made *made,
                                     struct sg_error *why);
SG_MUST_USE enum sg_status made_put(const struct output *output, const struct made *made,
                                    enum output_format format, FILE *stream);
/* Frees the paper. */
SG_MUST_USE enum sg_status made_write(const struct output *output,
                                      const struct made *made, struct paper *paper);

#endif
