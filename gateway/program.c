#include "gateway/program.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum sg_status hsm_program(const struct config *config, char out[PATH_MAX],
                           struct sg_error *why)
{
    char self[PATH_MAX];

    if (config->hsm_program[0] != '\0') {
        return snprintf(out, PATH_MAX, "%s", config->hsm_program) < PATH_MAX
                   ? SG_OK
                   : sg_fail(why, SG_INVALID, "hsm.program is too long a path");
    }
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (len <= 0) {
        return sg_fail(why, SG_IO, "cannot find where segeld lies; set hsm.program");
    }
    self[len] = '\0';
    char *slash = strrchr(self, '/');
    *(slash == NULL ? self : slash) = '\0';
    int need = snprintf(out, PATH_MAX, "%s/segel-hsm", self);
    return need > 0 && need < PATH_MAX
               ? SG_OK
               : sg_fail(why, SG_INVALID, "the path of segel-hsm is too long");
}
