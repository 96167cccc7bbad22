#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "proto/quorum/asking_inside.h"
#include "proto/quorum/param.h"
#include "segel/v1/keys.pb-c.h"

/* What is signed to activate, to release and to follow a key. */
#define ACTIVATE   "/segel.v1.KeyService/ActivateKey"
#define RELEASE    "/segel.v1.KeyService/ReleaseKey"
#define ROTATE     "/segel.v1.KeyService/RotateKey"
#define MODE(name) SEGEL__V1__ACTIVATION_MODE__ACTIVATION_MODE_##name

static struct asking asking;
static struct sg_error why;
static Segel__V1__ActivateKeyRequest activate;
static Segel__V1__Activation activation;
static Segel__V1__ReleaseKeyRequest release;
static Segel__V1__RotateKeyRequest rotate;
static char id[] = "r-1";
static char reason[] = "letters of the day";
static char key[] = "seal-setda";
static char successor[80];

static void set_up(void)
{
    segel__v1__activate_key_request__init(&activate);
    segel__v1__activation__init(&activation);
    segel__v1__release_key_request__init(&release);
    segel__v1__rotate_key_request__init(&rotate);
    (void)snprintf(successor, sizeof(successor), "seal-2027");
    activate.request_id = release.request_id = rotate.request_id = id;
    activate.reason = release.reason = rotate.reason = reason;
    activate.key = release.key = rotate.key = key;
    activate.activation = &activation;
    rotate.successor = successor;
}

TestSuite(asking_keys, .init = set_up);

static enum sg_status ask_activate(void)
{
    return asking_read(ACTIVATE, &activate.base, &asking, &why);
}

static void expect_param(const char *wanted)
{
    cr_assert_eq(ask_activate(), SG_OK, "%s", why.text);
    cr_expect_eq(asking.task, TASK_KEY_ACTIVATE);
    cr_expect_str_eq(asking.object, key);
    cr_expect_str_eq(asking.param, wanted);
}

Test(asking_keys, all_that_bounds_an_activation_is_signed)
{
    activation.mode = MODE(ONE_TIME);
    expect_param("mode=one_time");
    activation.mode = MODE(COUNT);
    activation.max_jobs = 20000;
    expect_param("mode=count max=20000");
    activation.mode = MODE(WINDOW);
    activation.until_us = 1777716000000000;
    activation.idle_limit_s = 600;
    expect_param("mode=window until=2026-05-02T10:00:00Z max=20000 idle_s=600");
    activation.max_jobs = 0;
    activation.idle_limit_s = 0;
    expect_param("mode=window until=2026-05-02T10:00:00Z");
}

static const struct {
    const char *named; /* in the sentence */
    int mode;
    int64_t until_us;
    uint64_t max;
    uint64_t used;
    uint32_t idle_s;
} wrong[] = {
    {"mode", 0, 0, 0, 0, 0},
    {"mode", 9, 0, 0, 0, 0},
    {"max_jobs", MODE(COUNT), 0, 0, 0, 0},
    {"max_jobs", MODE(COUNT), 0, 10000001, 0, 0},
    {"max_jobs", MODE(ONE_TIME), 0, 2, 0, 0},
    {"until_us", MODE(WINDOW), 0, 0, 0, 0},
    {"until_us", MODE(COUNT), 1000000, 5, 0, 0},
    {"until", MODE(WINDOW), 1, 0, 0, 0},
    {"until", MODE(WINDOW), -1000000, 0, 0, 0},
    {"idle_limit_s", MODE(COUNT), 0, 5, 0, 86401},
    {"used_jobs", MODE(COUNT), 0, 5, 1, 0},
};

Test(asking_keys, what_no_activation_can_be_is_refused)
{
    for (size_t i = 0; i < SG_COUNT(wrong); i++) {
        segel__v1__activation__init(&activation);
        activation.mode = (Segel__V1__ActivationMode)wrong[i].mode;
        activation.until_us = wrong[i].until_us;
        activation.max_jobs = wrong[i].max;
        activation.used_jobs = wrong[i].used;
        activation.idle_limit_s = wrong[i].idle_s;
        cr_expect_eq(ask_activate(), SG_INVALID, "row %zu", i);
        cr_expect_neq(strstr(why.text, wrong[i].named), NULL, "row %zu: %s", i, why.text);
    }
    activate.activation = NULL;
    cr_expect_eq(ask_activate(), SG_INVALID);
}

Test(asking_keys, a_release_and_a_rotation_are_read)
{
    cr_assert_eq(asking_read(RELEASE, &release.base, &asking, &why), SG_OK);
    cr_expect_eq(asking.task, TASK_KEY_RELEASE);
    cr_expect_str_eq(asking.object, key);
    cr_expect_str_eq(asking.param, "-");
    cr_assert_eq(asking_read(ROTATE, &rotate.base, &asking, &why), SG_OK);
    cr_expect_eq(asking.task, TASK_KEY_ROTATE);
    cr_expect_str_eq(asking.param, "successor=seal-2027 overlap_days=0");
}

Test(asking_keys, a_rotation_out_of_its_bounds_is_refused)
{
    rotate.overlap_days = 90;
    cr_expect_eq(asking_read(ROTATE, &rotate.base, &asking, &why), SG_OK);
    rotate.overlap_days = 91;
    cr_expect_eq(asking_read(ROTATE, &rotate.base, &asking, &why), SG_INVALID);
    rotate.overlap_days = 0;
    (void)snprintf(successor, sizeof(successor), "two words");
    cr_expect_eq(asking_read(ROTATE, &rotate.base, &asking, &why), SG_INVALID);
}

Test(asking_keys, what_was_signed_is_read_again)
{
    static const char param[] = "mode=window until=2026-05-02T10:00:00Z max=20";
    struct slice word;
    uint64_t number = 9;
    int64_t us = 9;

    cr_expect(param_word(param, "mode", &word));
    cr_expect(slice_equal(word, slice_str("window")));
    cr_expect_not(param_word(param, "mod", &word));
    cr_expect_not(param_word(param, "ax", &word));
    cr_expect_not(param_word("-", "mode", &word));
    cr_expect_eq(param_number(param, "max", 20, &number), SG_OK);
    cr_expect_eq(number, 20);
    cr_expect_eq(param_number(param, "max", 19, &number), SG_CORRUPT);
    cr_expect_eq(param_number(param, "idle_s", 19, &number), SG_OK);
    cr_expect_eq(number, 0);
    cr_expect_eq(param_time(param, "until", &us), SG_OK);
    cr_expect_eq(us, 1777716000000000);
    cr_expect_eq(param_time(param, "max", &us), SG_CORRUPT);
}
