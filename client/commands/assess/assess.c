#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/call/approval_call.h"
#include "client/call/gateway_call.h"
#include "client/channel/unpack.h"
#include "client/commands/assess/sheet.h"
#include "client/console/command.h"

/* `segel assess` */
struct assess_options {
    const char *lang;
    bool json;
};

static const struct option rows[] = {
    {"lang", 0, "id|en", "language of the sheet (default: en)",
     offsetof(struct assess_options, lang)},
    {"json", 0, NULL, "one JSON object for machines",
     offsetof(struct assess_options, json)},
};

static SG_MUST_USE enum sg_status fetch(const struct home *home, ProtobufCMessage **reply,
                                        struct sg_error *why)
{
    Segel__V1__GetAssessmentRequest request;

    segel__v1__get_assessment_request__init(&request);
    const struct gateway_ask ask = {"/segel.v1.StatusService/GetAssessment",
                                    &request.base,
                                    &segel__v1__get_assessment_response__descriptor};
    return gateway_call(home, &ask, reply, why);
}

/* *passed: nothing fails. */
static SG_MUST_USE enum sg_status show(struct sheet *sheet, bool json, bool *passed,
                                       struct sg_error *why)
{
    TRY(assess_fill(sheet, why));
    *passed = sheet->verdicts[ASSESS_FAIL] == 0;
    if (json) {
        return assess_print_json(sheet);
    }
    assess_print(sheet);
    return SG_OK;
}

static SG_MUST_USE enum sg_status judge(const ProtobufCMessage *got,
                                        const ProtobufCMessage *roster,
                                        const struct assess_options *options,
                                        bool *passed, struct sg_error *why)
{
    struct sheet *sheet = (struct sheet *)calloc(1, sizeof(*sheet));

    if (sheet == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "no memory for the sheet");
    }
    sheet->got = (const Segel__V1__GetAssessmentResponse *)(const void *)got;
    sheet->roster = (const Segel__V1__GetRosterResponse *)(const void *)roster;
    sheet->indonesian = strcmp(options->lang, "id") == 0;
    enum sg_status status = show(sheet, options->json, passed, why);
    free(sheet);
    return status;
}

static SG_MUST_USE enum sg_status look(const struct home *home,
                                       const struct assess_options *options, bool *passed,
                                       struct sg_error *why)
{
    ProtobufCMessage *got = NULL;
    ProtobufCMessage *roster = NULL;
    bool indonesian = false;

    TRY(approval_language(options->lang, &indonesian, why));
    TRY(fetch(home, &got, why));
    enum sg_status status = approval_roster(home, &roster, why);
    if (status == SG_OK) {
        status = judge(got, roster, options, passed, why);
        unpack_free(roster);
    }
    unpack_free(got);
    return status;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct assess_options options = {.lang = "en"};
    struct sg_error why = {0};
    bool passed = false;

    if (command_parse(&command_assess, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status =
        words->count == 0 ? look(home, &options, &passed, &why)
                          : sg_fail(&why, SG_INVALID,
                                    "assess takes options only: 'segel assess --help'");
    if (status != SG_OK) {
        return command_failed(status, &why);
    }
    return passed ? EXIT_WELL : EXIT_REFUSED;
}

const struct command command_assess = {
    .name = "assess",
    .operands = "",
    .summary = "the sheet that a security assessor asks for",
    .examples =
        "Versions, hardening, doors, roles, policy, tokens, keys, clock, log and "
        "incidents: each\n"
        "line passes, warns, fails or does not apply, and says why. For officers, "
        "reviewers and\n"
        "operators. Exit code 0: nothing fails. 1: a line fails, or the gateway refuses "
        "the caller,\n"
        "and then no sheet is written. 2: the command line is wrong. 3: the gateway "
        "cannot be reached.\n\n"
        "Examples:\n"
        "  segel assess\n"
        "  segel assess --lang id\n"
        "  segel assess --json\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
