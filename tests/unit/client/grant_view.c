#define _GNU_SOURCE /* memmem */
#include <criterion/criterion.h>
#include <openssl/sha.h>
#include <string.h>

#include "client/commands/request/grant_view.h"

/* What a gateway shows of a request, lawful; each test spoils one thing. */
static struct {
    Segel__V1__GetRequestResponse got;
    Segel__V1__Approval approval;
    uint8_t message[512];
    uint8_t hash[32];
    uint8_t policy[32];
    char text[GRANT_TEXT_MAX];
} shown;
static struct grant_view view;
static struct sg_error why;

static char id[] = "g-1";
static char requester[] = "officer-a";
static char method[] = "/segel.v1.ApprovalService/CreateRequest";
static char lane[] = "lane0";
static char origin[] = "log.example/kota";
static char reason[] = "PIN file restored";

static void show_text(const char *object)
{
    struct grant grant = {.action = TASK_PIN_UNLOCK, .not_after_us = 1777000000000000};
    size_t len = 0;

    (void)snprintf(grant.log, sizeof(grant.log), "%s", shown.got.log_origin);
    (void)snprintf(grant.id, sizeof(grant.id), "%s", id);
    (void)snprintf(grant.object, sizeof(grant.object), "%s", object);
    (void)snprintf(grant.param, sizeof(grant.param), "-");
    (void)snprintf(grant.requester, sizeof(grant.requester), "%s", requester);
    memcpy(grant.request, shown.hash, sizeof(grant.request));
    memcpy(grant.policy, shown.policy, sizeof(grant.policy));
    cr_assert_eq(grant_write(&grant, shown.text, &len), SG_OK);
    shown.got.grant_text.data = (uint8_t *)shown.text;
    shown.got.grant_text.len = len;
}

static void hash_message(void)
{
    (void)SHA256(shown.message, shown.got.request.len, shown.hash);
    shown.got.request_sha256.data = shown.hash;
    shown.got.request_sha256.len = sizeof(shown.hash);
}

static void set_up(void)
{
    Segel__V1__CreateRequestRequest request;
    Segel__V1__UnlockPinTask task;

    segel__v1__create_request_request__init(&request);
    segel__v1__unlock_pin_task__init(&task);
    segel__v1__get_request_response__init(&shown.got);
    segel__v1__approval__init(&shown.approval);
    task.lane = lane;
    request.request_id = id;
    request.reason = reason;
    request.task_case = SEGEL__V1__CREATE_REQUEST_REQUEST__TASK_UNLOCK_PIN;
    request.unlock_pin = &task;
    shown.got.request.data = shown.message;
    shown.got.request.len = protobuf_c_message_pack(&request.base, shown.message);
    shown.got.method = method;
    shown.got.log_origin = origin;
    shown.got.approval = &shown.approval;
    shown.approval.id = id;
    shown.approval.requester = requester;
    shown.approval.not_after_us = 1777000000000000;
    shown.got.policy_sha256.data = shown.policy;
    shown.got.policy_sha256.len = sizeof(shown.policy);
    hash_message();
    show_text(lane);
}

TestSuite(grant_view, .init = set_up);

Test(grant_view, a_lawful_request_is_understood)
{
    cr_assert_eq(grant_view_make(&shown.got, &view, &why), SG_OK, "%s", why.text);
    cr_expect_eq(view.grant.action, TASK_PIN_UNLOCK);
    cr_expect_str_eq(view.grant.object, "lane0");
    cr_expect_str_eq(view.reason, "PIN file restored");
    cr_expect_eq(view.text_len, shown.got.grant_text.len);
}

Test(grant_view, a_text_for_another_log_than_is_told_is_not_signed)
{
    static char other[] = "log.example/test";

    cr_assert_eq(grant_view_make(&shown.got, &view, &why), SG_OK, "%s", why.text);
    cr_expect_str_eq(view.grant.log, "log.example/kota");
    shown.got.log_origin = other;
    cr_expect_eq(grant_view_make(&shown.got, &view, &why), SG_CORRUPT);
}

Test(grant_view, a_text_about_something_else_is_not_signed)
{
    show_text("lane1");
    cr_expect_eq(grant_view_make(&shown.got, &view, &why), SG_CORRUPT);
}

Test(grant_view, other_bytes_than_those_of_the_text_are_not_signed)
{
    char *found = memmem(shown.message, shown.got.request.len, "lane0", 5);

    cr_assert_not_null(found);
    found[4] = '1'; /* the same length; the gateway shows the old text and hash */
    cr_expect_eq(grant_view_make(&shown.got, &view, &why), SG_CORRUPT);
    hash_message(); /* and now a hash that fits */
    cr_expect_eq(grant_view_make(&shown.got, &view, &why), SG_CORRUPT);
}

Test(grant_view, what_this_program_does_not_know_is_not_signed)
{
    static char other[] = "/segel.v1.KeyService/DestroyKey";

    shown.got.method = other;
    cr_expect_eq(grant_view_make(&shown.got, &view, &why), SG_UNSUPPORTED);
}

/* What is served and has no words, nobody could ever agree to by this program. */
Test(grant_view, each_task_for_several_persons_has_words)
{
    static const unsigned persons[TASK_COUNT] = {
#define TASK(id, name, least, reviewers) [TASK_##id] = (least),
#include "proto/quorum/tasks.def"
#undef TASK
    };

    for (int task = 0; task < TASK_COUNT; task++) {
        cr_expect_eq(grant_view_knows((enum task)task), persons[task] > 1, "%s",
                     task_name((enum task)task));
    }
}

Test(grant_view, a_field_that_this_program_does_not_know_is_not_signed)
{
    /* field 100, varint 1 */
    memcpy(shown.message + shown.got.request.len, "\xA0\x06\x01", 3);
    shown.got.request.len += 3;
    hash_message();
    show_text(lane);
    cr_expect_eq(grant_view_make(&shown.got, &view, &why), SG_UNSUPPORTED);
}

Test(grant_view, nor_one_that_stands_inside_of_another)
{
    /* unlock_pin, of 7 bytes: lane */
    uint8_t *found = memmem(shown.message, shown.got.request.len, "\x2A\x07\x0A\x05", 4);

    cr_assert_not_null(found);
    cr_assert_eq(found + 9, shown.message + shown.got.request.len,
                 "it is the last field");
    found[1] += 3;
    memcpy(found + 9, "\xA0\x06\x01", 3); /* field 100, varint 1 */
    shown.got.request.len += 3;
    hash_message();
    show_text(lane);
    cr_expect_eq(grant_view_make(&shown.got, &view, &why), SG_UNSUPPORTED);
}

Test(grant_view, a_policy_that_is_not_shown_is_not_signed)
{
    shown.got.policy_sha256.len = 0;
    cr_expect_eq(grant_view_make(&shown.got, &view, &why), SG_CORRUPT);
}
