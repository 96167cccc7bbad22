#ifndef SEGEL_CLIENT_REPORT_OUTPUT_H
#define SEGEL_CLIENT_REPORT_OUTPUT_H

#include "client/report/account.h"
#include "client/report/sections.h"

/* A report that was read and verified, made into files. The figures (report.json) come
 * first: their SHA-256 stands in all other formats. */
enum output_format { OUTPUT_TEXT, OUTPUT_HTML, OUTPUT_CSV, OUTPUT_JSON, OUTPUT_FORMATS };
struct output {
    const struct account *account; /* borrowed */
    const struct hands *hands;     /* borrowed */
    bool for_ca;
    bool indonesian;
    /* NULL, or told the report's SHA-256 when all else has gone well, before anything has
     * its name or reaches the stream; what it refuses is not written. */
    enum sg_status (*tell)(void *context, const char sha256[65], struct sg_error *why);
    void *context;
};

/* One format on a stream. SG_IO: it could not be written whole. SG_NO_MEMORY. */
SG_MUST_USE enum sg_status output_stream(const struct output *output,
                                         enum output_format format, FILE *stream,
                                         struct sg_error *why);
/* All of them into a new folder: report.html, report.txt, report.json, csv/, SHA256SUMS.
 * It grows under PATH.tmp and gets its name last. SG_CONFLICT: something is there
 * already. SG_IO, SG_NO_MEMORY. */
SG_MUST_USE enum sg_status output_folder(const struct output *output, const char *path,
                                         struct sg_error *why);

#endif
