#include <criterion/criterion.h>
#include <errno.h>
#include <grp.h>
#include <string.h>

#include "gateway/service/control/group.h"

/* A directory in place of the machine's groups: what it needs, and how it fails. */
static size_t room;
static int failure;

int getgrnam_r(const char *name, struct group *entry, char *text, size_t size,
               struct group **result)
{
    *result = NULL;
    if (failure != 0) {
        return failure;
    }
    if (size < room) {
        return ERANGE;
    }
    memset(text, 'x', size);
    entry->gr_gid = 4711;
    *result = strcmp(name, "officers") == 0 ? entry : NULL;
    return 0;
}

static gid_t group;
static struct sg_error why;

static enum sg_status find(const char *name, size_t needed, int fails)
{
    room = needed;
    failure = fails;
    group = 0;
    return group_find(name, &group, &why);
}

Test(group, one_of_many_members_is_found)
{
    cr_expect_eq(find("officers", 100, 0), SG_OK);
    cr_expect_eq(group, 4711);
    cr_expect_eq(find("officers", 1 << 20, 0), SG_OK, "%s", why.text);
    cr_expect_eq(group, 4711);
    cr_expect_eq(find("officers", 1 << 30, 0), SG_IO, "there is an end to it");
}

Test(group, only_one_that_is_not_there_is_to_be_made)
{
    cr_expect_eq(find("strangers", 0, 0), SG_INVALID);
    cr_expect_not_null(strstr(why.text, "no group 'strangers'; groupadd"));
    cr_expect_eq(find("officers", 0, EIO), SG_IO);
    cr_expect_not_null(strstr(why.text, "'officers' cannot be looked up: Input/output"));
    cr_expect_null(strstr(why.text, "groupadd"));
    cr_expect_eq(find("officers", 0, ENOENT), SG_IO, "the directory's socket is away");
    cr_expect_null(strstr(why.text, "groupadd"));
}
