#ifndef SEGEL_CLIENT_COMMANDS_VERIFY_NOTICE_H
#define SEGEL_CLIENT_COMMANDS_VERIFY_NOTICE_H

#include "client/commands/verify/print.h"
#include "client/pdf/shown/shown.h"

/* Whether a letter shows the statement and the logo that its authority asks for. Says
 * nothing of signatures: a letter without them is as valid as before. The zero state
 * demands nothing. */
struct verify_notice {
    char *text;              /* owned; the statement's words; NULL = any */
    struct pdf_image logo;   /* owned; no width = none is asked for */
    bool needed;             /* the statement is demanded */
    bool looked;             /* somebody will see what was found */
    struct pdf_shown *shown; /* owned; of the file at hand */
};

/* statement: the words, or '@' and the name of a file with them. logo: name of a PNG.
 * Both may be NULL. SG_INVALID; SG_IO. The caller gives *out to verify_notice_fini
 * whatever the outcome. */
SG_MUST_USE enum sg_status verify_notice_read(const char *statement, const char *logo,
                                              struct verify_notice *out,
                                              struct sg_error *why);
void verify_notice_fini(struct verify_notice *notice);

/* Looks at the letter (NULL: it is a file that shows nothing); a valid one that lacks
 * what is demanded is VERIFY_UNSTATED. One that cannot be read keeps the
 * reason, and lacks it, too. */
void verify_notice_judge(const struct verify_notice *notice, const struct slice *pdf,
                         struct verify_finding *finding);

/* Of the whole file: a stamp, or the letter's text, has the statement. */
bool verify_notice_stated(const struct pdf_shown *shown);
bool verify_notice_has_logo(const struct pdf_shown *shown);
/* What a signature shows; NULL = it is not known. */
const struct pdf_shown_stamp *verify_notice_of(const struct verify_finding *finding,
                                               const struct verify_report *report);

/* For people: of one signature, and of the file. */
void verify_notice_print(const struct verify_finding *finding,
                         const struct verify_report *report, enum verify_lang lang);
void verify_notice_print_file(const struct verify_finding *finding,
                              enum verify_lang lang);
struct json_out;
void verify_notice_json(struct json_out *out, const struct verify_finding *finding,
                        const struct verify_report *report);
void verify_notice_json_file(struct json_out *out, const struct verify_finding *finding);

#endif
