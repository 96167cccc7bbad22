#include <stdio.h>
#include <sys/mman.h>

#include "client/call/approval_call.h"
#include "client/commands/pin/halves.h"
#include "client/console/command.h"
#include "client/keys/key_file.h"
#include "gateway/dumps.h"

/* `segel pin join` */
struct join_options {
    const char *token;
    const char *out;
    const char *halves_fd;
    const char *lang;
};

static const struct option rows[] = {
    {"token", 0, "LABEL", "the token that gets this PIN",
     offsetof(struct join_options, token)},
    {"out", 0, "FILE",
     "a new file for the PIN, mode 0600; delete it once the token has it",
     offsetof(struct join_options, out)},
    {"halves-fd", 0, "N", "read the two halves, a line each, from this open descriptor",
     offsetof(struct join_options, halves_fd)},
    {"lang", 0, "id|en", "language of the questions (default: en)",
     offsetof(struct join_options, lang)},
};

static SG_MUST_USE enum sg_status check(const struct join_options *options,
                                        const struct words *words, bool *indonesian,
                                        struct sg_error *why)
{
    if (words->count > 0) {
        return sg_fail(why, SG_INVALID,
                       "pin join takes options only: 'segel pin join --help'; a PIN is "
                       "never written on the command line");
    }
    TRY(options_need(&command_pin_join.options, options, "token", why));
    TRY(options_need(&command_pin_join.options, options, "out", why));
    TRY(approval_language(options->lang, indonesian, why));
    return dumps_forbid()
               ? SG_OK
               : sg_fail(why, SG_IO, "the kernel refuses to forbid core dumps");
}

static SG_MUST_USE enum sg_status join(const struct join_options *options,
                                       const struct words *words, struct sg_error *why)
{
    AUTO(passphrase_wipe) struct passphrase pin = {.len = 0};
    struct halves_ask ask = {options->token, options->halves_fd, true, false,
                             PASSPHRASE_HALF_TO_JOIN};

    TRY(check(options, words, &ask.indonesian, why));
    (void)mlock(&pin, sizeof(pin)); /* as far as the limit lets */
    TRY(pin_halves_ask(&ask, &pin, why));
    return key_file_make(options->out, slice_of(pin.text, pin.len), why);
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct join_options options = {.lang = "en"};
    struct sg_error why = {0};

    (void)home;
    if (command_parse(&command_pin_join, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = join(&options, words, &why);
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_pin_join = {
    .name = "pin join",
    .operands = "",
    .summary = "make a PIN of which two officers know a half each",
    .examples =
        "Each types a half of at least 12 characters, twice. The PIN, 16 characters, "
        "goes\n"
        "into a file for the one moment in which the token is given it; nobody reads or\n"
        "keeps it. From then on 'segel pin enter LANE --split' asks both for their "
        "halves.\n\n"
        "Examples:\n"
        "  segel pin join --token city-a --out /run/segel/new-pin\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
