#define _GNU_SOURCE /* NOLINT: the name is the C library's */
#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/segel/error.h"
#include "client/segel/segel.h"
#include "tests/unit/client/support/link.h"
#include "tests/unit/segel/support/bench.h"

LINK_BEFORE_ALL_TESTS
LINK_AFTER_ALL_TESTS

TestSuite(steps, .init = bench_open, .fini = bench_close, .timeout = 30);

/* --- What was filled wrongly -------------------------------------------------------- */

Test(errors, each_code_has_a_name_of_its_own)
{
    for (int a = SEGEL_OK; a <= SEGEL_FAULT; a++) {
        cr_expect_str_neq(segel_code_name(a), "unknown");
        for (int b = a + 1; b <= SEGEL_FAULT; b++) {
            cr_expect_str_neq(segel_code_name(a), segel_code_name(b));
        }
    }
    cr_expect_str_eq(segel_code_name(-1), "unknown");
    cr_expect_str_eq(segel_code_name(SEGEL_FAULT + 1), "unknown");
}

/* A caller that was compiled with a later header knows more fields, with an earlier one
 * fewer: what it did not fill is zero. */
Test(errors, structs_of_other_versions_are_taken_as_far_as_both_know_them)
{
    struct known {
        size_t size;
        int first, second;
    } own = {.second = 9};
    const struct later {
        struct known known;
        int third;
    } later = {{sizeof(later), 1, 2}, 3};
    const struct known earlier = {offsetof(struct known, second), 5, 6};

    cr_assert(error_take_struct(&own, sizeof(own), &later));
    cr_expect_eq(own.first, 1);
    cr_expect_eq(own.second, 2);
    cr_assert(error_take_struct(&own, sizeof(own), &earlier));
    cr_expect_eq(own.first, 5);
    cr_expect_eq(own.second, 0);
    cr_expect_not(error_take_struct(&own, sizeof(own), &(struct known){0}));
    cr_expect_not(error_take_struct(&own, sizeof(own), NULL));
}

Test(errors, what_is_missing_is_named)
{
    struct segel_options none = SEGEL_INIT(none);
    struct segel_options unset = {0};
    struct segel *nothing = NULL;

    cr_expect_eq(segel_open(&none, &nothing, &error), SEGEL_USAGE);
    cr_expect(strstr(error.text, "address") != NULL, "%s", error.text);
    cr_expect_eq(segel_open(&unset, &nothing, &error), SEGEL_USAGE);
    cr_expect(strstr(error.text, "SEGEL_INIT") != NULL, "%s", error.text);
    cr_expect_null(nothing);
}

Test(steps, a_letter_is_one_of_path_bytes_and_digest)
{
    struct segel_plan *plan = bench_plan("seal");
    struct segel_letter letter = bench_letter("one");
    struct segel_prepared *prepared = NULL;

    letter.path = "letter.pdf";
    cr_expect_eq(segel_prepare(plan, &letter, &prepared, &error), SEGEL_USAGE);
    letter.path = letter.pdf = NULL;
    cr_expect_eq(segel_prepare(plan, &letter, &prepared, &error), SEGEL_USAGE);
    letter.digest = "short";
    letter.digest_len = 5;
    cr_expect_eq(segel_prepare(plan, &letter, &prepared, &error), SEGEL_USAGE);
    cr_expect(strstr(error.text, "32") != NULL, "%s", error.text);
    cr_expect_null(prepared);
    segel_plan_free(plan);
}

Test(steps, what_the_key_does_not_offer_is_said_before_anything_is_signed)
{
    struct segel_terms terms = SEGEL_INIT(terms);
    struct segel_plan *plan = NULL;

    terms.key = "seal";
    terms.document_class = "surat_keterangan";
    terms.approval = "ND/1/2026";
    terms.hash = "sha512";
    cr_expect_eq(segel_plan_make(segel, &terms, &plan, &error), SEGEL_USAGE);
    cr_expect_str_eq(error.reason, "not-offered");
    terms.hash = NULL;
    terms.profile = "pades-b-t";
    cr_expect_eq(segel_plan_make(segel, &terms, &plan, &error), SEGEL_USAGE);
    terms.profile = "nonsense";
    cr_expect_eq(segel_plan_make(segel, &terms, &plan, &error), SEGEL_USAGE);
    terms.key = "missing";
    cr_expect_eq(segel_plan_make(segel, &terms, &plan, &error), SEGEL_NOT_FOUND);
    cr_expect_null(plan);
}

/* --- Stamps ---------------------------------------------------------------------------
 */

static int plan_stamped(const char *stamp, struct segel_plan **plan)
{
    struct segel_look look = SEGEL_INIT(look);
    struct segel_terms terms = SEGEL_INIT(terms);

    look.title = "SEKRETARIS";
    terms.key = "seal";
    terms.document_class = "surat_keterangan";
    terms.approval = "ND/1/2026";
    terms.look = &look;
    terms.stamp = stamp;
    return segel_plan_make(segel, &terms, plan, &error);
}

/* The same with a template of one's own. */
static int plan_with(const char *text, struct segel_plan **plan)
{
    char path[32];
    int fd = memfd_create("stamp", 0);

    cr_assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    int code = plan_stamped(path, plan);
    (void)close(fd);
    return code;
}

Test(steps, a_template_brings_its_place_and_its_flaws_are_told)
{
    struct segel_plan *plan = NULL;
    struct segel_letter letter = bench_letter("stamped");
    struct segel_prepared *prepared = NULL;
    size_t len = 0;

    cr_expect_eq(plan_stamped("nonsense", &plan), SEGEL_USAGE);
    cr_expect_eq(plan_with("stamp Uji\nsize 9\n", &plan), SEGEL_USAGE);
    cr_expect(strstr(error.text, ":2: write size") != NULL, "%s", error.text);
    cr_expect_neq(
        plan_with("stamp Uji\nsize 90 9\nbox text\nsize 90 9\ntext {title}\n", &plan),
        SEGEL_OK);
    cr_expect(strstr(error.text, "leaves out the statement") != NULL, "%s", error.text);
    cr_expect_null(plan);
    cr_assert_eq(plan_with("stamp Uji\nsize 180 60\npage first\nat 5 5\nbox statement\n"
                           "size 180 40\nbox text\nat 0 42\nsize 180 18\ntext {title}\n",
                           &plan),
                 SEGEL_OK, "%s", error.text);
    cr_assert_eq(segel_prepare(plan, &letter, &prepared, &error), SEGEL_OK, "%s",
                 error.text);
    cr_assert_eq(segel_embed(prepared, "", 0, NULL, &error), SEGEL_OK);
    const char *pdf = (const char *)segel_prepared_pdf(prepared, &len);
    cr_expect_not_null(memmem(pdf, len, "/CIDFontType2", 13));
    segel_prepared_free(prepared);
    segel_plan_free(plan);
}

/* --- Who is there, and who may come in -----------------------------------------------
 */

static int open_with(const char *listener, const char *ca, const char *certificate)
{
    struct segel_options given = SEGEL_INIT(given);
    struct segel *other = NULL;
    char where[64];

    server_address(&server, listener, where);
    given.address = where;
    given.ca = server_file(&server, ca);
    given.certificate = server_file(&server, certificate);
    given.private_key = server_file(&server, "client.key");
    given.connect_ms = 5000;
    int code = segel_open(&given, &other, &error);
    segel_close(other);
    return code;
}

Test(steps, a_connection_that_cannot_be_had_says_why)
{
    cr_expect_eq(open_with("grpc", "ca.pem", "client.pem"), SEGEL_OK);
    cr_expect_eq(open_with("nobody", "ca.pem", "client.pem"), SEGEL_UNREACHABLE);
    cr_expect_eq(open_with("plain", "ca.pem", "client.pem"), SEGEL_UNREACHABLE);
    cr_expect_eq(open_with("grpc", "other.pem", "client.pem"), SEGEL_UNTRUSTED);
    cr_expect_eq(open_with("misnamed", "ca.pem", "client.pem"), SEGEL_UNTRUSTED);
    cr_expect_eq(open_with("grpc", "absent.pem", "client.pem"), SEGEL_USAGE);
    cr_expect_eq(open_with("grpc", "ca.pem", "server.pem"), SEGEL_USAGE,
                 "a key of another certificate");
}

/* --- Files ----------------------------------------------------------------------------
 */

static int prepare_file(const struct segel_plan *plan, const char *path)
{
    struct segel_letter letter = SEGEL_INIT(letter);
    struct segel_prepared *prepared = NULL;

    letter.request_id = "file";
    letter.path = path;
    int code = segel_prepare(plan, &letter, &prepared, &error);
    segel_prepared_free(prepared);
    return code;
}

Test(steps, what_is_no_letter_is_told_by_its_kind)
{
    struct segel_plan *plan = bench_plan("seal");
    const char *fifo = server_file(&server, "steps.fifo");
    const char *text = server_file(&server, "ca.pem");

    (void)unlink(fifo);
    cr_assert_eq(mkfifo(fifo, 0600), 0);
    cr_expect_eq(prepare_file(plan, fifo), SEGEL_FILE, "it does not wait for a writer");
    cr_expect_str_eq(error.reason, "unreadable");
    cr_expect_eq(prepare_file(plan, "/absent.pdf"), SEGEL_FILE);
    cr_expect_eq(prepare_file(plan, "/"), SEGEL_FILE);
    cr_expect_eq(prepare_file(plan, text), SEGEL_REFUSED);
    cr_expect_str_eq(error.reason, "no-header");
    segel_plan_free(plan);
}

Test(steps, an_output_that_cannot_be_written_leaves_nothing)
{
    struct segel_plan *plan = bench_plan("seal");
    struct segel_letter letter = bench_letter("nowhere");
    const struct segel_outcome *outcome = NULL;

    letter.output = "/absent/letter.pdf";
    cr_expect_eq(segel_sign(segel, plan, &letter, &outcome, &error), SEGEL_FILE);
    cr_expect_str_eq(error.reason, "not-written");
    cr_assert_not_null(outcome);
    cr_expect_gt(outcome->signature_len, 0, "what was signed is not lost");
    segel_outcome_free(outcome);
    segel_plan_free(plan);
}

/* --- Three steps -------------------------------------------------------------------- */

Test(steps, prepared_signed_and_embedded)
{
    struct segel_plan *plan = bench_plan("seal");
    struct segel_letter letter = bench_letter("three");
    struct segel_letter job = SEGEL_INIT(job);
    struct segel_prepared *prepared = NULL;
    const struct segel_outcome *outcome = NULL;
    size_t len = 0;

    cr_assert_eq(segel_prepare(plan, &letter, &prepared, &error), SEGEL_OK, "%s",
                 error.text);
    job.request_id = "three";
    job.digest = segel_prepared_digest(prepared, &job.digest_len);
    cr_expect_null(segel_prepared_pdf(prepared, &len));
    cr_assert_eq(segel_sign(segel, plan, &job, &outcome, &error), SEGEL_OK, "%s",
                 error.text);
    cr_assert_eq(
        segel_embed(prepared, outcome->signature, outcome->signature_len, NULL, &error),
        SEGEL_OK, "%s", error.text);
    const char *signed_pdf = (const char *)segel_prepared_pdf(prepared, &len);
    cr_assert_gt(len, letter_bytes.len);
    cr_expect_eq(memcmp(signed_pdf, letter_bytes.data, letter_bytes.len), 0);
    segel_outcome_free(outcome);
    segel_prepared_free(prepared);
    segel_plan_free(plan);
}

static void digest_at(const struct segel_plan *plan, int64_t time_us, uint8_t out[32])
{
    struct segel_letter letter = bench_letter("time");
    struct segel_prepared *prepared = NULL;
    size_t len = 0;

    letter.signing_time_us = time_us;
    cr_assert_eq(segel_prepare(plan, &letter, &prepared, &error), SEGEL_OK, "%s",
                 error.text);
    memcpy(out, segel_prepared_digest(prepared, &len), 32);
    cr_assert_eq(len, 32);
    segel_prepared_free(prepared);
}

/* On it rests that nothing is signed twice: after a crash the caller gives id and time
 * again, and the gateway finds the digest that it signed. */
Test(steps, same_letter_and_time_give_the_same_digest_and_another_time_another)
{
    struct segel_plan *plan = bench_plan("seal");
    uint8_t first[32];
    uint8_t again[32];
    uint8_t later[32];

    digest_at(plan, 1790000000000000, first);
    digest_at(plan, 1790000000000000, again);
    digest_at(plan, 1790000001000000, later);
    cr_expect_eq(memcmp(first, again, 32), 0);
    cr_expect_neq(memcmp(first, later, 32), 0);
    segel_plan_free(plan);
}

/* --- One call ----------------------------------------------------------------------- */

static int sign(const char *key, const char *id, const struct segel_outcome **outcome)
{
    struct segel_plan *plan = bench_plan(key);
    struct segel_letter letter = bench_letter(id);

    int code = segel_sign(segel, plan, &letter, outcome, &error);
    segel_plan_free(plan);
    return code;
}

Test(steps, an_id_that_is_known_is_a_conflict_also_in_words_of_the_policy)
{
    const struct segel_outcome *outcome = NULL;

    cr_expect_eq(sign("known", "one", &outcome), SEGEL_CONFLICT);
    cr_expect_str_eq(error.cp_section, "6.3.2");
    segel_outcome_free(outcome);
}

Test(steps, one_call_signs_a_letter)
{
    const struct segel_outcome *outcome = NULL;

    cr_assert_eq(sign("seal", "one-call", &outcome), SEGEL_OK, "%s", error.text);
    cr_expect_gt(outcome->pdf_len, letter_bytes.len);
    cr_expect_str_eq(outcome->request_id, "one-call");
    cr_expect_str_eq(outcome->log_origin, "test/log");
    segel_outcome_free(outcome);
}

Test(steps, a_denial_names_rule_and_section)
{
    const struct segel_outcome *outcome = NULL;

    cr_assert_eq(sign("refused", "denied", &outcome), SEGEL_DENIED);
    cr_expect_str_eq(error.reason, "CERT_EXPIRED");
    cr_expect_str_eq(error.rule, "CP-6.3-01");
    cr_expect_str_eq(error.cp_section, "6.3.2");
    cr_assert_not_null(outcome);
    cr_assert_eq(outcome->failure_count, 1);
    cr_expect_str_eq(outcome->failures[0].fact, "cert.not_after");
    cr_expect_null(outcome->pdf);
    segel_outcome_free(outcome);
}

Test(steps, a_refusal_has_the_gateways_word_or_that_of_its_code)
{
    const struct segel_outcome *outcome = NULL;

    cr_expect_eq(sign("reserved", "with-a-word", &outcome), SEGEL_BUSY);
    cr_expect_str_eq(error.reason, "DISK_RESERVE");
    segel_outcome_free(outcome);
    cr_expect_eq(sign("cancelling", "without", &outcome), SEGEL_CANCELLED);
    cr_expect_str_eq(error.reason, "cancelled");
    segel_outcome_free(outcome);
}

Test(steps, what_the_gateway_puts_off_is_asked_for_again)
{
    const struct segel_outcome *outcome = NULL;

    cr_expect_eq(sign("flaky", "put-off", &outcome), SEGEL_OK, "%s", error.text);
    segel_outcome_free(outcome);
}

Test(steps, a_signature_of_another_document_is_not_put_in)
{
    const struct segel_outcome *outcome = NULL;

    cr_expect_eq(sign("liar", "false", &outcome), SEGEL_FAULT);
    cr_expect_str_eq(error.reason, "false-answer");
    cr_expect_null(outcome->pdf);
    segel_outcome_free(outcome);
}

Test(steps, an_answer_to_another_request_is_no_answer)
{
    const struct segel_outcome *outcome = NULL;

    cr_expect_eq(sign("foreign", "mine", &outcome), SEGEL_FAULT);
    cr_expect_null(outcome);
}

Test(steps, terms_that_the_gateway_refuses_are_the_callers_fault)
{
    const struct segel_outcome *outcome = NULL;

    cr_expect_eq(sign("stubborn", "terms", &outcome), SEGEL_USAGE);
    cr_expect_str_eq(error.text, "the terms are unusable");
}
