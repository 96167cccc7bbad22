#include <stdio.h>

#include "client/console/command.h"
#include "client/console/screen.h"
#include "client/witness/key.h"

/* `segel witness vkey` */
struct vkey_options {
    const char *key;
};

static const struct option rows[] = {
    {"key", 0, "FILE", "the witness's key", offsetof(struct vkey_options, key)},
};

static enum exit_code run(const struct home *home, struct words *words)
{
    struct vkey_options options = {.key = NULL};
    struct named_key key = {.pair = NULL};
    struct sg_error why = {0};
    char vkey[NOTE_VKEY_MAX];

    (void)home;
    if (command_parse(&command_witness_vkey, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    if (words->count > 0) {
        screen_complain("witness vkey takes options only: 'segel witness vkey --help'");
        return EXIT_USAGE;
    }
    if (options_need(&command_witness_vkey.options, &options, "key", &why) != SG_OK) {
        return command_failed(SG_INVALID, &why);
    }
    enum sg_status status = witness_key_load(options.key, &key, &why);
    if (status != SG_OK) {
        return command_failed(status, &why);
    }
    note_vkey_format(&key.verifier, vkey);
    named_key_fini(&key);
    (void)printf("%s\n", vkey);
    return EXIT_WELL;
}

const struct command command_witness_vkey = {
    .name = "witness vkey",
    .operands = "",
    .summary = "print the verifier key of a witness",
    .examples =
        "It is no secret. Log operators put it beside the witness's URL, verifiers\n"
        "give it to segel-verify as --witness.\n\n"
        "Examples:\n"
        "  segel witness vkey --key /etc/segel-witness/key.pem\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
