#include "gateway/service/reading.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "tests/unit/ledger/support/book.h"

enum { ASKERS = 3, LONG_US = 2000000, MOST_US = LONG_US / 2, CHECKED_US = 20000000 };

/* More than 64 pieces to check. */
static const struct book_sizes sizes = {.early = 300, .covered = 66186, .records = 66236};
static struct book book;
static struct question *questions[ASKERS];
static struct mbox replies;
static struct reading *reading;

static void on_finding(void *context, const char *finding)
{
    (void)context;
    cr_assert_fail("%s", finding);
}

static void set_up(void)
{
    struct sg_error why = {0};

    book_make_checked(&book, &sizes);
    const struct reading_options options = {
        .ledger_path = book.path,
        .scrubbing = {.log_key = book.vkey, .on_finding = on_finding}};
    cr_assert_eq(mbox_init(&replies, 0), SG_OK);
    for (size_t i = 0; i < ASKERS; i++) {
        questions[i] = (struct question *)calloc(1, sizeof(*questions[i]));
        cr_assert_not_null(questions[i]);
        questions[i]->bytes = (uint8_t *)malloc(READ_PAGE_BYTES);
        cr_assert_not_null(questions[i]->bytes);
        questions[i]->kind = READ_CHECKPOINT;
        questions[i]->reply = &replies;
    }
    cr_assert_eq(reading_start(&options, &reading, &why), SG_OK, "%s", why.text);
}

static void tear_down(void)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char name[200];

    reading_join(reading);
    mbox_fini(&replies);
    for (size_t i = 0; i < ASKERS; i++) {
        free(questions[i]->bytes);
        free(questions[i]);
    }
    for (size_t i = 0; i < SG_COUNT(ends); i++) {
        (void)snprintf(name, sizeof(name), "%s.index%s", book.path, ends[i]);
        (void)unlink(name);
    }
    book_remove(&book);
}

TestSuite(reading, .init = set_up, .fini = tear_down);

static void ask_later(struct question *question, int64_t later_us)
{
    question->not_before_us = clock_mono_us() + later_us;
    cr_assert_eq(reading_ask(reading, question), SG_OK);
}

/* Takes what came back and asks for the same again, put off. */
static void ask_again(void)
{
    struct pollfd ready = {.fd = replies.wake_fd, .events = POLLIN};
    struct letters back = STAILQ_HEAD_INITIALIZER(back);
    struct letter *letter;

    (void)poll(&ready, 1, 100);
    mbox_take(&replies, &back);
    while ((letter = STAILQ_FIRST(&back)) != NULL) {
        STAILQ_REMOVE_HEAD(&back, link);
        struct question *question = (struct question *)letter;
        cr_assert_eq(question->status, SG_OK);
        cr_assert_eq(question->size, sizes.covered);
        ask_later(question, READ_LATER_US);
    }
}

/* Of this whole process; what is not the thread's is a few ms. */
static int64_t processor_us(void)
{
    struct timespec used;

    cr_assert_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used), 0);
    return (int64_t)used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

/* One after the other, so that one of them always waits for its time. */
Test(reading, questions_that_are_put_off_cost_nothing_and_hold_up_no_check)
{
    int64_t used_us = processor_us();
    int64_t end_us = clock_mono_us() + LONG_US;

    for (size_t i = 0; i < ASKERS; i++) {
        ask_later(questions[i], READ_LATER_US * (int64_t)(i + 1) / ASKERS);
    }
    while (clock_mono_us() < end_us) {
        ask_again();
    }
    used_us = processor_us() - used_us;
    cr_expect_lt(used_us, MOST_US, "%lld us of processor", (long long)used_us);
    end_us += CHECKED_US;
    while (clock_mono_us() < end_us && reading_scrubbed(reading).ended_us == 0) {
        ask_again();
    }
    cr_expect_gt(reading_scrubbed(reading).ended_us, 0, "%llu records are checked",
                 (unsigned long long)reading_scrubbed(reading).records);
}
