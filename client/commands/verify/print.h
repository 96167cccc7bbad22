#ifndef SEGEL_CLIENT_COMMANDS_VERIFY_PRINT_H
#define SEGEL_CLIENT_COMMANDS_VERIFY_PRINT_H

#include "client/console/command.h"
#include "client/verify/verify.h"

/* How `segel verify` tells what it found. */
enum verify_lang { VERIFY_LANG_EN, VERIFY_LANG_ID };

enum verify_outcome {
#define OUTCOME(name, code, exit, summary, conclusion, en, id) VERIFY_##name,
#include "client/commands/verify/outcomes.def"
#undef OUTCOME
    VERIFY_OUTCOMES
};
enum exit_code verify_outcome_exit(enum verify_outcome outcome);
const char *verify_outcome_text(enum verify_outcome outcome, enum verify_lang lang);

struct pdf_shown;
struct verify_finding {
    const char *path;
    enum verify_outcome outcome;
    const struct verify_report *reports; /* borrowed */
    size_t count;                        /* of them, time-stamps included */
    size_t signatures;                   /* without those */
    const char *problem; /* why there is none that can be judged, in English, for
                          * programs; "" = nothing */
    const struct pdf_shown *shown; /* borrowed; NULL = nobody has looked, or: */
    struct sg_error unseen;        /* why what it shows cannot be told; "" = it can */
    char reason[768]; /* problem, or what is unseen, in the language of the report */
    bool wants_logo;
    bool lacks_statement; /* though it is demanded; likewise below */
    bool lacks_logo;
};

/* Of one signature. */
enum verify_outcome verify_report_outcome(const struct verify_report *report);

/* All about one file; of many a line each, and the reason when there is one. */
void verify_print_people(const struct verify_finding *finding, enum verify_lang lang);
void verify_print_line(const struct verify_finding *finding, enum verify_lang lang);
void verify_print_head(enum verify_lang lang);
void verify_print_totals(const size_t counts[VERIFY_OUTCOMES], enum verify_lang lang);
void verify_print_json(const struct verify_finding *finding, enum verify_lang lang);

#endif
