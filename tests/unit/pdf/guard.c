#include "client/pdf/guard.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* A process that reads hostile input ends badly, and only that one. */

static enum sg_status run(pdf_guard_fn work, struct pdf_buffer *answer,
                          enum pdf_refusal *refusal)
{
    struct pdf_verdict verdict = {0};
    enum sg_status status = pdf_guard_run(work, "question", answer, &verdict);

    *refusal = verdict.refusal;
    return status;
}

static void answer_at_length(const void *context, struct pdf_buffer *answer)
{
    pdf_buffer_text(answer, context);
    pdf_buffer_fill(answer, '.', 1000000);
}

Test(guard, answer_comes_back_whole)
{
    enum pdf_refusal refusal;
    struct pdf_buffer answer = {0};

    cr_assert_eq(run(answer_at_length, &answer, &refusal), SG_OK);
    cr_expect_eq(answer.len, 1000008);
    cr_expect_eq(memcmp(answer.data, "question..", 10), 0);
    pdf_buffer_fini(&answer);
}

static void die(const void *context, struct pdf_buffer *answer)
{
    (void)context;
    pdf_buffer_text(answer, "half of an answer");
    _exit(3);
}

static void be_killed(const void *context, struct pdf_buffer *answer)
{
    (void)context;
    (void)answer;
    (void)kill(getpid(), SIGKILL);
}

static void answer_without_end(const void *context, struct pdf_buffer *answer)
{
    (void)context;
    pdf_buffer_fill(answer, '.', PDF_BUFFER_MAX);
    pdf_buffer_fill(answer, '.', 1);
}

Test(guard, process_that_ends_badly_is_a_refusal)
{
    const pdf_guard_fn works[] = {die, be_killed, answer_without_end};

    for (size_t i = 0; i < SG_COUNT(works); i++) {
        enum pdf_refusal refusal;
        struct pdf_buffer answer = {0};
        cr_expect_eq(run(works[i], &answer, &refusal), SG_INVALID);
        cr_expect_eq(refusal, PDF_TOO_COMPLEX);
        pdf_buffer_fini(&answer);
    }
}

#ifndef __SANITIZE_ADDRESS__
static void want_memory(const void *context, struct pdf_buffer *answer)
{
    (void)context;
    for (int i = 0; i < 16; i++) {
        volatile char *part = malloc((size_t)100 << 20);
        pdf_buffer_text(answer, part == NULL ? "-" : "+");
    }
}

Test(guard, memory_ends_at_a_gigabyte)
{
    enum pdf_refusal refusal;
    struct pdf_buffer answer = {0};

    cr_assert_eq(run(want_memory, &answer, &refusal), SG_OK);
    cr_expect_eq(answer.len, 16);
    cr_expect_eq(memcmp(answer.data, "++++++++", 8), 0);
    cr_expect_eq(memcmp(answer.data + 10, "------", 6), 0);
    pdf_buffer_fini(&answer);
}
#endif
