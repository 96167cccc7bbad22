#include "gateway/policy/dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/digest.h"

/* The compiled policy as text: what a reviewer compares between two versions. */

enum { LIST_SHOWN_MAX = 1024, US_PER_MINUTE = 60000000, MINUTES_A_DAY = 1440 };

/* Two that differ must not look alike for being cut: each is written whole. A named list
 * has a line of its own; a long one is not repeated by each rule that uses it. */
static void print_condition(FILE *out, const struct condition *condition)
{
    char text[LIST_SHOWN_MAX];
    struct line shown;
    struct line whole;

    line_to(&whole, out);
    line_init(&shown, text, sizeof(text));
    if (condition->list != NULL) {
        condition_print(condition, &shown);
    }
    if (shown.full) {
        condition_print_named(condition, &whole);
    } else {
        condition_print(condition, &whole);
    }
}

static void print_demands(FILE *out, const struct policy *policy, const char *word,
                          struct demands demands)
{
    for (uint32_t i = 0; i < demands.count; i++) {
        const struct condition *condition = &policy->conditions[demands.first + i];
        (void)fprintf(out, "%s%s ", i == 0 ? word : ", ", fact_name(condition->fact));
        print_condition(out, condition);
    }
}

void policy_print_demands(FILE *out, const struct policy *policy, const struct rule *rule)
{
    print_demands(out, policy, "; when ", rule->when);
    print_demands(out, policy, "; require ", rule->require);
}

void policy_print_match(FILE *out, const struct policy *policy,
                        const struct exception *exception)
{
    print_demands(out, policy, "", exception->match);
}

static const char *phase_of(const struct rule *rule)
{
    if (rule->key_only) {
        return "key";
    }
    return rule->of_state ? "state" : "job";
}

static void print_rule(FILE *out, const struct policy *policy, const struct rule *rule)
{
    const struct rule_info *info = &rule->info;

    (void)fprintf(out, "rule %s cp %s %s %s %s %s %s", info->id, info->cp_section,
                  rule_level_name(info->level), rule_mode_name(info->mode), info->code,
                  sg_status_name(rule->status), phase_of(rule));
    policy_print_demands(out, policy, rule);
    (void)fputc('\n', out);
}

static void print_time(FILE *out, const char *word, int64_t unix_us)
{
    char text[32];
    struct line line;

    line_init(&line, text, sizeof(text));
    line_time(&line, unix_us);
    (void)fprintf(out, " %s %s", word, text);
}

static void print_exception(FILE *out, const struct policy *policy,
                            const struct exception *exception)
{
    (void)fprintf(out, "exception %s", policy->rules[exception->rule].info.id);
    print_time(out, "until", exception->until_us);
    print_demands(out, policy, "; match ", exception->match);
    for (size_t i = 0; i < exception->approvers->count; i++) {
        (void)fprintf(out, "%s%s", i == 0 ? "; approved by " : ", ",
                      exception->approvers->items[i].text);
    }
    (void)fprintf(out, "; reason %s\n", exception->reason);
}

static void print_hash(FILE *out, const uint8_t hash[32])
{
    char text[DIGEST_SHA256_SIZE];

    digest_sha256_text(hash, text);
    (void)fprintf(out, " %s", text);
}

/* What clock.weekday, clock.minute_of_day and clock.holiday are made by. */
static void print_calendar(FILE *out, const struct policy *policy)
{
    char text[32];

    (void)fprintf(out, "calendar UTC+%lld minutes", (long long)policy->zone_minutes);
    for (size_t i = 0; i < policy->holiday_count; i++) {
        struct line line;
        line_init(&line, text, sizeof(text));
        line_time(&line, policy->holidays[i] * MINUTES_A_DAY * US_PER_MINUTE);
        (void)fprintf(out, "%s %.10s", i == 0 ? "; holidays" : ",", text);
    }
    (void)fputc('\n', out);
}

/* Of documents beside the file. */
static void print_documents(FILE *out, const struct policy_info *info)
{
    const struct {
        const char *name;
        const uint8_t *sha256;
    } logos[] = {{"logo", info->logo_sha256}, {"agency_logo", info->agency_logo_sha256}};
    static const uint8_t none[32];

    if (info->cp_title[0] != '\0') {
        (void)fprintf(out, "cp_document %s", info->cp_title);
        print_hash(out, info->cp_sha256);
        (void)fputc('\n', out);
    }
    for (size_t i = 0; i < SG_COUNT(logos); i++) {
        if (memcmp(logos[i].sha256, none, sizeof(none)) != 0) {
            (void)fputs(logos[i].name, out);
            print_hash(out, logos[i].sha256);
            (void)fputc('\n', out);
        }
    }
}

static void print_head(FILE *out, const struct policy *policy)
{
    const struct policy_info *info = &policy->info;

    (void)fprintf(out, "policy %s version %lld profile %s", info->id,
                  (long long)info->version, info->production ? "production" : "test");
    print_time(out, "effective", info->effective_us);
    print_time(out, "review_by", info->review_by_us);
    (void)fputc('\n', out);
    if (info->agreement_no[0] != '\0' || info->agreement_from_us != 0 ||
        info->agreement_until_us != 0) {
        (void)fprintf(out, "agreement %s", info->agreement_no);
        print_time(out, "from", info->agreement_from_us);
        print_time(out, "until", info->agreement_until_us);
        (void)fputc('\n', out);
    }
    if (info->statement_id[0] != '\0') {
        (void)fprintf(out, "statement id %s\nstatement en %s\nverify %s\n",
                      info->statement_id, info->statement_en, info->verify_url);
    }
    print_documents(out, info);
    print_calendar(out, policy);
}

static void print_lists(FILE *out, const struct policy *policy)
{
    struct line line;

    line_to(&line, out);
    for (size_t i = 0; i < policy->list_count; i++) {
        const struct named_list *list = &policy->lists[i];
        (void)fprintf(out, "list %s", list->name);
        for (size_t item = 0; item < list->count; item++) {
            line_str(&line, item == 0 ? " " : ", ");
            line_item(&line, list->items[item]);
        }
        (void)fputc('\n', out);
    }
}

static void print_end(FILE *out, const struct policy *policy)
{
    for (size_t i = 0; i < policy->exception_count; i++) {
        print_exception(out, policy, &policy->exceptions[i]);
    }
    (void)fprintf(out, "tests %zu", policy->test_count);
    if (policy->test_count > 0) {
        print_hash(out, policy->tests_sha256);
    }
    (void)fputc('\n', out);
}

void policy_print_rest(FILE *out, const struct policy *policy)
{
    print_head(out, policy);
    print_lists(out, policy);
    print_end(out, policy);
}

enum sg_status policy_make_dump(struct policy *policy)
{
    size_t len = 0;
    FILE *out = open_memstream(&policy->dump, &len);

    if (out == NULL) {
        return SG_NO_MEMORY;
    }
    print_head(out, policy);
    print_lists(out, policy);
    for (size_t i = 0; i < policy->rule_count; i++) {
        print_rule(out, policy, &policy->rules[i]);
    }
    print_end(out, policy);
    return fclose(out) == 0 ? SG_OK : SG_NO_MEMORY;
}
