#include <criterion/criterion.h>
#include <string.h>

#include "proto/quorum/asking_inside.h"
#include "segel/v1/approvals.pb-c.h"

/* What a guarded method's message asks for: one reading for gateway and approvers. */
#define CREATE  "/segel.v1.ApprovalService/CreateRequest"
#define RELEASE "/segel.v1.ApprovalService/ReleaseLockDown"

static struct asking asking;
static struct sg_error why;
static Segel__V1__CreateRequestRequest create;
static Segel__V1__UnlockPinTask unlock;
static struct {
    char id[65];
    char reason[300];
    char lane[80];
} text;

static void set_up(void)
{
    segel__v1__create_request_request__init(&create);
    segel__v1__unlock_pin_task__init(&unlock);
    text = (typeof(text)){"r-1", "the PIN file was mended", "lane0"};
    unlock.lane = text.lane;
    create.request_id = text.id;
    create.reason = text.reason;
    create.task_case = SEGEL__V1__CREATE_REQUEST_REQUEST__TASK_UNLOCK_PIN;
    create.unlock_pin = &unlock;
}

TestSuite(asking, .init = set_up);

Test(asking, a_message_is_read)
{
    cr_assert_eq(asking_read(CREATE, &create.base, &asking, &why), SG_OK, "%s", why.text);
    cr_expect_eq(asking.task, TASK_PIN_UNLOCK);
    cr_expect_str_eq(asking.object, "lane0");
    cr_expect_str_eq(asking.param, "-");
    cr_expect_str_eq(asking.reason, text.reason);
    cr_expect_str_eq(asking.request_id, text.id);
}

Test(asking, the_type_is_that_of_the_method)
{
    cr_expect_eq(asking_type(CREATE), &segel__v1__create_request_request__descriptor);
    cr_expect_eq(asking_type(RELEASE), &segel__v1__release_lock_down_request__descriptor);
    cr_expect_null(asking_type("/segel.v1.ApprovalService/Approve"), "it is not guarded");
}

Test(asking, what_breaks_its_limits_is_refused)
{
    text.lane[4] = ' ';
    cr_expect_eq(asking_read(CREATE, &create.base, &asking, &why), SG_INVALID);
    cr_expect_not_null(strstr(why.text, "unlock_pin.lane"), "%s", why.text);
    set_up();
    text.id[0] = '\0';
    cr_expect_eq(asking_read(CREATE, &create.base, &asking, &why), SG_INVALID);
    set_up();
    memset(text.reason, 'x', 257);
    text.reason[257] = '\0';
    cr_expect_eq(asking_read(CREATE, &create.base, &asking, &why), SG_INVALID);
    set_up();
    text.reason[2] = '\n';
    cr_expect_eq(asking_read(CREATE, &create.base, &asking, &why), SG_INVALID);
    set_up();
    create.task_case = SEGEL__V1__CREATE_REQUEST_REQUEST__TASK__NOT_SET;
    cr_expect_eq(asking_read(CREATE, &create.base, &asking, &why), SG_INVALID);
}

Test(asking, words_of_param_stand_in_their_order)
{
    asking = (struct asking){.param = "-"};
    cr_assert_eq(asking_word(&asking, "mode", "window", &why), SG_OK);
    cr_assert_eq(asking_time(&asking, "until", 1777687200000000, &why), SG_OK);
    cr_assert_eq(asking_number(&asking, "max", 20000, &why), SG_OK);
    cr_expect_str_eq(asking.param, "mode=window until=2026-05-02T02:00:00Z max=20000");
}

Test(asking, a_word_that_could_be_read_as_two_is_refused)
{
    char much[GRANT_PARAM_MAX + 1];

    asking = (struct asking){.param = "-"};
    cr_expect_eq(asking_word(&asking, "a", "1 b=2", &why), SG_INVALID);
    cr_expect_eq(asking_word(&asking, "a", "", &why), SG_INVALID);
    cr_expect_eq(asking_word(&asking, "a", "1\nb", &why), SG_INVALID);
    cr_expect_eq(asking_time(&asking, "until", 1, &why), SG_INVALID, "a fraction");
    cr_expect_str_eq(asking.param, "-", "nothing was added");
    memset(much, 'x', sizeof(much) - 1);
    much[sizeof(much) - 1] = '\0';
    cr_expect_eq(asking_word(&asking, "a", much, &why), SG_INVALID, "no room");
}
