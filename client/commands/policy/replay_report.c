#include "client/commands/policy/replay_report.h"

#include <stdio.h>

#include "client/channel/moment.h"
#include "client/console/progress.h"
#include "client/console/screen.h"

enum { DRAW_EVERY_US = 100000, UNREADABLE_SHOWN = 10 };

/* --- The bar ------------------------------------------------------------------- */

void replay_report_clear(const struct replay_report *report)
{
    if (report->bar) {
        (void)fprintf(stderr, "\r\x1b[K");
        (void)fflush(stderr);
    }
}

static void on_progress(void *context, uint64_t done, uint64_t total)
{
    struct replay_report *report = (struct replay_report *)context;
    int64_t now = moment_mono_us();
    struct progress progress = {
        .total = total, .done = done, .elapsed_us = now - report->started_us};
    char line[PROGRESS_SIZE];

    if (!report->bar || now - report->drawn_us < DRAW_EVERY_US) {
        return;
    }
    report->drawn_us = now;
    progress_line(&progress, line);
    (void)fprintf(stderr, "\r%s\x1b[K", line);
    (void)fflush(stderr);
}

/* --- Rules that make the difference -------------------------------------------- */

static const char *no_rule(const struct replay_report *report)
{
    return policy_say(report->options, "(tidak ada aturan yang lulus)",
                      "(no rule has passed)");
}

static const char *rule_name(const struct replay_report *report, uint16_t rule)
{
    return rule == REPLAY_NO_RULE ? no_rule(report)
                                  : policy_rule(report->policy, rule)->id;
}

static const char *failure_name(const struct replay_report *report,
                                const struct logged_failure *failure)
{
    return failure->rule[0] == '\0' ? no_rule(report) : failure->rule;
}

/* What the first rule that denies now has found. */
static void print_why(const struct replay_report *report, const struct replay *replay)
{
    struct rule_why why;

    if (replay->denies_count == 0 || replay->denies[0] == REPLAY_NO_RULE) {
        return;
    }
    policy_explain(report->policy, replay->denies[0], &replay->facts, &why);
    if (why.fact[0] == '\0') {
        return;
    }
    (void)printf(" %s: ", why.fact);
    screen_text(stdout, why.found[0] == '\0'
                            ? policy_say(report->options, "tidak ada", "absent")
                            : why.found);
    (void)printf("%s", policy_say(report->options, "; diminta ", "; required "));
    screen_text(stdout, why.required);
}

static void print_missing(const struct replay_report *report, const struct replay *replay)
{
    if (replay->missing == FACT_COUNT) {
        (void)printf("%s", policy_say(report->options, "catatan tanpa fakta",
                                      "the record has no facts"));
    } else {
        (void)printf("%s %s", policy_say(report->options, "perlu", "needs"),
                     fact_name(replay->missing));
    }
}

static void print_rules(const struct replay_report *report, const struct logged *decision,
                        const struct replay *replay)
{
    if (replay->kind == REPLAY_INCOMPLETE) {
        print_missing(report, replay);
        return;
    }
    for (size_t i = 0; i < replay->denies_count; i++) {
        (void)printf("%s+%s", i > 0 ? " " : "", rule_name(report, replay->denies[i]));
    }
    for (size_t i = 0; i < replay->denied_count; i++) {
        (void)printf("%s-", i + replay->denies_count > 0 ? " " : "");
        screen_text(stdout, failure_name(report, &decision->failures[replay->denied[i]]));
    }
    print_why(report, replay);
}

/* --- One decision -------------------------------------------------------------- */

static bool is_news(enum replay_kind kind)
{
    return kind != REPLAY_SAME && kind != REPLAY_BY_GATEWAY;
}

static const char *before(const struct logged *decision)
{
    return decision->allowed ? "allow" : "deny";
}

static const char *after(const struct replay *replay)
{
    if (replay->kind == REPLAY_INCOMPLETE) {
        return "?";
    }
    return replay->allowed ? "allow" : "deny";
}

static enum screen_colour colour_of(enum replay_kind kind)
{
    static const enum screen_colour colours[REPLAY_KINDS] = {
        [REPLAY_NEWLY_DENIED] = SCREEN_RED,   [REPLAY_NEWLY_ALLOWED] = SCREEN_GREEN,
        [REPLAY_OTHER_RULES] = SCREEN_YELLOW, [REPLAY_OTHER_RESULTS] = SCREEN_YELLOW,
        [REPLAY_INCOMPLETE] = SCREEN_DIM,
    };

    return colours[kind];
}

static void print_head(void)
{
    (void)printf("%-22s%-26s%-16s%-16s%-8s%-8s%s\n", "TIME", "REQUEST", "KEY", "CALLER",
                 "BEFORE", "AFTER", "RULES");
}

static void print_row(const struct replay_report *report, const struct logged *decision,
                      const struct replay *replay)
{
    char time[32];

    (void)snprintf(time, sizeof(time), "%.19sZ", decision->time);
    screen_cell(stdout, time, 22);
    screen_cell(stdout, decision->job, 26);
    screen_cell(stdout, decision->key, 16);
    screen_cell(stdout, decision->caller, 16);
    screen_cell(stdout, before(decision), 8);
    (void)printf("%s", screen_colour(stdout, colour_of(replay->kind)));
    screen_cell(stdout, after(replay), 8);
    (void)printf("%s", screen_colour(stdout, SCREEN_PLAIN));
    print_rules(report, decision, replay);
    (void)putchar('\n');
}

static json_t *json_denies(const struct replay_report *report,
                           const struct replay *replay)
{
    json_t *list = json_array();
    struct rule_why why;

    for (size_t i = 0; i < replay->denies_count; i++) {
        if (replay->denies[i] == REPLAY_NO_RULE) {
            (void)json_array_append_new(list,
                                        json_pack("{s:s}", "code", LOGGED_DEFAULT_DENY));
            continue;
        }
        const struct rule_info *rule = policy_rule(report->policy, replay->denies[i]);
        policy_explain(report->policy, replay->denies[i], &replay->facts, &why);
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "rule", rule->id, "cp",
                            rule->cp_section, "code", rule->code, "fact", why.fact,
                            "found", why.found, "required", why.required));
    }
    return list;
}

static json_t *json_denied(const struct logged *decision, const struct replay *replay)
{
    json_t *list = json_array();

    for (size_t i = 0; i < replay->denied_count; i++) {
        const struct logged_failure *failure = &decision->failures[replay->denied[i]];
        (void)json_array_append_new(
            list, json_pack("{s:s, s:s}", "rule", failure->rule, "code", failure->code));
    }
    return list;
}

static json_t *json_of(const struct replay_report *report, const struct logged *decision,
                       const struct replay *replay)
{
    bool incomplete = replay->kind == REPLAY_INCOMPLETE;
    const char *missing =
        incomplete && replay->missing != FACT_COUNT ? fact_name(replay->missing) : NULL;

    return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s*, s:o, s:o, s:s*}", "index",
                     (json_int_t)decision->index, "time", decision->time, "job",
                     decision->job, "key", decision->key, "caller", decision->caller,
                     "kind", replay_kind_name(replay->kind), "before", before(decision),
                     "after", incomplete ? NULL : after(replay), "denies",
                     json_denies(report, replay), "denied", json_denied(decision, replay),
                     "missing", missing);
}

static void on_judged(void *context, const struct logged *decision,
                      const struct replay *replay)
{
    struct replay_report *report = (struct replay_report *)context;

    if (!is_news(replay->kind)) {
        return;
    }
    replay_report_clear(report);
    if (report->options->json) {
        (void)policy_print_json(json_of(report, decision, replay));
    } else {
        if (report->rows == 0) {
            print_head();
        }
        print_row(report, decision, replay);
    }
    report->rows++;
}

static void on_unreadable(void *context, const char *sentence)
{
    struct replay_report *report = (struct replay_report *)context;

    if (report->unreadable++ < UNREADABLE_SHOWN) {
        replay_report_clear(report);
        screen_complain(sentence);
    }
}

void replay_report_start(struct replay_report *report,
                         const struct policy_options *options, struct policy_replay *task)
{
    *report = (struct replay_report){.options = options,
                                     .policy = task->policy,
                                     .bar = !options->json && screen_is_terminal(stderr),
                                     .started_us = moment_mono_us()};
    task->judged = on_judged;
    task->unreadable = on_unreadable;
    task->progress = on_progress;
    task->context = report;
}

/* --- Sums ---------------------------------------------------------------------- */

static uint64_t differences(const struct policy_replay_sums *sums)
{
    return sums->kinds[REPLAY_NEWLY_DENIED] + sums->kinds[REPLAY_NEWLY_ALLOWED] +
           sums->kinds[REPLAY_OTHER_RULES] + sums->kinds[REPLAY_OTHER_RESULTS];
}

static json_t *json_sums(const struct replay_report *report,
                         const struct policy_replay_sums *sums)
{
    const struct policy_info *info = policy_info(report->policy);
    json_t *all =
        json_pack("{s:s, s:I, s:I, s:I, s:I}", "policy", info->id, "version",
                  (json_int_t)info->version, "decisions", (json_int_t)sums->decisions,
                  "differences", (json_int_t)differences(sums), "unreadable",
                  (json_int_t)sums->unreadable);

    (void)json_object_set_new(all, "older_not_judged", json_boolean(sums->older));
    for (int kind = 0; kind < REPLAY_KINDS; kind++) {
        (void)json_object_set_new(all, replay_kind_name((enum replay_kind)kind),
                                  json_integer((json_int_t)sums->kinds[kind]));
    }
    return all;
}

static void print_count(uint64_t count, const char *text)
{
    if (count > 0) {
        (void)printf("%8llu  %s\n", (unsigned long long)count, text);
    }
}

static void print_sums(const struct replay_report *report,
                       const struct policy_replay_sums *sums)
{
    static const struct {
        const char *indonesian;
        const char *english;
    } texts[REPLAY_KINDS] = {
#define REPLAY_KIND(name, text, english, indonesian)                                     \
    [REPLAY_##name] = {indonesian, english},
#include "gateway/policy/replay.def"
#undef REPLAY_KIND
    };
    const struct policy_info *info = policy_info(report->policy);
    const struct policy_options *options = report->options;

    (void)printf("%llu %s %s %s %lld:\n", (unsigned long long)sums->decisions,
                 policy_say(options, "keputusan dinilai oleh", "decisions judged by"),
                 info->id, policy_say(options, "versi", "version"),
                 (long long)info->version);
    for (int kind = 0; kind < REPLAY_KINDS; kind++) {
        print_count(sums->kinds[kind],
                    policy_say(options, texts[kind].indonesian, texts[kind].english));
    }
    print_count(sums->unreadable,
                policy_say(options, "tidak dapat dibaca", "unreadable"));
    (void)printf("%llu %s, %llu %s\n", (unsigned long long)differences(sums),
                 policy_say(options, "perbedaan", "differences"),
                 (unsigned long long)sums->kinds[REPLAY_INCOMPLETE],
                 policy_say(options, "tidak lengkap", "incomplete"));
    if (sums->older) {
        (void)printf("%s\n", policy_say(options, "keputusan sebelum itu tidak dinilai",
                                        "decisions before these were not judged"));
    }
}

enum exit_code replay_report_sums(const struct replay_report *report,
                                  const struct policy_replay_sums *sums)
{
    replay_report_clear(report);
    if (report->options->json) {
        (void)policy_print_json(json_sums(report, sums));
    } else {
        print_sums(report, sums);
    }
    return policy_replay_agrees(sums) ? EXIT_WELL : EXIT_REFUSED;
}
