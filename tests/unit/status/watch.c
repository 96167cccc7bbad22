#include <criterion/criterion.h>
#include <stdio.h>

#include "gateway/status/inside.h"

/* Whose turn it is. */

enum { LINKS = 3 };
static struct watched links[LINKS];
static struct status status = {.links = links, .link_count = LINKS};

static struct source *set(struct source *source, const char *url, int64_t due_us)
{
    (void)snprintf(source->url, sizeof(source->url), "%s", url);
    source->due_us = due_us;
    return source;
}

Test(watch, the_one_that_has_been_due_for_longest_is_next)
{
    int64_t due_us = 0;
    struct source *late = set(&links[0].crl, "http://a/1", 50);
    struct source *first = set(&links[1].crl, "http://a/2", 40);
    (void)set(&links[2].ocsp, "", 0);

    cr_expect_eq(watch_next(&status, 100, &due_us), first);
    first->asked = true;
    cr_expect_eq(watch_next(&status, 100, &due_us), late);
    cr_expect_null(watch_next(&status, 45, &due_us));
    cr_expect_eq(due_us, 50);
    late->asked = true;
    cr_expect_null(watch_next(&status, 100, &due_us));
    cr_expect_gt(due_us, 1000000);
}

Test(watch, one_host_does_not_take_all_places)
{
    int64_t due_us = 0;
    struct source *other = set(&links[2].crl, "http://b:80/1", 90);

    set(&links[0].crl, "http://a:80/1", 10)->asked = true;
    set(&links[0].ocsp, "http://A:80?2", 20)->asked = true;
    struct source *third = set(&links[1].crl, "http://a:80/3", 30);
    cr_expect_eq(watch_next(&status, 100, &due_us), other);
    other->asked = true;
    cr_expect_null(watch_next(&status, 100, &due_us));
    links[0].crl.asked = false;
    links[0].crl.due_us = 1000;
    cr_expect_eq(watch_next(&status, 100, &due_us), third);
}
