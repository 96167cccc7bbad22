/* filter RECORDS FOLDER: how long filters take over a log of so many records.
 *
 * Makes a ledger of synthetic records in FOLDER by the ledger's own functions, unless one
 * of that size is there, builds its index, and asks. Prints a line for each filter:
 * matches, time to the first page, time to the end of the log. Deletes nothing. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/ledger/ledger.h"
#include "gateway/ledger/reader.h"
#include "gateway/ledger/record.h"
#include "proto/text.h"

enum { GROUP = 4096, PAGE = 128, SCAN = 8192 };
static const int64_t first_us = 1767225600000000; /* 2026-01-01 */

static double now_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static _Noreturn void give_up(const char *doing, const char *why)
{
    (void)fprintf(stderr, "filter: %s: %s\n", doing, why);
    exit(1); /* NOLINT(concurrency-mt-unsafe): one thread */
}

static uint32_t draw(uint32_t limit)
{
    static uint64_t state = 1;

    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)(state >> 33) % limit;
}

/* --- Synthetic records -------------------------------------------------------------- */

static const uint8_t hash[32] = {1, 2, 3};

/* The job that was made last: its outcome names it again. */
static struct {
    char id[32];
    char caller[32];
    char key[32];
} last;

/* Names as a town has them: some are used always, some seldom. */
static const char *name(char out[32], const char *stem, uint32_t count)
{
    uint32_t one = draw(count);

    one = draw(4) == 0 ? one : one % 3;
    (void)snprintf(out, 32, "%s-%" PRIu32, stem, one);
    return out;
}

static struct slice make_job(char *buffer, uint64_t seq, bool denied)
{
    static const char *const shadows[] = {"CP-4.9-02"};
    struct record_head head = {seq, first_us + (int64_t)seq * 100000, "gw1"};
    struct record_failure failure = {.rule = "CP-6.3-01", .code = "CERT_EXPIRED"};
    char class[32];
    char mandate[32];
    struct slice text;

    (void)snprintf(last.id, sizeof(last.id), "%08" PRIx32 "-%012" PRIx64,
                   draw(UINT32_MAX), seq);
    struct record_job job = {.decision_id = "01J00000000000000000000000",
                             .caller = name(last.caller, "caller", 40),
                             .caller_cert = hash,
                             .request_id = last.id,
                             .key = name(last.key, "seal", 60),
                             .cert_serial = "12AB",
                             .cert_spki = hash,
                             .assurance = "hardware",
                             .profile = SG_PROFILE_PADES_B_B,
                             .document_class = name(class, "class", 25),
                             .algorithm = "rsa-pkcs1-sha256",
                             .hash = SG_HASH_SHA256,
                             .digest = slice_of(hash, sizeof(hash)),
                             .to_be_signed = slice_of(hash, sizeof(hash)),
                             .approval_ref = "ND/123/2026",
                             .mandate = name(mandate, "g", 200),
                             .policy_rev = hash,
                             .attempt = 1};
    struct record_decision decision = {.passed = 31,
                                       .remarked = true,
                                       .remarks = {{shadows, draw(20) == 0}},
                                       .failures = &failure,
                                       .failure_count = 1};
    enum sg_status status = denied ? record_deny(buffer, &head, &job, &decision, &text)
                                   : record_intent(buffer, &head, &job, &decision, &text);
    if (status != SG_OK) {
        give_up("make a record", sg_status_text(status));
    }
    return text;
}

static struct slice make_outcome(char *buffer, uint64_t seq)
{
    struct record_head head = {seq, first_us + (int64_t)seq * 100000, "gw1"};
    struct record_result result = {.decision_id = "01J00000000000000000000000",
                                   .caller = last.caller,
                                   .request_id = last.id,
                                   .key = last.key,
                                   .hash = SG_HASH_SHA256,
                                   .digest = slice_of(hash, sizeof(hash)),
                                   .intent_index = seq - 1,
                                   .attempt = 1,
                                   .outcome = "signed",
                                   .signature = slice_of(hash, sizeof(hash)),
                                   .lane = "lane0",
                                   .latency_us = 4100};
    struct slice text;

    if (record_outcome(buffer, &head, &result, &text) != SG_OK) {
        give_up("make a record", "too large");
    }
    return text;
}

/* Each job has two records in a row; one of thirty is denied and has one. */
static struct slice make_record(char *buffer, uint64_t seq)
{
    static bool open;

    if (open) {
        open = false;
        return make_outcome(buffer, seq);
    }
    bool denied = draw(30) == 0;
    open = !denied;
    return make_job(buffer, seq, denied);
}

static void fill_group(struct ledger *ledger, uint64_t count)
{
    static char buffer[LEDGER_RECORD_MAX];

    if (ledger_begin(ledger) != SG_OK) {
        give_up("begin", ledger_why(ledger));
    }
    for (uint64_t i = 0; i < count; i++) {
        struct slice text = make_record(buffer, ledger_next_index(ledger));
        if (ledger_append(ledger, text, NULL) != SG_OK) {
            give_up("append", ledger_why(ledger));
        }
    }
    if (ledger_commit(ledger) != SG_OK || ledger_idle(ledger) != SG_OK) {
        give_up("commit", ledger_why(ledger));
    }
}

static void fill(const char *path, uint64_t wanted)
{
    const struct ledger_options options = {.path = path, .origin = "bench.example/log"};
    struct ledger *ledger = NULL;
    struct ledger_state state;
    struct sg_error why;
    double from = now_s();

    if (ledger_open(&options, &ledger, &state, &why) != SG_OK) {
        give_up("open the ledger", why.text);
    }
    (void)printf("open     %10" PRIu64 " records  %.2f s\n", state.size, now_s() - from);
    from = now_s();
    for (uint64_t have = state.size; have < wanted; have = ledger_size(ledger)) {
        fill_group(ledger, wanted - have < GROUP ? wanted - have : GROUP);
    }
    (void)printf("fill     %10" PRIu64 " records  %.1f s\n", wanted - state.size,
                 now_s() - from);
    ledger_close(ledger);
}

/* --- Asking ------------------------------------------------------------------------- */

struct asked {
    uint64_t matches;
    double first_s;
    double from_s;
};

static void count_it(void *context, uint64_t index, struct slice json)
{
    struct asked *asked = (struct asked *)context;

    (void)index;
    (void)json;
    if (asked->matches++ == 0) {
        asked->first_s = now_s() - asked->from_s;
    }
}

static void ask(struct ledger_reader *reader, const char *title,
                const struct record_filter *filter)
{
    struct record_page page = {.max = PAGE, .scan = SCAN};
    struct asked asked = {.from_s = now_s()};
    double longest = 0;
    uint64_t size = 0;

    if (ledger_read_size(reader, &size) != SG_OK) {
        give_up("read", "the size");
    }
    while (page.first < size) {
        double begin = now_s();
        if (ledger_read(reader, filter, &page, count_it, &asked) != SG_OK) {
            give_up("read", title);
        }
        longest = now_s() - begin > longest ? now_s() - begin : longest;
        page.first = page.next;
    }
    (void)printf("%-34s %9" PRIu64 " matches  first %8.4f s  all %8.4f s  longest page "
                 "%.4f s\n",
                 title, asked.matches, asked.first_s, now_s() - asked.from_s, longest);
}

static void take_id(void *context, uint64_t index, struct slice json)
{
    static const char member[] = "\"job\":\"";
    char text[LEDGER_RECORD_MAX + 1];
    char *id = (char *)context;

    (void)index;
    (void)snprintf(text, sizeof(text), "%.*s", (int)json.len, (const char *)json.data);
    const char *at = strstr(text, member);
    if (at != NULL && id[0] == '\0') {
        (void)snprintf(id, 64, "%.21s", at + strlen(member));
    }
}

static void ask_all(struct ledger_reader *reader, uint64_t size)
{
    static const char *const boots[] = {"boot"};
    static const char *const denials[] = {"deny"};
    char id[64] = "";
    struct record_page page = {.first = size / 2, .max = 3, .scan = 3};
    int64_t middle_us = first_us + (int64_t)(size / 2) * 100000;

    if (ledger_read(reader, NULL, &page, take_id, id) != SG_OK) {
        give_up("read", "a record");
    }
    const struct {
        const char *title;
        struct record_filter filter;
    } rows[] = {
        {"request id", {.request_id = id}},
        {"request id that is not there", {.request_id = "absent"}},
        {"type boot: none", {.types = boots, .type_count = 1}},
        {"caller, seldom", {.caller = "caller-39"}},
        {"key and class, seldom", {.key = "seal-59", .document_class = "class-24"}},
        {"rule and decision, one mandate",
         {.rule = "CP-6.3-01", .decision = "deny", .mandate = "g-199"}},
        {"common caller, rule of no record", {.caller = "caller-0", .rule = "CP-0"}},
        {"allow and a rule of denials", {.decision = "allow", .rule = "CP-6.3-01"}},
        {"one minute in the middle",
         {.from_us = middle_us, .until_us = middle_us + 60000000}},
        {"all conditions",
         {.from_us = middle_us,
          .until_us = middle_us + 3600000000,
          .caller = "caller-1",
          .key = "seal-1",
          .rule = "CP-6.3-01",
          .decision = "deny",
          .document_class = "class-1",
          .mandate = "g-1",
          .types = denials,
          .type_count = 1}},
        {"all denials", {.decision = "deny"}},
    };
    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        ask(reader, rows[i].title, &rows[i].filter);
    }
}

static double cpu_s(void)
{
    struct timespec spent;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    return (double)spent.tv_sec + (double)spent.tv_nsec * 1e-9;
}

static void build(struct ledger_reader *reader)
{
    struct sg_error why;
    double from = now_s();
    double cpu_from = cpu_s();
    unsigned steps = 0;
    double longest = 0;

    for (;;) {
        double begin = now_s();
        if (ledger_reader_step(reader, &why) != SG_OK) {
            break;
        }
        longest = now_s() - begin > longest ? now_s() - begin : longest;
        steps++;
    }
    double cpu_us = steps == 0 ? 0 : (cpu_s() - cpu_from) * 1e6 / steps / 4096;
    (void)printf("index    %10u steps    %.1f s, the longest %.3f s, %.2f us a record\n",
                 steps, now_s() - from, longest, cpu_us);
}

int main(int argc, char **argv)
{
    struct ledger_reader *reader = NULL;
    struct sg_error why;
    char path[512];
    uint64_t size = 0;

    if (argc != 3 || text_uint(slice_str(argv[1]), 1000000000, &size) != SG_OK) {
        give_up("usage", "filter RECORDS FOLDER");
    }
    (void)snprintf(path, sizeof(path), "%s/ledger.db", argv[2]);
    fill(path, size);
    if (ledger_reader_open(path, &reader, &why) != SG_OK ||
        ledger_reader_index(reader, path, &why) != SG_OK) {
        give_up("open for reading", why.text);
    }
    build(reader);
    ask_all(reader, size);
    ledger_reader_close(reader);
    return 0;
}
