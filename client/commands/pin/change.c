#include "client/commands/request/create.h"
#include "client/console/command.h"

/* `segel pin change LANE`: asks for it; 'segel pin set' does it */
static const struct option rows[] = {
    {"reason", 0, "TEXT", "why, for the log and those who approve it; no personal data",
     offsetof(struct request_words, reason)},
    {"request-id", 0, "ID", "your own id; the same one again asks for nothing new",
     offsetof(struct request_words, request_id)},
    {"lang", 0, "id|en", "language of the answer (default: en)",
     offsetof(struct request_words, lang)},
};

static SG_MUST_USE enum sg_status ask_for(const struct home *home,
                                          const struct words *words,
                                          const struct request_words *options,
                                          struct sg_error *why)
{
    Segel__V1__CreateRequestRequest request;
    Segel__V1__ChangePinTask task;

    if (words->count != 1) {
        return sg_fail(why, SG_INVALID,
                       "name one lane: segel pin change LANE; 'segel token list' shows "
                       "them");
    }
    segel__v1__create_request_request__init(&request);
    segel__v1__change_pin_task__init(&task);
    task.lane = sg_unconst_text(words->at[0]);
    request.task_case = SEGEL__V1__CREATE_REQUEST_REQUEST__TASK_CHANGE_PIN;
    request.change_pin = &task;
    return request_create(home, options, &request, why);
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct request_words options = {.reason = "no reason was given", .lang = "en"};
    struct sg_error why = {0};

    if (command_parse(&command_pin_change, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = ask_for(home, words, &options, &why);
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_pin_change = {
    .name = "pin change",
    .operands = "LANE",
    .summary = "ask that the PIN of a lane's token may be changed",
    .examples =
        "For officers. Others approve it ('segel approve'), by the task pin.change of "
        "the\n"
        "quorum file, or by that of pin.unlock where it has none. Then somebody types "
        "the\n"
        "new PIN on the gateway's machine, within ten minutes: 'segel pin set LANE'. "
        "What\n"
        "came of it is on the log (pin.change).\n\n"
        "Examples:\n"
        "  segel pin change lane0 --reason \"a holder of the PIN leaves the agency\"\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
