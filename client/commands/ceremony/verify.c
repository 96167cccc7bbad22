#include <stdio.h>
#include <stdlib.h>

#include "client/call/approval_call.h"
#include "client/commands/ceremony/minutes_check.h"
#include "client/commands/ceremony/minutes_kept.h"
#include "client/console/command.h"

/* `segel ceremony verify MINUTES` */
struct verify_options {
    const char *quorum;
    const char *script;
    const char *lang;
    bool offline;
    bool rehearsal;
};

#define AT(member) offsetof(struct verify_options, member)
static const struct option rows[] = {
    {"quorum", 0, "FILE", "the quorum file of that day (default: the gateway is asked)",
     AT(quorum)},
    {"script", 0, "FILE", "the script that was followed (default: the one in here)",
     AT(script)},
    {"offline", 0, NULL, "do not ask the gateway for log, token and key", AT(offline)},
    {"rehearsal", 0, NULL, "look at minutes of a rehearsal, which prove nothing",
     AT(rehearsal)},
    {"lang", 0, "id|en", "language of the answer (default: en)", AT(lang)},
};

/* A gateway that is away says nothing about the minutes. */
static enum sg_status check_reach(const struct home *home, struct sg_error *why)
{
    AUTO(channel_end) struct channel *channel = NULL;

    return home_connect(home, &channel, why);
}

/* Everything large that one run holds. */
struct verifying {
    struct minutes_file file;
    struct known_people known;
    struct ceremony_script script;
};

/* A script that is not here is one of the findings. */
static enum sg_status find_script(struct verifying *all, const char *given, bool *found,
                                  struct sg_error *why)
{
    char name[SCRIPT_NAME_SIZE];
    struct sg_error plain = {0};
    struct slice text = minutes_get(&all->file.minutes, MINUTES_FIELD_CEREMONY, 0);

    if (given != NULL) {
        *found = true;
        return ceremony_script_find(given, &all->script, why);
    }
    (void)snprintf(name, sizeof(name), "%.*s", (int)text.len, (const char *)text.data);
    *found = shipped_find(name).len > 0 &&
             ceremony_script_find(name, &all->script, &plain) == SG_OK;
    return SG_OK;
}

static enum sg_status verify(const struct home *home, const char *path,
                             const struct verify_options *options, struct verifying *all,
                             struct sg_error *why)
{
    struct minutes_check check = {.home = options->offline ? NULL : home,
                                  .file = &all->file,
                                  .known = &all->known,
                                  .rehearsal = options->rehearsal};
    bool found = false;

    TRY(approval_language(options->lang, &check.indonesian, why));
    if (options->offline && options->quorum == NULL) {
        return sg_fail(why, SG_INVALID, "with --offline, give the --quorum file, too");
    }
    TRY(!options->offline && minutes_kept_named(path)
            ? minutes_kept_fetch(home, path, &all->file, why)
            : minutes_file_load(path, &all->file, why));
    TRY(find_script(all, options->script, &found, why));
    TRY(options->quorum != NULL ? known_from_file(options->quorum, &all->known, why)
                                : known_from_gateway(home, &all->known, why));
    TRY(check.home == NULL ? SG_OK : check_reach(check.home, why));
    check.script = found ? &all->script : NULL;
    minutes_check_text(&check);
    if (check.home != NULL) {
        minutes_check_gateway(&check);
    }
    if (check.failed > 0) {
        return sg_fail(why, SG_CORRUPT,
                       check.indonesian ? "berita acara ini tidak sah: %u baris gagal"
                                        : "these minutes do not hold: %u lines failed",
                       check.failed);
    }
    if (options->rehearsal) {
        (void)printf(check.indonesian ? "Latihan yang utuh; bukan bukti apa pun.\n"
                                      : "A whole rehearsal; it proves nothing.\n");
    } else {
        (void)printf(check.indonesian ? "Berita acara sah.\n" : "The minutes hold.\n");
    }
    return SG_OK;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct verify_options options = {.lang = "en"};
    struct sg_error why = {0};

    if (command_parse(&command_ceremony_verify, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    if (words->count != 1) {
        return command_failed(
            sg_fail(&why, SG_INVALID,
                    "name a file, or minutes of the gateway: segel ceremony "
                    "verify MINUTES|ID"),
            &why);
    }
    struct verifying *all = (struct verifying *)calloc(1, sizeof(*all));
    enum sg_status status = SG_NO_MEMORY;
    if (all != NULL) {
        status = verify(home, words->at[0], &options, all, &why);
        minutes_file_free(&all->file);
        ceremony_script_free(&all->script);
    }
    free(all);
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_ceremony_verify = {
    .name = "ceremony verify",
    .operands = "MINUTES|ID",
    .summary = "check minutes: signatures, order, log, and the token as it is now",
    .examples =
        "One line for each check; exit code 1 when one fails. The log is read by\n"
        "reviewers, so use a reviewer's home folder, or --offline.\n\n"
        "Examples:\n"
        "  segel ceremony verify seal-2027.minutes\n"
        "  segel ceremony verify c-01J9ZC8K3TQ4\n"
        "  segel ceremony verify seal-2027.minutes --offline --quorum quorum-2026\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
