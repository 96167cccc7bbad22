#include "proto/failure.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "proto/base.h"
#include "segel/lane/v1/lane.pb-c.h"

/* The table and the messages are two places of one fact: they must say the same. */
Test(failure, every_row_is_a_value_of_lane_proto_with_the_same_number)
{
    const ProtobufCEnumDescriptor *descriptor =
        &segel__lane__v1__failure_class__descriptor;

    cr_assert_eq(descriptor->n_values, (unsigned)FAILURE_COUNT);
    for (int i = 0; i < FAILURE_COUNT; i++) {
        char name[64];
        (void)snprintf(name, sizeof(name), "FAILURE_%s", failure_name((enum failure)i));
        const ProtobufCEnumValue *value =
            protobuf_c_enum_descriptor_get_value_by_name(descriptor, name);
        cr_assert_not_null(value, "%s", name);
        cr_expect_eq(value->value, i, "%s", name);
    }
}

Test(failure, every_row_has_words_and_a_status_that_is_no_success)
{
    for (int i = 1; i < FAILURE_COUNT; i++) {
        cr_expect_neq(failure_text((enum failure)i)[0], '\0');
        cr_expect_neq(failure_status((enum failure)i), SG_OK);
    }
    cr_expect_eq(failure_status(FAILURE_NONE), SG_OK);
    cr_expect_eq(failure_action(FAILURE_NONE), ACTION_KEEP);
}

/* What an HSM cannot do must never read as a mistake of the caller. */
Test(failure, a_broken_hsm_is_unavailable_and_a_refused_request_is_not)
{
    cr_expect_eq(sg_status_grpc(failure_status(FAILURE_DEVICE)), 14);
    cr_expect_eq(sg_status_grpc(failure_status(FAILURE_LATCHED)), 14);
    cr_expect_eq(sg_status_grpc(failure_status(FAILURE_SESSION)), 14);
    cr_expect_eq(sg_status_grpc(failure_status(FAILURE_REQUEST)), 9);
    cr_expect_eq(sg_status_grpc(failure_status(FAILURE_EXPIRED)), 4);
}

Test(failure, only_a_refused_pin_latches)
{
    for (int i = 0; i < FAILURE_COUNT; i++) {
        cr_expect_eq(failure_action((enum failure)i) == ACTION_LATCH,
                     i == FAILURE_LATCHED);
    }
}

Test(failure, what_no_table_knows_is_a_broken_device)
{
    cr_expect_eq(failure_action((enum failure)99), ACTION_RESPAWN);
    cr_expect_eq(failure_status((enum failure) - 1), SG_HSM);
    cr_expect_str_eq(failure_name((enum failure)99), "DEVICE");
    cr_expect_str_eq(failure_action_name(failure_action((enum failure)99)), "respawn");
}
