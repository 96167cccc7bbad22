#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "client/call/approval_call.h"
#include "client/commands/ceremony/ceremony.h"
#include "client/commands/ceremony/rehearsal.h"
#include "client/commands/ceremony/talk.h"
#include "client/console/command.h"
#include "client/console/file.h"

/* `segel ceremony run SCRIPT` */
struct run_options {
    const char *out;
    const char *people;
    const char *lang;
    const char *world;
    bool rehearse;
    bool keep;
};

#define AT(member) offsetof(struct run_options, member)
static const struct option rows[] = {
    {"out", 'o', "FILE", "where the minutes go (default: NAME-DAY.minutes)", AT(out)},
    {"people", 0, "DIR",
     "folder with the home folders of those who approve and sign at this machine, each "
     "by the person's name",
     AT(people)},
    {"rehearse", 0, NULL,
     "with a throw-away gateway, token and persons; its minutes prove nothing",
     AT(rehearse)},
    {"keep", 0, NULL, "leave the folder of a rehearsal, to look at it or go on in it",
     AT(keep)},
    {"world", 0, "DIR", "rehearse in the folder that an earlier rehearsal has left",
     AT(world)},
    {"lang", 0, "id|en", "language of the ceremony (default: en)", AT(lang)},
};

/* --- Preparing --------------------------------------------------------------------- */

static void name_others(struct ceremony *ceremony)
{
    (void)snprintf(ceremony->state_path, sizeof(ceremony->state_path), "%s.state",
                   ceremony->minutes_path);
    (void)snprintf(ceremony->quorum_path, sizeof(ceremony->quorum_path), "%s.quorum",
                   ceremony->minutes_path);
    (void)snprintf(ceremony->lock_path, sizeof(ceremony->lock_path), "%s.lock",
                   ceremony->minutes_path);
}

static enum sg_status name_files(struct ceremony *ceremony, const char *out,
                                 struct sg_error *why)
{
    char day[16] = "";
    time_t now = time(NULL);
    struct tm local;
    int len = 0;

    if (localtime_r(&now, &local) != NULL) {
        (void)strftime(day, sizeof(day), "%Y-%m-%d", &local);
    }
    len = out != NULL ? snprintf(ceremony->minutes_path, sizeof(ceremony->minutes_path),
                                 "%s", out)
                      : snprintf(ceremony->minutes_path, sizeof(ceremony->minutes_path),
                                 "%s-%s.minutes", ceremony->found.script.name, day);
    name_others(ceremony);
    return len > 0 && (size_t)len < sizeof(ceremony->minutes_path)
               ? SG_OK
               : sg_fail(why, SG_INVALID, "the path of the minutes is too long");
}

/* How it goes on when somebody writes 'stop'. */
static void print_later(const struct ceremony *ceremony)
{
    bool indonesian = ceremony->indonesian;

    if (!ceremony->rehearsal) {
        (void)printf(indonesian ? "perintah yang sama melanjutkan.\n"
                                : "the same command goes on later.\n");
    } else if (ceremony->world != NULL) {
        (void)printf(indonesian ? "perintah yang sama dengan --world %s melanjutkan.\n"
                                : "the same command with --world %s goes on later.\n",
                     ceremony->world);
    } else {
        (void)printf(indonesian ? "latihan ini lalu berakhir, karena dunianya dihapus "
                                  "(--keep menyimpannya).\n"
                                : "the rehearsal is over then, because its world is "
                                  "removed (--keep leaves it).\n");
    }
}

static void print_head(const struct ceremony *ceremony)
{
    const struct script *script = &ceremony->found.script;
    bool indonesian = ceremony->indonesian;

    if (ceremony->rehearsal) {
        (void)printf(indonesian ? "LATIHAN: tidak ada yang nyata di sini.\n"
                                : "REHEARSAL: nothing here is real.\n");
    }
    (void)printf("%s\n%s\n", script->title.in[indonesian], script->about.in[indonesian]);
    (void)printf(indonesian ? "Berita acara: %s. Ketik 'berhenti' kapan saja; "
                            : "Minutes: %s. Write 'stop' at any time; ",
                 ceremony->minutes_path);
    print_later(ceremony);
}

/* --- Running ----------------------------------------------------------------------- */

static enum sg_status lead(struct ceremony *ceremony, struct sg_error *why)
{
    bool resumed = false;

    TRY(ceremony_open(ceremony, &resumed, why));
    print_head(ceremony);
    if (!resumed) {
        TRY(ceremony_meet(ceremony, why));
        TRY(ceremony_keep(ceremony, why));
    }
    enum sg_status status = ceremony_follow(ceremony, why);
    if (status == SG_ABORTED && !ceremony->rehearsal &&
        file_exists(ceremony->state_path)) {
        struct sg_error plain = *why;
        return sg_fail(why, SG_ABORTED, "%s; step %zu is next: the same command goes on",
                       plain.text, ceremony->state.next + 1);
    }
    return status;
}

static enum sg_status rehearse_in(struct rehearsal *world, struct ceremony *ceremony,
                                  const struct run_options *options, struct sg_error *why)
{
    TRY(rehearsal_begin(world, ceremony->indonesian, why));
    TRY(rehearsal_prepare(world, ceremony->found.script.name, why));
    ceremony->home = &world->leader;
    ceremony->people = world->people;
    ceremony->world = world->keep ? world->dir : NULL;
    if (options->out == NULL) {
        (void)snprintf(ceremony->minutes_path, sizeof(ceremony->minutes_path),
                       "%s/%s.minutes", world->dir, ceremony->found.script.name);
        name_others(ceremony);
    }
    TRY(lead(ceremony, why));
    TRY(rehearsal_after(world, state_answered(&ceremony->state, "csr"), why));
    return rehearsal_verify(world, ceremony->minutes_path, ceremony->quorum_path, why);
}

static enum sg_status rehearse(struct ceremony *ceremony,
                               const struct run_options *options, struct sg_error *why)
{
    AUTO(rehearsal_end)
    struct rehearsal world = {
        .keep = options->keep, .earlier = options->world, .segeld = -1};

    return rehearse_in(&world, ceremony, options, why);
}

static enum sg_status start(struct ceremony *ceremony, const struct run_options *options,
                            const struct words *words, struct sg_error *why)
{
    if (words->count != 1) {
        return sg_fail(why, SG_INVALID,
                       "name one ceremony: segel ceremony run SCRIPT; 'segel ceremony "
                       "list' shows them");
    }
    TRY(approval_language(options->lang, &ceremony->indonesian, why));
    if (isatty(STDIN_FILENO) == 0) {
        return sg_fail(why, SG_INVALID, "a ceremony is led on a terminal");
    }
    TRY(ceremony_script_find(words->at[0], &ceremony->found, why));
    TRY(name_files(ceremony, options->out, why));
    talk_catch_signals();
    ceremony->people = options->people;
    ceremony->rehearsal = options->rehearse || options->world != NULL;
    return ceremony->rehearsal ? rehearse(ceremony, options, why) : lead(ceremony, why);
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct run_options options = {.lang = "en"};
    struct sg_error why = {0};

    if (command_parse(&command_ceremony_run, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    struct ceremony *ceremony = (struct ceremony *)calloc(1, sizeof(*ceremony));
    enum sg_status status = SG_NO_MEMORY;
    if (ceremony != NULL) {
        ceremony->home = home;
        ceremony->lock = (struct folder){.fd = -1, .lock_fd = -1};
        status = start(ceremony, &options, words, &why);
        folder_close(&ceremony->lock);
        ceremony_script_free(&ceremony->found);
    }
    free(ceremony);
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_ceremony_run = {
    .name = "ceremony run",
    .operands = "SCRIPT",
    .summary = "lead a ceremony step by step and write its minutes",
    .examples =
        "Reads each step out, asks, checks, has the gateway do what the script says, "
        "and\n"
        "collects the signatures. 'stop' ends it for now; the same command goes on. Not\n"
        "everybody needs to be at this machine: others approve and sign at theirs.\n"
        "With --rehearse everything is made up, and removed at the end.\n\n"
        "Examples:\n"
        "  segel ceremony run lockdown-end --people /media --out end.minutes\n"
        "  segel ceremony run key-generation --rehearse --lang id\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
