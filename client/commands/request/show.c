#include <stdio.h>
#include <string.h>

#include "client/call/approval_call.h"
#include "client/call/approval_words.h"
#include "client/channel/unpack.h"
#include "client/commands/request/grant_details.h"
#include "client/console/command.h"

/* `segel request show ID` */
struct show_options {
    const char *lang;
    bool note;
};

static const struct option rows[] = {
    {"note", 0, NULL, "only the signed note with all signatures so far, to be checked",
     offsetof(struct show_options, note)},
    {"lang", 0, "id|en", "language of the answer (default: en)",
     offsetof(struct show_options, lang)},
};

static SG_MUST_USE enum sg_status print(const struct home *home,
                                        const Segel__V1__GetRequestResponse *got,
                                        const struct show_options *options,
                                        bool indonesian, struct sg_error *why)
{
    struct grant_view view;

    TRY(grant_view_make(got, &view, why));
    if (options->note) { /* for a file or another program */
        (void)fwrite(got->grant_note.data, 1, got->grant_note.len, stdout);
        return SG_OK;
    }
    grant_view_say(&view, stdout, indonesian);
    grant_view_print(&view, got, stdout, indonesian);
    TRY(grant_details(home, &view, got, indonesian, why));
    approval_print(got->approval, stdout, indonesian);
    return SG_OK;
}

static SG_MUST_USE enum sg_status show(const struct home *home, const struct words *words,
                                       const struct show_options *options,
                                       struct sg_error *why)
{
    ProtobufCMessage *reply = NULL;
    bool indonesian = false;

    if (words->count != 1) {
        return sg_fail(why, SG_INVALID,
                       "name one request: segel request show ID; 'segel request list' "
                       "shows them");
    }
    TRY(approval_language(options->lang, &indonesian, why));
    TRY(approval_get(home, words->at[0], &reply, why));
    enum sg_status status =
        print(home, (const Segel__V1__GetRequestResponse *)(const void *)reply, options,
              indonesian, why);
    unpack_free(reply);
    return status;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct show_options options = {.lang = "en"};
    struct sg_error why = {0};

    if (command_parse(&command_request_show, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = show(home, words, &options, &why);
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_request_show = {
    .name = "request show",
    .operands = "ID",
    .summary = "what a request would do, who asked and who agreed",
    .examples =
        "For officers and reviewers. The text is built from the bytes that will be\n"
        "executed, and compared with what the gateway shows.\n\n"
        "Examples:\n"
        "  segel request show g-01J9ZC8K3T\n"
        "  segel request show g-01J9ZC8K3T --note >grant.note\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
