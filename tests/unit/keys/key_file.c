#include "client/keys/key_file.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char folder[] = "/tmp/segel-keys-XXXXXX";
static char path[64];
static struct sg_error why;

/* The call of fsync that fails, counted from 1, and what was synced before. */
static unsigned failing;
static unsigned synced;
static mode_t kinds[4];

int fsync(int fd)
{
    struct stat about;

    cr_assert_lt(synced, SG_COUNT(kinds));
    cr_assert_eq(fstat(fd, &about), 0);
    kinds[synced++] = about.st_mode & S_IFMT;
    return (int)syscall(SYS_fsync, synced == failing ? -1 : fd);
}

static void begin(void)
{
    cr_assert_not_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/key", folder);
}

static void end(void)
{
    (void)unlink(path);
    cr_expect_eq(rmdir(folder), 0, "nothing else is in the folder");
}

TestSuite(key_file, .init = begin, .fini = end);

static void put(const char *text)
{
    cr_assert_eq(key_file_make(path, slice_str(text), &why), SG_OK, "%s", why.text);
}

static void expect_nothing_left(void)
{
    cr_expect_eq(key_file_make(path, slice_str("a key"), &why), SG_IO);
    cr_expect_not_null(strstr(why.text, path), "%s", why.text);
    cr_expect_null(strstr(why.text, "Success"), "%s", why.text);
    cr_expect_neq(access(path, F_OK), 0, "a part of a key is there");
}

Test(key_file, gives_back_what_was_put_in_and_is_for_its_user_alone)
{
    static struct key_file file;
    struct stat about;

    put("a key");
    cr_assert_eq(stat(path, &about), 0);
    cr_expect_eq(about.st_mode & 07777, 0600);
    cr_assert_eq(key_file_read(path, &file, &why), SG_OK, "%s", why.text);
    cr_expect(slice_equal(slice_of(file.bytes, file.len), slice_str("a key")));
    key_file_wipe(&file);
    for (size_t i = 0; i < sizeof(file.bytes); i++) {
        cr_assert_eq(file.bytes[i], 0);
    }
}

Test(key_file, is_on_the_disk_with_its_name)
{
    put("a key");
    cr_expect_eq(synced, 2);
    cr_expect_eq(kinds[0], S_IFREG);
    cr_expect_eq(kinds[1], S_IFDIR);
}

Test(key_file, is_never_written_over)
{
    static struct key_file file;

    put("a key");
    cr_expect_eq(key_file_make(path, slice_str("another"), &why), SG_CONFLICT);
    cr_assert_eq(key_file_read(path, &file, &why), SG_OK, "%s", why.text);
    cr_expect(slice_equal(slice_of(file.bytes, file.len), slice_str("a key")));
}

Test(key_file, dangling_link_is_not_followed)
{
    char other[64];

    (void)snprintf(other, sizeof(other), "%s/other", folder);
    cr_assert_eq(symlink(other, path), 0);
    cr_expect_eq(key_file_make(path, slice_str("a key"), &why), SG_CONFLICT);
    cr_expect_neq(access(other, F_OK), 0);
}

/* The size limit stands for a full disk: the write breaks off in the middle. */
Test(key_file, write_that_breaks_off_leaves_no_part_of_a_key)
{
    const struct rlimit small = {.rlim_cur = 3, .rlim_max = 3};

    (void)signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    expect_nothing_left();
}

Test(key_file, sync_that_fails_leaves_no_part_of_a_key)
{
    failing = 1;
    expect_nothing_left();
}

Test(key_file, name_that_cannot_be_synced_leaves_no_part_of_a_key)
{
    failing = 2;
    expect_nothing_left();
}

Test(key_file, name_in_the_folder_at_hand_needs_no_slash)
{
    cr_assert_eq(chdir(folder), 0);
    cr_expect_eq(key_file_make("key", slice_str("a key"), &why), SG_OK, "%s", why.text);
    cr_expect_eq(access(path, F_OK), 0);
    cr_expect_eq(kinds[1], S_IFDIR);
}

Test(key_file, path_above_the_system_limit_makes_nothing)
{
    static char longest[8192];

    memset(longest, '/', sizeof(longest) - 1);
    memcpy(longest, folder, strlen(folder));
    memcpy(longest + sizeof(longest) - 4, "key", 3);
    cr_expect_eq(key_file_make(longest, slice_str("a key"), &why), SG_IO);
    cr_expect_neq(access(path, F_OK), 0);
}

Test(key_file, what_others_may_use_is_refused)
{
    static const mode_t open[] = {0640, 0620, 0610, 0604, 0602, 0601};
    static struct key_file file;

    put("a key");
    for (size_t i = 0; i < SG_COUNT(open); i++) {
        cr_assert_eq(chmod(path, open[i]), 0);
        cr_expect_eq(key_file_read(path, &file, &why), SG_INVALID, "%o", open[i]);
        cr_expect_not_null(strstr(why.text, "chmod 600"), "%s", why.text);
    }
    cr_assert_eq(chmod(path, 0400), 0);
    cr_expect_eq(key_file_read(path, &file, &why), SG_OK, "%s", why.text);
}

Test(key_file, reading_is_bounded)
{
    static char text[KEY_FILE_MAX + 1];
    static struct key_file file;

    memset(text, 'k', KEY_FILE_MAX - 1);
    put(text);
    cr_expect_eq(key_file_read(path, &file, &why), SG_OK, "%s", why.text);
    cr_expect_eq(file.len, KEY_FILE_MAX - 1);
    text[KEY_FILE_MAX - 1] = 'k';
    cr_assert_eq(unlink(path), 0);
    put(text);
    cr_expect_eq(key_file_read(path, &file, &why), SG_INVALID);
}
