#define _GNU_SOURCE /* strerrordesc_np */
#include "gateway/service/control/group.h"

#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_FIRST = 4096, TEXT_MAX = 4 << 20 };

/* One try with room for its members' names; those of a large group need more. */
static int look_up(const char *name, size_t size, bool *found, gid_t *out)
{
    char *text = (char *)malloc(size);
    struct group entry;
    struct group *group = NULL;

    if (text == NULL) {
        return ENOMEM;
    }
    int error = getgrnam_r(name, &entry, text, size, &group);
    *found = error == 0 && group != NULL;
    if (*found) {
        *out = group->gr_gid;
    }
    free(text);
    return error;
}

enum sg_status group_find(const char *name, gid_t *out, struct sg_error *why)
{
    bool found = false;
    size_t size = TEXT_FIRST;
    int error = look_up(name, size, &found, out);

    while (error == ERANGE && size < TEXT_MAX) {
        size *= 2;
        error = look_up(name, size, &found, out);
    }
    if (error == ENOMEM) {
        return sg_fail(why, SG_NO_MEMORY, "no memory for group '%s'", name);
    }
    if (error != 0) { /* also "no such file", of a directory's service that is down */
        return sg_fail(why, SG_IO,
                       "control.group: group '%s' cannot be looked up: %s; a directory "
                       "that has it must answer by now",
                       name, strerrordesc_np(error));
    }
    return found
               ? SG_OK
               : sg_fail(why, SG_INVALID,
                         "control.group: this machine has no group '%s'; groupadd makes "
                         "it",
                         name);
}
