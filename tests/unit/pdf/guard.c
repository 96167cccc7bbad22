#define _GNU_SOURCE /* NOLINT: the name is the C library's; RTLD_NEXT */
#include "client/pdf/guard/guard.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <qpdf/qpdf-c.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/pdf/support/letter.h"
#include "tests/unit/pdf/support/signer.h"

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
    __builtin_trap();
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

/* --- Processes for many letters ----------------------------------------------------- */

static void tell_pid(struct slice pdf, struct slice order, struct pdf_buffer *answer)
{
    pdf_buffer_print(answer, "%d ", (int)getpid());
    pdf_buffer_put(answer, pdf.data, pdf.len);
    pdf_buffer_put(answer, order.data, order.len);
}

static struct pdf_guard_parcel parcel_of(pdf_guard_parcel_fn work)
{
    return (struct pdf_guard_parcel){
        .work = work, .pdf = slice_str("letter"), .order = slice_str(" and order")};
}

/* The process that answered. */
static long asked_pid(uint64_t serial)
{
    struct pdf_guard_parcel parcel = parcel_of(tell_pid);
    struct pdf_buffer answer = {0};
    char *rest = NULL;

    parcel.serial = serial;
    cr_assert_eq(pdf_guard_ask(&parcel, &answer), SG_OK);
    pdf_buffer_put(&answer, "", 1);
    long pid = strtol((const char *)answer.data, &rest, 10);
    cr_expect_str_eq(rest, " letter and order");
    pdf_buffer_fini(&answer);
    return pid;
}

Test(readers, one_process_answers_for_many_letters_and_not_for_all)
{
    long first = asked_pid(0);

    cr_expect_neq(first, getpid());
    for (int i = 1; i < GUARD_LETTERS; i++) {
        cr_expect_eq(asked_pid(0), first);
    }
    cr_expect_neq(asked_pid(0), first);
}

Test(readers, one_letter_a_process_where_that_is_wanted)
{
    struct pdf_guard_parcel parcel = parcel_of(tell_pid);
    struct pdf_buffer answer = {0};

    pdf_guard_set_letters(1);
    cr_expect_eq(pdf_guard_ask(&parcel, &answer), SG_UNSUPPORTED);
    pdf_guard_set_letters(2);
    long first = asked_pid(0);
    cr_expect_eq(asked_pid(0), first);
    cr_expect_neq(asked_pid(0), first);
}

Test(readers, what_was_made_later_is_asked_of_a_later_process)
{
    long first = asked_pid(0);
    uint64_t serial = pdf_guard_serial();

    long second = asked_pid(serial);
    cr_expect_neq(second, first);
    cr_expect_eq(asked_pid(serial), second);
}

static void end_badly(struct slice pdf, struct slice order, struct pdf_buffer *answer)
{
    (void)pdf;
    (void)order;
    (void)answer;
    _exit(0);
}

static void answer_too_much(struct slice pdf, struct slice order,
                            struct pdf_buffer *answer)
{
    (void)pdf;
    (void)order;
    answer_without_end(NULL, answer);
}

Test(readers, one_that_does_not_answer_is_not_asked_again)
{
    const pdf_guard_parcel_fn works[] = {end_badly, answer_too_much};

    for (size_t i = 0; i < SG_COUNT(works); i++) {
        struct pdf_guard_parcel parcel = parcel_of(works[i]);
        struct pdf_buffer answer = {0};
        long before = asked_pid(0);
        cr_expect_eq(pdf_guard_ask(&parcel, &answer), SG_UNSUPPORTED);
        cr_expect_eq(answer.len, 0);
        cr_expect_neq(asked_pid(0), before);
    }
}

Test(readers, larger_parcels_are_not_taken)
{
    static uint8_t bytes[GUARD_PARCEL_MAX + 1];
    struct pdf_guard_parcel parcel = parcel_of(tell_pid);
    struct pdf_buffer answer = {0};

    parcel.pdf = slice_of(bytes, sizeof(bytes) - 5);
    cr_expect_eq(pdf_guard_ask(&parcel, &answer), SG_UNSUPPORTED);
    parcel.pdf = slice_of(bytes, sizeof(bytes));
    cr_expect_eq(pdf_guard_ask(&parcel, &answer), SG_UNSUPPORTED);
}

Test(readers, none_is_left_after_a_rest)
{
    long first = asked_pid(0);

    pdf_guard_rest();
    cr_expect_eq(kill((pid_t)first, 0), -1);
}

/* It has a copy of all that is open here. */
Test(readers, a_child_of_the_program_keeps_none_alive, .timeout = 30)
{
    long first = asked_pid(0);
    pid_t child = fork();

    if (child == 0) {
        (void)sleep(20);
        _exit(0);
    }
    cr_assert_gt(child, 0);
    (void)alarm(10);
    pdf_guard_rest();
    (void)alarm(0);
    cr_expect_eq(kill((pid_t)first, 0), -1);
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
}

/* --- What a letter that took the process over would try ------------------------------
 */

#ifndef __SANITIZE_ADDRESS__
static void try_doors(struct pdf_buffer *answer)
{
    static char name[] = "/bin/true";
    char *const words[] = {name, NULL};

    pdf_buffer_text(answer, open("/etc/passwd", O_RDONLY) < 0 ? "-" : "file ");
    pdf_buffer_text(answer, socket(AF_INET, SOCK_STREAM, 0) < 0 ? "-" : "network ");
    pdf_buffer_text(answer, kill(getppid(), 0) < 0 ? "-" : "signal ");
    pdf_buffer_text(answer, fork() < 0 ? "-" : "process ");
    pdf_buffer_text(answer, execv(name, words) < 0 ? "-" : "");
    pdf_buffer_text(answer, mmap(NULL, 4096, PROT_READ | PROT_EXEC,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
                                ? "-"
                                : "code ");
    pdf_buffer_text(answer, read(STDIN_FILENO, name, 1) < 0 ? "-" : "input ");
}

static void expect_shut(struct pdf_buffer *answer)
{
    pdf_buffer_put(answer, "", 1);
    cr_expect_str_eq((const char *)answer->data, "-------");
    pdf_buffer_fini(answer);
}

static void try_for_many(struct slice pdf, struct slice order, struct pdf_buffer *answer)
{
    (void)pdf;
    (void)order;
    try_doors(answer);
}

Test(readers, a_reader_has_no_file_network_process_or_new_code)
{
    struct pdf_guard_parcel parcel = parcel_of(try_for_many);
    struct pdf_buffer answer = {0};

    cr_assert_eq(pdf_guard_ask(&parcel, &answer), SG_OK);
    expect_shut(&answer);
}

static void try_for_one(const void *context, struct pdf_buffer *answer)
{
    (void)context;
    try_doors(answer);
}

Test(guard, process_has_no_file_network_process_or_new_code)
{
    enum pdf_refusal refusal;
    struct pdf_buffer answer = {0};

    cr_assert_eq(run(try_for_one, &answer, &refusal), SG_OK);
    expect_shut(&answer);
}

/* The parser comes by here, in its process: where a file can be opened it ends. */
void qpdf_silence_errors(qpdf_data qpdf)
{
    void (*own)(qpdf_data) = NULL;
    void *found = dlsym(RTLD_NEXT, "qpdf_silence_errors");

    memcpy(&own, &found, sizeof(own));
    if (own == NULL || open("/etc/passwd", O_RDONLY) >= 0) {
        _exit(1);
    }
    own(qpdf);
}

static enum sg_status prepare(size_t padding)
{
    struct letter letter = letter_lawful();
    struct pdf_wish wish = signer_wish();
    char *last = calloc(1, padding + sizeof("null"));
    struct pdf_job *job = NULL;
    enum pdf_refusal refusal;

    cr_assert_not_null(last);
    memset(last, ' ', padding);
    memcpy(last + padding, "null", sizeof("null"));
    letter.objects[4] = last;
    struct slice pdf = letter_build(&letter);
    enum sg_status status = pdf_prepare(pdf, &wish, &job, &refusal, NULL);
    pdf_job_free(job);
    letter_free(pdf);
    free(last);
    return status;
}

Test(guard, a_letter_with_a_process_of_its_own_has_no_file_either)
{
    cr_expect_eq(prepare(0), SG_OK);
    pdf_guard_set_letters(1);
    cr_expect_eq(prepare(0), SG_OK);
    pdf_guard_set_letters(0);
    cr_expect_eq(prepare(GUARD_PARCEL_MAX), SG_OK);
}

/* As on a kernel that has no filters. */
static void take_filters_away(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    int no_call = SCMP_SYS(seccomp);
    int asked = SCMP_SYS(prctl);

    cr_assert_not_null(filter);
    cr_assert_eq(seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), no_call, 0), 0);
    cr_assert_eq(seccomp_rule_add(filter, SCMP_ACT_ERRNO(EINVAL), asked, 1,
                                  SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP)),
                 0);
    cr_assert_eq(seccomp_load(filter), 0);
    seccomp_release(filter);
}

Test(guard, where_no_filter_can_be_had_nothing_is_read)
{
    struct sg_error why = {0};
    struct pdf_verdict verdict = {.why = &why};
    struct pdf_buffer answer = {0};

    take_filters_away();
    cr_expect_eq(pdf_guard_run(try_for_one, NULL, &answer, &verdict), SG_UNSUPPORTED);
    cr_expect_eq(verdict.refusal, PDF_ACCEPTED);
    cr_expect_not_null(strstr(why.text, "seccomp"));
    cr_expect_eq(answer.len, 0);
}
#endif
