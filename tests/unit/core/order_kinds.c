#include <criterion/criterion.h>

#include "gateway/core/officers/order.h"

Test(order_kinds, three_answer_with_a_list_and_no_other)
{
    size_t lists = 0;

    for (int kind = 0; kind < ORDER_KINDS; kind++) {
        lists += order_lists((enum order_kind)kind) ? 1 : 0;
    }
    cr_expect_eq(lists, 3);
    cr_expect(order_lists(ORDER_REQUEST_LIST));
    cr_expect(order_lists(ORDER_INCIDENT_LIST));
    cr_expect(order_lists(ORDER_STATUS));
}

Test(order_kinds, what_stops_has_the_places_that_nothing_else_takes)
{
    size_t acts[ACT_KEY_LIFE + 1] = {0};

    for (int kind = 0; kind < ORDER_KINDS; kind++) {
        acts[order_act((enum order_kind)kind)]++;
    }
    cr_expect_eq(acts[ACT_LOCK], 1);
    cr_expect_eq(acts[ACT_KEY_LIFE], 3);
    cr_expect_eq(order_act(ORDER_LOCK_DOWN), ACT_LOCK);
    cr_expect_eq(order_act(ORDER_KEY_HOLD), ACT_KEY_LIFE);
    cr_expect_eq(order_act(ORDER_KEY_DEACTIVATE), ACT_KEY_LIFE);
    cr_expect_eq(order_act(ORDER_KEY_COMPROMISE), ACT_KEY_LIFE);
    cr_expect_eq(order_act(ORDER_POLICY_LOAD), ACT_OTHER);
}
