#ifndef SEGEL_CLIENT_REPORT_FIGURES_H
#define SEGEL_CLIENT_REPORT_FIGURES_H

#include "client/report/report.h"

/* The counts of a report, put in order: the same log gives the same order. */
enum { FEW = 5, CLASS_MERGED = REPORT_CLASSES + 1 };
struct figure_rows {
    struct cell *rows; /* owned */
    size_t count;
};
struct figures {
    struct figure_rows use;     /* month, caller, key, class: by month and names */
    struct figure_rows lines;   /* -, caller, key, class: the same without months */
    struct figure_rows series;  /* -, caller, -, class: most signed first */
    struct figure_rows classes; /* -, -, -, class */
    struct figure_rows systems;
    struct figure_rows denials;
    struct figure_rows refused;  /* most decided first */
    struct figure_rows deciders; /* rule: most decided first */
    struct figure_rows shadows;
    struct figure_rows failed;
};

/* merge: classes with fewer than FEW jobs become one, CLASS_MERGED; when that one has
 * fewer as well, the next smallest joins it. SG_NO_MEMORY. To be ended in any case. */
SG_MUST_USE enum sg_status figures_make(const struct report *report, bool merge,
                                        struct figures *out);
void figures_fini(struct figures *figures);

#endif
