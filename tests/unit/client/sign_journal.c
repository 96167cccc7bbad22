#include "client/commands/sign/journal.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct sign_options options;
static struct sign_journal journal;
static struct sg_error why;

/* Here by a folder that is none: so it is, too, where a disk fails or rights lack. */
Test(sign_journal, a_folder_that_cannot_be_looked_through_may_hold_a_run)
{
    char path[] = "/tmp/segel-journal-XXXXXX";
    char own[64];
    int fd = mkstemp(path);

    cr_assert_geq(fd, 0);
    (void)close(fd);
    (void)snprintf(own, sizeof(own), "%s.journal", path);
    options.out = path;
    options.journal = own;
    cr_expect_eq(sign_journal_open(&options, &journal, &why), SG_IO);
    cr_expect_not_null(strstr(why.text, "cannot be read"), "%s", why.text);
    (void)sign_journal_close(&journal, true);
    (void)unlink(own);
    (void)unlink(path);
}

/* A journal that is named beside a folder of which nothing is there. */
static char own[] = "/tmp/segel-journal-XXXXXX";

static void open_own(void)
{
    int fd = mkstemp(own);

    cr_assert_geq(fd, 0);
    (void)close(fd);
    (void)unlink(own);
    options.out = "/nonexistent/segel";
    options.journal = own;
    cr_assert_eq(sign_journal_open(&options, &journal, &why), SG_OK, "%s", why.text);
}

Test(sign_journal, a_folder_that_is_not_there_holds_none)
{
    open_own();
    (void)sign_journal_close(&journal, true);
    (void)unlink(own);
}

static uint32_t add(const char *output)
{
    struct journal_letter letter = {.signing_time_us = 1};

    cr_assert_eq(journal_add(journal.journal, &letter, "in.pdf", output, &why), SG_OK);
    return letter.number;
}

static void settle(uint32_t number)
{
    cr_assert_eq(journal_settle(journal.journal, number, JOURNAL_SIGNED, 1, &why), SG_OK);
}

/* Receipts may be fetched by it; the letters are there. */
Test(sign_journal, a_run_that_stopped_keeps_it_though_no_letter_is_open)
{
    struct stat facts;

    open_own();
    uint32_t first = add("a.pdf");
    uint32_t second = add("b.pdf");
    settle(first);
    cr_expect_eq(sign_journal_close(&journal, false), 1);
    options.resume = true;
    cr_assert_eq(sign_journal_open(&options, &journal, &why), SG_OK, "%s", why.text);
    settle(second);
    cr_expect_eq(sign_journal_close(&journal, false), 0);
    cr_expect_eq(stat(own, &facts), 0, "it is kept");
    cr_assert_eq(sign_journal_open(&options, &journal, &why), SG_OK, "%s", why.text);
    cr_expect_eq(sign_journal_close(&journal, true), 0);
    cr_expect_neq(stat(own, &facts), 0, "it is taken away");
}
