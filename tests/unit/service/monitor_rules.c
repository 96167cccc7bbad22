#include <criterion/criterion.h>
#include <stdlib.h>

#include "gateway/service/health/monitor.h"

/* What /metrics says of that by which jobs are judged: the policy, and a key's
 * activation. */

static struct core_report report;
static struct stages stages;
static struct tally tally;
static struct agenda agenda;
static struct monitor monitor;
static char *text;
static size_t len;

static void lawful(void)
{
    report = (struct core_report){
        .policy =
            {.id = "bsre", .version = "7", .sha256 = "5e9e", .loads = 71, .rejects = 72},
        .key_count = 1,
        .keys = {{.name = "seal"}},
    };
    monitor = (struct monitor){.version = "1.2.3",
                               .vitals = {.report = &report},
                               .stages = &stages,
                               .tally = &tally,
                               .agenda = &agenda,
                               .now_us = 30000000};
}

static void write_all(void)
{
    FILE *out = open_memstream(&text, &len);

    cr_assert_not_null(out);
    monitor_write(&monitor, out);
    (void)fclose(out);
}

static void release(void)
{
    free(text);
    text = NULL;
}

TestSuite(monitor_rules, .init = lawful, .fini = release);

static void expect_line(const char *line)
{
    cr_expect_not_null(strstr(text, line), "%s is not in:\n%s", line, text);
}

Test(monitor_rules, the_policy_in_force_and_what_came_of_others_are_told)
{
    write_all();
    expect_line("\nsegel_policy_info{id=\"bsre\",version=\"7\",sha256=\"5e9e\"} 1\n");
    expect_line("\nsegel_policy_loads_total 71\n");
    expect_line("\nsegel_policy_rejects_total 72\n");
}

/* Where there is no activation, one of some jobs, and one that has an end. */
Test(monitor_rules, what_is_left_of_an_activation_is_told)
{
    static const struct {
        struct activation activation;
        uint64_t left; /* as the core's report has it */
        const char *jobs;
        const char *until;
    } cases[] = {
        {{.mode = ACTIVATION_NONE}, 10000000, "0", "0"},
        {{.mode = ACTIVATION_COUNT, .max = 20, .used = 3}, 17, "17", "0"},
        {{.mode = ACTIVATION_WINDOW, .until_us = 1777685323999999},
         10000000,
         "10000000",
         "1777685323"},
    };
    char line[128];

    for (size_t i = 0; i < SG_COUNT(cases); i++) {
        report.keys[0].life.activation = cases[i].activation;
        report.keys[0].left = cases[i].left;
        release();
        write_all();
        (void)snprintf(line, sizeof(line),
                       "\nsegel_key_activation_left{key=\"seal\"} %s\n", cases[i].jobs);
        expect_line(line);
        (void)snprintf(
            line, sizeof(line),
            "\nsegel_key_activation_until_timestamp_seconds{key=\"seal\"} %s\n",
            cases[i].until);
        expect_line(line);
    }
}
