#include "gateway/transport/limit.h"

#include <criterion/criterion.h>

static const struct rate rate = {.burst = 5, .per_second = 10};

static unsigned take_all(struct bucket *bucket, int64_t now_us)
{
    unsigned count = 0;

    while (count < 100 && bucket_take(bucket, &rate, now_us)) {
        count++;
    }
    return count;
}

Test(limit, new_bucket_gives_its_burst)
{
    struct bucket bucket = {0};

    cr_expect_eq(take_all(&bucket, 1000000000), 5);
}

Test(limit, bucket_refills_with_its_rate)
{
    struct bucket bucket = {0};

    (void)take_all(&bucket, 1000000000);
    cr_expect_eq(take_all(&bucket, 1000099999), 0);
    cr_expect_eq(take_all(&bucket, 1000100000), 1);
    cr_expect_eq(take_all(&bucket, 1000300000), 2);
}

Test(limit, bucket_owes_what_cost_more_than_it_had)
{
    struct bucket bucket = {0};

    bucket_charge(&bucket, &rate, 5, 1000000000);
    cr_expect_not(bucket_owes(&bucket, &rate, 1000000000), "all is paid");
    cr_expect_eq(take_all(&bucket, 1000000000), 0);
    bucket_charge(&bucket, &rate, 10, 1000000000);
    cr_expect(bucket_owes(&bucket, &rate, 1000000000));
    cr_expect(bucket_owes(&bucket, &rate, 1000999999));
    cr_expect_not(bucket_owes(&bucket, &rate, 1001000000));
    cr_expect_eq(take_all(&bucket, 1001000000), 0);
    cr_expect_eq(take_all(&bucket, 1001200000), 2);
}

Test(limit, bucket_never_holds_more_than_its_burst)
{
    struct bucket bucket = {0};

    (void)take_all(&bucket, 1000000000);
    cr_expect_eq(take_all(&bucket, 9000000000), 5);
}

Test(limit, budget_refuses_one_byte_too_many)
{
    struct budget budget = {.cap = 100};

    cr_expect(budget_take(&budget, 100));
    cr_expect_not(budget_take(&budget, 1));
    budget_give(&budget, 1);
    cr_expect(budget_take(&budget, 1));
}

Test(limit, budget_of_the_parent_binds_all_children)
{
    struct budget parent = {.cap = 100};
    struct budget first = {.cap = 80, .parent = &parent};
    struct budget second = {.cap = 80, .parent = &parent};

    cr_expect(budget_take(&first, 80));
    cr_expect_not(budget_take(&second, 21));
    cr_expect_eq(second.used, 0, "nothing is taken by halves");
    cr_expect(budget_take(&second, 20));
    budget_give(&first, 80);
    cr_expect_eq(parent.used, 20);
}

Test(limit, last_taker_may_exceed_the_budget_but_not_the_parent)
{
    struct budget parent = {.cap = 200};
    struct budget budget = {.cap = 100, .parent = &parent};

    cr_expect(budget_take_last(&budget, 150));
    cr_expect_not(budget_take_last(&budget, 1));
    budget_give(&budget, 150);
    cr_expect_not(budget_take_last(&budget, 201));
    cr_expect_eq(parent.used, 0);
}
