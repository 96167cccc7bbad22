#ifndef SEGEL_CLIENT_CEREMONY_SCRIPT_ROWS_H
#define SEGEL_CLIENT_CEREMONY_SCRIPT_ROWS_H

#include "client/ceremony/script.h"

/* What a script may name: the rows of checks.def, actions.def and forms.def. */
enum script_table { SCRIPT_CHECKS, SCRIPT_ACTIONS, SCRIPT_FORMS };

struct script_row {
    const char *name;
    const char *needs;  /* answers that must have been asked for before */
    bool words;         /* whether words follow the name */
    const char *object; /* of an action that takes approvals; else NULL: actions.def */
};

/* The number of the row of that name; script_row gives NULL for it where there is none.
 */
unsigned script_row_find(enum script_table table, struct slice name);
const struct script_row *script_row(enum script_table table, unsigned row);
/* STEP_KIND_COUNT: there is none of that name. */
enum step_kind step_kind_find(struct slice name);

#endif
