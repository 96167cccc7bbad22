#include <openssl/rand.h>

#include "client/cades.h"
#include "client/names_apart.h"
#include "client/screen.h"
#include "proto/text.h"

enum { RUN_ID_SIZE = 17 };

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
        names_apart(paths, &why) != SG_OK || make_run_id(run_id, &why) != SG_OK) {
        screen_complain(why.text);
        return EXIT_USAGE;
    }
    return cades_sign(&job);
}
