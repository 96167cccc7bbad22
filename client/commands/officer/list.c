#include <stdio.h>
#include <string.h>

#include "client/call/approval_call.h"
#include "client/channel/unpack.h"
#include "client/console/command.h"
#include "client/console/screen.h"

/* `segel officer list` and `segel officer export` */
enum { NAME_WIDTH = 24, ROLE_WIDTH = 10, TASK_WIDTH = 16 };

struct list_options {
    const char *lang;
};

static const struct option rows[] = {
    {"lang", 0, "id|en", "language of the answer (default: en)",
     offsetof(struct list_options, lang)},
};

static enum sg_status fetch(const struct home *home, const struct words *words,
                            ProtobufCMessage **reply, struct sg_error *why)
{
    if (words->count != 0) {
        return sg_fail(why, SG_INVALID, "this command takes no operands");
    }
    return approval_roster(home, reply, why);
}

static const Segel__V1__GetRosterResponse *roster_of(const ProtobufCMessage *reply)
{
    return (const Segel__V1__GetRosterResponse *)(const void *)reply;
}

/* --- list -------------------------------------------------------------------------- */

static void print_person(const Segel__V1__RosterEntry *entry)
{
    for (size_t i = 0; i < entry->n_verifier_keys; i++) {
        screen_cell(stdout, i == 0 ? entry->person : "", NAME_WIDTH);
        screen_cell(stdout, i == 0 ? entry->role : "", ROLE_WIDTH);
        screen_text(stdout, entry->verifier_keys[i]);
        (void)fputc('\n', stdout);
    }
}

static void print_task(const Segel__V1__TaskQuorum *task, bool indonesian)
{
    screen_cell(stdout, task->task, TASK_WIDTH);
    (void)printf(indonesian ? "%u dari" : "%u of", task->persons);
    for (size_t i = 0; i < task->n_candidates; i++) {
        (void)fputc(' ', stdout);
        screen_text(stdout, task->candidates[i]);
    }
    if (task->reviewer_required) {
        (void)fputs(indonesian ? "; salah satunya reviewer" : "; a reviewer among them",
                    stdout);
    }
    (void)fputc('\n', stdout);
}

static void print_roster(const Segel__V1__GetRosterResponse *roster, bool indonesian)
{
    if (roster->n_entries == 0) {
        (void)puts(indonesian ? "tidak ada berkas kuorum (officers.quorum)"
                              : "there is no quorum file (officers.quorum)");
        return;
    }
    for (size_t i = 0; i < roster->n_entries; i++) {
        print_person(roster->entries[i]);
    }
    (void)fputc('\n', stdout);
    for (size_t i = 0; i < roster->n_tasks; i++) {
        print_task(roster->tasks[i], indonesian);
    }
}

static enum exit_code run_list(const struct home *home, struct words *words)
{
    struct list_options options = {.lang = "en"};
    ProtobufCMessage *reply = NULL;
    struct sg_error why = {0};
    bool indonesian = false;

    if (command_parse(&command_officer_list, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = approval_language(options.lang, &indonesian, &why);
    if (status == SG_OK) {
        status = fetch(home, words, &reply, &why);
    }
    if (status != SG_OK) {
        return command_failed(status, &why);
    }
    print_roster(roster_of(reply), indonesian);
    unpack_free(reply);
    return EXIT_WELL;
}

/* --- export ------------------------------------------------------------------------ */

static enum exit_code run_export(const struct home *home, struct words *words)
{
    ProtobufCMessage *reply = NULL;
    struct sg_error why = {0};

    if (command_parse(&command_officer_export, words, NULL) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = fetch(home, words, &reply, &why);
    if (status == SG_OK && roster_of(reply)->quorum_text.len == 0) {
        status =
            sg_fail(&why, SG_PRECONDITION, "there is no quorum file (officers.quorum)");
    }
    if (status == SG_OK) {
        const ProtobufCBinaryData *text = &roster_of(reply)->quorum_text;
        (void)fwrite(text->data, 1, text->len, stdout);
    }
    unpack_free(reply);
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_officer_list = {
    .name = "officer list",
    .operands = "",
    .summary = "who takes part in what several persons sign for, and how many it takes",
    .examples = "For officers, reviewers and operators.\n\n"
                "Examples:\n"
                "  segel officer list --lang id\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run_list,
};

const struct command command_officer_export = {
    .name = "officer export",
    .operands = "",
    .summary = "write the quorum file that is in force, byte by byte",
    .examples =
        "For officers, reviewers and operators. Its SHA-256 is that of the record\n"
        "roster.load. Put in the place of the configured file it changes nothing,\n"
        "and a new ledger begins with it.\n\n"
        "Examples:\n"
        "  segel officer export >quorum && sha256sum quorum\n",
    .options = {NULL, 0},
    .run = run_export,
};
