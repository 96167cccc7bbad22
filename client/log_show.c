#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "client/command.h"
#include "client/log_stream.h"
#include "client/screen.h"
#include "client/words.h"
#include "proto/text.h"

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
    const char *request;
    const char *first;
    const char *count;
    bool follow;
    bool json;
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
    {"rule", 0, "ID", "in which this rule failed", AT(rule)},
    {"class", 0, "NAME", "of this document class", AT(document_class)},
    {"request", 0, "ID", "of this request id", AT(request)},
    {"first", 0, "INDEX", "begin at this record (default: 0)", AT(first)},
    {"count", 0, "N", "at most so many records", AT(count)},
    {"follow", 'f', NULL, "stay, and show what is appended", AT(follow)},
    {"json", 0, NULL, "the records byte for byte, one a line", AT(json)},
};

/* --- The request ------------------------------------------------------------------- */

enum { TYPES_MAX = 32, TYPES_SIZE = 512 };
struct asked {
    Segel__V1__ListRecordsRequest request;
    Segel__V1__RecordFilter filter;
    char types_text[TYPES_SIZE];
    char *types[TYPES_MAX];
};

/* A date alone means its first moment, in UTC as all times of the log. */
static enum sg_status read_time(const char *option, const char *text, int64_t *out,
                                struct sg_error *why)
{
    char full[64];

    if (text == NULL) {
        return SG_OK;
    }
    (void)snprintf(full, sizeof(full), "%s%s", text,
                   strlen(text) == 10 ? "T00:00:00Z" : "");
    if (text_time_parse(slice_str(full), out) != SG_OK) {
        return sg_fail(why, SG_INVALID,
                       "--%s '%s' is not a time: write 2026-05-02 or "
                       "2026-05-02T08:00:00+07:00",
                       option, text);
    }
    return SG_OK;
}

static enum sg_status read_number(const char *option, const char *text, uint64_t *out,
                                  struct sg_error *why)
{
    if (text == NULL || text_uint(slice_str(text), INT64_MAX, out) == SG_OK) {
        return SG_OK;
    }
    return sg_fail(why, SG_INVALID, "--%s '%s' is not a number", option, text);
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
            return SG_OK;
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
    filter->caller = words_mutable(options->caller);
    filter->key = words_mutable(options->key);
    filter->rule = words_mutable(options->rule);
    filter->decision = words_mutable(options->decision);
    filter->document_class = words_mutable(options->document_class);
    filter->request_id = words_mutable(options->request);
    TRY(read_decision(options->decision, why));
    TRY(read_time("from", options->from, &filter->from_us, why));
    TRY(read_time("until", options->until, &filter->until_us, why));
    TRY(read_number("first", options->first, &asked->request.first, why));
    TRY(read_number("count", options->count, &asked->request.count, why));
    return options->type == NULL ? SG_OK : read_types(options->type, asked, why);
}

/* --- The table --------------------------------------------------------------------- */

static const char *member(const json_t *record, const char *name)
{
    const char *text = json_string_value(json_object_get(record, name));

    return text == NULL ? "" : text;
}

static const char *first_rule(const json_t *record)
{
    const json_t *failure = json_array_get(json_object_get(record, "fail"), 0);

    return failure == NULL ? "" : member(failure, "rule");
}

/* What became of the job: the decision, or of an OUTCOME what came of it. */
static const char *decision_of(const json_t *record)
{
    const char *decision = member(record, "decision");

    return decision[0] != '\0' ? decision : member(record, "outcome");
}

static enum screen_colour row_colour(const char *decision)
{
    if (strcmp(decision, "deny") == 0 || strcmp(decision, "failed") == 0) {
        return SCREEN_RED;
    }
    return strcmp(decision, "indeterminate") == 0 ? SCREEN_YELLOW : SCREEN_PLAIN;
}

static const char *first_of(const json_t *record, const char *one, const char *other)
{
    const char *text = member(record, one);

    return text[0] != '\0' ? text : member(record, other);
}

/* What the record is about: a job, its decision, or of an event of the gateway itself the
 * lane or key, and why. */
static void print_about(const json_t *record)
{
    const char *job = first_of(record, "job", "decision_id");
    const char *detail = first_of(record, "detail", "reason");

    screen_text(stdout, job[0] != '\0' ? job : member(record, "subject"));
    if (job[0] == '\0' && detail[0] != '\0') {
        (void)printf("  ");
        screen_text(stdout, detail);
    }
}

static void print_row(uint64_t index, const json_t *record)
{
    char number[24];
    char time[32];
    const char *decision = decision_of(record);
    enum screen_colour colour = row_colour(decision);

    (void)snprintf(number, sizeof(number), "%" PRIu64, index);
    (void)snprintf(time, sizeof(time), "%.19sZ", member(record, "ts"));
    (void)printf("%s", colour == SCREEN_PLAIN ? "" : screen_colour(stdout, colour));
    screen_cell(stdout, number, 9);
    screen_cell(stdout, time, 22);
    screen_cell(stdout, member(record, "type"), 12);
    screen_cell(stdout, first_of(record, "caller", "officer"), 16);
    screen_cell(stdout, first_of(record, "key", "lane"), 16);
    screen_cell(stdout, decision, 14);
    screen_cell(stdout, first_rule(record), 14);
    print_about(record);
    (void)printf("%s\n", screen_colour(stdout, SCREEN_PLAIN));
}

static void print_head(void)
{
    (void)printf("%-9s%-22s%-12s%-16s%-16s%-14s%-14s%s\n", "INDEX", "TIME", "TYPE",
                 "CALLER", "KEY OR LANE", "DECISION", "RULE", "REQUEST, DECISION, EVENT");
}

/* --- Running ----------------------------------------------------------------------- */

struct showing {
    const struct show_options *options;
    bool begun; /* a record has come */
};

static bool visit(void *context, uint64_t index, struct slice json)
{
    struct showing *showing = (struct showing *)context;
    const struct show_options *options = showing->options;
    json_t *record = NULL;

    if (!showing->begun && !options->json) {
        print_head();
    }
    showing->begun = true;
    if (options->json) {
        (void)fwrite(json.data, 1, json.len, stdout);
        (void)fputc('\n', stdout);
    } else {
        record = json_loadb((const char *)json.data, json.len, 0, NULL);
        print_row(index, record);
        json_decref(record);
    }
    if (options->follow) {
        (void)fflush(stdout);
    }
    return ferror(stdout) == 0;
}

static void close_channel(struct channel **channel)
{
    channel_close(*channel);
}

static enum sg_status show(const struct home *home, const struct show_options *options,
                           const struct asked *asked, struct sg_error *why)
{
    AUTO(close_channel) struct channel *channel = NULL;
    struct showing showing = {.options = options};
    struct log_visitor visitor = {visit, &showing};

    TRY(home_connect(home, &channel, why));
    TRY(log_stream(channel, &asked->request, &visitor, why));
    if (!showing.begun && !options->json) {
        (void)fprintf(stderr, "no record of the log matches\n");
    }
    return SG_OK;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct show_options options = {.caller = "",
                                   .key = "",
                                   .rule = "",
                                   .decision = "",
                                   .document_class = "",
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
    enum sg_status status = ask(&options, &asked, &why);
    if (status == SG_OK) {
        status = show(home, &options, &asked, &why);
    }
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_log_show = {
    .name = "log show",
    .operands = "",
    .summary = "list records of the gateway's log",
    .examples =
        "Times are in UTC. With --json the lines are the very bytes that the log\n"
        "proves.\n\n"
        "Examples:\n"
        "  segel log show --from 2026-05-01 --until 2026-06-01 --decision deny\n"
        "  segel log show --request 7f2a90b1c3d4e5f6-000012\n"
        "  segel log show --type boot,key.load --json\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
