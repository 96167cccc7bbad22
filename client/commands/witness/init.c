#include <stdio.h>

#include "client/console/command.h"
#include "client/console/screen.h"
#include "client/witness/witness.h"

/* `segel witness init` */
struct init_options {
    const char *name;
    const char *key;
    const char *state;
};

#define AT(member) offsetof(struct init_options, member)
static const struct option rows[] = {
    {"name", 0, "NAME",
     "name of the witness, as in witness.example.go.id/segel; it stands in every "
     "cosignature and cannot be changed",
     AT(name)},
    {"key", 0, "FILE", "where the new key goes; never overwritten", AT(key)},
    {"state", 0, "FOLDER", "where the witness keeps what it has promised", AT(state)},
};

static enum exit_code run(const struct home *home, struct words *words)
{
    static const char *const needed[] = {"name", "key", "state"};
    struct init_options options = {.name = NULL};
    struct note_key cosigner;
    struct sg_error why = {0};
    char vkey[NOTE_VKEY_MAX];

    (void)home;
    if (command_parse(&command_witness_init, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    if (words->count > 0) {
        screen_complain("witness init takes options only: 'segel witness init --help'");
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < SG_COUNT(needed); i++) {
        if (options_need(&command_witness_init.options, &options, needed[i], &why) !=
            SG_OK) {
            return command_failed(SG_INVALID, &why);
        }
    }
    struct witness_paths paths = {.key = options.key, .state = options.state};
    enum sg_status status = witness_init(&paths, options.name, &cosigner, &why);
    if (status != SG_OK) {
        return command_failed(status, &why);
    }
    note_vkey_format(&cosigner, vkey);
    (void)printf("%s\n", vkey);
    return EXIT_WELL;
}

const struct command command_witness_init = {
    .name = "witness init",
    .operands = "",
    .summary = "begin a witness of other offices' logs: a key, and an empty state",
    .examples =
        "Prints the witness's verifier key: hand it to whoever runs the log and to\n"
        "whoever checks it. Key and state belong together for ever: a witness whose\n"
        "state is lost, or put back from a backup, could contradict itself, so begin a\n"
        "new one with another name. The key is an Ed25519 key in PEM form, mode 0600.\n\n"
        "Examples:\n"
        "  segel witness init --name witness.example.go.id/segel \\\n"
        "      --key /etc/segel-witness/key.pem --state /var/lib/segel-witness/state\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
