#include <criterion/criterion.h>
#include <string.h>

#include "client/commands/ceremony/action.h"

/* What a ceremony that people lead makes of the key that the gateway tells. */

static Segel__V1__Key key;
static struct sg_error why;
static bool done;

static enum sg_status judge(enum action_kind action, Segel__V1__KeyState state)
{
    key.state = state;
    return act_judge(&key, action, &done, &why);
}

static void begin(void)
{
    segel__v1__key__init(&key);
    why.text[0] = '\0';
}

TestSuite(settle, .init = begin);

Test(settle, waits_while_the_token_is_at_it)
{
    key.ceremony = (char[]){"g-1"};
    key.trouble = (char[]){"of an earlier one"};
    cr_expect_eq(judge(ACTION_KEY_DESTROY, SEGEL__V1__KEY_STATE__KEY_STATE_DESTROYED),
                 SG_OK);
    cr_expect_not(done);
    cr_expect_eq(act_judge(NULL, ACTION_KEY_DESTROY, &done, &why), SG_OK);
    cr_expect_not(done);
}

Test(settle, is_over_where_the_key_stands_as_it_was_wanted)
{
    cr_expect_eq(judge(ACTION_KEY_GENERATE, SEGEL__V1__KEY_STATE__KEY_STATE_GENERATED),
                 SG_OK);
    cr_expect(done);
    cr_expect_eq(judge(ACTION_CERT_ACCEPT, SEGEL__V1__KEY_STATE__KEY_STATE_ACCEPTED),
                 SG_OK);
    cr_expect(done);
    cr_expect_eq(judge(ACTION_KEY_DESTROY, SEGEL__V1__KEY_STATE__KEY_STATE_DESTROYED),
                 SG_OK);
    cr_expect(done);
}

Test(settle, an_empty_slot_is_the_end_of_a_destruction_and_of_nothing_else)
{
    cr_expect_eq(judge(ACTION_KEY_DESTROY, SEGEL__V1__KEY_STATE__KEY_STATE_UNSPECIFIED),
                 SG_OK);
    cr_expect(done);
    cr_expect_eq(judge(ACTION_KEY_GENERATE, SEGEL__V1__KEY_STATE__KEY_STATE_UNSPECIFIED),
                 SG_OK);
    cr_expect_not(done);
}

Test(settle, trouble_is_told_as_the_gateway_words_it)
{
    key.trouble = (char[]){"not destroyed as a whole"};
    cr_expect_eq(judge(ACTION_KEY_DESTROY, SEGEL__V1__KEY_STATE__KEY_STATE_RETIRED),
                 SG_HSM);
    cr_expect_str_eq(why.text, "not destroyed as a whole");
}

Test(settle, a_key_that_is_refused_is_not_waited_for)
{
    Segel__V1__KeyRefusal refusal;
    Segel__V1__KeyRefusal *list[] = {&refusal};

    segel__v1__key_refusal__init(&refusal);
    refusal.message = (char[]){"the token does not offer it"};
    key.refusals = list;
    key.n_refusals = 1;
    cr_expect_eq(judge(ACTION_CERT_ACCEPT, SEGEL__V1__KEY_STATE__KEY_STATE_REFUSED),
                 SG_PRECONDITION);
    cr_expect_str_eq(why.text, "the token does not offer it");
    cr_expect_not(done);
}

Test(settle, a_key_that_was_held_or_reported_meanwhile_is_not_waited_for)
{
    static const enum action_kind actions[] = {ACTION_KEY_GENERATE, ACTION_CERT_ACCEPT};

    for (size_t i = 0; i < SG_COUNT(actions); i++) {
        cr_expect_eq(judge(actions[i], SEGEL__V1__KEY_STATE__KEY_STATE_HELD),
                     SG_PRECONDITION);
        cr_expect_not_null(strstr(why.text, "somebody has held the key"));
        cr_expect_eq(judge(actions[i], SEGEL__V1__KEY_STATE__KEY_STATE_COMPROMISED),
                     SG_HSM);
        cr_expect_not_null(strstr(why.text, "can only be destroyed"));
        cr_expect_not(done);
    }
    cr_expect_eq(judge(ACTION_KEY_DESTROY, SEGEL__V1__KEY_STATE__KEY_STATE_COMPROMISED),
                 SG_OK);
}
