#include "gateway/service/policy/hindsight.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "gateway/policy/policy.h"
#include "tests/unit/ledger/support/book.h"
#include "tests/unit/policy/support/logging.h"
#include "tests/unit/policy/support/parse.h"

/* A log with one decision, and the record of the key that it was made by. */

static struct book book;

static void set_up(void)
{
    book_make(&book);
    book_open(&book);
}

static void tear_down(void)
{
    book_close(&book);
    book_remove(&book);
}

TestSuite(hindsight, .init = set_up, .fini = tear_down);

static void add(const struct record_text *record)
{
    cr_assert_eq(ledger_begin(book.ledger), SG_OK);
    cr_assert_eq(ledger_append(book.ledger, record_slice(record), NULL), SG_OK);
    cr_assert_eq(ledger_commit(book.ledger), SG_OK);
}

/* The same policy looks back, with "find" in the key's record made "put". */
static struct policy_effect effect_with(const char *find, const char *put)
{
    struct policy *policy = lawful(RULES BITS NOTICE);
    const struct facts facts = lawful_job();
    struct policy_effect effect;
    struct record_text record;

    book_add(&book, KEY_INDEX);
    log_key(policy, &facts, &record);
    record_edit(&record, find, put);
    add(&record);
    book_add(&book, DECISION_INDEX - KEY_INDEX - 1);
    log_decision(policy, &facts, &record);
    add(&record);
    hindsight(book.path, policy, &effect);
    policy_free(policy);
    return effect;
}

Test(hindsight, the_policy_in_force_decides_as_it_did)
{
    const struct policy_effect effect = effect_with("\"v\":1", "\"v\":1");

    cr_expect(effect.known);
    cr_expect_eq(effect.compared, 1);
    cr_expect_eq(effect.incomplete + effect.newly_denied + effect.newly_allowed, 0);
}

Test(hindsight, a_key_whose_record_cannot_be_used_is_incomplete)
{
    const struct policy_effect effect = effect_with("\"v\":1", "\"v\":2");

    cr_expect(effect.known);
    cr_expect_eq(effect.compared, 1);
    cr_expect_eq(effect.incomplete, 1);
}
