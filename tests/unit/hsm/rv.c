#include "hsm/token/rv.h"

#include <criterion/criterion.h>

struct expectation {
    CK_RV rv;
    enum failure failure;
    enum again again;
};

/* Written down by number, apart from the table of the program: a slip in one shows. */
static const struct expectation EXPECTED[] = {
    {0x00, FAILURE_NONE, AGAIN_NEVER},     {0x20, FAILURE_REQUEST, AGAIN_NEVER},
    {0x21, FAILURE_REQUEST, AGAIN_NEVER},  {0x62, FAILURE_REQUEST, AGAIN_NEVER},
    {0x63, FAILURE_REQUEST, AGAIN_NEVER},  {0x70, FAILURE_REQUEST, AGAIN_NEVER},
    {0x71, FAILURE_REQUEST, AGAIN_NEVER},  {0x68, FAILURE_REQUEST, AGAIN_FIND},
    {0xb3, FAILURE_SESSION, AGAIN_FRESH},  {0xb0, FAILURE_SESSION, AGAIN_FRESH},
    {0x90, FAILURE_SESSION, AGAIN_FRESH},  {0x91, FAILURE_SESSION, AGAIN_FRESH},
    {0x150, FAILURE_SESSION, AGAIN_FRESH}, {0xb1, FAILURE_SESSION, AGAIN_NEVER},
    {0x82, FAILURE_HANDLE, AGAIN_FIND},    {0x60, FAILURE_HANDLE, AGAIN_FIND},
    {0x101, FAILURE_LOGIN, AGAIN_NEVER},   {0x102, FAILURE_LOGIN, AGAIN_NEVER},
    {0x30, FAILURE_DEVICE, AGAIN_NEVER},   {0x31, FAILURE_DEVICE, AGAIN_NEVER},
    {0x32, FAILURE_DEVICE, AGAIN_NEVER},   {0xe0, FAILURE_DEVICE, AGAIN_NEVER},
    {0xe1, FAILURE_DEVICE, AGAIN_NEVER},   {0xe2, FAILURE_DEVICE, AGAIN_NEVER},
    {0x190, FAILURE_DEVICE, AGAIN_NEVER},  {0x05, FAILURE_DEVICE, AGAIN_NEVER},
    {0x06, FAILURE_DEVICE, AGAIN_WAIT},    {0x02, FAILURE_DEVICE, AGAIN_NEVER},
    {0x100, FAILURE_DEVICE, AGAIN_NEVER},  {0xa0, FAILURE_LATCHED, AGAIN_NEVER},
    {0xa1, FAILURE_LATCHED, AGAIN_NEVER},  {0xa2, FAILURE_LATCHED, AGAIN_NEVER},
    {0xa3, FAILURE_LATCHED, AGAIN_NEVER},  {0xa4, FAILURE_LATCHED, AGAIN_NEVER},
};

Test(rv, every_code_has_its_class)
{
    for (size_t i = 0; i < SG_COUNT(EXPECTED); i++) {
        CK_RV rv = EXPECTED[i].rv;
        cr_expect_eq(rv_failure(rv), EXPECTED[i].failure, "0x%lx %s", rv, rv_name(rv));
        cr_expect_eq(rv_again(rv), EXPECTED[i].again, "0x%lx %s", rv, rv_name(rv));
    }
}

Test(rv, only_success_is_no_failure)
{
    for (CK_RV rv = 1; rv < 0x400; rv++) {
        cr_expect_neq(rv_failure(rv), FAILURE_NONE, "0x%lx", rv);
    }
}

Test(rv, a_code_that_nobody_knows_is_a_broken_device)
{
    cr_expect_eq(rv_failure(CKR_VENDOR_DEFINED + 7), FAILURE_DEVICE);
    cr_expect_eq(rv_again(CKR_VENDOR_DEFINED + 7), AGAIN_NEVER);
    cr_expect_str_eq(rv_name(CKR_VENDOR_DEFINED + 7), "unlisted code");
}

Test(rv, no_code_stands_in_the_table_twice)
{
    static const CK_RV codes[] = {
#define RV(code, again, failure) code,
#include "hsm/token/rv.def"
#undef RV
    };
    for (size_t i = 0; i < SG_COUNT(codes); i++) {
        for (size_t j = 0; j < i; j++) {
            cr_expect_neq(codes[i], codes[j], "0x%lx", codes[i]);
        }
    }
}

Test(rv, trouble_names_the_code_and_its_class)
{
    struct trouble trouble = {0};
    cr_expect_eq(trouble_rv(&trouble, 0xa0, "the login of %s", "x"), SG_HSM);
    cr_expect_eq(trouble.failure, FAILURE_LATCHED);
    cr_expect_eq(trouble.rv, 0xa0);
    cr_expect_str_eq(trouble.why.text,
                     "the login of x: the module answers CKR_PIN_INCORRECT (0xa0)");
}
