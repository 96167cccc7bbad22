#include "client/sign_letter.h"

#include <stdio.h>

#include "client/file.h"

enum sg_status letter_place(const char *path, const struct sign_plan *plan,
                            char output[LETTER_PATH_SIZE], bool *skip,
                            struct sg_error *why)
{
    int len = snprintf(output, LETTER_PATH_SIZE, "%s/%s", plan->out_dir, file_name(path));

    *skip = false;
    if (len < 0 || len >= LETTER_PATH_SIZE) {
        return sg_fail(why, SG_INVALID, "the path of the output is too long");
    }
    if (file_same(path, output)) {
        return sg_fail(why, SG_CONFLICT,
                       "the signed letter would overwrite the letter itself: choose "
                       "another folder with -o");
    }
    if (!file_exists(output) || plan->force) {
        return SG_OK;
    }
    *skip = plan->resume;
    return plan->resume ? SG_OK
                        : sg_fail(why, SG_CONFLICT,
                                  "%s is there already: --force overwrites, --resume "
                                  "leaves it",
                                  output);
}
