#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/service/status/installed.h"
#include "gateway/service/status/process_facts.h"

/* What GetAssessment reads of the machine. */

static const char list[] = "Package: one\n"
                           "Status: install ok installed\n"
                           "Version: 1:2.0-1\n"
                           "Description: of it\n"
                           " Version: 9\n"
                           "\n"
                           "Package: removed\n"
                           "Status: deinstall ok config-files\n"
                           "Version: 3\n"
                           "\n"
                           "Package: one-more\n"
                           "Status: install ok installed\n"
                           "Version: 4\n"
                           "\n"
                           "Package: kept\n"
                           "Status: hold ok installed\n"
                           "Version: 5\n";

static void look(const char *text, struct installed *wanted, size_t count)
{
    char path[] = "/tmp/installed-XXXXXX";
    int fd = mkstemp(path);

    cr_assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    (void)close(fd);
    installed_look(path, wanted, count);
    (void)unlink(path);
}

Test(facts, versions_of_what_is_installed_only)
{
    struct installed wanted[] = {{.package = "one"},
                                 {.package = "removed"},
                                 {.package = "kept"},
                                 {.package = "no"}};

    look(list, wanted, SG_COUNT(wanted));
    cr_expect_str_eq(wanted[0].version, "1:2.0-1");
    cr_expect_str_eq(wanted[1].version, "");
    cr_expect_str_eq(wanted[2].version, "5");
    cr_expect_str_eq(wanted[3].version, "");
    installed_look("/nonexistent/status", wanted, SG_COUNT(wanted));
    cr_expect_str_eq(wanted[0].version, "", "what is not known is not told");
}

Test(facts, the_rest_of_a_long_line_is_no_field)
{
    static char text[4096];
    struct installed wanted[] = {{.package = "one"}};
    int head = snprintf(text, sizeof(text),
                        "Package: one\nStatus: install ok installed\nDescription: ");

    memset(text + head, 'x', 2000);
    /* Wherever a line is cut, no Version may begin there. */
    for (int at = 900; at < 1100; at++) {
        memset(text + head, 'x', 2000);
        memcpy(text + head + at, "Version: 9", strlen("Version: 9"));
        text[head + 2000] = '\0';
        look(text, wanted, 1);
        cr_assert_str_eq(wanted[0].version, "", "at %d", at);
    }
}

Test(facts, a_version_that_does_not_fit_is_not_known)
{
    struct installed wanted[] = {{.package = "one"}};

    look("Package: one\nStatus: install ok installed\nVersion: "
         "1234567890123456789012345678901234567890123456789012345678901234\n",
         wanted, 1);
    cr_expect_str_eq(wanted[0].version, "");
}

Test(facts, of_the_process)
{
    struct process_facts facts;

    process_facts_parse("Name:\tsegeld\nVmLck:\t      12 kB\nCapPrm:\t0000000000000400\n"
                        "NoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n",
                        &facts);
    cr_expect(facts.known && facts.no_new_privileges && facts.system_call_filter);
    cr_expect_eq(facts.capabilities, 1 << 10);
    cr_expect_eq(facts.locked_bytes, 12288);
    process_facts_parse("VmLck:\t0 kB\nCapPrm:\t0\nNoNewPrivs:\t0\nSeccomp:\t0\n",
                        &facts);
    cr_expect(facts.known && !facts.no_new_privileges && !facts.system_call_filter);
    process_facts_parse("CapPrm:\t0\nSeccomp:\t2\nNoNewPrivs:\t1\n", &facts);
    cr_expect_not(facts.known, "a line is missing");
    process_facts_parse("", &facts);
    cr_expect_not(facts.known);
    process_facts_look(&facts);
    cr_expect(facts.known, "this kernel tells all of it");
}
