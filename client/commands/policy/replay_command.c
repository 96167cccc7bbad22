#include <string.h>

#include "client/commands/policy/replay_report.h"
#include "client/console/period.h"
#include "client/console/screen.h"

/* `segel policy replay` */

enum { OLD_MAX = 16, LAST_MAX = 10000000 };

struct replay_options {
    struct policy_options common; /* first: policy_usage is given its address */
    const char *from;
    const char *until;
    const char *last;
};

#define AT(member) offsetof(struct replay_options, member)
static const struct option rows[] = {
    {"policy", 0, "FILE", "the policy to judge by", AT(common.policy)},
    {"from", 0, "TIME", "decisions from this time on: 2026-05-02 or 2026-05-02T01:02:03Z",
     AT(from)},
    {"until", 0, "TIME", "decisions before this time", AT(until)},
    {"last", 0, "N",
     "the last N decisions (default: all of the period, or the whole log)", AT(last)},
    {"json", 0, NULL, "one JSON object a difference, then one with the sums",
     AT(common.json)},
    {"lang", 0, "id|en", "language of the report (default: en)", AT(common.lang)},
};

/* --- Options ----------------------------------------------------------------------- */

static enum sg_status read_last(const struct replay_options *options,
                                struct policy_replay *task, struct sg_error *why)
{
    TRY(period_number("last", options->last, &task->last, why));
    if (options->last == NULL) {
        return SG_OK;
    }
    if (task->last == 0 || task->last > LAST_MAX) {
        return sg_fail(why, SG_INVALID, "--last is 1 to %d, not '%s'", LAST_MAX,
                       options->last);
    }
    if (options->from != NULL || options->until != NULL) {
        return sg_fail(why, SG_INVALID,
                       "--last goes without --from and --until: give one or the other");
    }
    return SG_OK;
}

static enum sg_status read_task(const struct replay_options *options,
                                struct policy_replay *task, struct sg_error *why)
{
    TRY(options_need(&command_policy_replay.options, options, "policy", why));
    TRY(period_time("from", options->from, &task->from_us, why));
    TRY(period_time("until", options->until, &task->until_us, why));
    TRY(period_order(task->from_us, task->until_us, why));
    return read_last(options, task, why);
}

/* --- Policies ---------------------------------------------------------------------- */

struct policies {
    struct policy *judge;        /* owned */
    struct policy *old[OLD_MAX]; /* owned */
    size_t count;
};

static void policies_fini(struct policies *policies)
{
    policy_free(policies->judge);
    for (size_t i = 0; i < policies->count; i++) {
        policy_free(policies->old[i]);
    }
}

static enum exit_code open_all(const struct replay_options *options,
                               const struct words *words, struct policies *out)
{
    enum exit_code code = policy_open(options->common.policy, &out->judge);

    for (size_t i = 0; code == EXIT_WELL && i < words->count; i++) {
        code = policy_open(words->at[i], &out->old[out->count]);
        out->count += code == EXIT_WELL ? 1 : 0;
    }
    return code;
}

/* --- Running ----------------------------------------------------------------------- */

static enum exit_code replay(const struct home *home,
                             const struct replay_options *options,
                             struct policy_replay *task)
{
    AUTO(channel_end) struct channel *channel = NULL;
    struct replay_report report;
    struct policy_replay_sums sums;
    struct sg_error why = {0};
    enum sg_status status = home_connect(home, &channel, &why);

    if (status != SG_OK) {
        return command_failed(status, &why);
    }
    replay_report_start(&report, &options->common, task);
    status = policy_replay(channel, task, &sums, &why);
    if (status != SG_OK) {
        replay_report_clear(&report);
        return command_failed(status, &why);
    }
    enum exit_code code = replay_report_sums(&report, &sums);
    if (sums.decisions == 0) {
        (void)fprintf(stderr, "no decision of the log matches\n");
    }
    return code;
}

static enum exit_code run(const struct home *home, struct words *words)
{
    struct replay_options options = {.common = {.lang = "en"}};
    struct policy_replay task = {0};
    AUTO(policies_fini) struct policies policies = {0};
    const struct policy *then[OLD_MAX];
    struct sg_error why = {0};

    if (policy_usage(&command_policy_replay, words, 0, OLD_MAX, &options.common) !=
        EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = read_task(&options, &task, &why);
    if (status != SG_OK) {
        return command_failed(status, &why);
    }
    enum exit_code code = open_all(&options, words, &policies);
    if (code != EXIT_WELL) {
        return code;
    }
    for (size_t i = 0; i < policies.count; i++) {
        then[i] = policies.old[i];
    }
    task.policy = policies.judge;
    task.policies = (struct replay_policies){then, policies.count};
    return replay(home, &options, &task);
}

const struct command command_policy_replay = {
    .name = "policy replay",
    .operands = "[OLD…]",
    .summary = "judge logged decisions again by a policy: what would differ?",
    .examples =
        "Reads the log as a reviewer. Exit code 0: every decision would be the same; 1:\n"
        "some would differ, or that cannot be said for certain. A decision is "
        "incomplete\n"
        "when the policy asks for a fact that was not logged; with the policies that "
        "were\n"
        "in force at the time (OLD) fewer are, because they tell which facts were "
        "looked\n"
        "for and not there. +RULE denies now and did not, -RULE did and no longer "
        "does.\n\n"
        "Examples:\n"
        "  segel policy replay --policy in-force.yaml --last 1000\n"
        "  segel policy replay --policy proposed.yaml --from 2026-05-01 in-force.yaml\n"
        "  segel policy replay --policy proposed.yaml --json | jq 'select(.kind)'\n",
    .options = {rows, SG_COUNT(rows)},
    .run = run,
};
