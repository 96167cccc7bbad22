#include "client/names_apart.h"

#include <stdlib.h>
#include <string.h>

#include "client/file.h"

static int by_name(const void *a, const void *b)
{
    const char *left = *(const char *const *)a;
    const char *right = *(const char *const *)b;

    return strcmp(file_name(left), file_name(right));
}

static void free_paths(char ***paths)
{
    free(*paths);
}

enum sg_status names_apart(const struct words *paths, struct sg_error *why)
{
    AUTO(free_paths) char **sorted = (char **)calloc(paths->count + 1, sizeof(char *));

    if (sorted == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    memcpy(sorted, paths->at, paths->count * sizeof(char *));
    qsort(sorted, paths->count, sizeof(char *), by_name);
    for (size_t i = 1; i < paths->count; i++) {
        if (by_name(&sorted[i - 1], &sorted[i]) == 0) {
            return sg_fail(why, SG_INVALID,
                           "%s and %s have the same name: take them in two runs, "
                           "into two folders",
                           sorted[i - 1], sorted[i]);
        }
    }
    return SG_OK;
}
