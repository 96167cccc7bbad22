#define _GNU_SOURCE /* nftw */
#include "client/batch/tree.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/batch/place.h"
#include "client/batch/unique.h"

static char dir[] = "/tmp/segel-tree-XXXXXX";
static char text[512];
static struct sg_error why;

static const char *in(const char *name)
{
    static char path[2][512];
    static size_t turn;

    turn = (turn + 1) % 2;
    (void)snprintf(path[turn], sizeof(path[turn]), "%s/%s", dir, name);
    return path[turn];
}

static void touch(const char *name)
{
    int fd = open(in(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    cr_assert(fd >= 0);
    (void)close(fd);
}

static void setup(void)
{
    cr_assert(mkdtemp(dir) != NULL);
}

static int remove_one(const char *path, const struct stat *facts, int kind,
                      struct FTW *place)
{
    (void)facts;
    (void)kind;
    (void)place;
    return remove(path);
}

static void teardown(void)
{
    (void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

TestSuite(tree, .init = setup, .fini = teardown);

static const char *const *all_but; /* NULL: letters alone */

static enum sg_status walk(const struct stat *without)
{
    struct tree *tree = NULL;
    const char *below = NULL;

    text[0] = '\0';
    TRY(tree_open(dir, without, &tree, &why));
    if (all_but != NULL) {
        tree_take_all_but(tree, all_but);
    }
    enum sg_status status = tree_next(tree, &below, &why);
    while (status == SG_OK) {
        size_t len = strlen(text);
        (void)snprintf(text + len, sizeof(text) - len, "%s ", below);
        status = tree_next(tree, &below, &why);
    }
    tree_close(tree);
    return status;
}

Test(tree, gives_letters_by_the_order_of_their_names)
{
    cr_assert(mkdir(in("b"), 0700) == 0 && mkdir(in("b/c"), 0700) == 0);
    touch("z.pdf");
    touch("a.PDF");
    touch("b/2.pdf");
    touch("b/c/1.pdf");
    touch("b/notes.txt");
    touch(".hidden.pdf");
    touch(".pdf");
    cr_expect_eq(walk(NULL), SG_NOT_FOUND);
    cr_expect_str_eq(text, "a.PDF b/2.pdf b/c/1.pdf z.pdf ");
}

Test(tree, follows_no_links_and_leaves_a_folder_out)
{
    struct stat without;

    cr_assert(mkdir(in("in"), 0700) == 0 && mkdir(in("out"), 0700) == 0);
    touch("in/a.pdf");
    touch("out/b.pdf");
    cr_assert_eq(symlink("..", in("in/up")), 0);
    cr_assert_eq(symlink("a.pdf", in("in/link.pdf")), 0);
    cr_assert_eq(stat(in("out"), &without), 0);
    cr_expect_eq(walk(&without), SG_NOT_FOUND);
    cr_expect_str_eq(text, "in/a.pdf ");
}

Test(tree, takes_all_files_but_those_of_some_endings)
{
    static const char *const ends[] = {".p7s", ".part", NULL};

    touch("a.xml");
    touch("a.xml.p7s");
    touch("a.xml.p7s.PART");
    touch("b.pdf");
    touch("c.part.xml");
    touch(".c");
    all_but = ends;
    cr_expect_eq(walk(NULL), SG_NOT_FOUND);
    cr_expect_str_eq(text, "a.xml b.pdf c.part.xml ");
}

Test(tree, says_which_folder_cannot_be_read)
{
    struct tree *tree = NULL;

    cr_expect_eq(tree_open(in("absent"), NULL, &tree, &why), SG_IO);
    cr_expect(strstr(why.text, "absent") != NULL, "%s", why.text);
}

Test(tree, has_an_end_of_depth)
{
    char path[512];
    size_t len = (size_t)snprintf(path, sizeof(path), "%s", dir);

    for (int i = 0; i < TREE_DEPTH_MAX; i++) {
        len += (size_t)snprintf(path + len, sizeof(path) - len, "/d");
        cr_assert_eq(mkdir(path, 0700), 0);
    }
    cr_expect_eq(walk(NULL), SG_TOO_LARGE);
}

Test(place, stays_below_its_folder)
{
    static const char *const sound[] = {"a.pdf",  "a/b.pdf", "..a",
                                        "a..b/c", "...",     "é/x"};
    static const char *const unsound[] = {"",       "/a",   "a/",   "..",
                                          "a/../b", "../a", "a//b", "./a",
                                          "a/.",    "a/..", "a\nb", "a\x7f"};

    for (size_t i = 0; i < SG_COUNT(sound); i++) {
        cr_expect(place_sound(sound[i]), "%s", sound[i]);
    }
    for (size_t i = 0; i < SG_COUNT(unsound); i++) {
        cr_expect_not(place_sound(unsound[i]), "%s", unsound[i]);
    }
}

Test(tree, folders_of_results_are_made_but_never_through_a_link)
{
    struct stat facts;

    cr_expect_eq(place_make(dir, "x/y/a.pdf", &why), SG_OK);
    cr_expect_eq(place_make(dir, "x/y/b.pdf", &why), SG_OK);
    cr_expect(stat(in("x/y"), &facts) == 0 && S_ISDIR(facts.st_mode));
    cr_assert_eq(symlink("x", in("link")), 0);
    cr_expect_eq(place_make(dir, "link/z/a.pdf", &why), SG_CONFLICT);
    cr_expect_neq(stat(in("x/z"), &facts), 0);
    touch("file");
    cr_expect_eq(place_make(dir, "file/a.pdf", &why), SG_CONFLICT);
}

Test(unique, knows_what_it_has_seen)
{
    struct unique unique = {.cap = 0};
    char name[16];
    bool fresh = false;

    for (int i = 0; i < 2000; i++) {
        (void)snprintf(name, sizeof(name), "%d", i % 1000);
        cr_assert_eq(unique_add(&unique, name, &fresh), SG_OK);
        cr_assert_eq(fresh, i < 1000);
    }
    unique_fini(&unique);
}
