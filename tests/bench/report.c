/* report [RECORDS]: how many records `segel report` reads, hashes, checks and
 * counts in a second of processor time, and what memory it takes; of pairs as long as a
 * gateway's, over a year. Making the records is not measured. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "client/report/output.h"
#include "proto/text.h"

enum { BLOCK = 4096, LINE = 2048 };

static double now_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Even ones are intents, the next one is the outcome; some are denied. */
static size_t make(uint64_t index, uint64_t total, char out[LINE])
{
    static const char facts[] =
        "\"facts\":{\"job.class\":\"seal\",\"job.notice\":true,\"job.meta_pii\":false,"
        "\"caller.entitled\":true,\"caller.network\":\"server_vlan\","
        "\"key.class_allowed\":true,\"cert.remaining_s\":63072000,\"cert.in_period\":"
        "true,"
        "\"clock.now\":\"2026-11-26T05:22:09.608938Z\",\"clock.weekday\":\"thu\","
        "\"clock.minute_of_day\":742,\"clock.holiday\":false,\"job.repeat\":\"first\","
        "\"clock.stepped\":false,\"counter.caller_day\":1,\"counter.key_day\":1,"
        "\"counter.pin_failures\":0,\"log.durable\":true,\"log.writable\":true,"
        "\"log.free_bytes\":79992303616,\"global.lockdown\":false},\"bound\":8";
    static const char hex[] =
        "419361a057a08f145805c51e9b03ac796ad71b4ae625243d0119484f531607";
    char time[TEXT_TIME_SIZE];
    uint64_t pair = index / 2;
    int64_t year_us = INT64_C(365) * 86400 * 1000000;

    text_time(INT64_C(1767200400000000) + year_us / (int64_t)total * (int64_t)index,
              time);
    if (index % 2 == 0) {
        return (size_t)snprintf(
            out, LINE,
            "{\"v\":1,\"seq\":%" PRIu64 ",\"ts\":\"%s\",\"node\":\"gw1\","
            "\"type\":\"intent\",\"decision_id\":\"01M8B4VNJ98ZRCR0870Y51ZDV1\","
            "\"caller\":\"system%d\",\"caller_cert\":\"sha256:%s00\",\"job\":\"%"
            "016" PRIx64 "\",\"attempt\":1,\"key\":\"seal-rsa\",\"cert_serial\":"
            "\"21E44D99539494A53A\","
            "\"cert_spki\":\"sha256:%s00\",\"assurance\":\"hardware\","
            "\"profile\":\"pades_b_b\",\"doc_class\":\"class%d\","
            "\"alg\":\"rsa-pkcs1-sha256\",\"digest\":\"sha256:%s%016" PRIx64
            "\",\"tbs\":\"sha256:%s00\",\"approval_ref\":\"ND-2026/001\","
            "\"policy_rev\":\"sha256:%s00\",\"decision\":\"allow\","
            "\"rules\":{\"pass\":35},%s}",
            index, time, (int)(pair % 5), hex, pair, hex, (int)(pair % 23), hex + 14,
            pair, hex, hex, facts);
    }
    return (size_t)snprintf(
        out, LINE,
        "{\"v\":1,\"seq\":%" PRIu64
        ",\"ts\":\"%s\",\"node\":\"gw1\",\"type\":\"outcome\","
        "\"decision_id\":\"01M8B4VNJ98ZRCR0870Y51ZDV1\",\"caller\":\"system%d\","
        "\"job\":\"%016" PRIx64
        "\",\"key\":\"seal-rsa\",\"digest\":\"sha256:%s%016" PRIx64
        "\",\"intent\":%" PRIu64 ",\"attempt\":1,\"outcome\":\"signed\","
        "\"sig\":\"sha256:%s00\",\"lane\":\"lane1\",\"lat_us\":1379}",
        index, time, (int)(pair % 5), pair, hex + 14, pair, index - 1, hex);
}

static double take_block(struct account *account, struct audit *audit, uint64_t first,
                         uint64_t total)
{
    static char lines[BLOCK][LINE];
    static size_t lengths[BLOCK];
    uint64_t count = total - first < BLOCK ? total - first : BLOCK;

    for (uint64_t i = 0; i < count; i++) {
        lengths[i] = make(first + i, total, lines[i]);
    }
    double start = now_s();
    for (uint64_t i = 0; i < count; i++) {
        struct slice json = slice_of(lines[i], lengths[i]);
        MUST(audit_record(audit, first + i, json) == SG_OK);
        MUST(account_record(account, first + i, json, audit));
    }
    return now_s() - start;
}

int main(int argc, char **argv)
{
    static struct audit audit;
    struct report_period period = {.months = 0};
    struct account *account = NULL;
    struct sg_error why = {.text = ""};
    struct rusage usage;
    uint64_t total = 1000000;
    double took = 0;

    if (argc > 1 && text_uint(slice_str(argv[1]), UINT64_C(1) << 40, &total) != SG_OK) {
        (void)fprintf(stderr, "usage: report [RECORDS]\n");
        return 2;
    }
    account = (struct account *)calloc(1, sizeof(*account));
    MUST(account != NULL && zone_parse("Asia/Jakarta", &period.zone, &why) == SG_OK);
    MUST(period_of_year("2026", &period, &why) == SG_OK);
    MUST(account_start(account, &period) == SG_OK);
    audit_start(&audit);
    account_begin(account, &audit);
    for (uint64_t at = 0; at < total; at += BLOCK) {
        took += take_block(account, &audit, at, total);
    }
    MUST(audit.fault_count == 0 && getrusage(RUSAGE_SELF, &usage) == 0);
    (void)printf("report: %.0f records/s, %" PRIu64 " signed, %ld MiB\n",
                 (double)total / took, account->report.all.fates[FATE_SIGNED],
                 usage.ru_maxrss / 1024);
    account_fini(account);
    free(account);
    audit_fini(&audit);
    return 0;
}
