#include "client/audit/scan.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct scan scan;

static enum sg_status read_text(const char *json)
{
    return scan_record(slice_str(json), &scan);
}

Test(scan, keeps_the_members_that_are_looked_at)
{
    uint64_t number = 0;

    cr_assert_eq(read_text("{\"v\":1,\"seq\":184467,\"type\":\"intent\",\"job\":\"a b\","
                           "\"rules\":{\"pass\":31,\"type\":\"x\"},\"list\":[1,[2,{}]]}"),
                 SG_OK);
    cr_expect(scan_uint(&scan, MEMBER_seq, &number));
    cr_expect_eq(number, 184467);
    cr_expect(scan_is(&scan, MEMBER_type, "intent"), "not the one inside of rules");
    cr_expect(scan_is(&scan, MEMBER_job, "a b"));
    cr_expect_eq(scan.members[MEMBER_intent].kind, MEMBER_ABSENT);
}

/* The facts and rules of a record, and whether its notice and a rule in shadow are seen.
 */
static void expect_inner(const char *json, bool notice, enum member_kind shadows)
{
    cr_assert_eq(read_text(json), SG_OK, "%s", json);
    cr_expect_eq(scan_true(&scan, INNER_notice), notice, "%s", json);
    cr_expect_eq(scan.inner[INNER_shadow_fail].kind, shadows, "%s", json);
}

Test(scan, keeps_what_is_looked_at_in_facts_and_rules)
{
    expect_inner("{\"facts\":{\"a\":1,\"job.notice\":true},\"rules\":{\"shadow_fail\":"
                 "[\"R\"],\"pass\":1}}",
                 true, MEMBER_OTHER);
    expect_inner("{\"rules\" : { \"shadow_fail\" : [ ] },\n\"facts\" : { \"job.notice\" "
                 ": true } }",
                 true, MEMBER_OTHER);
    expect_inner("{\"facts\":{\"job.notic\\u0065\":true},\"rules\":{\"\\u0073hadow_fail"
                 "\":[]}}",
                 true, MEMBER_OTHER);
    expect_inner("{\"facts\":{\"job.notice\":true,\"job.notice\":false}}", false,
                 MEMBER_ABSENT);
}

/* Of a list its first value, which tells whether it has any. */
Test(scan, keeps_whether_a_list_of_rules_is_empty)
{
    cr_assert_eq(read_text("{\"rules\":{\"excepted\":[],\"shadow_fail\":[\"R\",\"S\"]},"
                           "\"x\":{\"y\":[\"z\"]}}"),
                 SG_OK);
    cr_expect_eq(scan.inner[INNER_excepted].kind, MEMBER_OTHER);
    cr_expect_eq(scan.inner[INNER_excepted].raw.len, 0);
    cr_expect(slice_equal(scan.inner[INNER_shadow_fail].raw, slice_str("R")));
    cr_assert_eq(read_text("{\"rules\":{\"excepted\":[],\"pass\":1},\"x\":{\"y\":[1]}}"),
                 SG_OK);
    cr_expect_eq(scan.inner[INNER_excepted].raw.len, 0);
}

Test(scan, takes_nothing_else_for_facts_and_rules)
{
    expect_inner("{\"facts\":{\"job.notice\":true,\"job\":1}}", true, MEMBER_ABSENT);
    expect_inner("{\"job.notice\":true,\"shadow_fail\":[\"R\"]}", false, MEMBER_ABSENT);
    expect_inner("{\"x\":{\"job.notice\":true,\"shadow_fail\":[\"R\"]}}", false,
                 MEMBER_ABSENT);
    expect_inner("{\"facts\":{\"shadow_fail\":[]},\"rules\":{\"job.notice\":true}}",
                 false, MEMBER_ABSENT);
    expect_inner(
        "{\"facts\":{\"x\":{\"job.notice\":true}},\"rules\":[{\"shadow_fail\":[]}"
        "]}",
        false, MEMBER_ABSENT);
    expect_inner(
        "{\"facts\":{\"job.notice\":\"true\"},\"rules\":{\"shadow_fail\":\"R\"}}", false,
        MEMBER_TEXT);
    expect_inner(
        "{\"facts\":7,\"x\":{\"job.notice\":true},\"rules\":\"\\\"shadow_fail\\\":"
        "[\"}",
        false, MEMBER_ABSENT);
}

Test(scan, takes_what_rfc_8259_allows)
{
    static const char *const good[] = {"{}",
                                       "{ }",
                                       "{\"a\":null}",
                                       "{ \"a\" : true , \"b\":[ ] }",
                                       "{\"a\":-0.5e+10,\"b\":0,\"c\":[1,2,3]}",
                                       "{\"a\":\"\\u00e9\\n\\\\\\\"\"}",
                                       "{\"a\":{\"b\":{\"c\":{}}}}",
                                       "{\"\":1}",
                                       "{\"a\":\"\xC3\xA9\"}"};

    for (size_t i = 0; i < SG_COUNT(good); i++) {
        cr_expect_eq(read_text(good[i]), SG_OK, "%s", good[i]);
    }
}

Test(scan, refuses_everything_else)
{
    static const char *const bad[] = {"",
                                      " {}",
                                      "{} ",
                                      "[]",
                                      "1",
                                      "{",
                                      "}",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\":1,}",
                                      "{a:1}",
                                      "{\"a\":01}",
                                      "{\"a\":1.}",
                                      "{\"a\":+1}",
                                      "{\"a\":1e}",
                                      "{\"a\":.5}",
                                      "{\"a\":tru}",
                                      "{\"a\":\"\\x\"}",
                                      "{\"a\":\"\\u12g4\"}",
                                      "{\"a\":\"\n\"}",
                                      "{\"a\":\"",
                                      "{\"a\":[1,]}",
                                      "{\"a\":[1}",
                                      "{\"a\":{]}",
                                      "{\"a\":1 \"b\":2}",
                                      "{\"a\":\"\xC3\"}",
                                      "{\"a\":\"\xFF\"}",
                                      "{\"a\":1}{\"b\":2}",
                                      "{\"a\":nul",
                                      "{\"a\":-}",
                                      "{\"a\":1}x"};

    for (size_t i = 0; i < SG_COUNT(bad); i++) {
        cr_expect_eq(read_text(bad[i]), SG_INVALID, "%s", bad[i]);
    }
}

Test(scan, refuses_a_member_that_comes_twice)
{
    cr_expect_eq(read_text("{\"seq\":1,\"seq\":1}"), SG_INVALID);
    cr_expect_eq(read_text("{\"x\":1,\"y\":2,\"x\":3}"), SG_INVALID);
}

Test(scan, refuses_words_and_names_that_are_spelt_with_escapes)
{
    static const struct {
        const char *name;
        bool word;
    } rows[] = {
#define WORD                   true
#define ANY                    false
#define MEMBER(name, spelling) {#name, spelling},
#include "client/audit/members.def"
#undef MEMBER
    };
    char text[128];

    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        (void)snprintf(text, sizeof(text), "{\"x\":\"\\n\",\"%s\":\"sign\\u0065d\"}",
                       rows[i].name);
        cr_expect_eq(read_text(text), rows[i].word ? SG_CORRUPT : SG_OK, "%s", text);
        (void)snprintf(text, sizeof(text), "{\"\\u00%02x%s\":\"signed\"}",
                       (unsigned)rows[i].name[0], rows[i].name + 1);
        cr_expect_eq(read_text(text), SG_CORRUPT, "%s", text);
    }
    cr_expect_eq(read_text("{\"seq\":1,\"\\u0073eq\":2}"), SG_CORRUPT);
    cr_expect_eq(read_text("{\"rules\":{\"type\":\"\\u0061\",\"\\u0061\":1}}"), SG_OK,
                 "not the record's own");
    cr_expect_eq(read_text("{\"type\":\"\\u0061\""), SG_INVALID, "no object");
}

Test(scan, bounds_depth_and_members)
{
    char deep[128] = "{\"a\":";
    char wide[1024] = "{";
    size_t len = 5;

    memset(deep + len, '[', 40);
    cr_expect_eq(read_text(deep), SG_INVALID);
    len = 1;
    for (int i = 0; i < 65; i++) {
        len += (size_t)snprintf(wide + len, sizeof(wide) - len, "%s\"m%d\":0",
                                i == 0 ? "" : ",", i);
    }
    (void)snprintf(wide + len, sizeof(wide) - len, "}");
    cr_expect_eq(read_text(wide), SG_INVALID);
}

Test(scan, numbers_are_whole_and_in_range)
{
    uint64_t number = 0;

    cr_assert_eq(read_text("{\"seq\":9223372036854775807,\"intent\":-1,\"attempt\":1.0,"
                           "\"outcome\":7,\"type\":3}"),
                 SG_OK);
    cr_expect(scan_uint(&scan, MEMBER_seq, &number));
    cr_expect_not(scan_uint(&scan, MEMBER_intent, &number));
    cr_expect_not(scan_uint(&scan, MEMBER_attempt, &number));
    cr_expect_eq(scan_raw(&scan, MEMBER_type).len, 0, "a number is no text");
}

Test(scan, refuses_what_not_all_programs_read)
{
    static const struct {
        const char *text;
        enum sg_status status;
    } rows[] = {
        {"9223372036854775807", SG_OK},
        {"9223372036854775808", SG_INVALID},
        {"-9223372036854775808", SG_OK},
        {"-9223372036854775809", SG_INVALID},
        {"[{\"a\":18446744073709551616}]", SG_INVALID},
        {"-0", SG_OK},
        {"0.5", SG_OK},
        {"-1.5e+10", SG_OK},
        {"1E-99", SG_OK},
        {"1e999", SG_INVALID},
        {"1234567890123456789012345678901234567890.5", SG_INVALID},
        {"\"\\u0000\\u001f\\n\\\\ud800\\uffff\"", SG_OK},
        {"\"\\ud83d\\ude00\\uD83D\\uDE00\"", SG_OK},
        {"\"\\ud800\"", SG_INVALID},
        {"\"\\uD800x\"", SG_INVALID},
        {"\"\\udc00\"", SG_INVALID},
        {"\"\\ud800\\n\"", SG_INVALID},
        {"\"\\ud800\\ud800\\udc00\"", SG_INVALID},
        {"[[\"\\n\",\"\\uDFFF\"]]", SG_INVALID},
        {"{\"a\\\"b\":1,\"\\\\u0000\":2}", SG_OK},
        {"{\"\\u0000\":1}", SG_INVALID},
        {"{\"\\ud800\":1}", SG_INVALID},
    };
    char text[128];

    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        (void)snprintf(text, sizeof(text), "{\"x\":%s}", rows[i].text);
        cr_expect_eq(read_text(text), rows[i].status, "%s", text);
    }
}

Test(scan, one_text_has_one_reading_however_it_is_written)
{
    uint8_t out[64];

    cr_assert_eq(read_text("{\"job\":\"\\u0061\\/\\t\\\"\\ud83d\\ude00\\u00e9\"}"),
                 SG_OK);
    size_t len = scan_text(&scan, MEMBER_job, out, sizeof(out));
    cr_expect(
        slice_equal(slice_of(out, len), slice_str("a/\t\"\xF0\x9F\x98\x80\xC3\xA9")));
    cr_expect_eq(scan_text(&scan, MEMBER_job, out, 2), 2, "never beyond its room");
}
