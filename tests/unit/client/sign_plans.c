#include "client/commands/sign/plans.h"

#include <criterion/criterion.h>

#include "client/commands/sign/sent.h"
#include "client/segel/gateway.h"
#include "client/segel/plan.h"
#include "tests/unit/client/support/home.h"

/* Plans of a run that takes longer than what the gateway said is believed. */

LINK_BEFORE_ALL_TESTS
LINK_AFTER_ALL_TESTS

static struct sign_plans plans;
static struct sign_plan plan = {.visible = false};

static void open_plans(void)
{
    home_move_in();
    segel__v1__sign_terms__init(&plan.terms);
    plan.terms.document_class = sg_unconst_text("surat_keterangan");
    plan.terms.approval_ref = sg_unconst_text("ND-1");
    plan.terms.profile = (Segel__V1__SignatureProfile)SG_PROFILE_PADES_B_B;
    cr_assert_eq(sign_plans_open(&plans, &home, &why), SG_OK, "%s", why.text);
}

static void close_plans(void)
{
    sign_plans_close(&plans);
    home_move_out();
}

TestSuite(sign_plans, .init = open_plans, .fini = close_plans, .timeout = 30);

/* How often the gateway had been asked about the key when it said what the plan has. */
static int64_t told(void)
{
    struct segel_plan *made = NULL;
    struct segel_error error;

    cr_assert_eq(sign_plans_get(&plans, &plan, &made, &error), SEGEL_OK, "%s",
                 error.text);
    return made->signer->certificate_not_after_us;
}

static void let_a_minute_pass(void)
{
    for (size_t i = 0; i < OFFERS_KEPT; i++) {
        plans.segel->offers.rows[i].until_us = 0;
    }
    plans.rows[0].plan->told_us -= OFFERS_FRESH_US;
}

Test(sign_plans, what_a_run_was_told_is_asked_again_after_a_minute)
{
    plan.terms.key = sg_unconst_text("counted-runs");
    int64_t first = told();

    cr_expect_eq(told(), first);
    let_a_minute_pass();
    cr_expect_eq(told(), first + 1);
    cr_expect_eq(told(), first + 1);
}

static void go_behind(const char *listener)
{
    static char there[64];

    server_address(&server, listener, there);
    channel_close(plans.segel->channel);
    plans.segel->channel = NULL;
    plans.segel->way.options.address = there;
}

/* It may be back at once, as the letters under way wait for. */
Test(sign_plans, what_a_run_was_told_stays_while_nobody_can_be_asked)
{
    plan.terms.key = sg_unconst_text("counted-away");
    int64_t first = told();

    go_behind("nobody");
    let_a_minute_pass();
    cr_expect_eq(told(), first);
    go_behind("grpc");
    cr_expect_eq(told(), first, "asked again at once");
    plans.rows[0].again_us = 0;
    cr_expect_eq(told(), first + 1);
}

/* Its plan may have been made anew since, and the key have another first hash. */
Test(sign_plans, a_letter_is_sent_with_the_hash_that_the_journal_has)
{
    const struct sign_row row = {.options = {.key = "seal",
                                             .profile = "pades-b-b",
                                             .document_class = "surat_keterangan",
                                             .approval = "ND-1",
                                             .mandate = "",
                                             .batch = "",
                                             .lang = "en"}};
    struct journal_letter letter = {.room = 4096, .hash = SG_HASH_SHA384};
    struct sign_way way = {.plans = &plans};
    struct sign_asked asked = {.number = 0};
    struct sign_wanted wanted;
    struct segel_error error;

    cr_assert_eq(
        journal_make(in_home("journal"), "00112233445566aa", false, &way.journal, &why),
        SG_OK, "%s", why.text);
    cr_assert_eq(journal_add(way.journal, &letter, "a.pdf", "a.pdf", &why), SG_OK);
    cr_expect_eq(sign_plan_get(&way, &row, &asked, &wanted, &error), SEGEL_OK);
    cr_expect_str_eq(segel_plan_hash(wanted.terms), "sha256");
    asked.number = letter.number;
    cr_expect_eq(sign_plan_get(&way, &row, &asked, &wanted, &error), SEGEL_OK);
    cr_expect_str_eq(segel_plan_hash(wanted.terms), "sha384");
    journal_remove(way.journal);
}
