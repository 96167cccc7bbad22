#define _GNU_SOURCE /* NOLINT: the name is the C library's */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "client/segel/bulk_share.h"
#include "client/segel/segel.h"
#include "tests/unit/client/support/link.h"
#include "tests/unit/pdf/support/tool.h"
#include "tests/unit/segel/support/bench.h"

/* Letters of a bulk that are written to files: many reach the disk together, and each is
 * told of as if it had been alone. */

enum { MANY = 60, PATIENCE_MS = 60000 };

/* Syncs of folders: ours is slow, so that what does not wait for it is seen. */
static atomic_uint begun;
static atomic_uint synced;
static char failing[TOOL_PATH]; /* the folder that the disk does not take */

static bool is_failing(int fd)
{
    struct stat wanted;
    struct stat info;

    return failing[0] != '\0' && stat(failing, &wanted) == 0 && fstat(fd, &info) == 0 &&
           wanted.st_ino == info.st_ino;
}

int fsync(int fd)
{
    struct timespec pause = {.tv_nsec = 20000000};
    struct stat info;

    if (fstat(fd, &info) != 0 || !S_ISDIR(info.st_mode)) {
        return (int)syscall(SYS_fsync, fd);
    }
    (void)atomic_fetch_add(&begun, 1);
    (void)nanosleep(&pause, NULL);
    bool lost = is_failing(fd);
    (void)atomic_fetch_add(&synced, lost ? 0 : 1);
    errno = EIO;
    return lost ? -1 : (int)syscall(SYS_fsync, fd);
}

LINK_BEFORE_ALL_TESTS
LINK_AFTER_ALL_TESTS

static struct tool_folder folder;
static struct segel_bulk *bulk;
static struct segel_plan *plan;

static void begin(void)
{
    bench_open();
    tool_folder_init(&folder);
    plan = bench_plan("seal");
    cr_assert_eq(segel_bulk_open(segel, NULL, &bulk, &error), SEGEL_OK, "%s", error.text);
}

static void end(void)
{
    segel_bulk_close(bulk);
    segel_plan_free(plan);
    tool_folder_fini(&folder);
    bench_close();
}

TestSuite(written, .init = begin, .fini = end, .timeout = 240);

static void submit(unsigned number, const char *name)
{
    char id[32];
    char output[TOOL_PATH];

    (void)snprintf(id, sizeof(id), "letter-%u", number);
    struct segel_letter letter = bench_letter(id);
    letter.output = tool_path(&folder, name, output);
    letter.user = (void *)(uintptr_t)number;
    cr_assert_eq(segel_bulk_submit(bulk, plan, &letter, &error), SEGEL_OK, "%s",
                 error.text);
}

/* Every other one in the other folder. */
static void submit_many(void)
{
    char name[64];

    for (unsigned i = 0; i < MANY; i++) {
        (void)snprintf(name, sizeof(name), "%u/%u.pdf", i % 2, i);
        submit(i, name);
    }
}

/* NULL: no letter is open. */
static const struct segel_outcome *next(void)
{
    const struct segel_outcome *outcome = NULL;
    int code = segel_bulk_next(bulk, PATIENCE_MS, &outcome, &error);

    cr_assert_neq(code, SEGEL_TIMEOUT, "no outcome came");
    return outcome;
}

static void expect_letter(const char *path)
{
    struct slice got = letter_read(path);

    cr_expect_gt(got.len, letter_bytes.len, "%s", path);
    cr_expect(got.len > letter_bytes.len &&
              memcmp(got.data, letter_bytes.data, letter_bytes.len) == 0);
    letter_free(got);
}

static void make_folders(void)
{
    char path[TOOL_PATH];

    cr_assert_eq(mkdir(tool_path(&folder, "0", path), 0700), 0);
    cr_assert_eq(mkdir(tool_path(&folder, "1", path), 0700), 0);
}

Test(written, an_outcome_is_told_when_its_folder_is_on_the_disk)
{
    const struct segel_outcome *outcome;

    submit(1, "alone.pdf");
    outcome = next();
    cr_expect_eq(atomic_load(&synced), 1);
    cr_expect_eq(outcome->code, SEGEL_OK, "%s", outcome->text);
    cr_expect_null(outcome->pdf);
    expect_letter(outcome->output);
    segel_outcome_free(outcome);
}

Test(written, letters_that_come_together_share_the_sync_of_their_folder)
{
    const struct segel_outcome *outcome;
    unsigned told = 0;

    make_folders();
    submit_many();
    while ((outcome = next()) != NULL) {
        cr_expect_eq(outcome->code, SEGEL_OK, "%s", outcome->text);
        expect_letter(outcome->output);
        segel_outcome_free(outcome);
        told++;
    }
    cr_expect_eq(told, MANY);
    cr_expect_eq(atomic_load(&begun), atomic_load(&synced));
    cr_expect_lt(atomic_load(&synced), MANY, "a sync for each letter");
}

Test(written, a_folder_that_does_not_reach_the_disk_costs_its_own_letters)
{
    const struct segel_outcome *outcome;
    unsigned told = 0;

    make_folders();
    (void)tool_path(&folder, "1", failing);
    submit_many();
    while ((outcome = next()) != NULL) {
        bool lost = (uintptr_t)outcome->user % 2 == 1;
        cr_expect_eq(outcome->code, lost ? SEGEL_FILE : SEGEL_OK, "%s", outcome->text);
        cr_expect_str_eq(outcome->reason, lost ? "not-written" : "");
        segel_outcome_free(outcome);
        told++;
    }
    cr_expect_eq(told, MANY);
}

Test(written, a_letter_that_cannot_be_written_costs_itself)
{
    const struct segel_outcome *outcome;
    char name[32];

    for (unsigned i = 0; i < MANY; i++) {
        (void)snprintf(name, sizeof(name), i % 20 == 7 ? "absent/%u.pdf" : "%u.pdf", i);
        submit(i, name);
    }
    while ((outcome = next()) != NULL) {
        bool lost = (uintptr_t)outcome->user % 20 == 7;
        cr_expect_eq(outcome->code, lost ? SEGEL_FILE : SEGEL_OK, "%s", outcome->text);
        cr_expect_eq(access(outcome->output, F_OK) == 0, !lost, "%s", outcome->output);
        segel_outcome_free(outcome);
    }
}

/* Its bytes lie where no child sees them, unless they are brought there. */
Test(written, a_letter_of_a_file_is_signed_by_a_process_of_its_own_too)
{
    struct segel_letter letter = bench_letter("from-a-file");
    const struct segel_outcome *outcome;
    char path[TOOL_PATH];
    char output[TOOL_PATH];

    letter_write(tool_path(&folder, "from.pdf", path), letter_bytes);
    letter.pdf = NULL;
    letter.pdf_len = 0;
    letter.path = path;
    letter.output = tool_path(&folder, "to.pdf", output);
    segel_set_letters_a_process(1);
    cr_assert_eq(segel_bulk_submit(bulk, plan, &letter, &error), SEGEL_OK, "%s",
                 error.text);
    outcome = next();
    cr_expect_eq(outcome->code, SEGEL_OK, "%s", outcome->text);
    expect_letter(output);
    segel_outcome_free(outcome);
}

Test(written, an_eighth_of_the_open_files_is_enough)
{
    static const struct {
        uint64_t files;
        struct bulk_share share;
    } rows[] = {
        {0, {1, 1}},    {7, {1, 1}},     {64, {1, 8}},          {256, {1, 32}},
        {600, {2, 32}}, {1024, {3, 32}}, {UINT64_MAX, {3, 32}},
    };

    for (size_t i = 0; i < SG_COUNT(rows); i++) {
        struct bulk_share got = bulk_share_of(rows[i].files);
        cr_expect_eq(got.finishers, rows[i].share.finishers, "row %zu", i);
        cr_expect_eq(got.letters, rows[i].share.letters, "row %zu", i);
    }
}

/* The .part beside it is one file, too. */
Test(written, letters_with_one_output_are_written_one_after_the_other)
{
    const struct segel_outcome *outcome;
    char path[TOOL_PATH];

    for (unsigned i = 0; i < MANY; i++) {
        submit(i, "same.pdf");
    }
    while ((outcome = next()) != NULL) {
        cr_expect_eq(outcome->code, SEGEL_OK, "%s", outcome->text);
        segel_outcome_free(outcome);
    }
    expect_letter(tool_path(&folder, "same.pdf", path));
}
