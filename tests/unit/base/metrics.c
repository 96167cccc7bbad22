#include "gateway/metrics.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <stdlib.h>

#include "tests/unit/base/support/doc_table.h"

static char text[4096];
static FILE *out;

static void open_text(void)
{
    memset(text, 0, sizeof(text));
    out = fmemopen(text, sizeof(text), "w");
    cr_assert_not_null(out);
}

TestSuite(metrics, .init = open_text);

static void expect_text(const char *wanted)
{
    (void)fclose(out);
    cr_expect_str_eq(text, wanted);
}

Test(metrics, a_sample_without_labels_is_a_name_and_a_number)
{
    metrics_uint(out, METRIC_JOBS, NULL, UINT64_MAX);
    expect_text("segel_jobs 18446744073709551615\n");
}

Test(metrics, labels_stand_in_the_order_of_the_row)
{
    const char *const values[] = {"lane0", "rsa"};

    metrics_uint(out, METRIC_LANE_IN_FLIGHT, values, 7);
    expect_text("segel_lane_in_flight{lane=\"lane0\",kind=\"rsa\"} 7\n");
}

Test(metrics, seconds_lose_no_microsecond)
{
    const char *const values[] = {"lane0"};

    metrics_seconds(out, METRIC_LANE_SINCE, values, 1777685323000001);
    expect_text("segel_lane_state_since_timestamp_seconds{lane=\"lane0\"} "
                "1777685323.000001\n");
}

Test(metrics, a_time_before_1970_is_0)
{
    const char *const values[] = {"lane0"};

    metrics_seconds(out, METRIC_LANE_SINCE, values, -5);
    expect_text("segel_lane_state_since_timestamp_seconds{lane=\"lane0\"} 0.000000\n");
}

Test(metrics, what_a_token_says_cannot_break_out_of_its_label)
{
    const char *const values[] = {"a\\b\"} 1\nsegel_jobs 9\x1b\x7f"};

    metrics_uint(out, METRIC_LANE_UP, values, 1);
    expect_text("segel_lane_up{lane=\"a\\\\b\\\"} 1\\nsegel_jobs 9??\"} 1\n");
}

Test(metrics, labels_stay_valid_utf8)
{
    const char *const sound[] = {"Kota Contoh ✓"};
    const char *const broken[] = {"caf\xe9"};

    metrics_uint(out, METRIC_LANE_UP, sound, 1);
    metrics_uint(out, METRIC_LANE_UP, broken, 1);
    expect_text("segel_lane_up{lane=\"Kota Contoh ✓\"} 1\n"
                "segel_lane_up{lane=\"caf?\"} 1\n");
}

Test(metrics, help_and_type_stand_before_the_samples)
{
    metrics_begin(out, METRIC_CALLS_STARTED);
    expect_text("# HELP segel_calls_started_total calls that came to a service\n"
                "# TYPE segel_calls_started_total counter\n");
}

Test(metrics, a_histogram_sums_up_its_buckets_and_ends_with_all)
{
    static const int64_t bounds[] = {50, 2500, 1000000, 10000000};
    static const uint64_t counts[] = {3, 0, 2, 1, 4};
    const struct metric_histogram histogram = {
        .bounds_us = bounds, .bound_count = 4, .counts = counts, .sum_us = 70000123};
    const char *const values[] = {"hsm", "raw", "rsa", "signed"};

    metrics_histogram(out, METRIC_STAGE_TIME, values, &histogram);
#define SERIES(part) "segel_stage_duration_seconds" part
#define LABELS       "stage=\"hsm\",operation=\"raw\",kind=\"rsa\",result=\"signed\""
    expect_text(SERIES("_bucket{" LABELS ",le=\"0.00005\"} 3\n")
                    SERIES("_bucket{" LABELS ",le=\"0.0025\"} 3\n")
                        SERIES("_bucket{" LABELS ",le=\"1\"} 5\n")
                            SERIES("_bucket{" LABELS ",le=\"10\"} 6\n")
                                SERIES("_bucket{" LABELS ",le=\"+Inf\"} 10\n")
                                    SERIES("_sum{" LABELS "} 70.000123\n")
                                        SERIES("_count{" LABELS "} 10\n"));
#undef SERIES
#undef LABELS
}

static bool is_word(const char *word)
{
    for (; *word != '\0'; word++) {
        if (islower((unsigned char)*word) == 0 && isdigit((unsigned char)*word) == 0 &&
            *word != '_') {
            return false;
        }
    }
    return true;
}

Test(metrics, every_row_is_named_as_the_format_and_its_habits_ask)
{
    for (int i = 0; i < METRIC_COUNT; i++) {
        const struct metric_row *row = metrics_row((enum metric)i);
        bool counter = strcmp(row->type, "counter") == 0;
        const char *total = strstr(row->name, "_total");
        cr_expect_eq(strncmp(row->name, "segel_", 6), 0, "%s", row->name);
        cr_expect(is_word(row->name), "%s", row->name);
        cr_expect(counter || strcmp(row->type, "gauge") == 0 ||
                      strcmp(row->type, "histogram") == 0,
                  "%s", row->name);
        cr_expect_eq(counter, total != NULL && total[6] == '\0', "%s", row->name);
        cr_expect_null(strpbrk(row->help, "\\\n|"), "%s", row->name);
        for (int k = 0; k < i; k++) {
            cr_expect_str_neq(row->name, metrics_row((enum metric)k)->name);
        }
    }
}

/* --- The documentation ---------------------------------------------------------------
 */

static void write_rows(FILE *rows)
{
    for (int i = 0; i < METRIC_COUNT; i++) {
        const struct metric_row *row = metrics_row((enum metric)i);
        (void)fprintf(rows, "| `%s` | %s | %s | %s |\n", row->name, row->type,
                      row->labels, row->help);
    }
}

Test(metrics, the_documentation_has_every_row_and_no_other)
{
    static const struct doc_table table = {
        .path = "docs/METRICS.md",
        .head = "| metric | type | labels | what it says |\n"
                "| --- | --- | --- | --- |\n",
        .write_rows = write_rows};

    doc_table_expect(&table);
}
