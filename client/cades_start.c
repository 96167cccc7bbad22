#include <openssl/rand.h>
#include <stdlib.h>

#include "client/cades.h"
#include "client/file.h"
#include "client/screen.h"
#include "proto/text.h"

enum { RUN_ID_SIZE = 17 };

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

/* All go to one folder: the signatures of two files of one name would overwrite each
 * other. */
static enum sg_status check_names(const struct words *paths, struct sg_error *why)
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
                           "%s and %s have the same name: sign them in two runs into "
                           "two folders",
                           sorted[i - 1], sorted[i]);
        }
    }
    return SG_OK;
}

/* What belongs to runs of letters. */
static enum sg_status check_options(const struct sign_options *options,
                                    const struct words *paths, struct sg_error *why)
{
    if (options->manifest != NULL || options->from != NULL || options->dry_run ||
        options->journal != NULL || options->result[0] != NULL) {
        return sg_fail(why, SG_INVALID,
                       "with a profile of CAdES the files are named: --manifest, --from, "
                       "--dry-run, --journal and --result are for letters");
    }
    return paths->count > 0
               ? SG_OK
               : sg_fail(why, SG_INVALID, "name the files: segel sign … FILE…");
}

static enum sg_status make_run_id(char out[RUN_ID_SIZE], struct sg_error *why)
{
    uint8_t bytes[(RUN_ID_SIZE - 1) / 2];

    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return sg_fail(why, SG_INTERNAL, "the system gives no random numbers");
    }
    text_hex(slice_of(bytes, sizeof(bytes)), out);
    return SG_OK;
}

enum exit_code cades_start(const struct home *home, const struct sign_options *options,
                           struct sign_plan *plan, const struct words *paths)
{
    char run_id[RUN_ID_SIZE];
    struct sg_error why = {0};
    const struct cades_job job = {home, plan, paths, run_id, options->json};

    if (check_options(options, paths, &why) != SG_OK ||
        check_names(paths, &why) != SG_OK || make_run_id(run_id, &why) != SG_OK) {
        screen_complain(why.text);
        return EXIT_USAGE;
    }
    return cades_sign(&job);
}
