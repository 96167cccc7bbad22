#include <stdio.h>
#include <string.h>

#include "client/commands/request/create.h"
#include "client/console/command.h"

/* `segel officer add` and `segel officer remove` */
enum { KEYS_MAX = 4, GROUPS_MAX_NAMED = 16 };

struct change_options {
    struct request_words words;
    const char *role;
    const char *groups;
};

#define COMMON                                                                           \
    {"reason", 0, "TEXT", "why, for the log and the approvers; no personal data",        \
     offsetof(struct change_options, words.reason)},                                     \
        {"request-id", 0, "ID", "your own id for this request",                          \
         offsetof(struct change_options, words.request_id)},                             \
        {"lang", 0, "id|en", "language of the answer (default: en)",                     \
         offsetof(struct change_options, words.lang)},

static const struct option add_rows[] = {
    {"role", 0, "ROLE", "officer, reviewer or operator (default: officer)",
     offsetof(struct change_options, role)},
    {"groups", 0, "NAMES", "groups of the quorum file to join, with commas between them",
     offsetof(struct change_options, groups)},
    COMMON};
static const struct option remove_rows[] = {COMMON};

/* Cuts the text at its commas. */
static enum sg_status split(char *text, char *out[GROUPS_MAX_NAMED], size_t *count,
                            struct sg_error *why)
{
    char *name;

    *count = 0;
    while ((name = strsep(&text, ",")) != NULL) {
        if (*count == GROUPS_MAX_NAMED) {
            return sg_fail(why, SG_INVALID, "--groups takes at most %d names",
                           GROUPS_MAX_NAMED);
        }
        out[(*count)++] = name;
    }
    return SG_OK;
}

static enum sg_status ask(const struct home *home, const struct change_options *options,
                          Segel__V1__OfficerTask *task, struct sg_error *why)
{
    Segel__V1__CreateRequestRequest request;

    segel__v1__create_request_request__init(&request);
    request.task_case = SEGEL__V1__CREATE_REQUEST_REQUEST__TASK_OFFICER;
    request.officer = task;
    return request_create(home, &options->words, &request, why);
}

static enum sg_status add(const struct home *home, const struct words *words,
                          const struct change_options *options, struct sg_error *why)
{
    Segel__V1__OfficerTask task;
    char *groups[GROUPS_MAX_NAMED];
    char text[1024] = "";

    if (words->count < 2 || words->count > 1 + KEYS_MAX) {
        return sg_fail(
            why, SG_INVALID,
            "name the person and 1 to %d keys: segel officer add PERSON VKEY …; "
            "'segel officer key' makes a key and prints its VKEY",
            KEYS_MAX);
    }
    segel__v1__officer_task__init(&task);
    task.person = words->at[0];
    task.role = sg_unconst_text(options->role);
    task.verifier_keys = words->at + 1;
    task.n_verifier_keys = words->count - 1;
    task.groups = groups;
    if (options->groups != NULL) {
        int len = snprintf(text, sizeof(text), "%s", options->groups);
        if (len < 0 || (size_t)len >= sizeof(text)) {
            return sg_fail(why, SG_INVALID, "--groups is too long");
        }
        TRY(split(text, groups, &task.n_groups, why));
    }
    return ask(home, options, &task, why);
}

static enum sg_status remove_person(const struct home *home, const struct words *words,
                                    const struct change_options *options,
                                    struct sg_error *why)
{
    Segel__V1__OfficerTask task;

    if (words->count != 1) {
        return sg_fail(
            why, SG_INVALID,
            "name one person: segel officer remove PERSON; 'segel officer list' "
            "shows them");
    }
    segel__v1__officer_task__init(&task);
    task.remove = 1;
    task.person = words->at[0];
    return ask(home, options, &task, why);
}

typedef enum sg_status (*change)(const struct home *home, const struct words *words,
                                 const struct change_options *options,
                                 struct sg_error *why);

static enum exit_code run(const struct command *command, const struct home *home,
                          struct words *words, change act)
{
    struct change_options options = {.words = {.lang = "en"}, .role = "officer"};
    struct sg_error why = {0};

    if (command_parse(command, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = options_need(&command->options, &options, "reason", &why);
    if (status == SG_OK) {
        status = act(home, words, &options, &why);
    }
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

static enum exit_code run_add(const struct home *home, struct words *words)
{
    return run(&command_officer_add, home, words, add);
}

static enum exit_code run_remove(const struct home *home, struct words *words)
{
    return run(&command_officer_remove, home, words, remove_person);
}

const struct command command_officer_add = {
    .name = "officer add",
    .operands = "PERSON VKEY…",
    .summary = "ask for a person in the quorum file, or for other keys of one",
    .examples =
        "For officers; others must approve it. The person must be a caller of that name\n"
        "in the configuration, with that role. Whoever is in the file gets these keys "
        "in\n"
        "place of all earlier ones, and stays in the groups.\n\n"
        "Examples:\n"
        "  segel officer add officer-e officer-e.example.go.id+43334615+AS… \\\n"
        "      --groups two,three,an-officer --reason \"takes over from officer-b\"\n",
    .options = {add_rows, SG_COUNT(add_rows)},
    .run = run_add,
};

const struct command command_officer_remove = {
    .name = "officer remove",
    .operands = "PERSON",
    .summary = "ask for a person to be taken out of the quorum file",
    .examples = "For officers; others must approve it. Refused when a task could not be "
                "done any\n"
                "more without one of those who are left.\n\n"
                "Examples:\n"
                "  segel officer remove officer-b --reason \"left the agency\"\n",
    .options = {remove_rows, SG_COUNT(remove_rows)},
    .run = run_remove,
};
