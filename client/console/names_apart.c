#include "client/console/names_apart.h"

#include <stdio.h>
#include <string.h>

#include "client/console/file.h"

static const char *const ends[] = {".part"};

bool names_beside(const char *longer, const char *name, const char *const *beside,
                  size_t count)
{
    size_t len = strlen(name);
    bool found = false;

    for (size_t i = 0; strncmp(longer, name, len) == 0 && i < count; i++) {
        found = found || strcmp(longer + len, beside[i]) == 0;
    }
    return found;
}

bool names_meet(const struct unique *names, const char *name, const char *const *beside,
                size_t count)
{
    char other[2 * 4096];
    size_t len = strlen(name);
    bool found = false;

    for (size_t i = 0; i < count && !found; i++) {
        size_t end = strlen(beside[i]);
        (void)snprintf(other, sizeof(other), "%s%s", name, beside[i]);
        found = unique_has(names, other);
        if (!found && len > end && strcmp(name + len - end, beside[i]) == 0) {
            (void)snprintf(other, sizeof(other), "%.*s", (int)(len - end), name);
            found = unique_has(names, other);
        }
    }
    return found;
}

static bool is_same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* Which of those in front of it. */
static enum sg_status fail(const struct words *paths, size_t number, struct sg_error *why)
{
    const char *name = file_name(paths->at[number]);
    size_t i = 0;

    while (i + 1 < number && !is_same(file_name(paths->at[i]), name) &&
           !names_beside(file_name(paths->at[i]), name, ends, SG_COUNT(ends)) &&
           !names_beside(name, file_name(paths->at[i]), ends, SG_COUNT(ends))) {
        i++;
    }
    return is_same(file_name(paths->at[i]), name)
               ? sg_fail(why, SG_INVALID,
                         "%s and %s have the same name: take them in two runs, into two "
                         "folders",
                         paths->at[i], paths->at[number])
               : sg_fail(why, SG_INVALID,
                         "the results of %s and %s would be one file while they are "
                         "written: take them in two runs, into two folders",
                         paths->at[i], paths->at[number]);
}

enum sg_status names_apart(const struct words *paths, struct sg_error *why)
{
    AUTO(unique_fini) struct unique names = {.rows = NULL};

    for (size_t i = 0; i < paths->count; i++) {
        const char *name = file_name(paths->at[i]);
        bool fresh = false;
        if (unique_add(&names, name, &fresh) != SG_OK) {
            return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
        }
        if (!fresh || names_meet(&names, name, ends, SG_COUNT(ends))) {
            return fail(paths, i, why);
        }
    }
    return SG_OK;
}
