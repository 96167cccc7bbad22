#include "client/ceremony/script_rows.h"

static const struct script_row checks[] = {
#define CHECK(id, name, needs, words) {name, needs, words, NULL},
#include "client/ceremony/checks.def"
#undef CHECK
};
static const struct script_row actions[] = {
#define ACTION(id, name, needs, object) {name, needs, false, object},
#include "client/ceremony/actions.def"
#undef ACTION
};
static const struct script_row forms[] = {
#define FORM(id, name, words) {name, "", words, NULL},
#include "client/ceremony/forms.def"
#undef FORM
};

static const struct {
    const struct script_row *rows;
    unsigned count;
} tables[] = {
    [SCRIPT_CHECKS] = {checks, SG_COUNT(checks)},
    [SCRIPT_ACTIONS] = {actions, SG_COUNT(actions)},
    [SCRIPT_FORMS] = {forms, SG_COUNT(forms)},
};

static const char *const kinds[STEP_KIND_COUNT] = {"say", "ask", "check", "run", "sign"};

unsigned script_row_find(enum script_table table, struct slice name)
{
    unsigned row = 0;

    while (row < tables[table].count &&
           !slice_equal(name, slice_str(tables[table].rows[row].name))) {
        row++;
    }
    return row;
}

const struct script_row *script_row(enum script_table table, unsigned row)
{
    return row < tables[table].count ? &tables[table].rows[row] : NULL;
}

const char *step_kind_name(enum step_kind kind)
{
    MUST(kind < STEP_KIND_COUNT);
    return kinds[kind];
}

enum step_kind step_kind_find(struct slice name)
{
    unsigned kind = 0;

    while (kind < STEP_KIND_COUNT && !slice_equal(name, slice_str(kinds[kind]))) {
        kind++;
    }
    return (enum step_kind)kind;
}
