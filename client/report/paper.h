#ifndef SEGEL_CLIENT_REPORT_PAPER_H
#define SEGEL_CLIENT_REPORT_PAPER_H

#include <stdio.h>

#include "client/report/names.h"
#include "client/report/zone.h"
#include "proto/base.h"

/* What a report is written on. sections.c says what stands where, once; each kind of
 * paper (JSON, CSV, HTML, text) says how it looks. Texts of values come from records and
 * are clean (names.h), yet each kind escapes what means something to it. */
enum phrase {
#define PHRASE(name, key, english, indonesian) PHRASE_##name,
#include "client/report/phrases.def"
#undef PHRASE
    PHRASE_COUNTS
};
enum hand {
#define HAND(name, key, section, english, indonesian) HAND_##name,
#include "client/report/hands.def"
#undef HAND
    HAND_COUNTS
};

enum value_kind {
    VALUE_NONE, /* not known */
    VALUE_COUNT,
    VALUE_CHANGE, /* a difference: with a sign for people */
    VALUE_SECONDS,
    VALUE_TEXT,
    VALUE_PHRASE,
    VALUE_TRUTH,
    VALUE_TIME,
    VALUE_DAY,
    VALUE_MONTH
};
struct value {
    enum value_kind kind;
    int64_t number; /* also a time, a day, a month */
    const char *text;
    enum phrase phrase;
};
struct value value_none(void);
struct value value_count(uint64_t count);
struct value value_number(enum value_kind kind, int64_t number);
struct value value_text(const char *text); /* "": not stated */
struct value value_phrase(enum phrase phrase);
/* Of a time that is 0 when it is not known. */
struct value value_time(int64_t unix_us);
struct value value_name(const struct names *names, uint16_t id);

/* A picture of counts; only HTML shows it. */
enum { CHART_SERIES = 7, CHART_BARS = 16 };
struct chart_label {
    char text[2 * NAME_BYTES + 8];
};
struct stack_chart {
    enum phrase title;
    uint32_t first_month;
    size_t months;
    size_t series_count;
    struct chart_label labels[CHART_SERIES];
    uint64_t counts[CHART_SERIES][PERIOD_MONTHS];
};
struct bar_chart {
    enum phrase title;
    size_t count;
    struct chart_label labels[CHART_BARS];
    uint64_t counts[CHART_BARS];
};

enum { TABLE_COLUMNS = PERIOD_MONTHS + 5 };
struct paper;
struct paper_kind {
    size_t size;     /* of what it keeps, a struct paper first */
    bool for_people; /* times in the zone, tables that fit a page */
    void (*begin)(struct paper *paper, struct value title);
    void (*section)(struct paper *paper, unsigned number, enum phrase title);
    void (*section_end)(struct paper *paper);
    void (*say)(struct paper *paper, enum phrase sentence);
    void (*fact)(struct paper *paper, enum phrase name, struct value value);
    void (*table)(struct paper *paper, enum phrase title, const struct value *columns,
                  size_t count);
    void (*row)(struct paper *paper, const struct value *values);
    void (*table_end)(struct paper *paper);
    void (*hand)(struct paper *paper, enum hand hand, const char *text);
    void (*stack)(struct paper *paper, const struct stack_chart *chart);
    void (*bars)(struct paper *paper, const struct bar_chart *chart);
    void (*end)(struct paper *paper);
};
/* The first member of what a kind keeps. out is borrowed. */
struct paper {
    const struct paper_kind *kind;
    FILE *out;
    bool indonesian;
    const struct zone *zone; /* borrowed */
    const char *sha256;      /* of the figures; NULL while they are being written */
    size_t columns;          /* of the table that is open */
    unsigned section;
};

const char *phrase_text(const struct paper *paper, enum phrase phrase);
const char *phrase_key(enum phrase phrase);
const char *hand_text(const struct paper *paper, enum hand hand);
const char *hand_key(enum hand hand);
unsigned hand_section(enum hand hand);

/* A value for people: in the language, in the zone. */
enum { VALUE_SIZE = 512 };
void value_say(const struct paper *paper, const struct value *value,
               char out[VALUE_SIZE]);
/* The same for machines, where it is no text of its own: "" when it is not known. */
void value_plain(const struct value *value, char out[VALUE_SIZE]);
bool value_is_number(const struct value *value);
/* Whether it heads the row of totals, which no table leaves out. */
bool value_is_total(const struct value *value);

/* For the kinds: the rest of what it keeps is zero. */
struct paper *paper_make(const struct paper_kind *kind, FILE *out);

/* NULL: no memory. To be ended by paper_free. */
struct paper *paper_json(FILE *out);
struct paper *paper_html(FILE *out);
struct paper *paper_text(FILE *out);
/* One stream, a line a value: section, table, row, column, value. */
struct paper *paper_csv(FILE *out);
/* A file a table below the folder. */
struct paper *paper_csv_files(int folder);
/* SG_IO: something could not be written. Frees the paper. */
SG_MUST_USE enum sg_status paper_free(struct paper *paper);

#endif
