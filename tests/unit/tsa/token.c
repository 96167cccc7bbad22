#include "gateway/tsa/token.h"

#include <criterion/criterion.h>
#include <time.h>

#include "tests/fixtures/tsa_stamp.h"

/* What an authority answers, judged without a network. */

enum { US_PER_S = 1000000 };
static struct authority authority;
static struct tsa_trust trust;
static TS_REQ *question;
static uint8_t asked[TSA_QUESTION_MAX];
static size_t asked_len;
static struct tsa_token token;
static struct sg_error why;

static int64_t now_us(void)
{
    return (int64_t)time(NULL) * US_PER_S;
}

static void set_up(void)
{
    static const uint8_t digest[32] = {7};

    authority_make(&authority, NULL);
    trust = (struct tsa_trust){.anchors = X509_STORE_new(), .skew_us = 60L * US_PER_S};
    cr_assert(X509_STORE_add_cert(trust.anchors, authority.root) == 1);
    cr_assert_eq(token_question(&trust, SG_HASH_SHA256, digest, &question), SG_OK);
    cr_assert_eq(token_pack(question, asked, &asked_len), SG_OK);
}

static void tear_down(void)
{
    TS_REQ_free(question);
    X509_STORE_free(trust.anchors);
    authority_fini(&authority);
}

TestSuite(token, .init = set_up, .fini = tear_down);

static enum sg_status judge_at(enum fault fault, int64_t at_us)
{
    uint8_t *reply = NULL;
    size_t len = stamp(&authority, fault, asked, asked_len, &reply);

    why.text[0] = '\0';
    const struct tsa_answer answer = {question, slice_of(reply, len), at_us};
    enum sg_status status = token_judge(&trust, &answer, &token, &why);
    OPENSSL_free(reply);
    return status;
}

static enum sg_status judge(enum fault fault)
{
    return judge_at(fault, now_us());
}

Test(token, a_sound_answer_is_believed_and_read)
{
    cr_assert_eq(judge(FAULT_NONE), SG_OK, "%s", why.text);
    cr_expect(token.len > 500 && token.der[0] == 0x30);
    cr_expect(token.time_us <= now_us() && token.time_us > now_us() - 10L * US_PER_S);
    cr_expect_str_eq(token.serial, "03E9");
}

Test(token, an_answer_with_a_fault_is_not)
{
    static const enum fault faults[] = {FAULT_NONCE,  FAULT_IMPRINT, FAULT_PAST,
                                        FAULT_FUTURE, FAULT_EXPIRED, FAULT_STRANGER,
                                        FAULT_BARE,   FAULT_FORGED,  FAULT_GARBAGE,
                                        FAULT_REJECT, FAULT_TAIL,    FAULT_LARGE};

    for (size_t i = 0; i < SG_COUNT(faults); i++) {
        cr_expect_eq(judge(faults[i]), SG_INVALID, "fault %d", (int)faults[i]);
        cr_expect_neq(why.text[0], '\0', "fault %d", (int)faults[i]);
    }
}

Test(token, an_answer_cut_short_is_not)
{
    uint8_t *reply = NULL;
    size_t len = stamp(&authority, FAULT_NONE, asked, asked_len, &reply);

    for (size_t i = 0; i < len; i++) {
        const struct tsa_answer answer = {question, slice_of(reply, i), now_us()};
        cr_assert_eq(token_judge(&trust, &answer, &token, &why), SG_INVALID, "%zu", i);
    }
    OPENSSL_free(reply);
}

/* The authority states an accuracy of one second. */
Test(token, its_time_and_accuracy_lie_within_the_skew)
{
    trust.skew_us = 20L * US_PER_S;
    cr_expect_eq(judge_at(FAULT_NONE, now_us() + 15L * US_PER_S), SG_OK, "%s", why.text);
    cr_expect_eq(judge_at(FAULT_NONE, now_us() - 15L * US_PER_S), SG_OK);
    cr_expect_eq(judge_at(FAULT_NONE, now_us() + 25L * US_PER_S), SG_INVALID);
    cr_expect_eq(judge_at(FAULT_NONE, now_us() - 25L * US_PER_S), SG_INVALID);
    trust.skew_us = US_PER_S / 2;
    cr_expect_eq(judge_at(FAULT_NONE, now_us()), SG_INVALID);
}

Test(token, two_questions_about_one_digest_differ)
{
    static const uint8_t digest[32] = {7};
    uint8_t other[TSA_QUESTION_MAX];
    TS_REQ *again = NULL;
    size_t len = 0;

    cr_assert_eq(token_question(&trust, SG_HASH_SHA256, digest, &again), SG_OK);
    cr_assert_eq(token_pack(again, other, &len), SG_OK);
    cr_expect_neq(slice_equal(slice_of(asked, asked_len), slice_of(other, len)), true);
    TS_REQ_free(again);
}

Test(token, its_certificates_lead_to_the_anchor)
{
    uint8_t chain[TSA_CHAIN_MAX];
    size_t len = 0;
    int own = i2d_X509(authority.good.cert, NULL);
    int root = i2d_X509(authority.root, NULL);

    cr_assert_eq(judge(FAULT_NONE), SG_OK);
    cr_assert_eq(token_chain(&trust, slice_of(token.der, token.len), chain, &len), SG_OK);
    cr_expect_eq(len, (size_t)(own + root));
    cr_expect_eq(token_chain(&trust, slice_of(token.der, token.len / 2), chain, &len),
                 SG_INVALID);
}
