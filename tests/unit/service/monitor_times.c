#include "gateway/service/health/monitor.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* What /metrics says of times and of decisions. */

static struct stages stages;
static struct tally tally;
static char *text;
static size_t len;

static void write_times(void)
{
    const struct monitor monitor = {.stages = &stages, .tally = &tally};
    FILE *out = open_memstream(&text, &len);

    cr_assert_not_null(out);
    monitor_write_times(&monitor, out);
    (void)fclose(out);
}

static void release(void)
{
    free(text);
}

TestSuite(monitor_times, .fini = release);

static size_t count(const char *words)
{
    size_t found = 0;

    for (const char *at = text; (at = strstr(at, words)) != NULL; at++) {
        found++;
    }
    return found;
}

static void expect_text(const char *words)
{
    cr_expect_eq(count(words), 1, "%s is not in:\n%s", words, text);
}

Test(monitor_times, decisions_are_told_by_rule)
{
    tally_accept(&tally);
    tally_accept(&tally);
    tally_count(&tally, "CP-5.4-02", TALLY_GATEWAY);
    tally_count(&tally, "CP-4.5-07", TALLY_REQUEST);
    tally_count(&tally, "CP-4.5-07", TALLY_LIFTED);
    tally_count(&tally, "CP-OPS-02", (enum tally_kind)(TALLY_REMARKS + REMARK_SHADOW));
    tally_count(&tally, "CP-4.1-03", (enum tally_kind)(TALLY_REMARKS + REMARK_WARN));
    tally_count(&tally, "CP-4.5-07", (enum tally_kind)(TALLY_REMARKS + REMARK_EXCEPTED));
    write_times();
    expect_text("\nsegel_accepts_total{rule=\"\",how=\"passed\"} 2\n"
                "segel_accepts_total{rule=\"CP-OPS-02\",how=\"shadow\"} 1\n"
                "segel_accepts_total{rule=\"CP-4.1-03\",how=\"warned\"} 1\n"
                "segel_accepts_total{rule=\"CP-4.5-07\",how=\"excepted\"} 1\n"
                "segel_accepts_total{rule=\"CP-4.5-07\",how=\"lifted\"} 1\n");
    expect_text("\nsegel_denials_total{rule=\"CP-4.5-07\",because=\"request\"} 1\n"
                "segel_denials_total{rule=\"CP-5.4-02\",because=\"gateway\"} 1\n");
}

/* Five profiles, two kinds and all ends would be thousands of lines. */
Test(monitor_times, only_what_was_asked_has_times)
{
    struct stage_times *asked = &stages.times[SG_PROFILE_CADES_B_T][LANE_CURVE];

    stages_add(&asked->stages[ATTEMPT_FAILED][STAGE_QUEUE], 3);
    stages_add(&asked->jobs[JOB_END_DENIED], 3);
    write_times();
    cr_expect_eq(count("segel_stage_duration_seconds_count{"), 0);
    free(text);
    atomic_store(&asked->seen, true);
    write_times();
    cr_expect_eq(count("segel_stage_duration_seconds_count{"), 10);
    cr_expect_eq(count("segel_job_duration_seconds_count{"), JOB_ENDS);
    expect_text("\nsegel_stage_duration_seconds_count{stage=\"queue\",operation="
                "\"cades_b_t\",kind=\"curve\",result=\"failed\"} 1\n");
    expect_text("\nsegel_job_duration_seconds_count{result=\"denied\",operation="
                "\"cades_b_t\",kind=\"curve\"} 1\n");
}
