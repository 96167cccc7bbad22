#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client/call/log_head.h"
#include "client/call/log_stream.h"
#include "client/commands/request/create.h"
#include "client/console/command.h"
#include "client/console/period.h"
#include "client/console/screen.h"
#include "proto/text.h"

/* `segel log prune` */
enum { TILE_RECORDS = 256, KEPT_DAYS_LEAST = 2557 }; /* of ledger.retention_days */

struct prune_options {
    struct request_words words;
    const char *before;
    bool request;
    bool json;
};

#define AT(member) offsetof(struct prune_options, member)
static const struct option rows[] = {
    {"before", 0, "INDEX|TIME",
     "records below this one, or written before this time; rounded down to whole tiles "
     "of 256",
     AT(before)},
    {"request", 0, NULL, "ask for it; without it only what would go is shown",
     AT(request)},
    {"reason", 0, "TEXT", "why, for the log and the approvers; no personal data",
     AT(words.reason)},
    {"request-id", 0, "ID", "your own id for this request", AT(words.request_id)},
    {"lang", 0, "id|en", "language of the answer (default: en)", AT(words.lang)},
    {"json", 0, NULL, "what would go as one JSON object for machines", AT(json)},
};

/* --- What would go ------------------------------------------------------------------ */

struct found {
    uint64_t index;
    char time[TEXT_TIME_SIZE]; /* as the record says it; "" = none was found */
};

/* Records are the log's own JSON lines: the first "ts" is the record's. */
static void copy_time(struct slice json, char out[TEXT_TIME_SIZE])
{
    static const char name[] = "\"ts\":\"";

    for (size_t i = 0; i + sizeof(name) < json.len; i++) {
        if (memcmp(json.data + i, name, sizeof(name) - 1) != 0) {
            continue;
        }
        const uint8_t *at = json.data + i + sizeof(name) - 1;
        size_t left = json.len - i - (sizeof(name) - 1);
        size_t len = 0;
        while (len < left && len < TEXT_TIME_SIZE - 1 && at[len] != '"') {
            out[len] = (char)at[len];
            len++;
        }
        out[len] = '\0';
        return;
    }
}

static bool take(void *context, uint64_t index, struct slice json)
{
    struct found *found = (struct found *)context;

    found->index = index;
    found->time[0] = '\0';
    copy_time(json, found->time);
    return false;
}

/* The first record from an index on, perhaps of a time. */
static enum sg_status look(struct channel *channel, uint64_t first, int64_t from_us,
                           struct found *found, struct sg_error *why)
{
    struct log_visitor visitor = {take, found};
    Segel__V1__ListRecordsRequest request;
    Segel__V1__RecordFilter filter;

    segel__v1__list_records_request__init(&request);
    segel__v1__record_filter__init(&filter);
    filter.from_us = from_us;
    request.filter = from_us == 0 ? NULL : &filter;
    request.first = first;
    request.count = 1;
    *found = (struct found){.index = UINT64_MAX};
    return log_stream(channel, &request, &visitor, why);
}

struct plan {
    struct found oldest;
    struct found newest;
    uint64_t before; /* whole tiles */
};

static enum sg_status find_before(struct channel *channel, const char *text,
                                  uint64_t *before, struct sg_error *why)
{
    struct found since = {.index = UINT64_MAX};
    int64_t time_us = 0;

    if (text_uint(slice_str(text), INT64_MAX, before) != SG_OK) {
        TRY(period_time("before", text, &time_us, why));
        TRY(look(channel, 0, time_us, &since, why));
        if (since.index == UINT64_MAX) {
            return sg_fail(why, SG_NOT_FOUND,
                           "no record was written at that time or later: the end of the "
                           "log must stay");
        }
        *before = since.index;
    }
    *before -= *before % TILE_RECORDS;
    return SG_OK;
}

/* The gateway takes the end of the log for needed, wherever it is: a number behind it is
 * no plan, but a slip. */
static enum sg_status check_end(struct channel *channel, uint64_t before,
                                struct sg_error *why)
{
    struct log_trust trust = {.known = false};
    struct log_head head;

    TRY(log_head_fetch(channel, &trust, &head, why));
    uint64_t end = head.size == 0 ? 0 : (head.size - 1) / TILE_RECORDS * TILE_RECORDS;
    return before <= end ? SG_OK
                         : sg_fail(why, SG_PRECONDITION,
                                   "only records below %" PRIu64
                                   " can go: those behind it are the end of the log, "
                                   "which must stay; give --before at most that",
                                   end);
}

/* Whether the gateway refuses under any configuration; what it asks beyond that it says
 * when it is asked. A time that cannot be read counts as young there, too. */
static enum sg_status check_age(const struct found *found, struct sg_error *why)
{
    char latest[TEXT_TIME_SIZE];
    int64_t latest_us = ((int64_t)time(NULL) - KEPT_DAYS_LEAST * 86400LL) * 1000000;
    int64_t ts_us = INT64_MAX;

    if (text_time_parse(slice_str(found->time), &ts_us) == SG_OK && ts_us <= latest_us) {
        return SG_OK;
    }
    text_time_s(latest_us, latest);
    return sg_fail(why, SG_PRECONDITION,
                   "record %" PRIu64
                   " was written %s and may not go yet: records are kept for "
                   "ledger.retention_days, never less than %d; give a --before that "
                   "takes none written after %s",
                   found->index, found->time[0] == '\0' ? "at no time" : found->time,
                   KEPT_DAYS_LEAST, latest);
}

static enum sg_status make_plan(struct channel *channel, const char *text,
                                struct plan *plan, struct sg_error *why)
{
    TRY(find_before(channel, text, &plan->before, why));
    TRY(look(channel, 0, 0, &plan->oldest, why));
    if (plan->oldest.index == UINT64_MAX || plan->before <= plan->oldest.index) {
        return sg_fail(why, SG_NOT_FOUND,
                       "nothing would go: records go by whole tiles of %d, and the first "
                       "that there is has the number %" PRIu64,
                       TILE_RECORDS,
                       plan->oldest.index == UINT64_MAX ? 0 : plan->oldest.index);
    }
    TRY(check_end(channel, plan->before, why));
    TRY(look(channel, plan->before - 1, 0, &plan->newest, why));
    TRY(check_age(&plan->oldest, why));
    return check_age(&plan->newest, why);
}

static void show(const struct plan *plan, const struct prune_options *options)
{
    uint64_t count = plan->before - plan->oldest.index;
    bool indonesian = strcmp(options->words.lang, "id") == 0;

    if (options->json) {
        (void)printf("{\"first\":%" PRIu64 ",\"before\":%" PRIu64 ",\"count\":%" PRIu64
                     ",\"oldest\":\"%s\",\"newest\":\"%s\"}\n",
                     plan->oldest.index, plan->before, count, plan->oldest.time,
                     plan->newest.time);
        return;
    }
    (void)printf(indonesian ? "%" PRIu64 " catatan, %" PRIu64 " sampai %" PRIu64
                              ", ditulis antara "
                            : "%" PRIu64 " records, %" PRIu64 " to %" PRIu64
                              ", written between ",
                 count, plan->oldest.index, plan->before - 1);
    screen_text(stdout, plan->oldest.time);
    (void)fputs(indonesian ? " dan " : " and ", stdout);
    screen_text(stdout, plan->newest.time);
    (void)fputs(indonesian
                    ? "\nTeksnya dihapus bila disetujui petugas dan gateway tidak "
                      "menolak: gateway menyimpan yang\n"
                      "lebih baru dari ledger.retention_days atau masih diperlukan. "
                      "Hash, akar, dan semua bukti tetap ada.\n"
                    : "\nTheir texts go when officers approve and the gateway does not "
                      "refuse: it keeps what is\n"
                      "younger than ledger.retention_days, or still needed. Hashes, root "
                      "and all proofs stay.\n",
                stdout);
}

/* --- The request ---------------------------------------------------------------------
 */

static enum sg_status ask(const struct home *home, uint64_t before,
                          const struct prune_options *options, struct sg_error *why)
{
    Segel__V1__CreateRequestRequest request;
    Segel__V1__PruneLogTask task;

    segel__v1__create_request_request__init(&request);
    segel__v1__prune_log_task__init(&task);
    task.before_index = before;
    request.task_case = SEGEL__V1__CREATE_REQUEST_REQUEST__TASK_PRUNE_LOG;
    request.prune_log = &task;
    return request_create(home, &options->words, &request, why);
}

/* An officer may not read the log: what goes he names by its number. */
static enum sg_status prune(const struct home *home, const struct words *words,
                            const struct prune_options *options, struct sg_error *why)
{
    AUTO(channel_end) struct channel *channel = NULL;
    struct plan plan = {0};

    if (words->count != 0) {
        return sg_fail(why, SG_INVALID, "log prune takes options only: --before INDEX …");
    }
    TRY(options_need(&command_log_prune.options, options, "before", why));
    if (options->request) {
        TRY(options_need(&command_log_prune.options, options, "reason", why));
        return text_uint(slice_str(options->before), INT64_MAX, &plan.before) == SG_OK
                   ? ask(home, plan.before, options, why)
                   : sg_fail(why, SG_INVALID,
                             "--request needs --before as the number that a reviewer was "
                             "shown without --request");
    }
    TRY(home_connect(home, &channel, why));
    TRY(make_plan(channel, options->before, &plan, why));
    show(&plan, options);
    return SG_OK;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct prune_options options = {.words = {.lang = "en"}};
    struct sg_error why = {0};

    if (command_parse(&command_log_prune, words, &options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = prune(home, words, &options, &why);
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}

const struct command command_log_prune = {
    .name = "log prune",
    .operands = "",
    .summary = "show which old records would go, or ask for it",
    .examples =
        "A reviewer looks what would go; an officer asks with the number that came out, "
        "and\n"
        "others must approve it. Texts go, hashes and all proofs stay. The gateway "
        "refuses\n"
        "what is younger than ledger.retention_days (not shown at all: what is younger "
        "than\n"
        "2557 days), or what is still needed.\n\n"
        "Examples:\n"
        "  segel log prune --before 2017-01-01\n"
        "  segel log prune --before 1204224 --request --reason \"kept for nine years\"\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
