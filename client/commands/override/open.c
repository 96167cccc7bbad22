#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client/commands/request/create.h"
#include "client/console/command.h"
#include "proto/text.h"

/* `segel override open` */
enum { JOBS_MAX = 100000, US_PER_S = 1000000, HOURS_MAX = 24 };

struct open_options {
    struct request_words words;
    const char *rule;
    const char *key;
    const char *caller;
    const char *document_class;
    const char *until;
    const char *hours;
    const char *max;
};

static const struct option rows[] = {
    {"rule", 0, "ID", "the soft rule that is lifted",
     offsetof(struct open_options, rule)},
    {"key", 0, "NAME", "only for jobs of this key", offsetof(struct open_options, key)},
    {"caller", 0, "NAME", "only for jobs of this caller",
     offsetof(struct open_options, caller)},
    {"class", 0, "NAME", "only for documents of this class (default: any)",
     offsetof(struct open_options, document_class)},
    {"hours", 0, "N", "for so many hours from now, 1 to 24 (default: 1)",
     offsetof(struct open_options, hours)},
    {"until", 0, "TIME", "until then in place of --hours: 2026-05-02T17:00:00Z",
     offsetof(struct open_options, until)},
    {"max", 0, "N", "for at most so many signatures, 1 to 100000",
     offsetof(struct open_options, max)},
    {"reason", 0, "TEXT", "why, for the log and the approvers; no personal data",
     offsetof(struct open_options, words.reason)},
    {"request-id", 0, "ID",
     "your own id for this request, with --until; the same one again is the same request",
     offsetof(struct open_options, words.request_id)},
    {"lang", 0, "id|en", "language of the answer (default: en)",
     offsetof(struct open_options, words.lang)},
};

static enum sg_status read_end(const struct open_options *options, int64_t *until_us,
                               struct sg_error *why)
{
    uint64_t hours = 1;

    if (options->until != NULL) {
        return text_time_parse(slice_str(options->until), until_us) == SG_OK
                   ? SG_OK
                   : sg_fail(why, SG_INVALID,
                             "--until is a time like 2026-05-02T17:00:00Z");
    }
    if (options->words.request_id != NULL) {
        return sg_fail(why, SG_INVALID,
                       "with --request-id say --until TIME: --hours counts from now, and "
                       "the same id again would be another request");
    }
    if (options->hours != NULL &&
        (text_uint(slice_str(options->hours), HOURS_MAX, &hours) != SG_OK ||
         hours == 0)) {
        return sg_fail(why, SG_INVALID, "--hours is 1 to %d", HOURS_MAX);
    }
    *until_us = ((int64_t)time(NULL) + (int64_t)hours * 3600) * US_PER_S;
    return SG_OK;
}

static enum sg_status need_all(const struct open_options *options, struct sg_error *why)
{
    static const char *const names[] = {"rule", "key", "caller", "max", "reason"};

    for (size_t i = 0; i < SG_COUNT(names); i++) {
        TRY(options_need(&command_override_open.options, options, names[i], why));
    }
    return SG_OK;
}

static enum sg_status ask(const struct home *home, const struct words *words,
                          const struct open_options *options, struct sg_error *why)
{
    Segel__V1__CreateRequestRequest request;
    Segel__V1__OverrideTask task;
    uint64_t max = 0;

    if (words->count != 0) {
        return sg_fail(why, SG_INVALID, "override open takes options only: --rule ID …");
    }
    TRY(need_all(options, why));
    segel__v1__create_request_request__init(&request);
    segel__v1__override_task__init(&task);
    TRY(read_end(options, &task.until_us, why));
    if (text_uint(slice_str(options->max), JOBS_MAX, &max) != SG_OK || max == 0) {
        return sg_fail(why, SG_INVALID, "--max is 1 to %d", JOBS_MAX);
    }
    task.max_jobs = (uint32_t)max;
    task.rule = sg_unconst_text(options->rule);
    task.key = sg_unconst_text(options->key);
    task.caller = sg_unconst_text(options->caller);
    task.document_class = sg_unconst_text(options->document_class);
    request.task_case = SEGEL__V1__CREATE_REQUEST_REQUEST__TASK_OVERRIDE_RULE;
    request.override_rule = &task;
    return request_create(home, &options->words, &request, why);
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct open_options options = {.words = {.lang = "en"}, .document_class = ""};
    struct sg_error why = {0};

    if (command_parse(&command_override_open, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = ask(home, words, &options, &why);
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_override_open = {
    .name = "override open",
    .operands = "",
    .summary = "ask for a soft rule to be lifted for one key, caller and a few hours",
    .examples =
        "For officers; others must approve it. Hard rules are never lifted. The records "
        "of\n"
        "the jobs that it lets through name it.\n\n"
        "Examples:\n"
        "  segel override open --rule CP-4.9-02 --key seal-setda --caller e-office \\\n"
        "      --hours 2 --max 200 --reason \"the CA's list is late\"\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
