#include "client/segel/input.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/pdf/guard/guard.h"
#include "client/segel/pages.h"
#include "tests/unit/pdf/support/tool.h"

/* A process that reads one letter, and was taken over by it, gets at no other. */

static struct tool_folder folder;
static struct segel_error error;
static char path[TOOL_PATH];

static void begin(void)
{
    tool_folder_init(&folder);
    (void)tool_path(&folder, "letter.pdf", path);
}

static void end(void)
{
    tool_folder_fini(&folder);
}

TestSuite(input, .init = begin, .fini = end);

static void read_letter(size_t len, struct input *input)
{
    uint8_t *bytes = malloc(len);

    cr_assert_not_null(bytes);
    memset(bytes, 'a', len);
    letter_write(path, slice_of(bytes, len));
    free(bytes);
    *input = (struct input){.bytes = {0}};
    cr_assert_eq(input_read(input, path, &error), SEGEL_OK, "%s", error.text);
    cr_expect_eq(input->bytes.len, len);
}

/* Whether a child ended well that did so to the letter. */
static bool child_can(void (*act)(uint8_t *bytes, size_t len), const struct input *input)
{
    int state = 0;
    pid_t child = fork();

    if (child == 0) {
        (void)signal(SIGSEGV, SIG_DFL);
        act((uint8_t *)sg_unconst(input->bytes.data), input->bytes.len);
        _exit(0);
    }
    cr_assert_gt(child, 0);
    cr_assert_eq(waitpid(child, &state, 0), child);
    return WIFEXITED(state) && WEXITSTATUS(state) == 0;
}

static void look(uint8_t *bytes, size_t len)
{
    volatile uint8_t seen = bytes[len - 1];

    (void)seen;
}

static void spoil(uint8_t *bytes, size_t len)
{
    memset(bytes, 'b', len);
}

Test(input, a_letter_that_goes_by_a_socket_is_not_in_a_child)
{
    static const size_t lens[] = {1, 65000, PAGES_SIZE, PAGES_SIZE + 1,
                                  GUARD_PARCEL_MAX - 1};
    struct input input;

    for (size_t i = 0; i < SG_COUNT(lens); i++) {
        read_letter(lens[i], &input);
        cr_expect_not(child_can(look, &input), "%zu bytes", lens[i]);
        input_fini(&input);
    }
}

Test(input, a_large_letter_is_a_childs_own_copy)
{
    static const size_t lens[] = {GUARD_PARCEL_MAX, (size_t)3 * GUARD_PARCEL_MAX};
    struct input input;

    for (size_t i = 0; i < SG_COUNT(lens); i++) {
        read_letter(lens[i], &input);
        cr_expect(child_can(spoil, &input), "%zu bytes", lens[i]);
        cr_expect_eq(input.bytes.data[0], 'a');
        cr_expect_eq(input.bytes.data[lens[i] - 1], 'a');
        input_fini(&input);
    }
}

Test(input, pages_wait_for_the_next_letter_and_are_freed_at_rest)
{
    struct pages first;
    struct pages second;

    cr_assert_eq(pages_take(100, &first), SG_OK);
    const void *at = first.at;
    pages_give(&first);
    cr_expect_null(first.at);
    cr_assert_eq(pages_take(PAGES_SIZE, &second), SG_OK);
    cr_expect_eq(second.at, at);
    pages_give(&second);
    pages_rest();
    pages_give(&second);
}

Test(input, no_more_pages_wait_than_may)
{
    static struct pages taken[PAGES_KEPT + 8];

    for (size_t i = 0; i < SG_COUNT(taken); i++) {
        cr_assert_eq(pages_take(1, &taken[i]), SG_OK);
        memset(taken[i].at, 1, PAGES_SIZE);
    }
    for (size_t i = 0; i < SG_COUNT(taken); i++) {
        pages_give(&taken[i]);
    }
    pages_rest();
}

/* A program that forks after it has read letters, and reads more in the child. */
Test(input, a_child_of_the_program_takes_pages_of_its_own)
{
    struct pages pages;
    int status = 0;

    pages_rest();
    cr_assert_eq(pages_take(100, &pages), SG_OK);
    pages_give(&pages); /* it waits */
    pid_t child = fork();
    if (child == 0) {
        if (pages_take(100, &pages) == SG_OK) {
            memset(pages.at, 1, pages.len);
        }
        _exit(0);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    pages_rest();
}
