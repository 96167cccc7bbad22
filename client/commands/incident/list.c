#include <stdio.h>
#include <string.h>

#include "client/call/approval_call.h"
#include "client/call/gateway_call.h"
#include "client/channel/unpack.h"
#include "client/commands/incident/view.h"
#include "client/console/command.h"

/* `segel incident list` and `segel incident show ID` */
struct list_options {
    const char *lang;
    bool all;
    bool json;
};

/* The first is of the list only. */
static const struct option rows[] = {
    {"all", 'a', NULL, "closed ones, too", offsetof(struct list_options, all)},
    {"json", 0, NULL, "one JSON object a line, for machines",
     offsetof(struct list_options, json)},
    {"lang", 0, "id|en", "language of the list (default: en)",
     offsetof(struct list_options, lang)},
};
static enum sg_status print_one(const Segel__V1__Incident *incident, int64_t now_us,
                                const struct list_options *options, bool whole)
{
    bool indonesian = strcmp(options->lang, "id") == 0;

    if (options->json) {
        return incident_print_json(incident);
    }
    if (whole) {
        incident_print_whole(incident, now_us, indonesian);
    } else {
        incident_print(incident, now_us, indonesian);
    }
    return SG_OK;
}

/* Prints a page; token becomes that of the next one, "" = there is none. id: "" = a
 * list. */
static SG_MUST_USE enum sg_status page(const struct home *home,
                                       const struct list_options *options, const char *id,
                                       char token[64], struct sg_error *why)
{
    Segel__V1__ListIncidentsRequest request;
    ProtobufCMessage *reply = NULL;
    enum sg_status status = SG_OK;

    segel__v1__list_incidents_request__init(&request);
    request.all = options->all;
    request.id = sg_unconst_text(id);
    request.page_token = sg_unconst_text(token);
    const struct gateway_ask ask = {"/segel.v1.IncidentService/ListIncidents",
                                    &request.base,
                                    &segel__v1__list_incidents_response__descriptor};
    TRY(gateway_call(home, &ask, &reply, why));
    const Segel__V1__ListIncidentsResponse *got =
        (const Segel__V1__ListIncidentsResponse *)(const void *)reply;
    for (size_t i = 0; i < got->n_incidents && status == SG_OK; i++) {
        status = print_one(got->incidents[i], got->now_us, options, id[0] != '\0');
    }
    (void)snprintf(token, 64, "%s", got->next_page_token);
    unpack_free(reply);
    return status;
}

static SG_MUST_USE enum sg_status
list(const struct home *home, const struct list_options *options, struct sg_error *why)
{
    char token[64] = "";
    bool indonesian = false;

    TRY(approval_language(options->lang, &indonesian, why));
    do {
        TRY(page(home, options, "", token, why));
    } while (token[0] != '\0');
    return SG_OK;
}

static SG_MUST_USE enum sg_status show(const struct home *home,
                                       const struct list_options *options, const char *id,
                                       struct sg_error *why)
{
    char token[64] = "";
    bool indonesian = false;

    TRY(approval_language(options->lang, &indonesian, why));
    return page(home, options, id, token, why);
}

static enum exit_code run_list(const struct home *home, struct words *words)
{
    struct list_options options = {.lang = "en"};
    struct sg_error why = {0};

    if (command_parse(&command_incident_list, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status =
        words->count == 0 ? list(home, &options, &why)
                          : sg_fail(&why, SG_INVALID,
                                    "incident list takes options only: 'segel incident "
                                    "list --help'");
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

static enum exit_code run_show(const struct home *home, struct words *words)
{
    struct list_options options = {.lang = "en"};
    struct sg_error why = {0};

    if (command_parse(&command_incident_show, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status =
        words->count == 1 && words->at[0][0] != '\0'
            ? show(home, &options, words->at[0], &why)
            : sg_fail(&why, SG_INVALID,
                      "name the incident: 'segel incident list' shows them");
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_incident_list = {
    .name = "incident list",
    .operands = "",
    .summary = "incidents, and how long their notices may still be given",
    .examples = "For officers and reviewers. Times are in UTC.\n\n"
                "Examples:\n"
                "  segel incident list\n"
                "  segel incident list --all --json\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run_list,
};

const struct command command_incident_show = {
    .name = "incident show",
    .operands = "ID",
    .summary = "one incident with all that was noted of it",
    .examples = "For officers and reviewers. Times are in UTC.\n\n"
                "Examples:\n"
                "  segel incident show incident-2041\n",
    .options = {rows + 1, SG_COUNT(rows) - 1},
    .run = run_show,
};
