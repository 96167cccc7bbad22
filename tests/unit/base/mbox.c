#include "gateway/mbox.h"

#include <criterion/criterion.h>
#include <poll.h>

static struct mbox box;
static struct letter letters[4];
static struct letters batch;

static void open_box(void)
{
    cr_assert_eq(mbox_init(&box, 3), SG_OK);
    STAILQ_INIT(&batch);
}

static void put_into_batch(size_t from, size_t count)
{
    for (size_t i = from; i < from + count; i++) {
        STAILQ_INSERT_TAIL(&batch, &letters[i], link);
    }
}

static bool readable(void)
{
    struct pollfd ready = {.fd = box.wake_fd, .events = POLLIN};

    return poll(&ready, 1, 0) == 1;
}

static size_t taken(void)
{
    struct letters out = STAILQ_HEAD_INITIALIZER(out);
    struct letter *letter;
    size_t count = 0;

    mbox_take(&box, &out);
    STAILQ_FOREACH(letter, &out, link)
    {
        cr_expect_eq(letter, &letters[count]);
        count++;
    }
    return count;
}

TestSuite(mbox, .init = open_box);

Test(mbox, letters_come_out_in_the_order_they_went_in)
{
    put_into_batch(0, 2);
    cr_expect_eq(mbox_put(&box, &batch, 2), SG_OK);
    cr_expect(STAILQ_EMPTY(&batch));
    put_into_batch(2, 1);
    cr_expect_eq(mbox_put(&box, &batch, 1), SG_OK);
    cr_expect_eq(taken(), 3);
    cr_expect_eq(taken(), 0);
}

Test(mbox, the_reader_is_woken_while_something_waits)
{
    cr_expect_not(readable());
    put_into_batch(0, 1);
    cr_expect_eq(mbox_put(&box, &batch, 1), SG_OK);
    cr_expect(readable());
    cr_expect_eq(taken(), 1);
    cr_expect_not(readable());
}

Test(mbox, full_box_leaves_the_batch_with_the_caller)
{
    put_into_batch(0, 2);
    cr_expect_eq(mbox_put(&box, &batch, 2), SG_OK);
    put_into_batch(2, 2);
    cr_expect_eq(mbox_put(&box, &batch, 2), SG_BUSY);
    cr_expect_eq(STAILQ_FIRST(&batch), &letters[2]);
    cr_expect_eq(taken(), 2);
    cr_expect_eq(mbox_put(&box, &batch, 2), SG_OK);
}

Test(mbox, closed_box_leaves_the_batch_with_the_caller)
{
    mbox_close(&box);
    put_into_batch(0, 1);
    cr_expect_eq(mbox_put(&box, &batch, 1), SG_SHUTDOWN);
    cr_expect_eq(STAILQ_FIRST(&batch), &letters[0]);
}
