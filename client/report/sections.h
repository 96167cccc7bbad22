#ifndef SEGEL_CLIENT_REPORT_SECTIONS_H
#define SEGEL_CLIENT_REPORT_SECTIONS_H

#include "client/report/evidence.h"
#include "client/report/figures.h"
#include "client/report/hands.h"
#include "client/report/paper.h"
#include "client/report/report.h"

/* A table with a column a month fits a page for so many of them. */
enum { PIVOT_MONTHS = 13 };

/* The ten sections of the report, in the order of docs/REPORT.md. */
struct content {
    const struct report *report;
    const struct evidence *evidence;
    const struct figures *figures;
    const struct hands *hands;
    const char *origin; /* of the log */
    bool for_ca;
};

/* Writes all of it on the paper. */
void sections_write(const struct content *content, struct paper *paper);

/* Inside: one function a section. */
void section_certificates(const struct content *content, struct paper *paper);
void section_use(const struct content *content, struct paper *paper);
void section_refusals(const struct content *content, struct paper *paper);
void section_overrides(const struct content *content, struct paper *paper);
void section_officers(const struct content *content, struct paper *paper);
void section_incidents(const struct content *content, struct paper *paper);
void section_infrastructure(const struct content *content, struct paper *paper);
void section_integrity(const struct content *content, struct paper *paper);
void section_attestation(const struct content *content, struct paper *paper);

/* Shorthands of these files. */
void put_fact(struct paper *paper, enum phrase name, struct value value);
void put_table(struct paper *paper, enum phrase title, const enum phrase *columns,
               size_t count);
void put_row(struct paper *paper, const struct value *values);
void put_table_end(struct paper *paper);
/* How many records of each type there are, as far as they are wanted; NULL: of all, those
 * of unknown types together. */
void put_kinds(const struct report *report, enum phrase title,
               bool (*wanted)(const char *type), struct paper *paper);
/* Records of the period of a type of proto/record_types.def. */
uint64_t records_of(const struct report *report, const char *type);
/* Whether something that was so from one time until another (0: still) was so in the
 * period. */
bool touches_period(const struct report_period *period, int64_t since_us,
                    int64_t until_us);
struct value value_class(const struct report *report, uint16_t id);

#endif
