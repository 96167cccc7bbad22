#include <stdio.h>
#include <stdlib.h>

#include "client/call/approval_call.h"
#include "client/commands/ceremony/script_file.h"
#include "client/console/command.h"
#include "client/console/screen.h"

/* `segel ceremony list` and `segel ceremony show SCRIPT` */
struct list_options {
    const char *lang;
    bool raw;
};

static const struct option list_rows[] = {
    {"lang", 0, "id|en", "language of the list (default: en)",
     offsetof(struct list_options, lang)},
};
static const struct option show_rows[] = {
    {"raw", 0, NULL, "the script itself, byte for byte",
     offsetof(struct list_options, raw)},
    {"lang", 0, "id|en", "language of the texts (default: en)",
     offsetof(struct list_options, lang)},
};

/* --- list -------------------------------------------------------------------------- */

static enum sg_status list(bool indonesian, struct script *script, struct sg_error *why)
{
    const char *name = NULL;
    struct slice bytes;

    for (size_t n = 0; (bytes = shipped_script(n, &name)).len > 0; n++) {
        TRY(script_parse(bytes, script, why));
        screen_cell(stdout, name, 24);
        (void)printf("%u+%u  %s\n", script->officers, script->witnesses,
                     script->title.in[indonesian]);
    }
    return SG_OK;
}

static enum exit_code run_list(const struct home *home, struct words *words)
{
    struct list_options options = {.lang = "en"};
    struct sg_error why = {0};
    bool indonesian = false;

    (void)home;
    if (command_parse(&command_ceremony_list, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    struct script *script = (struct script *)malloc(sizeof(*script));
    enum sg_status status = script == NULL ? SG_NO_MEMORY : SG_OK;
    if (status == SG_OK && words->count != 0) {
        status = sg_fail(&why, SG_INVALID, "ceremony list takes options only");
    }
    if (status == SG_OK) {
        status = approval_language(options.lang, &indonesian, &why);
    }
    if (status == SG_OK) {
        status = list(indonesian, script, &why);
    }
    free(script);
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_ceremony_list = {
    .name = "ceremony list",
    .operands = "",
    .summary = "the ceremonies that this program knows",
    .examples =
        "Shows name, how many officers and witnesses must be there, and title.\n\n"
        "Examples:\n"
        "  segel ceremony list --lang id\n",
    .options = {list_rows, SG_COUNT(list_rows)},
    .run = run_list,
};

/* --- show -------------------------------------------------------------------------- */

static void print_step(const struct script *script, size_t at, bool indonesian)
{
    const struct script_step *step = &script->steps[at];

    (void)printf("\n%2zu  %s", at + 1, step_kind_name(step->kind));
    if (step->kind == STEP_SAY && step->row == 1) {
        (void)printf(" (%s)", indonesian ? "saksi" : "witness");
    }
    if (step->kind != STEP_SAY && step->kind != STEP_SIGN) {
        (void)printf(" %s", step->name);
    }
    for (size_t i = 0; i < step->word_count; i++) {
        (void)printf("%s%s", i == 0 ? ": " : ", ", step->words[i]);
    }
    (void)printf("\n    ");
    screen_folded(stdout, step->text.in[indonesian], 4);
    (void)fputc('\n', stdout);
}

static void print_script(const struct script *script, bool indonesian)
{
    (void)printf("%s (%s)\n", script->title.in[indonesian], script->name);
    screen_folded(stdout, script->about.in[indonesian], 0);
    (void)printf(indonesian ? "\nHadir: %u petugas, %u saksi.\n"
                            : "\nMust be there: %u officers, %u witnesses.\n",
                 script->officers, script->witnesses);
    for (size_t i = 0; i < script->step_count; i++) {
        print_step(script, i, indonesian);
    }
}

static enum sg_status show(const char *name, const struct list_options *options,
                           struct ceremony_script *found, struct sg_error *why)
{
    bool indonesian = false;

    TRY(approval_language(options->lang, &indonesian, why));
    TRY(ceremony_script_find(name, found, why));
    if (options->raw) {
        (void)fwrite(found->bytes.data, 1, found->bytes.len, stdout);
    } else {
        print_script(&found->script, indonesian);
    }
    return SG_OK;
}

static enum exit_code run_show(const struct home *home, struct words *words)
{
    struct list_options options = {.lang = "en"};
    struct sg_error why = {0};

    (void)home;
    if (command_parse(&command_ceremony_show, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    struct ceremony_script *found =
        (struct ceremony_script *)calloc(1, sizeof(struct ceremony_script));
    enum sg_status status = found == NULL ? SG_NO_MEMORY : SG_OK;
    if (status == SG_OK && words->count != 1) {
        status = sg_fail(&why, SG_INVALID,
                         "name one ceremony: 'segel ceremony list' shows them");
    }
    if (status == SG_OK) {
        status = show(words->at[0], &options, found, &why);
    }
    if (found != NULL) {
        ceremony_script_free(found);
    }
    free(found);
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_ceremony_show = {
    .name = "ceremony show",
    .operands = "SCRIPT",
    .summary = "a ceremony, step by step",
    .examples = "SCRIPT is a name of the list, or a file of yours ('./NAME.ceremony').\n"
                "\nExamples:\n"
                "  segel ceremony show key-generation --lang id\n"
                "  segel ceremony show key-generation --raw >our.ceremony\n",
    .options = {show_rows, SG_COUNT(show_rows)},
    .run = run_show,
};
