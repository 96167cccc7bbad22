#include <stdio.h>

#include "client/call/signer.h"
#include "client/console/command.h"
#include "client/console/screen.h"
#include "client/segel/stamp.h"

/* `segel stamp check FILE` */
struct check_options {
    const char *key;
};

static const struct option rows[] = {
    {"key", 'k', "NAME", "hold it against what the gateway's policy asks of this key",
     offsetof(struct check_options, key)},
};

static enum sg_status fit(const struct home *home, const char *key,
                          struct segel_stamp *stamp, struct sg_error *why)
{
    AUTO(signer_free) Segel__V1__GetSignerResponse *signer = NULL;
    struct channel *channel = NULL;

    TRY(home_connect(home, &channel, why));
    enum sg_status status = signer_get(channel, key, "id", &signer, why);
    channel_close(channel);
    return status == SG_OK ? stamp_fit(stamp, signer, why) : status;
}

static enum sg_status check(const struct home *home, const char *key, const char *name,
                            struct sg_error *why)
{
    AUTO(stamp_fini) struct segel_stamp stamp = {.name = NULL};

    TRY(stamp_read(name, &stamp, why));
    if (key != NULL) {
        TRY(fit(home, key, &stamp, why));
    }
    screen_text(stdout, name);
    (void)printf(": %.0f x %.0f points, %zu boxes\n", stamp.layout.width,
                 stamp.layout.height, stamp.layout.count);
    return SG_OK;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct check_options options = {.key = NULL};
    enum exit_code worst = EXIT_WELL;

    if (command_parse(&command_stamp_check, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    if (words->count == 0) {
        screen_complain("name the templates: segel stamp check FILE.stamp…");
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < words->count; i++) {
        struct sg_error why = {0};
        enum sg_status status = check(home, options.key, words->at[i], &why);
        if (status != SG_OK) {
            enum exit_code code = command_failed(status, &why);
            code = status == SG_INVALID ? EXIT_REFUSED : code;
            worst = code > worst ? code : worst;
        }
    }
    return worst;
}

const struct command command_stamp_check = {
    .name = "stamp check",
    .operands = "FILE.stamp…",
    .summary = "is a template of a stamp sound, and what the policy asks for?",
    .examples =
        "Without --key nobody is asked; with it the gateway says which statement and\n"
        "logos the policy asks for, and the template must have a place for them.\n\n"
        "Examples:\n"
        "  segel stamp check ./dinas.stamp\n"
        "  segel stamp check --key seal-setda ./dinas.stamp\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
