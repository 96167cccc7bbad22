#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "gateway/policy/replay.h"
#include "proto/text.h"

/* What one decision by 50 rules costs, the loading of a file with 500 rules and as many
 * tests, and judging logged decisions again, reading their records included. Processor
 * time of this thread; figures to read, nothing is asserted. */

enum { JUDGED_RULES = 50, LOADED_RULES = 500, TURNS = 50000, LOADS = 10, ROUNDS = 5 };

static double now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* Two of three rules read the key alone, as in a real policy; the others the job. The
 * first so many match a pattern, which costs most by far. */
static void write_rule(FILE *out, int number, int patterns)
{
    enum { PATTERN = 3 };
    static const char *const demands[] = {
        "{key.rsa_bits: {between: [2048, 8192]}, key.local: true}",
        "{job.alg: {in: [rsa-pkcs1-sha256, rsa-pss-sha256]}, job.digest_len: {ge: 32}}",
        "{cert.key_usage: {exists: true, subset: [digitalSignature, nonRepudiation]}}",
        "{job.approval_ref: {exists: true, matches: \"[A-Z][A-Za-z0-9./_:-]{2,127}\"}}",
    };

    (void)fprintf(out,
                  "  - {id: R%d, cp: \"1\", level: hard, require: %s, deny: NO, message: "
                  "{id: Tidak, en: No}}\n",
                  number, demands[number < patterns ? PATTERN : number % PATTERN]);
}

static const char head[] =
    "apiVersion: segel/v1\nkind: CertificatePolicy\n"
    "metadata: {id: p, version: 1, effective: 2026-01-01, review_by: 2027-01-01}\n"
    "profile: test\nrules:\n";

static char *sample_text(int rules, int patterns, int tests, size_t *len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, len);

    MUST(out != NULL);
    (void)fputs(head, out);
    for (int i = 0; i < rules; i++) {
        write_rule(out, i, patterns);
    }
    for (int i = 0; i < tests; i++) {
        (void)fprintf(out,
                      "%s  - {name: t%d, now: 2026-05-02, input: {key.rsa_bits: 1024, "
                      "key.local: true}, expect: {decision: deny, code: NO}}\n",
                      i == 0 ? "tests:\n" : "", i);
    }
    MUST(fclose(out) == 0);
    return text;
}

static struct policy *parsed(const char *text, size_t len)
{
    struct policy *policy = NULL;
    struct sg_error why = {0};

    if (policy_parse(slice_of(text, len), "bench", &policy, &why) != SG_OK) {
        (void)fprintf(stderr, "%s\n", why.text);
        exit(1);
    }
    return policy;
}

static void fill(struct facts *facts)
{
    static const struct slice usages[] = {{(const uint8_t *)"digitalSignature", 16}};

    facts_number(facts, FACT_ID_key_rsa_bits, 3072);
    facts_bool(facts, FACT_ID_key_local, true);
    facts_set(facts, FACT_ID_cert_key_usage, usages, SG_COUNT(usages));
    facts_text(facts, FACT_ID_job_alg, slice_str("rsa-pss-sha256"));
    facts_number(facts, FACT_ID_job_digest_len, 32);
    facts_text(facts, FACT_ID_job_approval_ref, slice_str("ND/045/2026"));
}

static double judge_us(int patterns)
{
    size_t len = 0;
    char *text = sample_text(JUDGED_RULES, patterns, 0, &len);
    struct policy *policy = parsed(text, len);
    struct policy_key *bound = NULL;
    struct facts facts = {0};
    struct verdict verdict = {0};

    fill(&facts);
    MUST(policy_bind(policy, &facts, &bound) == SG_OK);
    double start = now_us();
    for (int i = 0; i < TURNS; i++) {
        policy_judge(policy, bound, &facts, &verdict);
        MUST(verdict.allow);
    }
    double took = (now_us() - start) / TURNS;
    policy_key_free(bound);
    policy_free(policy);
    free(text);
    return took;
}

/* With as many rules over the state as the sample has, and as the gateway does it: in two
 * steps, and with the facts written for the record. */
static const char state_rules[] =
    "  - {id: S1, cp: \"1\", level: hard, require: {job.repeat: {in: [first, same]}}, "
    "deny: NO}\n"
    "  - {id: S2, cp: \"1\", level: hard, require: {log.durable: true}, deny: NO}\n"
    "  - {id: S3, cp: \"1\", level: hard, require: {log.writable: true, log.free_bytes: "
    "{ge: 1}}, deny: NO}\n"
    "  - {id: S4, cp: \"1\", level: soft, require: {clock.stepped: false}, deny: NO}\n"
    "  - {id: S5, cp: \"1\", level: soft, require: {counter.caller_day: {le: 9}, "
    "counter.key_day: {le: 9}}, deny: NO}\n";

static void fill_state(struct facts *state)
{
    facts_text(state, FACT_ID_job_repeat, slice_str("first"));
    facts_bool(state, FACT_ID_log_durable, true);
    facts_bool(state, FACT_ID_log_writable, true);
    facts_number(state, FACT_ID_log_free_bytes, INT64_C(68743139328));
    facts_bool(state, FACT_ID_clock_stepped, false);
    facts_number(state, FACT_ID_counter_caller_day, 9);
    facts_number(state, FACT_ID_counter_key_day, 9);
}

static void judge_in_two_steps(const struct policy *policy,
                               const struct policy_key *bound, const struct facts *facts,
                               const struct facts *state)
{
    struct verdict verdict;
    char text[2048];

    policy_judge_early(policy, bound, facts, &verdict);
    (void)facts_members(facts, policy_recorded(policy, FACT_PHASE_JOB), text,
                        sizeof(text));
    policy_judge_state(policy, state, &verdict);
    (void)facts_members(state, policy_recorded(policy, FACT_PHASE_STATE), text,
                        sizeof(text));
    MUST(verdict.allow);
}

static double two_steps_us(int patterns)
{
    size_t len = 0;
    char *text = sample_text(JUDGED_RULES, patterns, 0, &len);
    char *whole = (char *)malloc(len + sizeof(state_rules));
    struct policy_key *bound = NULL;
    struct facts facts = {0};
    struct facts state = {0};

    MUST(whole != NULL);
    memcpy(whole, text, len);
    memcpy(whole + len, state_rules, sizeof(state_rules));
    struct policy *policy = parsed(whole, len + sizeof(state_rules) - 1);
    fill(&facts);
    fill_state(&state);
    MUST(policy_bind(policy, &facts, &bound) == SG_OK);
    double start = now_us();
    for (int i = 0; i < TURNS; i++) {
        judge_in_two_steps(policy, bound, &facts, &state);
    }
    double took = (now_us() - start) / TURNS;
    policy_key_free(bound);
    policy_free(policy);
    free(whole);
    free(text);
    return took;
}

static double load_us(int patterns)
{
    size_t len = 0;
    char *text = sample_text(LOADED_RULES, patterns, LOADED_RULES, &len);
    double start = now_us();

    for (int i = 0; i < LOADS; i++) {
        policy_free(parsed(text, len));
    }
    double took = (now_us() - start) / LOADS;
    free(text);
    return took;
}

/* --- Logged decisions ---------------------------------------------------------- */

static const char key_record[] =
    "{\"v\":1,\"seq\":3,\"ts\":\"2026-05-02T01:00:00.000000Z\",\"node\":\"n\","
    "\"type\":\"key.facts\",\"subject\":\"seal-demo\",\"policy_rev\":\"sha256:%s\","
    "\"facts\":{\"key.rsa_bits\":3072,\"key.local\":true,\"cert.key_usage\":"
    "[\"digitalSignature\"]}}";
static const char decision_record[] =
    "{\"v\":1,\"seq\":7,\"ts\":\"2026-05-02T01:00:00.000000Z\",\"node\":\"gateway-1\","
    "\"type\":\"intent\",\"decision_id\":\"01KQWV0000ABCDEFGHJKMNPQRS\","
    "\"caller\":\"e-office\",\"caller_cert\":\"sha256:%s\",\"job\":"
    "\"7f2a90b1c3d4e5f6-000012\",\"attempt\":1,\"key\":\"seal-demo\",\"cert_serial\":"
    "\"0123456789ABCDEF\",\"cert_spki\":\"sha256:%s\",\"assurance\":\"hardware\","
    "\"profile\":\"pades_b_b\",\"doc_class\":\"surat_keterangan\",\"alg\":"
    "\"rsa-pss-sha256\",\"digest\":\"sha256:%s\",\"approval_ref\":\"ND/045/2026\","
    "\"policy_rev\":\"sha256:%s\",\"decision\":\"allow\",\"rules\":{\"pass\":50},"
    "\"facts\":{\"clock.now\":\"2026-05-02T01:00:00.000000Z\",\"job.class\":\"seal\","
    "\"job.content_type\":\"application/pdf\",\"job.notice\":true,\"job.meta_keys\":"
    "[\"perihal\",\"nomor\"],\"job.meta_pii\":false,\"caller.keys\":[\"seal-demo\"],"
    "\"caller.entitled\":true,\"caller.auth\":[\"mtls\"],\"status.revoked\":false,"
    "\"status.suspended\":false,\"status.source\":\"crl\",\"status.age_s\":123,"
    "\"status.next_update_s\":4000,\"status.authentic\":true,\"counter.key_day\":17,"
    "\"log.free_bytes\":123456789},\"bound\":3}";

static void replay_once(const struct replay_key *key, struct slice record)
{
    static const struct replay_policies none = {0};
    struct logged decision;
    struct replay replay;
    struct sg_error why = {0};

    MUST(logged_read(7, record, &decision, &why) == SG_OK);
    MUST(replay_judge(key, &decision, &none, &replay, &why) == SG_OK);
    MUST(replay.kind == REPLAY_SAME);
    logged_fini(&decision);
}

static double replay_us(int patterns)
{
    char text[LOGGED_RECORD_MAX];
    char hash[65];
    struct replay_key *key = NULL;
    struct sg_error why = {0};
    size_t len = 0;
    char *rules = sample_text(JUDGED_RULES, patterns, 0, &len);
    struct policy *policy = parsed(rules, len);

    text_hex(slice_of(policy_info(policy)->sha256, 32), hash);
    int size = snprintf(text, sizeof(text), key_record, hash);
    MUST(replay_key_make(policy, 3, slice_of(text, (size_t)size), &key, &why) == SG_OK);
    size = snprintf(text, sizeof(text), decision_record, hash, hash, hash, hash);
    double start = now_us();
    for (int i = 0; i < TURNS; i++) {
        replay_once(key, slice_of(text, (size_t)size));
    }
    double took = (now_us() - start) / TURNS;
    replay_key_free(key);
    policy_free(policy);
    free(rules);
    return took;
}

/* The best of some rounds: whatever disturbs makes it slower. */
static double best(double (*measure)(int patterns), int patterns)
{
    double least = measure(patterns);

    for (int i = 1; i < ROUNDS; i++) {
        double took = measure(patterns);
        least = took < least ? took : least;
    }
    return least;
}

int main(void)
{
    double one = best(judge_us, 1);
    double ten = best(judge_us, 10);
    double again = best(replay_us, 1);

    (void)printf("policy: %.2f us a decision by %d rules, one with a pattern\n", one,
                 JUDGED_RULES);
    (void)printf("policy: %.2f us for each further rule with a pattern\n",
                 (ten - one) / 9);
    (void)printf(
        "policy: %.2f us with 5 rules over the state, and facts for the record\n",
        best(two_steps_us, 1));
    (void)printf("policy: %.1f ms to load %d rules and run %d tests\n",
                 best(load_us, 10) / 1000, LOADED_RULES, LOADED_RULES);
    (void)printf("policy: %.1f us to read a logged decision and judge it again, 100,000 "
                 "in %.1f s\n",
                 again, again / 10);
    return 0;
}
