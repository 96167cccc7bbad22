#include "proto/failure.h"

#include "proto/base.h"

struct failure_row {
    const char *name;
    enum failure_action action;
    enum sg_status status;
    const char *text;
};

static const struct failure_row rows[] = {
#define FAILURE(name, lane, status, text) {#name, ACTION_##lane, SG_##status, text},
#include "proto/failure.def"
#undef FAILURE
};

static const struct failure_row *row_of(enum failure failure)
{
    return (unsigned)failure < FAILURE_COUNT ? &rows[failure] : &rows[FAILURE_DEVICE];
}

const char *failure_name(enum failure failure)
{
    return row_of(failure)->name;
}

const char *failure_text(enum failure failure)
{
    return row_of(failure)->text;
}

enum failure_action failure_action(enum failure failure)
{
    return row_of(failure)->action;
}

const char *failure_action_name(enum failure_action action)
{
    static const char *const names[] = {"keep", "respawn", "latch"};
    return (unsigned)action < SG_COUNT(names) ? names[action] : "respawn";
}

enum sg_status failure_status(enum failure failure)
{
    return row_of(failure)->status;
}
