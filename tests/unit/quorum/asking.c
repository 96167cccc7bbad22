#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "proto/quorum/asking_inside.h"
#include "proto/quorum/wanted.h"
#include "segel/v1/approvals.pb-c.h"
#include "segel/v1/policy.pb-c.h"

/* What a guarded method's message asks for: one reading for gateway and approvers. */
#define CREATE  "/segel.v1.ApprovalService/CreateRequest"
#define LOAD    "/segel.v1.PolicyService/LoadPolicy"
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

Test(asking, an_override_is_signed_with_all_its_bounds)
{
    static Segel__V1__OverrideTask task;
    char rule[] = "CP-4.9-02";
    char key[] = "seal-setda";
    char caller[] = "e-office";
    char class[] = "surat tugas";

    segel__v1__override_task__init(&task);
    task.rule = rule;
    task.key = key;
    task.caller = caller;
    task.until_us = 1777687200000000;
    task.max_jobs = 20;
    create.task_case = SEGEL__V1__CREATE_REQUEST_REQUEST__TASK_OVERRIDE_RULE;
    create.override_rule = &task;
    cr_assert_eq(asking_read(CREATE, &create.base, &asking, &why), SG_OK, "%s", why.text);
    cr_expect_eq(asking.task, TASK_OVERRIDE);
    cr_expect_str_eq(asking.object, rule);
    cr_expect_str_eq(asking.param, "key=seal-setda caller=e-office "
                                   "until=2026-05-02T02:00:00Z max=20");
    task.document_class = class;
    cr_expect_eq(asking_read(CREATE, &create.base, &asking, &why), SG_INVALID);
    class[5] = '_';
    cr_assert_eq(asking_read(CREATE, &create.base, &asking, &why), SG_OK);
    cr_expect_str_eq(asking.param, "key=seal-setda caller=e-office "
                                   "document_class=surat_tugas "
                                   "until=2026-05-02T02:00:00Z max=20");
    for (uint32_t max = 0; max <= 100001; max += 100001) {
        task.max_jobs = max;
        cr_expect_eq(asking_read(CREATE, &create.base, &asking, &why), SG_INVALID);
    }
}

/* The vector of grant.h: its key id is 43334615. */
#define VKEY                                                                             \
    "officer-b.example.go.id+43334615+ASVDuS/xCVURR2rcg2nbbdyTNmWhGXjdoUBO4QZsqVWd"

Test(asking, a_change_of_the_roster_names_keys_and_groups)
{
    static Segel__V1__OfficerTask task;
    char person[] = "officer-b";
    char role[] = "officer";
    char vkey[] = VKEY;
    char group[] = "two";
    char other[] = "an-officer";
    char *keys[] = {vkey};
    char *groups[] = {group, other};
    struct roster_change change;
    struct wanted wanted;
    uint8_t bytes[512];

    segel__v1__officer_task__init(&task);
    task.person = person;
    task.role = role;
    task.verifier_keys = keys;
    task.n_verifier_keys = 1;
    task.groups = groups;
    task.n_groups = 2;
    create.task_case = SEGEL__V1__CREATE_REQUEST_REQUEST__TASK_OFFICER;
    create.officer = &task;
    cr_assert_eq(asking_read(CREATE, &create.base, &asking, &why), SG_OK, "%s", why.text);
    cr_expect_eq(asking.task, TASK_OFFICER_ADD);
    cr_expect_str_eq(asking.object, person);
    cr_expect_str_eq(asking.param, "role=officer keys=43334615 groups=two,an-officer");
    size_t len = protobuf_c_message_pack(&create.base, bytes);
    cr_assert_eq(wanted_read(CREATE, slice_of(bytes, len), &wanted), SG_OK);
    wanted_officer(&wanted, &change);
    cr_expect(slice_equal(change.keys[0], slice_str(VKEY)));
    cr_expect(slice_equal(change.groups[1], slice_str(other)));
    wanted_fini(&wanted);
    task.remove = 1;
    cr_expect_eq(asking_read(CREATE, &create.base, &asking, &why), SG_INVALID);
    vkey[60] ^= 1; /* another key than its id says */
    task.remove = 0;
    cr_expect_eq(asking_read(CREATE, &create.base, &asking, &why), SG_INVALID);
}

Test(asking, a_policy_is_named_by_its_hash)
{
    Segel__V1__LoadPolicyRequest load;
    uint8_t bytes[] = {'a', 'b', 'c'};

    segel__v1__load_policy_request__init(&load);
    load.request_id = text.id;
    load.reason = text.reason;
    load.text.data = bytes;
    load.text.len = sizeof(bytes);
    cr_assert_eq(asking_read(LOAD, &load.base, &asking, &why), SG_OK, "%s", why.text);
    cr_expect_eq(asking.task, TASK_POLICY_LOAD);
    cr_expect_str_eq(asking.object, /* FIPS 180-2, B.1 */
                     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    cr_expect_str_eq(asking.param, "bytes=3");
    load.text.len = 0;
    cr_expect_eq(asking_read(LOAD, &load.base, &asking, &why), SG_INVALID);
    load.text.len = (1 << 20) + 1;
    cr_expect_eq(asking_read(LOAD, &load.base, &asking, &why), SG_INVALID);
}

Test(asking, what_was_kept_is_read_again_whole_or_not_at_all)
{
    uint8_t unknown[] = {0xf8, 0x07, 0x01}; /* field 127 */
    uint8_t bytes[] = {0x0a, 1, 'i', 0x12, 3, 'a', 'b', 'c', 0x1a, 1, 'r'};
    struct wanted wanted;

    cr_assert_eq(wanted_read(LOAD, slice_of(bytes, sizeof(bytes)), &wanted), SG_OK);
    cr_expect(slice_equal(wanted_policy(&wanted), slice_str("abc")));
    wanted_fini(&wanted);
    cr_expect_eq(wanted_read(LOAD, slice_of(unknown, 3), &wanted), SG_CORRUPT);
    cr_expect_eq(wanted_read(LOAD, slice_of(bytes, 4), &wanted), SG_CORRUPT);
    cr_expect_eq(wanted_read(LOAD, slice_of(bytes, 8), &wanted), SG_CORRUPT, "no reason");
    cr_expect_eq(
        wanted_read("/segel.v1.LogService/ListRecords", slice_of(bytes, 5), &wanted),
        SG_UNSUPPORTED);
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

Test(asking, the_refusals_name_the_limits)
{
    char id[32];
    char reason[32];

    (void)snprintf(id, sizeof(id), "1 to %d bytes", ASKING_ID_MAX);
    (void)snprintf(reason, sizeof(reason), "1 to %d bytes", ASKING_REASON_MAX);
    cr_expect_not_null(strstr(asking_bad_id, id));
    cr_expect_not_null(strstr(asking_bad_reason, reason));
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
