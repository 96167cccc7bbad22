#include "tests/unit/report/support/log.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct account *account;
struct audit audit;
struct sg_error why;

void begin(void)
{
    struct report_period period;

    cr_assert_eq(zone_parse("Asia/Jakarta", &period.zone, &why), SG_OK);
    cr_assert_eq(period_of_year("2026", &period, &why), SG_OK);
    account = (struct account *)calloc(1, sizeof(*account));
    cr_assert_not_null(account);
    cr_assert_eq(account_start(account, &period), SG_OK);
    audit_start(&audit);
    account_begin(account, &audit);
}

void end(void)
{
    account_fini(account);
    free(account);
    audit_fini(&audit);
}

uint64_t add(const char *time, const char *format, ...)
{
    char rest[1024];
    char json[2048];
    uint64_t index = audit.tree.size;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(rest, sizeof(rest), format, args);
    va_end(args);
    (void)snprintf(json, sizeof(json),
                   "{\"v\":1,\"seq\":%llu,\"ts\":\"%s\",\"node\":\"gw1\",%s}",
                   (unsigned long long)index, time, rest);
    cr_assert_eq(audit_record(&audit, index, slice_str(json)), SG_OK);
    cr_assert(account_record(account, index, slice_str(json), &audit));
    return index;
}

void job(const char *time, const char *outcome)
{
    uint64_t intent = add(time,
                          "\"type\":\"intent\",\"caller\":\"a\",\"key\":\"k\","
                          "\"doc_class\":\"c\",\"digest\":\"sha256:%s\"",
                          outcome);
    (void)add(time, "\"type\":\"outcome\",\"intent\":%llu,\"outcome\":\"%s\"",
              (unsigned long long)intent, outcome);
}

void checkpoint(void)
{
    struct tlog_head head = {audit.tree.size, tlog_frontier_root(&audit.tree)};

    account_checkpoint(account, &head, slice_str("note"), &audit);
}

const struct report *finished(void)
{
    checkpoint();
    cr_assert_eq(account_finish(account, &why), SG_OK, "%s", why.text);
    return &account->report;
}
