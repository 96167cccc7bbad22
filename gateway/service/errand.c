#include "gateway/service/errand.h"

#include <stdio.h>

#include "gateway/config/files.h"
#include "gateway/core/core.h"
#include "gateway/core/foresee.h"
#include "gateway/probe.h"
#include "gateway/service/control/sound.h"

static void tell(const char *sentence, FILE *out)
{
    if (sentence[0] != '\0') {
        (void)fprintf(out, "%s\n", sentence);
    }
}

static enum sg_status check(const struct arguments *arguments,
                            const struct config *config, struct sg_error *why)
{
    char said[160];
    struct sg_error over = {0};

    TRY(sound_look(config, why));
    enum sg_status dates = sound_check_dates(config, &over);
    if (dates != SG_OK && !arguments->only_start) {
        *why = over;
        return dates;
    }
    TRY(core_foresee(config, said, sizeof(said), why));
    if (arguments->only_print) {
        config_print(config, stdout);
    } else {
        (void)printf("%s: %s\n", arguments->config,
                     arguments->only_start
                         ? "a start goes on with it"
                         : "configuration, policy and certificates are sound");
    }
    FILE *beside = arguments->only_print ? stderr : stdout; /* it stays a configuration */
    config_files_tell(config, beside);
    tell(said, beside);
    tell(over.text, beside);
    TRY(sound_doubt(config, beside, why));
    return fflush(stdout) == 0 && ferror(stdout) == 0
               ? SG_OK
               : sg_fail(why, SG_IO, "what was found could not be written out");
}

static enum sg_status unlatch(const struct arguments *arguments,
                              const struct config *config, struct sg_error *why)
{
    TRY(core_unlatch(config, arguments->unlatch, why));
    (void)printf("lane '%s' may log in once more when the gateway is started\n",
                 arguments->unlatch);
    return SG_OK;
}

static enum sg_status release(const struct arguments *arguments,
                              const struct config *config, struct sg_error *why)
{
    (void)arguments;
    TRY(core_release_lockdown(config, why));
    (void)printf("the lock-down is over when the gateway is started\n");
    return SG_OK;
}

static enum sg_status ask(const struct probe_page *page, struct sg_error *why)
{
    bool fine = false;

    TRY(probe(page, stdout, &fine, why));
    return fine ? SG_OK : sg_fail(why, SG_PRECONDITION, "%s: it is not so", page->path);
}

static enum sg_status ask_page(const struct arguments *arguments,
                               const struct config *config, struct sg_error *why)
{
    struct probe_page page = {.port = (uint16_t)config->admin_port,
                              .path = arguments->probe};

    (void)snprintf(page.address, sizeof(page.address), "%s", config->admin_address);
    return ask(&page, why);
}

enum sg_status errand_probe(const char *url, struct sg_error *why)
{
    struct probe_page page;

    MUST(probe_url(url, &page));
    return ask(&page, why);
}

typedef enum sg_status (*errand)(const struct arguments *arguments,
                                 const struct config *config, struct sg_error *why);

static errand of(const struct arguments *arguments)
{
    bool look = arguments->only_check || arguments->only_start;

    return look                          ? check
           : arguments->unlatch != NULL  ? unlatch
           : arguments->probe != NULL    ? ask_page
           : arguments->release_lockdown ? release
                                         : NULL;
}

bool errand_asked(const struct arguments *arguments)
{
    return of(arguments) != NULL;
}

enum sg_status errand_run(const struct arguments *arguments, const struct config *config,
                          struct sg_error *why)
{
    return of(arguments)(arguments, config, why);
}

enum sg_status errand_print(const char *path, struct sg_error *why)
{
    struct config *config = NULL;

    TRY(path == NULL ? SG_OK : config_load(path, &config, why));
    config_print(config, stdout);
    config_free(config);
    return fflush(stdout) == 0 && ferror(stdout) == 0
               ? SG_OK
               : sg_fail(why, SG_IO, "the configuration could not be written out");
}
