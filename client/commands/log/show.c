#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client/call/log_stream.h"
#include "client/commands/log/rows.h"
#include "client/console/command.h"
#include "client/console/nearest.h"
#include "client/console/period.h"
#include "client/console/screen.h"

/* `segel log show` */
struct show_options {
    const char *from;
    const char *until;
    const char *caller;
    const char *key;
    const char *type;
    const char *decision;
    const char *rule;
    const char *document_class;
    const char *mandate;
    const char *request;
    const char *first;
    const char *count;
    bool follow;
    bool json;
    bool csv;
};

#define AT(member) offsetof(struct show_options, member)
static const struct option rows[] = {
    {"from", 0, "TIME", "records from this time on: 2026-05-02 or 2026-05-02T01:02:03Z",
     AT(from)},
    {"until", 0, "TIME", "records before this time", AT(until)},
    {"caller", 0, "NAME", "of this caller", AT(caller)},
    {"key", 0, "NAME", "of this key", AT(key)},
    {"type", 0, "T,T", "of these types: intent, deny, outcome, boot …", AT(type)},
    {"decision", 0, "D", "allow or deny", AT(decision)},
    {"rule", 0, "ID", "in which this rule failed, or would have (shadow, lifted)",
     AT(rule)},
    {"class", 0, "NAME", "of this document class", AT(document_class)},
    {"mandate", 0, "ID", "under this mandate", AT(mandate)},
    {"request", 0, "ID", "of this request id", AT(request)},
    {"first", 0, "INDEX", "begin at this record (default: 0)", AT(first)},
    {"count", 0, "N", "at most so many records", AT(count)},
    {"follow", 'f', NULL, "stay, and show what is appended", AT(follow)},
    {"json", 0, NULL, "the records byte for byte, one a line", AT(json)},
    {"csv", 0, NULL, "a table for spreadsheets (RFC 4180)", AT(csv)},
};

/* --- The request ------------------------------------------------------------------- */

enum { TYPES_MAX = 32, TYPES_SIZE = 512 };
struct asked {
    Segel__V1__ListRecordsRequest request;
    Segel__V1__RecordFilter filter;
    char types_text[TYPES_SIZE];
    char *types[TYPES_MAX];
};

static const char *const record_types[] = {
#define RECORD_TYPE(name) name,
#include "proto/record_types.def"
#undef RECORD_TYPE
};

/* A mistyped type matches nothing, which looks like a log without such records. */
static enum sg_status check_type(const char *type, struct sg_error *why)
{
    for (size_t i = 0; i < SG_COUNT(record_types); i++) {
        if (strcmp(record_types[i], type) == 0) {
            return SG_OK;
        }
    }
    const char *best = nearest(type, record_types, SG_COUNT(record_types));
    return sg_fail(why, SG_INVALID, "there is no record type '%.40s': %s%s%s", type,
                   best == NULL
                       ? "the common ones are intent, deny, outcome, replay, boot, "
                         "policy.load, key.load, key.refuse, lane.down"
                       : "did you mean ",
                   best == NULL ? "" : best, best == NULL ? "" : "?");
}

static enum sg_status check_types(const struct asked *asked, struct sg_error *why)
{
    for (size_t i = 0; i < asked->filter.n_types; i++) {
        TRY(check_type(asked->types[i], why));
    }
    return SG_OK;
}

static enum sg_status read_types(const char *text, struct asked *asked,
                                 struct sg_error *why)
{
    size_t len = strlen(text);
    char *at = asked->types_text;

    if (len >= sizeof(asked->types_text)) {
        return sg_fail(why, SG_INVALID, "--type is too long");
    }
    memcpy(asked->types_text, text, len + 1);
    while (asked->filter.n_types < TYPES_MAX) {
        asked->types[asked->filter.n_types++] = at;
        at += strcspn(at, ",");
        if (*at == '\0') {
            asked->filter.types = asked->types;
            return check_types(asked, why);
        }
        *at++ = '\0';
    }
    return sg_fail(why, SG_INVALID, "--type names more than %d types", (int)TYPES_MAX);
}

static enum sg_status read_decision(const char *text, struct sg_error *why)
{
    if (text[0] == '\0' || strcmp(text, "allow") == 0 || strcmp(text, "deny") == 0) {
        return SG_OK;
    }
    return sg_fail(why, SG_INVALID, "--decision is allow or deny, not '%s'", text);
}

static enum sg_status ask(const struct show_options *options, struct asked *asked,
                          struct sg_error *why)
{
    Segel__V1__RecordFilter *filter = &asked->filter;

    segel__v1__list_records_request__init(&asked->request);
    segel__v1__record_filter__init(filter);
    asked->request.filter = filter;
    asked->request.follow = options->follow ? 1 : 0;
    filter->caller = sg_unconst_text(options->caller);
    filter->key = sg_unconst_text(options->key);
    filter->rule = sg_unconst_text(options->rule);
    filter->decision = sg_unconst_text(options->decision);
    filter->document_class = sg_unconst_text(options->document_class);
    filter->mandate = sg_unconst_text(options->mandate);
    filter->request_id = sg_unconst_text(options->request);
    TRY(read_decision(options->decision, why));
    TRY(period_time("from", options->from, &filter->from_us, why));
    TRY(period_time("until", options->until, &filter->until_us, why));
    TRY(period_number("first", options->first, &asked->request.first, why));
    TRY(period_number("count", options->count, &asked->request.count, why));
    TRY(period_order(filter->from_us, filter->until_us, why));
    if (options->count != NULL && asked->request.count == 0) {
        return sg_fail(why, SG_INVALID, "--count is 1 at least; leave it away for all");
    }
    return options->type == NULL ? SG_OK : read_types(options->type, asked, why);
}

/* --- Running ----------------------------------------------------------------------- */

enum { RECONNECTS = 6, FIRST_PAUSE_MS = 500, LONG_LIFE_S = 60 };

struct showing {
    const struct show_options *options;
    struct asked *asked;
    struct log_rows rows;
    bool connected;    /* once at least */
    bool came;         /* a record did, by the newest connection */
    unsigned losses;   /* of the connection, without a record or a long life since */
    time_t begun_at_s; /* of the present one */
};

static bool visit(void *context, uint64_t index, struct slice json)
{
    struct showing *showing = (struct showing *)context;
    Segel__V1__ListRecordsRequest *request = &showing->asked->request;

    log_rows_print(&showing->rows, index, json);
    /* Where a lost connection is taken up again. */
    request->first = index + 1;
    request->count -= request->count > 0 ? 1 : 0;
    showing->came = true;
    showing->losses = 0;
    if (showing->options->follow) {
        (void)fflush(stdout);
    }
    return ferror(stdout) == 0;
}

static time_t now_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static enum sg_status show_once(const struct home *home, struct showing *showing,
                                struct sg_error *why)
{
    AUTO(channel_end) struct channel *channel = NULL;
    struct log_visitor visitor = {visit, showing};

    showing->begun_at_s = now_s(); /* one that fails has no long life */
    TRY(home_connect(home, &channel, why));
    showing->connected = true;
    showing->came = false;
    return log_stream(channel, &showing->asked->request, &visitor, why);
}

static void rest(unsigned losses)
{
    int64_t pause_ms = (int64_t)FIRST_PAUSE_MS << losses;
    struct timespec left = {.tv_sec = pause_ms / 1000,
                            .tv_nsec = pause_ms % 1000 * 1000000};

    (void)nanosleep(&left, NULL);
}

/* Records have the ids of rules; their sentences stand in the policy. */
static void name_rules(const struct showing *showing)
{
    bool of_rules = strcmp(showing->options->decision, "deny") == 0 ||
                    showing->options->rule[0] != '\0';

    if (of_rules && showing->rows.form == LOG_TABLE && showing->rows.width > 0) {
        (void)fprintf(stderr, "what a rule says: segel policy explain --gateway RULE\n");
    }
}

/* A pager that takes nothing for a while costs the connection, and is not told of it. */
static bool goes_on(const struct showing *showing, uint64_t wanted, enum sg_status status)
{
    return channel_lost(status) && showing->connected &&
           (showing->options->follow || showing->came) &&
           (wanted == 0 || showing->asked->request.count > 0) &&
           showing->losses < RECONNECTS;
}

/* Who follows the log is told of a lost connection. Either way the list goes on behind
 * the last record that came. Without --follow one that gets no further is a failure. */
static enum sg_status show(const struct home *home, struct showing *showing,
                           struct sg_error *why)
{
    uint64_t wanted = showing->asked->request.count;
    enum sg_status status = show_once(home, showing, why);

    while (goes_on(showing, wanted, status)) {
        if (now_s() - showing->begun_at_s >= LONG_LIFE_S) {
            showing->losses = 0;
        }
        if (showing->losses == 0 && showing->options->follow) {
            screen_complain("the connection is lost; connecting again");
        }
        rest(showing->losses++);
        status = show_once(home, showing, why);
    }
    bool none = !showing->rows.begun;
    log_rows_end(&showing->rows);
    if (status == SG_OK && none && !showing->options->json) {
        (void)fprintf(stderr, "no record of the log matches\n");
    }
    if (status == SG_OK && !none) {
        name_rules(showing);
    }
    return status;
}

static enum log_form form_of(const struct show_options *options)
{
    if (options->csv) {
        return LOG_CSV;
    }
    return options->json ? LOG_JSON : LOG_TABLE;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct show_options options = {.caller = "",
                                   .key = "",
                                   .rule = "",
                                   .decision = "",
                                   .document_class = "",
                                   .mandate = "",
                                   .request = ""};
    struct asked asked = {.types_text = ""};
    struct sg_error why = {0};

    if (command_parse(&command_log_show, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    if (words->count > 0) {
        screen_complain("log show takes options only: 'segel log show --help'");
        return EXIT_USAGE;
    }
    if (options.csv && options.json) {
        screen_complain("--csv and --json exclude each other");
        return EXIT_USAGE;
    }
    enum sg_status status = ask(&options, &asked, &why);
    if (status == SG_OK) {
        struct showing showing = {
            .options = &options, .asked = &asked, .rows.form = form_of(&options)};
        log_rows_start(&showing.rows);
        status = show(home, &showing, &why);
    }
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_log_show = {
    .name = "log show",
    .operands = "",
    .summary = "list records of the gateway's log",
    .examples =
        "Times are in UTC; all conditions given must hold. On a terminal this is a "
        "table\n"
        "as wide as the screen; in a pipe one line a record, with tabs between index,\n"
        "time, type, caller, key, decision, rule, class, and request or event. With "
        "--json\n"
        "the lines are the very bytes that the log proves. In --csv a text that a\n"
        "spreadsheet would take for a formula begins with an apostrophe. What a rule of\n"
        "it says, in Indonesian too, the policy tells:\n"
        "  segel policy explain --gateway CP-1.4-02 --lang id\n\n"
        "Examples:\n"
        "  segel log show --from 2026-05-01 --until 2026-06-01 --decision deny\n"
        "  segel log show --request 7f2a90b1c3d4e5f6-000012\n"
        "  segel log show --type boot,key.load --json\n"
        "  segel log show --follow --caller e-office --decision deny\n"
        "  segel log show --rule CP-6.3-01 --from 2026-01-01 --csv > refused.csv\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
