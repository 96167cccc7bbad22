#include "client/audit/audit.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>

/* A lawful log of one signed and one denied job; each test spoils one record. */
enum { RECORDS = 5, TEXT = 256 };
static char lines[RECORDS][TEXT];
static struct audit audit;
static struct tlog_hash root;

static void put(size_t index, const char *seconds, const char *rest)
{
    (void)snprintf(lines[index], TEXT,
                   "{\"v\":1,\"seq\":%zu,\"ts\":\"2026-05-02T01:02:%s.000000Z\","
                   "\"node\":\"gw1\",%s}",
                   index, seconds, rest);
}

static void make_log(void)
{
    struct tlog_frontier tree = {0};

    put(0, "00", "\"type\":\"boot\"");
    put(1, "01", "\"type\":\"intent\",\"job\":\"1\",\"decision\":\"allow\"");
    put(2, "02", "\"type\":\"deny\",\"decision\":\"deny\"");
    put(3, "03", "\"type\":\"outcome\",\"intent\":1,\"outcome\":\"signed\"");
    put(4, "04", "\"type\":\"checkpoint\"");
    for (size_t i = 0; i < 4; i++) {
        struct tlog_hash leaf = tlog_leaf(slice_str(lines[i]));
        tlog_frontier_add(&tree, &leaf);
    }
    root = tlog_frontier_root(&tree);
    audit_start(&audit);
    audit_mark(&audit, 4);
}

static size_t read_all(void)
{
    for (uint64_t i = 0; i < RECORDS; i++) {
        cr_assert_eq(audit_record(&audit, i, slice_str(lines[i])), SG_OK);
    }
    return audit_end(&audit);
}

static void clean(void)
{
    audit_fini(&audit);
}

Test(audit, finds_nothing_in_a_sound_log, .init = make_log, .fini = clean)
{
    cr_expect_eq(read_all(), 0);
    cr_expect_eq(audit.fault_count, 0, "fault %d", (int)audit.faults[0].id);
    cr_expect(audit.marks[0].reached);
    cr_expect(tlog_hash_equal(&audit.marks[0].root, &root));
    cr_expect_eq(audit.intents, 1);
    cr_expect_eq(audit.signed_count, 1);
    cr_expect_eq(audit.denials, 1);
    cr_expect_eq(audit.others, 2);
}

Test(audit, comes_to_another_root_when_one_byte_differs, .init = make_log, .fini = clean)
{
    lines[2][strlen(lines[2]) - 3] ^= 1;
    (void)read_all();
    cr_expect_not(tlog_hash_equal(&audit.marks[0].root, &root));
}

Test(audit, does_not_reach_a_size_that_the_records_lack, .init = make_log, .fini = clean)
{
    for (uint64_t i = 0; i < 3; i++) {
        cr_assert_eq(audit_record(&audit, i, slice_str(lines[i])), SG_OK);
    }
    cr_expect_not(audit.marks[0].reached);
}

Test(audit, finds_a_record_that_is_missing, .init = make_log, .fini = clean)
{
    cr_assert_eq(audit_record(&audit, 0, slice_str(lines[0])), SG_OK);
    cr_assert_eq(audit_record(&audit, 2, slice_str(lines[2])), SG_OK);
    cr_expect_eq(audit.fault_count, 1);
}

Test(audit, finds_a_record_with_another_number, .init = make_log, .fini = clean)
{
    put(2, "02", "\"type\":\"deny\"");
    lines[2][strlen("{\"v\":1,\"seq\":")] = '7';
    (void)read_all();
    cr_expect_eq(audit.fault_count, 1);
}

Test(audit, finds_an_outcome_without_intent, .init = make_log, .fini = clean)
{
    put(3, "03", "\"type\":\"outcome\",\"intent\":2,\"outcome\":\"signed\"");
    cr_expect_eq(read_all(), 1, "the intent is under way");
    cr_expect_eq(audit.fault_count, 1);
}

Test(audit, finds_a_second_outcome_of_one_intent, .init = make_log, .fini = clean)
{
    put(4, "04", "\"type\":\"outcome\",\"intent\":1,\"outcome\":\"failed\"");
    (void)read_all();
    cr_expect_eq(audit.fault_count, 1);
}

Test(audit, finds_an_intent_that_never_got_its_outcome, .init = make_log, .fini = clean)
{
    put(3, "03", "\"type\":\"lane.down\"");
    put(4, "04", "\"type\":\"boot\"");
    (void)snprintf(strstr(lines[4], "01:02:04"), 9, "01:09:04");
    lines[4][strlen(lines[4])] = '.';
    cr_expect_eq(read_all(), 0);
    cr_expect_eq(audit.fault_count, 1);
    cr_expect_eq(audit.faults[0].id, FAULT_NO_OUTCOME);
    cr_expect_eq(audit.faults[0].index, 1);
}

Test(audit, finds_what_is_no_json_object, .init = make_log, .fini = clean)
{
    (void)snprintf(lines[2], TEXT, "[1]");
    (void)snprintf(lines[4], TEXT, "{\"seq\":4,\"seq\":4}");
    (void)read_all();
    cr_expect_eq(audit.fault_count, 2);
}

Test(audit, shows_the_first_faults_and_counts_all, .init = make_log, .fini = clean)
{
    for (uint64_t i = 0; i < 100; i++) {
        cr_assert_eq(audit_record(&audit, i, slice_str("x")), SG_OK);
    }
    cr_expect_eq(audit.fault_count, 100);
}

Test(audit, finds_a_request_id_that_was_signed_twice, .init = make_log, .fini = clean)
{
    put(1, "01", "\"type\":\"intent\",\"caller\":\"a\",\"job\":\"7\"");
    put(2, "02", "\"type\":\"outcome\",\"intent\":1,\"outcome\":\"signed\"");
    put(3, "03", "\"type\":\"intent\",\"caller\":\"a\",\"job\":\"\\u0037\"");
    put(4, "04", "\"type\":\"outcome\",\"intent\":3,\"outcome\":\"signed\"");
    (void)read_all();
    cr_expect_eq(audit.kind_counts[AUDIT_TWICE], 1);
    cr_expect_eq(audit.fault_count, 1);
}

Test(audit, a_second_attempt_may_follow_a_failure, .init = make_log, .fini = clean)
{
    put(1, "01", "\"type\":\"intent\",\"caller\":\"a\",\"job\":\"7\",\"attempt\":1");
    put(2, "02",
        "\"type\":\"outcome\",\"intent\":1,\"attempt\":1,\"outcome\":\"failed\"");
    put(3, "03", "\"type\":\"intent\",\"caller\":\"a\",\"job\":\"7\",\"attempt\":2");
    put(4, "04",
        "\"type\":\"outcome\",\"intent\":3,\"attempt\":2,\"outcome\":\"signed\"");
    (void)read_all();
    cr_expect_eq(audit.fault_count, 0);
}

Test(audit, finds_an_outcome_of_another_attempt, .init = make_log, .fini = clean)
{
    put(1, "01", "\"type\":\"intent\",\"job\":\"7\",\"attempt\":1");
    put(3, "03",
        "\"type\":\"outcome\",\"intent\":1,\"attempt\":2,\"outcome\":\"signed\"");
    (void)read_all();
    cr_expect_eq(audit.faults[0].id, FAULT_OTHER_ATTEMPT);
}

Test(audit, notes_a_clock_that_goes_back, .init = make_log, .fini = clean)
{
    put(2, "02", "\"type\":\"deny\"");
    put(3, "01", "\"type\":\"outcome\",\"intent\":1,\"outcome\":\"signed\"");
    put(4, "00", "\"type\":\"boot\"");
    (void)snprintf(strstr(lines[4], "01:02:00"), 9, "01:01:00");
    lines[4][strlen(lines[4])] = '.';
    (void)read_all();
    cr_expect_eq(audit.fault_count, 0);
    cr_expect_eq(audit.back_count, 1, "one second is what a time server corrects");
    cr_expect_eq(audit.back_index, 4);
}

Test(audit, a_part_may_begin_between_intent_and_outcome, .init = make_log, .fini = clean)
{
    struct tlog_frontier before = {0};

    for (size_t i = 0; i < 3; i++) {
        struct tlog_hash leaf = tlog_leaf(slice_str(lines[i]));
        tlog_frontier_add(&before, &leaf);
    }
    audit_start_at(&audit, &before);
    cr_assert_eq(audit_record(&audit, 3, slice_str(lines[3])), SG_OK);
    struct tlog_hash now = tlog_frontier_root(&audit.tree);
    cr_expect(tlog_hash_equal(&now, &root));
    cr_expect_eq(audit.fault_count, 0);
    cr_expect_eq(audit.earlier.count, 1);
}

/* Reads the records from 2 on, as a part of the log. */
static void read_from_two(void)
{
    struct tlog_frontier before = {0};

    for (uint64_t i = 0; i < 2; i++) {
        struct tlog_hash leaf = tlog_leaf(slice_str(lines[i]));
        tlog_frontier_add(&before, &leaf);
    }
    audit_start_at(&audit, &before);
    for (uint64_t i = 2; i < RECORDS; i++) {
        cr_assert_eq(audit_record(&audit, i, slice_str(lines[i])), SG_OK);
    }
    (void)audit_end(&audit);
}

Test(audit, an_intent_before_the_part_has_one_outcome, .init = make_log, .fini = clean)
{
    put(4, "04", "\"type\":\"outcome\",\"intent\":1,\"outcome\":\"failed\"");
    read_from_two();
    cr_expect_eq(audit.fault_count, 1);
    cr_expect_eq(audit.faults[0].id, FAULT_NO_INTENT);
    cr_expect_eq(audit.faults[0].index, 4);
}

Test(audit, a_request_before_the_part_is_signed_once, .init = make_log, .fini = clean)
{
    put(2, "02", "\"type\":\"intent\",\"caller\":\"a\",\"job\":\"7\"");
    put(3, "03",
        "\"type\":\"outcome\",\"caller\":\"a\",\"job\":\"7\",\"intent\":1,"
        "\"outcome\":\"signed\"");
    put(4, "04", "\"type\":\"outcome\",\"intent\":2,\"outcome\":\"signed\"");
    read_from_two();
    cr_expect_eq(audit.fault_count, 1);
    cr_expect_eq(audit.faults[0].id, FAULT_SIGNED_TWICE);
    cr_expect_eq(audit.unnamed, 0);
}

Test(audit, a_prune_behind_the_checkpoint_explains_nothing, .init = make_log,
     .fini = clean)
{
    for (uint64_t covered = RECORDS - 1; covered <= RECORDS; covered++) {
        make_log();
        put(4, "04", "\"type\":\"log.prune\",\"before_index\":\"2\"");
        audit_start(&audit);
        audit_cover(&audit, covered);
        for (uint64_t i = 0; i < 2; i++) {
            struct tlog_hash leaf = tlog_leaf(slice_str(lines[i]));
            audit_skip(&audit, &leaf);
        }
        for (uint64_t i = 2; i < RECORDS; i++) {
            cr_assert_eq(audit_record(&audit, i, slice_str(lines[i])), SG_OK);
        }
        audit_need_begin(&audit);
        cr_expect_eq(audit.pruned, covered == RECORDS);
        cr_expect_eq(audit.fault_count, covered == RECORDS ? 0 : 1);
        audit_fini(&audit);
    }
}

Test(audit, counts_signatures_whose_request_is_not_known, .init = make_log, .fini = clean)
{
    read_from_two();
    cr_expect_eq(audit.fault_count, 0);
    cr_expect_eq(audit.unnamed, 1);
}

Test(audit, an_outcome_says_what_its_intent_said, .init = make_log, .fini = clean)
{
    static const char *const says[] = {"",
                                       "\"caller\":\"a\",\"job\":\"7\",",
                                       "\"key\":\"k\",\"digest\":\"d\",",
                                       "\"caller\":\"b\",\"job\":\"7\",",
                                       "\"caller\":\"a\",",
                                       "\"key\":\"k\",\"digest\":\"e\",",
                                       "\"key\":7,\"digest\":\"d\","};
    static const int faults[] = {-1,
                                 -1,
                                 -1,
                                 FAULT_OTHER_REQUEST,
                                 FAULT_OTHER_REQUEST,
                                 FAULT_OTHER_WORK,
                                 FAULT_OTHER_WORK};
    char text[TEXT / 2];

    for (size_t i = 0; i < SG_COUNT(says); i++) {
        make_log();
        put(1, "01",
            "\"type\":\"intent\",\"caller\":\"a\",\"job\":\"7\",\"key\":\"k\","
            "\"digest\":\"d\"");
        (void)snprintf(text, sizeof(text),
                       "\"type\":\"outcome\",%s\"intent\":1,\"outcome\":\"signed\"",
                       says[i]);
        put(3, "03", text);
        (void)read_all();
        cr_expect_eq(audit.fault_count, faults[i] < 0 ? 0 : 1, "%s", says[i]);
        cr_expect(faults[i] < 0 || (int)audit.faults[0].id == faults[i], "%s", says[i]);
        clean();
    }
}

Test(audit, finds_a_record_that_is_too_long, .init = make_log, .fini = clean)
{
    static char text[MARK_RECORD_MAX + 2];

    memset(text, ' ', sizeof(text) - 1);
    text[0] = '{';
    text[sizeof(text) - 2] = '}';
    cr_assert_eq(audit_record(&audit, 0, slice_str(text)), SG_OK);
    cr_expect_eq(audit.faults[0].id, FAULT_TOO_LONG);
}
