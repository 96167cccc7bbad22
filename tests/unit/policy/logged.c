#include "gateway/policy/logged.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/policy/support/logging.h"
#include "tests/unit/policy/support/parse.h"

/* Records that are not what a gateway writes: one sentence each. */

static struct facts job(void)
{
    struct facts facts = lawful_job();

    facts_bool(&facts, FACT_ID_job_notice, false);
    facts_text(&facts, FACT_ID_job_batch, slice_str("b1"));
    return facts;
}

static void refused_record(const char *find, const char *put, const char *holds)
{
    struct facts facts = job();
    struct policy *policy = lawful(RULES BITS NOTICE);
    struct record_text record;
    struct logged logged;
    struct sg_error why = {0};

    log_decision(policy, &facts, &record);
    record_edit(&record, find, put);
    cr_expect_eq(logged_read(DECISION_INDEX, record_slice(&record), &logged, &why),
                 SG_INVALID, "%.*s", (int)record.len, record.text);
    cr_expect(strncmp(why.text, "record 7: ", 10) == 0, "%s", why.text);
    cr_expect_not_null(strstr(why.text, holds), "%s\nwanted %s", why.text, holds);
    policy_free(policy);
}

Test(policy_logged, malformed_records_are_refused_in_one_sentence)
{
    refused_record("{\"v\"", "[\"v\"", "not a JSON object");
    refused_record("\"v\":1", "\"v\":2", "newer segel");
    refused_record("\"seq\":7", "\"seq\":8", "'seq'");
    refused_record("\"seq\":7", "\"seq\":-7", "'seq'");
    refused_record("\"type\":\"deny\"", "\"type\":\"outcome\"", "'type'");
    refused_record("\"type\":\"deny\"", "\"type\":\"intent\"", "'decision'");
    refused_record("\"type\":\"deny\"", "\"type\":\"deny\",\"type\":\"deny\"",
                   "not a JSON object");
    refused_record("\"batch\":\"b1\"", "\"batch\":1", "'job.batch'");
    refused_record("\"key\":\"seal-demo\"", "\"key\":[]", "'key'");
    refused_record("\"policy_rev\":\"sha256:", "\"policy_rev\":\"sha512:", "policy_rev");
    refused_record("\"digest\":\"sha256:", "\"digest\":\"sha512:", "'digest'");
    refused_record("\"digest\":\"sha256:", "\"digest\":\"md5:", "'digest'");
    refused_record("\"digest\":\"sha256:", "\"digest\":\"", "'digest'");
    refused_record("\"fail\":[{", "\"fail\":[7,{", "'fail'");
    refused_record("\"rule\":\"NOTICE\"", "\"rule\":7", "'rule'");
    refused_record("\"pass\":1", "\"pass\":true", "'pass'");
    refused_record("\"shadow_fail\":[]", "\"shadow_fail\":7", "'rules'");
    refused_record("\"shadow_fail\":[]", "\"shadow_fail\":[7]", "'rules'");
    refused_record("\"facts\":{", "\"facts\":[],\"f\":{", "'facts'");
    refused_record("\"facts\":{", "\"f\":{", "'facts'");
    refused_record("\"job.notice\":false", "\"job.notice\":0", "'job.notice'");
    refused_record("\"job.notice\":false", "\"job.meta_keys\":[1]", "'job.meta_keys'");
    refused_record("\"job.notice\":false", "\"status.age_s\":1.5", "'status.age_s'");
    refused_record("\"job.notice\":false", "\"key.rsa_bits\":1", "'key.rsa_bits'");
    refused_record("\"job.notice\":false", "\"job.batch\":\"b1\"", "twice");
    refused_record("\"clock.now\":\"2026", "\"clock.now\":\"x026", "'clock.now'");
    refused_record("\"clock.now\":", "\"clock.then\":", "clock.now");
    refused_record("\"bound\":3", "\"bound\":7", "'bound'");
    refused_record("\"bound\":3", "\"bound\":\"3\"", "'bound'");
    refused_record(",\"bound\":3", "", "'bound'");
    refused_record("\"decision\"", "\"by\":\"me\",\"decision\"", "'by'");
}

Test(policy_logged, records_that_are_too_long_or_no_text_are_refused)
{
    static char big[LOGGED_RECORD_MAX + 1];
    struct logged logged;
    struct sg_error why = {0};

    memset(big, ' ', sizeof(big));
    cr_expect_eq(logged_read(7, slice_of(big, sizeof(big)), &logged, &why), SG_INVALID);
    cr_expect_eq(logged_read(7, slice_of(big, 0), &logged, &why), SG_INVALID);
    memset(big, '[', sizeof(big));
    cr_expect_eq(logged_read(7, slice_of(big, LOGGED_RECORD_MAX), &logged, &why),
                 SG_INVALID);
}

static void refused_key(const char *find, const char *put, const char *holds)
{
    struct facts facts = job();
    struct policy *policy = lawful(RULES BITS NOTICE);
    struct record_text record;
    struct replay_key *key = NULL;
    struct sg_error why = {0};

    log_key(policy, &facts, &record);
    record_edit(&record, find, put);
    cr_expect_eq(replay_key_make(policy, KEY_INDEX, record_slice(&record), &key, &why),
                 SG_INVALID);
    cr_expect_not_null(strstr(why.text, holds), "%s\nwanted %s", why.text, holds);
    policy_free(policy);
}

Test(policy_logged, malformed_facts_of_a_key_are_refused)
{
    refused_key("\"type\":\"key.facts\"", "\"type\":\"key.load\"", "'type'");
    refused_key("\"seq\":3", "\"seq\":4", "'seq'");
    refused_key("\"subject\":\"seal-demo\"", "\"subject\":\"\"", "'subject'");
    refused_key("\"key.rsa_bits\":3072", "\"key.rsa_bits\":\"3072\"", "'key.rsa_bits'");
    refused_key("\"key.rsa_bits\":3072", "\"job.notice\":true", "'job.notice'");
    refused_key("\"facts\":{", "\"f\":{", "'facts'");
}

/* None comes into a record: facts are plain texts, and names of certificates have it as
 * \00. json.c would write one, and what reads the log in the gateway takes it. */
Test(policy_logged, a_text_with_a_nul_is_read_whole)
{
    static const uint8_t name[] = {'a', '\0', 'b'};
    struct facts facts = job();
    struct policy *policy = lawful(RULES BITS NOTICE);
    struct record_text record;
    struct logged_key key;
    struct sg_error why = {0};

    facts_text(&facts, FACT_ID_cert_issuer, slice_of(name, sizeof(name)));
    log_key(policy, &facts, &record);
    cr_assert_eq(logged_key_read(KEY_INDEX, record_slice(&record), &key, &why), SG_OK,
                 "%s", why.text);
    cr_expect(slice_equal(key.facts.value[FACT_ID_cert_issuer].text,
                          slice_of(name, sizeof(name))));
    logged_key_fini(&key);
    policy_free(policy);
}

Test(policy_logged, facts_of_another_key_are_refused)
{
    struct facts facts = job();
    struct policy *policy = lawful(RULES BITS NOTICE);
    struct record_text records[2];
    struct replay_key *key = NULL;
    struct logged logged;
    struct replay replay;
    struct replay_policies none = {0};
    struct sg_error why = {0};

    log_key(policy, &facts, &records[0]);
    record_edit(&records[0], "seal-demo", "seal-else");
    log_decision(policy, &facts, &records[1]);
    cr_assert_eq(
        replay_key_make(policy, KEY_INDEX, record_slice(&records[0]), &key, &why), SG_OK,
        "%s", why.text);
    cr_assert_eq(logged_read(DECISION_INDEX, record_slice(&records[1]), &logged, &why),
                 SG_OK);
    cr_expect_eq(replay_judge(key, &logged, &none, &replay, &why), SG_INVALID);
    cr_expect_not_null(strstr(why.text, "record 7: is of key 'seal-demo'"), "%s",
                       why.text);
    replay_key_free(key);
    logged_fini(&logged);
    policy_free(policy);
}
