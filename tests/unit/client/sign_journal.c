#include "client/commands/sign/journal.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

Test(sign_journal, a_folder_that_is_not_there_holds_none)
{
    char own[] = "/tmp/segel-journal-XXXXXX";
    int fd = mkstemp(own);

    cr_assert_geq(fd, 0);
    (void)close(fd);
    (void)unlink(own);
    options.out = "/nonexistent/segel";
    options.journal = own;
    cr_expect_eq(sign_journal_open(&options, &journal, &why), SG_OK, "%s", why.text);
    (void)sign_journal_close(&journal, true);
    (void)unlink(own);
}
