#include "gateway/service/health/monitor.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* Everything that /metrics says, for a gateway with two lanes and a key. */

static struct core_report report;
static const struct caller_report callers[] = {
    {.name = "e-office", .jobs = 5, .refused = {[REFUSAL_QUEUE_FULL] = 21}},
    {.name = "archive", .jobs = 6, .refused = {[REFUSAL_CALLER_LIMIT] = 22}},
};
static struct monitor monitor;
static struct stages stages;
static struct tally tally;
static struct agenda agenda;
static const struct key_status statuses[] = {
    {"seal",
     {.source = STATUS_CRL,
      .authentic = true,
      .suspended = true,
      .this_update_us = 5000000,
      .next_update_us = 90000000,
      .fetched_us = 7000000,
      .fetch_failed = true}},
};
static char *text;
static size_t len;

static void lawful(void)
{
    report = (struct core_report){
        .signing = true,
        .waiting = {[JOB_INTERACTIVE] = 7, [JOB_BULK] = 9},
        .oldest_us = {[JOB_INTERACTIVE] = 1500, [JOB_BULK] = 2500000},
        .lane_count = 2,
        .lanes = {{.name = "lane0",
                   .state = LANE_UP,
                   .threads = 4,
                   .confinement = 5,
                   .outstanding = {[LANE_RSA] = 3, [LANE_CURVE] = 8},
                   .mean_us = {[LANE_RSA] = 850, [LANE_CURVE] = 60},
                   .p99_us = {[LANE_RSA] = 2000, [LANE_CURVE] = 75},
                   .signed_count = 100,
                   .failed_count = 2,
                   .lost_count = 3,
                   .hung_count = 1,
                   .canary_count = 17,
                   .succeeded_us = 1777685323000001,
                   .failed_us = 1777685324500000,
                   .since_us = 1777685320000000,
                   .token = {.label = "kota \"A\"",
                             .manufacturer = "maker",
                             .model = "model",
                             .serial = "0001",
                             .firmware = "2.6"}},
                  {.name = "lane1",
                   .state = LANE_LATCHED,
                   .pin_failures = 1,
                   .token_flags = TOKEN_PIN_FINAL_TRY}},
        .mandates_open = 65,
        .mandate_count = 1,
        .mandates = {{.id = "m-1", .key = "seal", .caller = "e-office", .left = 499}},
        .key_count = 1,
        .keys = {{.name = "seal",
                  .usable = true,
                  .serving = true,
                  .lanes = 2,
                  .lanes_up = 1}},
    };
}

static void lawful_monitor(void)
{
    monitor = (struct monitor){
        .version = "1.2.3",
        .vitals = {.report = &report, .log_readable = true},
        .scrubbed = {.records = 31, .ended_us = 32000000},
        .counts = {.connections_opened = 11,
                   .handshakes_failed = 12,
                   .calls_started = 13,
                   .calls_refused = 14,
                   .connections_cut = 15,
                   .refused = {[LIMIT_PINGS] = 21, [LIMIT_INPUT_TOTAL] = 22},
                   .connections = 23,
                   .handshakes = 24,
                   .calls = 25,
                   .output_bytes = 26,
                   .input_bytes = 27},
        .jobs = 16,
        .callers = callers,
        .caller_count = SG_COUNT(callers),
        .watchers = 2,
        .key_watchers = 3,
        .log_readers = 4,
        .stages = &stages,
        .tally = &tally,
        .statuses = statuses,
        .status_count = SG_COUNT(statuses),
        .stamps = {61, 62, 63, 64, 66, 65},
        .now_us = 30000000};
}

static void lawful_agenda(void)
{
    monitor.agenda = &agenda;
    agenda = (struct agenda){
        .items = {{.kind = EXPIRY_CERTIFICATE, .name = "seal", .until_us = 90000000},
                  {.kind = EXPIRY_CLIENT, .name = "e-office", .until_us = 29000000}},
        .count = 2,
        .open = {[INCIDENT_LOCKDOWN] = 51, [INCIDENT_KEY_COMPROMISED] = 52},
        .open_all = 103,
        .overdue_oral = 53,
        .overdue_written = 54};
}

static void lawful_anchors(void)
{
    lawful();
    lawful_monitor();
    lawful_agenda();
    report.anchored = true;
    report.anchor_age_us = 41000000;
    report.anchor_count = 2;
    report.anchors[0] = (struct anchor_report){.name = "province",
                                               .state = ANCHOR_WELL,
                                               .size = 4711,
                                               .lag_us = 41000000,
                                               .succeeded_us = 1777685325000000,
                                               .failures = 31};
    report.anchors[1] =
        (struct anchor_report){.name = "assessor", .state = ANCHOR_ALARM, .failures = 32};
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
}

TestSuite(monitor, .init = lawful_anchors, .fini = release);

static size_t count(const char *words)
{
    size_t found = 0;

    for (const char *at = text; (at = strstr(at, words)) != NULL; at++) {
        found++;
    }
    return found;
}

Test(monitor, every_metric_is_announced_once_and_has_samples)
{
    char words[128];

    tally_count(&tally, "CP-4.1-01", TALLY_REQUEST);
    atomic_store(&stages.times[SG_PROFILE_RAW][LANE_RSA].seen, true);
    write_all();
    for (int i = 0; i < METRIC_COUNT; i++) {
        const struct metric_row *row = metrics_row((enum metric)i);
        (void)snprintf(words, sizeof(words), "# TYPE %s %s\n", row->name, row->type);
        cr_expect_eq(count(words), 1, "%s", words);
        (void)snprintf(words, sizeof(words), "\n%s%s%c", row->name,
                       strcmp(row->type, "histogram") == 0 ? "_bucket" : "",
                       row->labels[0] == '\0' ? ' ' : '{');
        cr_expect_geq(count(words), 1, "%s", words);
    }
}

static void expect_line(const char *line)
{
    cr_expect_eq(count(line), 1, "%s is not in:\n%s", line, text);
}

Test(monitor, the_clock_is_told_as_the_kernel_tells_it)
{
    report.started_us = 1777685320000000;
    report.clock = (struct clock_report){
        .known = true, .synchronised = true, .offset_us = -1500, .stepped = true};
    write_all();
    expect_line("\nsegel_clock_synchronised 1\n");
    expect_line("\nsegel_clock_offset_seconds 0.001500\n");
    expect_line("\nsegel_clock_stepped 1\n");
    expect_line("\nsegel_clock_doubted 0\n");
    expect_line("\nsegel_start_timestamp_seconds 1777685320.000000\n");
    free(text);
    report.clock.known = false;
    report.clock.doubted = true;
    write_all();
    expect_line("\nsegel_clock_synchronised 0\n");
    expect_line("\nsegel_clock_doubted 1\n");
}

Test(monitor, what_is_left_of_a_mandate_is_told)
{
    write_all();
    expect_line("\nsegel_mandates_open 65\n");
    expect_line(
        "\nsegel_mandate_left{mandate=\"m-1\",key=\"seal\",caller=\"e-office\"} 499\n");
}

Test(monitor, each_number_of_a_lane_stands_under_its_own_name)
{
    static const char *const lines[] = {
        "\nsegel_lane_up{lane=\"lane0\"} 1\n",
        "\nsegel_lane_up{lane=\"lane1\"} 0\n",
        "\nsegel_lane_state{lane=\"lane0\",state=\"up\"} 1\n",
        "\nsegel_lane_state{lane=\"lane0\",state=\"broken\"} 0\n",
        "\nsegel_lane_state{lane=\"lane1\",state=\"pin-latched\"} 1\n",
        "\nsegel_lane_threads{lane=\"lane0\"} 4\n",
        "\nsegel_lane_in_flight{lane=\"lane0\",kind=\"rsa\"} 3\n",
        "\nsegel_lane_in_flight{lane=\"lane0\",kind=\"curve\"} 8\n",
        "\nsegel_lane_hsm_mean_seconds{lane=\"lane0\",kind=\"rsa\"} 0.000850\n",
        "\nsegel_lane_hsm_mean_seconds{lane=\"lane0\",kind=\"curve\"} 0.000060\n",
        "\nsegel_lane_hsm_p99_seconds{lane=\"lane0\",kind=\"rsa\"} 0.002000\n",
        "\nsegel_lane_hsm_p99_seconds{lane=\"lane0\",kind=\"curve\"} 0.000075\n",
        "\nsegel_lane_signatures_total{lane=\"lane0\"} 100\n",
        "\nsegel_lane_failures_total{lane=\"lane0\"} 2\n",
        "\nsegel_lane_processes_lost_total{lane=\"lane0\"} 3\n",
        "\nsegel_lane_hung_total{lane=\"lane0\"} 1\n",
        "\nsegel_lane_canaries_total{lane=\"lane0\"} 17\n",
        "\nsegel_lane_last_success_timestamp_seconds{lane=\"lane0\"} 1777685323.000001\n",
        "\nsegel_lane_last_failure_timestamp_seconds{lane=\"lane0\"} 1777685324.500000\n",
        "\nsegel_lane_state_since_timestamp_seconds{lane=\"lane0\"} 1777685320.000000\n",
        "\nsegel_lane_pin_failures{lane=\"lane1\"} 1\n",
        "\nsegel_lane_pin_warning{lane=\"lane1\",warning=\"final-try\"} 1\n",
        "\nsegel_lane_pin_warning{lane=\"lane1\",warning=\"locked\"} 0\n",
        "\nsegel_lane_confinement{lane=\"lane0\",measure=\"system-calls\"} 1\n",
        "\nsegel_lane_confinement{lane=\"lane0\",measure=\"capabilities\"} 0\n",
        "\nsegel_lane_confinement{lane=\"lane0\",measure=\"read-only\"} 1\n",
    };

    write_all();
    for (size_t i = 0; i < SG_COUNT(lines); i++) {
        expect_line(lines[i]);
    }
}

Test(monitor, what_a_token_says_of_itself_stands_in_labels)
{
    write_all();
    expect_line("\nsegel_lane_token_info{lane=\"lane0\",label=\"kota \\\"A\\\"\","
                "manufacturer=\"maker\",model=\"model\",serial=\"0001\","
                "firmware=\"2.6\"} 1\n");
    expect_line("\nsegel_lane_token_info{lane=\"lane1\",label=\"\",manufacturer=\"\","
                "model=\"\",serial=\"\",firmware=\"\"} 1\n");
}

Test(monitor, each_number_of_gateway_and_key_stands_under_its_own_name)
{
    static const char *const lines[] = {
        "segel_build_info{version=\"1.2.3\"} 1\n",
        "\nsegel_signing 1\n",
        "\nsegel_draining 0\n",
        "\nsegel_log_readable 1\n",
        "\nsegel_log_checked_records 31\n",
        "\nsegel_log_checked_timestamp_seconds 32\n",
        "\nsegel_jobs 16\n",
        "\nsegel_health_watchers 2\n",
        "\nsegel_key_watchers 3\n",
        "\nsegel_log_readers 4\n",
        "\nsegel_connections_opened_total 11\n",
        "\nsegel_handshakes_failed_total 12\n",
        "\nsegel_calls_started_total 13\n",
        "\nsegel_calls_refused_total 14\n",
        "\nsegel_connections_cut_total 15\n",
        "\nsegel_limit_refusals_total{limit=\"ping_strikes\"} 21\n",
        "\nsegel_limit_refusals_total{limit=\"input_bytes_total\"} 22\n",
        "\nsegel_limit_refusals_total{limit=\"connections\"} 0\n",
        "\nsegel_connections 23\n",
        "\nsegel_handshakes 24\n",
        "\nsegel_calls 25\n",
        "\nsegel_output_bytes 26\n",
        "\nsegel_input_bytes 27\n",
        "\nsegel_key_usable{key=\"seal\"} 1\n",
        "\nsegel_key_serving{key=\"seal\"} 1\n",
        "\nsegel_key_lanes{key=\"seal\"} 2\n",
        "\nsegel_key_lanes_up{key=\"seal\"} 1\n",
    };

    write_all();
    for (size_t i = 0; i < SG_COUNT(lines); i++) {
        expect_line(lines[i]);
    }
}

Test(monitor, each_number_of_the_time_stamps_stands_under_its_own_name)
{
    write_all();
    static const char *const lines[] = {
        "segel_tsa_tokens_total 61\n",  "segel_tsa_failures_total 62\n",
        "segel_tsa_without_total 63\n", "segel_tsa_waiting 64\n",
        "segel_tsa_resting 65\n",       "segel_tsa_authorities 66\n"};
    for (size_t i = 0; i < SG_COUNT(lines); i++) {
        cr_expect_neq(strstr(text, lines[i]), NULL, "%s", lines[i]);
    }
    free(text);
    monitor.stamps = (struct tsa_counts){.authorities = 0};
    write_all();
    cr_expect_eq(strstr(text, "segel_tsa_"), NULL);
}

Test(monitor, each_number_of_an_anchor_stands_under_its_own_name)
{
    static const char *const lines[] = {
        "\nsegel_log_anchor_age_seconds 41.000000\n",
        "\nsegel_anchor_state{anchor=\"province\",state=\"ok\"} 1\n",
        "\nsegel_anchor_state{anchor=\"province\",state=\"alarm\"} 0\n",
        "\nsegel_anchor_state{anchor=\"assessor\",state=\"alarm\"} 1\n",
        "\nsegel_anchor_records{anchor=\"province\"} 4711\n",
        "\nsegel_anchor_lag_seconds{anchor=\"province\"} 41.000000\n",
        "\nsegel_anchor_failures_total{anchor=\"province\"} 31\n",
        "\nsegel_anchor_failures_total{anchor=\"assessor\"} 32\n",
    };

    write_all();
    for (size_t i = 0; i < SG_COUNT(lines); i++) {
        expect_line(lines[i]);
    }
    expect_line("\nsegel_anchor_last_success_timestamp_seconds{anchor=\"province\"} "
                "1777685325.000000\n");
}

/* A disk of the machine itself: 0 would say that others hold all of it. */
Test(monitor, a_log_that_nobody_outside_holds_has_no_age)
{
    report.anchored = false;
    write_all();
    cr_expect_eq(count("segel_log_anchor_age_seconds"), 0, "%s", text);
    expect_line("\nsegel_anchor_state{anchor=\"province\",state=\"ok\"} 1\n");
}

Test(monitor, incidents_and_ends_stand_under_their_own_names)
{
    static const char *const lines[] = {
        "\nsegel_incidents_open{kind=\"lockdown\"} 51\n",
        "\nsegel_incidents_open{kind=\"key.compromised\"} 52\n",
        "\nsegel_incidents_open{kind=\"pin.lockout\"} 0\n",
        "\nsegel_incident_notices_overdue{notice=\"oral\"} 53\n",
        "\nsegel_incident_notices_overdue{notice=\"written\"} 54\n",
        "\nsegel_expiry_seconds{what=\"certificate\",name=\"seal\"} 60.000000\n",
        "\nsegel_expiry_seconds{what=\"client\",name=\"e-office\"} 0.000000\n",
    };

    write_all();
    for (size_t i = 0; i < SG_COUNT(lines); i++) {
        expect_line(lines[i]);
    }
}

Test(monitor, load_is_told_by_class_and_by_caller)
{
    static const char *const lines[] = {
        "\nsegel_queue_jobs{class=\"interactive\"} 7\n",
        "\nsegel_queue_jobs{class=\"bulk\"} 9\n",
        "\nsegel_queue_oldest_seconds{class=\"interactive\"} 0.001500\n",
        "\nsegel_queue_oldest_seconds{class=\"bulk\"} 2.500000\n",
        "\nsegel_caller_jobs{caller=\"e-office\"} 5\n",
        "\nsegel_caller_jobs{caller=\"archive\"} 6\n",
        "\nsegel_jobs_refused_total{caller=\"e-office\",reason=\"QUEUE_FULL\"} 21\n",
        "\nsegel_jobs_refused_total{caller=\"e-office\",reason=\"CALLER_LIMIT\"} 0\n",
        "\nsegel_jobs_refused_total{caller=\"archive\",reason=\"CALLER_LIMIT\"} 22\n",
    };

    write_all();
    for (size_t i = 0; i < SG_COUNT(lines); i++) {
        expect_line(lines[i]);
    }
}

Test(monitor, each_number_of_a_certificate_stands_under_its_own_name)
{
    write_all();
    expect_line("\nsegel_key_certificate_status{key=\"seal\",state=\"good\"} 0\n");
    expect_line("\nsegel_key_certificate_status{key=\"seal\",state=\"suspended\"} 1\n");
    expect_line("\nsegel_key_certificate_status_age_seconds{key=\"seal\"} 25.000000\n");
    expect_line("\nsegel_key_certificate_status_fetched_timestamp_seconds{key=\"seal\"} "
                "7.000000\n");
    expect_line("\nsegel_key_certificate_status_fetch_failed{key=\"seal\"} 1\n");
}

Test(monitor, a_gateway_that_ends_does_not_sign)
{
    monitor.vitals.draining = true;
    write_all();
    expect_line("\nsegel_signing 0\n");
    expect_line("\nsegel_draining 1\n");
}
