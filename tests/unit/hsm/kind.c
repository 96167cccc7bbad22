#include <criterion/criterion.h>

#include "hsm/keys/generate.h"
#include "proto/key_kind.h"

Test(kind, a_lane_knows_each_kind_that_the_gateway_names)
{
    size_t known = 0;

    for (int type = -1; type < 9; type++) {
        const char *name = key_kind_name((Segel__V1__KeyType)type);
        if (name == NULL) {
            cr_expect_not(key_kind_is_rsa((Segel__V1__KeyType)type));
            continue;
        }
        const struct kind *kind = generate_kind(name);
        cr_assert_not_null(kind, "%s", name);
        cr_expect_eq(key_kind_is_rsa((Segel__V1__KeyType)type), kind->type == KEY_RSA,
                     "%s", name);
        known++;
    }
    cr_expect_eq(known, 5);
}
