#include <stdio.h>
#include <string.h>

#include "client/call/approval_call.h"
#include "client/call/gateway_call.h"
#include "client/channel/moment.h"
#include "client/channel/unpack.h"
#include "client/commands/incident/view.h"
#include "client/console/command.h"
#include "proto/text.h"

/* `segel incident note ID` and `segel incident close ID` */
struct note_options {
    bool oral;
    bool written;
    const char *reference;
    const char *given;
    const char *text;
    const char *request_id;
    const char *lang;
    char made[APPROVAL_ID_SIZE];
};

static const struct option note_rows[] = {
    {"oral", 0, NULL, "the CA was told by telephone or in person",
     offsetof(struct note_options, oral)},
    {"written", 0, NULL, "the CA was told in writing",
     offsetof(struct note_options, written)},
    {"reference", 0, "TEXT", "number of the letter, or who was told",
     offsetof(struct note_options, reference)},
    {"given", 0, "TIME", "when, like 2026-05-02T09:30:00+07:00 (default: now)",
     offsetof(struct note_options, given)},
    {"text", 0, "TEXT", "a remark, for the log; no personal data",
     offsetof(struct note_options, text)},
    {"request-id", 0, "ID", "your own id; the same one again is the same note",
     offsetof(struct note_options, request_id)},
    {"lang", 0, "id|en", "language of the answer (default: en)",
     offsetof(struct note_options, lang)},
};

static SG_MUST_USE enum sg_status fill_note(const struct note_options *options,
                                            Segel__V1__NoteIncidentRequest *out,
                                            struct sg_error *why)
{
    out->kind = options->oral
                    ? SEGEL__V1__INCIDENT_NOTE_KIND__INCIDENT_NOTE_KIND_ORAL_NOTICE
                : options->written
                    ? SEGEL__V1__INCIDENT_NOTE_KIND__INCIDENT_NOTE_KIND_WRITTEN_NOTICE
                    : SEGEL__V1__INCIDENT_NOTE_KIND__INCIDENT_NOTE_KIND_REMARK;
    if (options->oral && options->written) {
        return sg_fail(why, SG_INVALID, "state one notice a time: --oral or --written");
    }
    if (!options->oral && !options->written && options->text == NULL) {
        return sg_fail(
            why, SG_INVALID,
            "say what is to be noted: --oral or --written with --reference, or "
            "--text for a remark");
    }
    if (options->given != NULL &&
        text_time_parse(slice_str(options->given), &out->given_us) != SG_OK) {
        return sg_fail(why, SG_INVALID,
                       "--given '%.40s' is no time: write it like "
                       "2026-05-02T09:30:00+07:00",
                       options->given);
    }
    out->reference =
        sg_unconst_text(options->reference == NULL ? "" : options->reference);
    out->text = sg_unconst_text(options->text == NULL ? "" : options->text);
    return SG_OK;
}

static SG_MUST_USE enum sg_status note(const struct home *home, const char *id,
                                       struct note_options *options, struct sg_error *why)
{
    Segel__V1__NoteIncidentRequest request;
    ProtobufCMessage *reply = NULL;
    bool indonesian = false;

    segel__v1__note_incident_request__init(&request);
    TRY(approval_language(options->lang, &indonesian, why));
    TRY(fill_note(options, &request, why));
    if (options->request_id == NULL) {
        TRY(approval_make_id(options->made, why));
        options->request_id = options->made;
    }
    request.request_id = sg_unconst_text(options->request_id);
    request.id = sg_unconst_text(id);
    const struct gateway_ask ask = {"/segel.v1.IncidentService/NoteIncident",
                                    &request.base,
                                    &segel__v1__note_incident_response__descriptor};
    TRY(gateway_call(home, &ask, &reply, why));
    const Segel__V1__Incident *incident =
        ((const Segel__V1__NoteIncidentResponse *)(const void *)reply)->incident;
    if (incident != NULL) {
        incident_print_whole(incident, moment_wall_us(), indonesian);
    }
    unpack_free(reply);
    return SG_OK;
}

static enum sg_status need_id(const struct words *words, struct sg_error *why)
{
    return words->count == 1
               ? SG_OK
               : sg_fail(why, SG_INVALID,
                         "name the incident: 'segel incident list' shows them");
}

static enum exit_code run_note(const struct home *home, struct words *words)
{
    struct note_options options = {.lang = "en"};
    struct sg_error why = {0};

    if (command_parse(&command_incident_note, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = need_id(words, &why);
    if (status == SG_OK) {
        status = note(home, words->at[0], &options, &why);
    }
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_incident_note = {
    .name = "incident note",
    .operands = "ID",
    .summary = "state that a notice was given to the CA, or add a remark",
    .examples =
        "For officers. It is on the log with your name.\n\n"
        "Examples:\n"
        "  segel incident note incident-2041 --oral --reference \"hotline, ticket "
        "7718\"\n"
        "  segel incident note incident-2041 --written --reference B-113/2026 \\\n"
        "      --given 2026-05-02T09:30:00+07:00\n"
        "  segel incident note incident-2041 --text \"seal of the safe is whole\"\n",
    .options = {note_rows, SG_COUNT(note_rows)},
    .run = run_note,
};

/* --- Closing ----------------------------------------------------------------------- */

struct close_options {
    const char *reason;
    const char *because;
    const char *request_id;
    const char *lang;
    char made[APPROVAL_ID_SIZE];
};

static const struct option close_rows[] = {
    {"reason", 0, "TEXT", "what was found and mended, for the log; no personal data",
     offsetof(struct close_options, reason)},
    {"no-notice-because", 0, "TEXT",
     "why a notice that nobody stated was not due, such as a rehearsal",
     offsetof(struct close_options, because)},
    {"request-id", 0, "ID", "your own id; the same one again is the same closing",
     offsetof(struct close_options, request_id)},
    {"lang", 0, "id|en", "language of the answer (default: en)",
     offsetof(struct close_options, lang)},
};

static SG_MUST_USE enum sg_status close_it(const struct home *home, const char *id,
                                           struct close_options *options,
                                           struct sg_error *why)
{
    Segel__V1__CloseIncidentRequest request;
    ProtobufCMessage *reply = NULL;
    bool indonesian = false;

    segel__v1__close_incident_request__init(&request);
    TRY(approval_language(options->lang, &indonesian, why));
    TRY(options_need(&command_incident_close.options, options, "reason", why));
    if (options->request_id == NULL) {
        TRY(approval_make_id(options->made, why));
        options->request_id = options->made;
    }
    request.request_id = sg_unconst_text(options->request_id);
    request.id = sg_unconst_text(id);
    request.reason = sg_unconst_text(options->reason);
    request.no_notice_because =
        sg_unconst_text(options->because == NULL ? "" : options->because);
    const struct gateway_ask ask = {"/segel.v1.IncidentService/CloseIncident",
                                    &request.base,
                                    &segel__v1__close_incident_response__descriptor};
    TRY(gateway_call(home, &ask, &reply, why));
    const Segel__V1__Incident *incident =
        ((const Segel__V1__CloseIncidentResponse *)(const void *)reply)->incident;
    if (incident != NULL) {
        incident_print_whole(incident, moment_wall_us(), indonesian);
    }
    unpack_free(reply);
    return SG_OK;
}

static enum exit_code run_close(const struct home *home, struct words *words)
{
    struct close_options options = {.lang = "en"};
    struct sg_error why = {0};

    if (command_parse(&command_incident_close, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = need_id(words, &why);
    if (status == SG_OK) {
        status = close_it(home, words->at[0], &options, &why);
    }
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_incident_close = {
    .name = "incident close",
    .operands = "ID",
    .summary = "end an incident whose notices were given",
    .examples =
        "For officers. It is on the log with your name.\n\n"
        "Examples:\n"
        "  segel incident close incident-2041 --reason \"card found; audit report 12\"\n"
        "  segel incident close incident-2041 --reason \"rehearsal of 2 May\" \\\n"
        "      --no-notice-because \"it was announced to the CA as a rehearsal\"\n",
    .options = {close_rows, SG_COUNT(close_rows)},
    .run = run_close,
};
