#include "client/commands/policy/counts.h"

#include <stdlib.h>

#include "client/call/log_stream.h"
#include "client/console/screen.h"
#include "gateway/policy/logged.h"

struct row {
    uint64_t decided;          /* denials that it stands first in */
    uint64_t denied;           /* all denials that it has a part in */
    uint64_t remarks[REMARKS]; /* allowed jobs that it failed, or erred, for */
};

/* Behind the policy's own rules stand rows for rules that the file does not have, for
 * denials because no rule passed, and for those of the gateway itself. */
enum { ROW_FOREIGN, ROW_DEFAULT, ROW_GATEWAY, ROWS_MORE };

struct counts {
    const struct policy *policy; /* borrowed */
    struct row *rows;            /* owned; one a rule, and ROWS_MORE */
    uint64_t allowed;
    uint64_t denied;
    uint64_t cut; /* of these, by more rules than the record names */
    uint64_t unreadable;
};

/* --- Counting ------------------------------------------------------------------ */

static struct row *row_of(const struct counts *counts, const char *rule)
{
    return &counts->rows[policy_find_rule(counts->policy, rule)]; /* or ROW_FOREIGN */
}

static struct row *row_denied(const struct counts *counts, const struct logged *decision,
                              const struct logged_failure *failure)
{
    size_t rules = policy_rule_count(counts->policy);

    if (decision->by_gateway) {
        return &counts->rows[rules + ROW_GATEWAY];
    }
    return failure->rule[0] == '\0' ? &counts->rows[rules + ROW_DEFAULT]
                                    : row_of(counts, failure->rule);
}

static void count_denied(struct counts *counts, const struct logged *decision)
{
    counts->denied++;
    counts->cut += decision->failure_more > 0 ? 1 : 0;
    for (size_t i = 0; i < decision->failure_count; i++) {
        struct row *row = row_denied(counts, decision, &decision->failures[i]);
        row->denied++;
        row->decided += i == 0 ? 1 : 0;
    }
}

static void count_allowed(struct counts *counts, const struct logged *decision)
{
    counts->allowed++;
    for (size_t i = 0; i < REMARKS; i++) {
        enum remark remark = (enum remark)i;
        for (size_t at = 0; at < logged_remark_count(decision, remark); at++) {
            row_of(counts, logged_remark(decision, remark, at))->remarks[i]++;
        }
    }
}

static bool visit(void *context, uint64_t index, struct slice json)
{
    struct counts *counts = (struct counts *)context;
    struct logged decision;
    struct sg_error why = {0};

    if (logged_read(index, json, &decision, &why) != SG_OK) {
        counts->unreadable++;
        screen_complain(why.text);
        return true;
    }
    if (decision.allowed) {
        count_allowed(counts, &decision);
    } else {
        count_denied(counts, &decision);
    }
    logged_fini(&decision);
    return true;
}

static enum sg_status read_log(const struct home *home,
                               const struct policy_period *period, struct counts *counts,
                               struct sg_error *why)
{
    AUTO(channel_end) struct channel *channel = NULL;
    struct log_visitor visitor = {visit, counts};
    Segel__V1__ListRecordsRequest request;
    Segel__V1__RecordFilter filter;
    char *types[] = {sg_unconst_text("intent"), sg_unconst_text("deny")};

    segel__v1__list_records_request__init(&request);
    segel__v1__record_filter__init(&filter);
    filter.types = types;
    filter.n_types = SG_COUNT(types);
    filter.from_us = period->from_us;
    filter.until_us = period->until_us;
    request.filter = &filter;
    TRY(home_connect(home, &channel, why));
    return log_stream(channel, &request, &visitor, why);
}

/* --- Printing ------------------------------------------------------------------ */

struct line {
    const char *rule;
    const char *section;
    const char *level;
};

static struct line line_of(const struct policy_options *options,
                           const struct policy *policy, size_t row)
{
    size_t rules = policy_rule_count(policy);

    if (row < rules) {
        const struct rule_info *info = policy_rule(policy, row);
        return (struct line){info->id, info->cp_section, rule_level_name(info->level)};
    }
    static const struct {
        const char *indonesian;
        const char *english;
    } more[ROWS_MORE] = {
        [ROW_FOREIGN] = {"aturan di luar berkas", "rules that the file lacks"},
        [ROW_DEFAULT] = {"tidak ada aturan yang lulus", "no rule has passed"},
        [ROW_GATEWAY] = {"gateway sendiri", "the gateway itself"},
    };
    return (struct line){
        policy_say(options, more[row - rules].indonesian, more[row - rules].english), "-",
        "-"};
}

static void print_table(const struct policy_options *options, const struct counts *counts)
{
    (void)printf("%s", policy_say(options,
                                  "| Aturan | CP | Tingkat | Ditolak | Sebagai penentu | "
                                  "Bayangan | Peringatan | Pengecualian |\n",
                                  "| Rule | CP | Level | Denied | As the deciding one | "
                                  "Shadow | Warned | Excepted |\n"));
    (void)printf("| --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < policy_rule_count(counts->policy) + ROWS_MORE; i++) {
        struct line line = line_of(options, counts->policy, i);
        const struct row *row = &counts->rows[i];
        (void)printf("| %s | %s | %s | %llu | %llu |", line.rule, line.section,
                     line.level, (unsigned long long)row->denied,
                     (unsigned long long)row->decided);
        for (size_t remark = 0; remark < REMARKS; remark++) {
            (void)printf(" %llu |", (unsigned long long)row->remarks[remark]);
        }
        (void)printf("\n");
    }
    (void)printf("\n%llu %s, %llu %s\n", (unsigned long long)counts->allowed,
                 policy_say(options, "diizinkan", "allowed"),
                 (unsigned long long)counts->denied,
                 policy_say(options, "ditolak", "denied"));
    if (counts->cut > 0) {
        (void)printf("%llu %s\n", (unsigned long long)counts->cut,
                     policy_say(options,
                                "penolakan oleh lebih banyak aturan daripada yang dapat "
                                "dimuat catatannya; sisanya tidak terhitung di atas",
                                "denials by more rules than their records have room "
                                "for; the rest are not counted above"));
    }
}

static void print_json(const struct policy_options *options, const struct counts *counts)
{
    for (size_t i = 0; i < policy_rule_count(counts->policy) + ROWS_MORE; i++) {
        struct line line = line_of(options, counts->policy, i);
        const struct row *row = &counts->rows[i];
        (void)policy_print_json(
            json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "rule", line.rule, "cp",
                      line.section, "level", line.level, "denied",
                      (json_int_t)row->denied, "decided", (json_int_t)row->decided,
                      "shadow", (json_int_t)row->remarks[REMARK_SHADOW], "warned",
                      (json_int_t)row->remarks[REMARK_WARN], "excepted",
                      (json_int_t)row->remarks[REMARK_EXCEPTED]));
    }
    (void)policy_print_json(
        json_pack("{s:I, s:I, s:I, s:I}", "allowed", (json_int_t)counts->allowed,
                  "denied", (json_int_t)counts->denied, "cut", (json_int_t)counts->cut,
                  "unreadable", (json_int_t)counts->unreadable));
}

enum exit_code policy_counts(const struct home *home,
                             const struct policy_options *options,
                             const struct policy *policy,
                             const struct policy_period *period)
{
    struct counts counts = {.policy = policy};
    struct sg_error why = {0};

    counts.rows = calloc(policy_rule_count(policy) + ROWS_MORE, sizeof(*counts.rows));
    if (counts.rows == NULL) {
        return command_failed(SG_NO_MEMORY, &why);
    }
    enum sg_status status = read_log(home, period, &counts, &why);
    if (status == SG_OK && options->json) {
        print_json(options, &counts);
    } else if (status == SG_OK) {
        print_table(options, &counts);
    }
    free(counts.rows);
    if (status != SG_OK) {
        return command_failed(status, &why);
    }
    return counts.unreadable == 0 ? EXIT_WELL : EXIT_REFUSED;
}
