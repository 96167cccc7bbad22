#ifndef SEGEL_CLIENT_COMMANDS_STATUS_PAGE_H
#define SEGEL_CLIENT_COMMANDS_STATUS_PAGE_H

#include "proto/base.h"
#include "segel/v1/status.pb-c.h"

/* Inside of `segel status`: an answer of StatusService. Texts of it are hostile to a
 * terminal until screen_text has written them. */
struct status_view {
    const Segel__V1__GetStatusResponse *got;
    bool indonesian;
};

/* needs.c: what needs a person now, one sentence each; a line may name something
 * that came from outside. */
enum { NEEDS_MAX = 256, NEED_SIZE = 640 };
struct needs {
    size_t count;
    size_t more; /* that found no place */
    char text[NEEDS_MAX][NEED_SIZE];
};
/* SG_INVALID: the gateway left out a part of its answer. */
SG_MUST_USE enum sg_status status_check(const Segel__V1__GetStatusResponse *got,
                                        struct sg_error *why);
void status_needs(const struct status_view *view, struct needs *out);
/* By a key at least: a gateway whose lanes are all down is ready to, and cannot. */
bool status_signs(const Segel__V1__GetStatusResponse *got);

/* page.c, machine.c: for people. json.c: one object, a line. */
void status_print(const struct status_view *view, const struct needs *needs);
void status_print_machine(const struct status_view *view);
SG_MUST_USE enum sg_status status_print_json(const struct status_view *view,
                                             const struct needs *needs);
/* Their parts: a line that begins with a name in a column, in a colour when it is not
 * well. */
void status_line(const char *name, bool well, const char *text);
const char *status_say(const struct status_view *view, const char *indonesian,
                       const char *english);

#endif
