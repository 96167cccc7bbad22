#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/audit/audit.h"
#include "client/call/approval_call.h"
#include "client/call/log_begin.h"
#include "client/call/log_head.h"
#include "client/call/log_stream.h"
#include "client/channel/sentence.h"
#include "client/commands/log/verdict.h"
#include "client/console/command.h"
#include "client/console/file.h"
#include "client/console/screen.h"
#include "client/pdf/pdf.h"

/* `segel log verify` */
struct verify_options {
    const char *vkey;
    const char *earlier;
    const char *save;
    const char *lang;
    bool json;
};

#define AT(member) offsetof(struct verify_options, member)
static const struct option rows[] = {
    {"vkey", 0, "FILE",
     "verifier key of the log that you were given (default: log.vkey of the home folder)",
     AT(vkey)},
    {"earlier", 0, "FILE", "checkpoint that was saved before: the log must contain it",
     AT(earlier)},
    {"save", 0, "FILE",
     "save the checkpoint for the next time; the log must contain one that is there",
     AT(save)},
    {"json", 0, NULL, "one JSON object for machines", AT(json)},
    {"lang", 0, "id|en", "language of the page (default: en)", AT(lang)},
};

struct reading {
    struct audit *audit;
    enum sg_status status;
};

static bool visit(void *context, uint64_t index, struct slice json)
{
    struct reading *reading = (struct reading *)context;

    reading->status = audit_record(reading->audit, index, json);
    return reading->status == SG_OK;
}

/* All records, also those that no checkpoint covers: their order and pairs count too. */
static enum sg_status read_log(struct channel *channel, struct audit *audit,
                               struct sg_error *why)
{
    Segel__V1__ListRecordsRequest request;
    struct reading reading = {.audit = audit};
    struct log_visitor visitor = {visit, &reading};

    segel__v1__list_records_request__init(&request);
    TRY(log_stream(channel, &request, &visitor, why));
    return reading.status == SG_OK
               ? SG_OK
               : sg_fail(why, reading.status, "%s", sg_status_text(reading.status));
}

/* A checkpoint of this log may be written over, by one that goes on from it; the key, or
 * a file that was named by mistake, may not. */
static enum sg_status take_replaced(const char *path, struct log_verdict *verdict,
                                    struct sg_error *why)
{
    struct sg_error inner = {0};

    if (path == NULL || !file_exists(path)) {
        return SG_OK;
    }
    if (log_head_load(path, &verdict->trust, &verdict->replaced, &inner) != SG_OK) {
        return sg_fail(why, SG_INVALID,
                       "'%s' is there and is no checkpoint by the key of this log: name "
                       "another file with --save",
                       path);
    }
    audit_mark(&verdict->audit, verdict->replaced.size);
    return SG_OK;
}

/* The key that the checkpoint is judged by: given, from the home folder, or none. */
static enum sg_status load_key(const struct home *home,
                               const struct verify_options *options,
                               struct log_trust *trust, struct sg_error *why)
{
    char path[HOME_PATH_SIZE];

    if (options->vkey != NULL) {
        return log_trust_load(options->vkey, trust, why);
    }
    home_path(home, HOME_VKEY, path);
    return file_exists(path) ? log_trust_load(path, trust, why) : SG_OK;
}

static enum sg_status examine(struct channel *channel,
                              const struct verify_options *options,
                              struct log_verdict *verdict, struct sg_error *why)
{
    audit_start(&verdict->audit);
    TRY(log_head_fetch(channel, &verdict->trust, &verdict->head, why));
    audit_mark(&verdict->audit, verdict->head.size);
    audit_cover(&verdict->audit, verdict->head.size);
    if (options->earlier != NULL) {
        TRY(log_head_load(options->earlier, &verdict->trust, &verdict->earlier, why));
        audit_mark(&verdict->audit, verdict->earlier.size);
    }
    TRY(take_replaced(options->save, verdict, why));
    TRY(log_begin_skip(channel, &verdict->audit, verdict->head.size, why));
    TRY(read_log(channel, &verdict->audit, why));
    log_verdict_reach(verdict);
    return SG_OK;
}

static enum exit_code judge(const struct home *home, const struct verify_options *options,
                            struct log_verdict *verdict)
{
    AUTO(channel_end) struct channel *channel = NULL;
    struct sg_error why = {0};
    enum sg_status status = load_key(home, options, &verdict->trust, &why);

    if (status == SG_OK) {
        status = home_connect(home, &channel, &why);
    }
    if (status == SG_OK) {
        status = examine(channel, options, verdict, &why);
    }
    if (status != SG_OK) {
        return command_failed(status, &why);
    }
    log_verdict_print(verdict, options->json);
    if (!verdict->sound) {
        return EXIT_REFUSED;
    }
    if (options->save != NULL &&
        pdf_write(options->save, slice_of(verdict->head.note, verdict->head.note_len),
                  slice_of("", 0), &why) != SG_OK) {
        screen_complain(why.text);
        return EXIT_BROKEN;
    }
    return EXIT_WELL;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct verify_options options = {.lang = "en"};
    struct sg_error why = {0};
    bool indonesian = false;

    if (command_parse(&command_log_verify, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    if (words->count > 0) {
        screen_complain("log verify takes options only: 'segel log verify --help'");
        return EXIT_USAGE;
    }
    enum sg_status status = approval_language(options.lang, &indonesian, &why);
    if (status != SG_OK) {
        return command_failed(status, &why);
    }
    struct log_verdict *verdict = (struct log_verdict *)calloc(1, sizeof(*verdict));
    if (verdict == NULL) {
        screen_complain(sg_status_text(SG_NO_MEMORY));
        return EXIT_BROKEN;
    }
    verdict->indonesian = indonesian;
    enum exit_code code = judge(home, &options, verdict);
    audit_fini(&verdict->audit);
    free(verdict);
    return code;
}

const struct command command_log_verify = {
    .name = "log verify",
    .operands = "",
    .summary = "read the whole log and prove that it is what its key signed",
    .examples =
        "Every record is read and hashed here; nothing is believed. Exit codes: 0 "
        "sound,\n"
        "1 tampered with or incomplete, 2 wrong command line, 3 not readable.\n"
        "Keep the saved checkpoint where the gateway's administrators cannot reach it:\n"
        "with --earlier, or the same --save, the next run detects that records were\n"
        "changed or cut off, and saves nothing then.\n\n"
        "Examples:\n"
        "  segel log verify --vkey log.vkey --save monday.checkpoint\n"
        "  segel log verify --vkey log.vkey --earlier monday.checkpoint\n"
        "  segel log verify --lang id\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
