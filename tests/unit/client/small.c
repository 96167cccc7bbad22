#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/audit/pending.h"
#include "client/channel/address.h"
#include "client/channel/queue.h"
#include "client/console/file.h"
#include "client/console/file_hash.h"
#include "client/console/home.h"
#include "client/console/nearest.h"
#include "client/console/progress.h"

/* --- Addresses --------------------------------------------------------------------- */

static struct address address;
static struct sg_error why;

Test(address, takes_names_and_ip_addresses_of_both_kinds)
{
    cr_assert_eq(address_parse("gw1.example.go.id:7443", &address, &why), SG_OK);
    cr_expect_str_eq(address.host, "gw1.example.go.id");
    cr_expect_str_eq(address.port, "7443");
    cr_expect_not(address.is_ip);
    cr_assert_eq(address_parse("10.1.2.3:1", &address, &why), SG_OK);
    cr_expect(address.is_ip);
    cr_assert_eq(address_parse("[::1]:65535", &address, &why), SG_OK);
    cr_expect_str_eq(address.host, "::1");
    cr_expect(address.is_ip);
}

Test(address, refuses_what_has_no_usable_host_and_port)
{
    static const char *const bad[] = {
        "",       "host",     ":1",         "host:", "host:0",  "host:65536",
        "host:x", "::1:7443", "host:07443", "[]:1",  "ho\nst:1"};

    for (size_t i = 0; i < SG_COUNT(bad); i++) {
        cr_expect_eq(address_parse(bad[i], &address, &why), SG_INVALID, "%s", bad[i]);
    }
}

/* --- Nearest ----------------------------------------------------------------------- */

static const char *const names[] = {"sign", "signer", "verify", "log show", "log verify"};

Test(nearest, finds_the_word_that_was_meant)
{
    cr_expect_str_eq(nearest("sgin", names, SG_COUNT(names)), "sign");
    cr_expect_str_eq(nearest("verfy", names, SG_COUNT(names)), "verify");
    cr_expect_str_eq(nearest("log sohw", names, SG_COUNT(names)), "log show");
    cr_expect_str_eq(nearest("ver", names, SG_COUNT(names)), "verify");
}

Test(nearest, stays_silent_when_nothing_is_near)
{
    cr_expect_null(nearest("frobnicate", names, SG_COUNT(names)));
    cr_expect_null(nearest("x", names, SG_COUNT(names)));
    cr_expect_null(nearest("", names, SG_COUNT(names)));
}

/* --- Progress ---------------------------------------------------------------------- */

static char line[PROGRESS_SIZE];

Test(progress, shows_part_rate_and_time_left)
{
    struct progress progress = {.total = 200, .done = 50, .elapsed_us = 5000000};

    progress_line(&progress, line);
    cr_expect_str_eq(line, "[#####---------------]  25 %  50/200  10.0/s  15 s left");
}

Test(progress, counts_what_was_refused)
{
    struct progress progress = {
        .total = 4, .done = 4, .refused = 1, .elapsed_us = 1000000};

    progress_line(&progress, line);
    cr_expect_str_eq(line, "[####################] 100 %  4/4  4.0/s  1 refused");
}

Test(progress, tells_hours_and_minutes)
{
    struct progress progress = {.total = 7201, .done = 1, .elapsed_us = 1000000};

    progress_line(&progress, line);
    cr_expect_not_null(strstr(line, "2 h 00 min left"), "%s", line);
    progress.total = 91;
    progress_line(&progress, line);
    cr_expect_not_null(strstr(line, "1 min 30 s left"), "%s", line);
}

Test(progress, bears_nothing_to_do_and_no_time)
{
    struct progress progress = {.total = 0};

    progress_line(&progress, line);
    cr_expect_str_eq(line, "[####################] 100 %  0/0  0.0/s");
}

/* --- Queue ------------------------------------------------------------------------- */

Test(queue, gives_back_bytes_in_their_order_however_cut)
{
    struct queue queue = {0};
    uint8_t next = 0;
    uint8_t expected = 0;
    uint8_t *room = NULL;
    uint8_t out[7000];

    for (size_t round = 0; round < 200; round++) {
        size_t in = round * 37 % 5000 + 1;
        cr_assert_eq(queue_grow(&queue, in, &room), SG_OK);
        for (size_t i = 0; i < in; i++) {
            room[i] = next++;
        }
        size_t taken = queue_take(&queue, out, round * 53 % sizeof(out));
        for (size_t i = 0; i < taken; i++) {
            cr_assert_eq(out[i], expected++);
        }
    }
    while (queue_len(&queue) > 0) {
        size_t taken = queue_take(&queue, out, sizeof(out));
        for (size_t i = 0; i < taken; i++) {
            cr_assert_eq(out[i], expected++);
        }
    }
    cr_expect_eq(expected, next);
    queue_fini(&queue);
}

Test(queue, refuses_a_length_that_no_memory_holds)
{
    struct queue queue = {0};
    uint8_t *room = NULL;

    cr_assert_eq(queue_grow(&queue, 10, &room), SG_OK);
    cr_expect_eq(queue_grow(&queue, SIZE_MAX - 5, &room), SG_NO_MEMORY);
    cr_expect_eq(queue_len(&queue), 10);
    queue_fini(&queue);
}

/* --- Pending ----------------------------------------------------------------------- */

Test(pending, finds_each_entry_once_among_thousands)
{
    struct pending pending = {0};
    struct pending_slot out;

    for (uint64_t i = 0; i < 5000; i++) {
        struct pending_slot slot = {.index = i * 3, .time_us = (int64_t)i};
        cr_assert_eq(pending_add(&pending, &slot), SG_OK);
        if (i % 2 == 1) {
            cr_assert(pending_remove(&pending, (i - 1) * 3, &out));
        }
    }
    cr_expect_eq(pending.count, 2500);
    for (uint64_t i = 0; i < 5000; i++) {
        cr_assert_eq(pending_remove(&pending, i * 3, &out), i % 2 == 1);
        cr_assert_not(pending_remove(&pending, i * 3 + 1, &out));
    }
    cr_expect_eq(pending.count, 0);
    pending_fini(&pending);
}

Test(pending, refuses_the_same_entry_twice)
{
    struct pending pending = {0};
    struct pending_slot slot = {.index = 7};

    cr_assert_eq(pending_add(&pending, &slot), SG_OK);
    cr_expect_eq(pending_add(&pending, &slot), SG_CONFLICT);
    pending_fini(&pending);
}

/* --- Home folder and files --------------------------------------------------------- */

/* NOLINTBEGIN(concurrency-mt-unsafe): a test is one thread */
Test(home, is_the_one_given_before_the_environment_before_the_user)
{
    struct home home;

    (void)setenv("SEGEL_HOME", "/from/environment", 1);
    (void)setenv("HOME", "/user", 1);
    cr_assert_eq(home_find("/given", &home, &why), SG_OK);
    cr_expect_str_eq(home.dir, "/given");
    cr_assert_eq(home_find(NULL, &home, &why), SG_OK);
    cr_expect_str_eq(home.dir, "/from/environment");
    (void)unsetenv("SEGEL_HOME");
    cr_assert_eq(home_find(NULL, &home, &why), SG_OK);
    cr_expect_str_eq(home.dir, "/user/.config/segel");
    (void)unsetenv("HOME");
    cr_assert_eq(home_find(NULL, &home, &why), SG_OK);
    cr_expect_str_eq(home.dir, "");
}

Test(home, that_is_not_known_has_no_files)
{
    struct home home = {.dir = ""};
    char path[HOME_PATH_SIZE];

    home_path(&home, HOME_VKEY, path);
    cr_expect_str_eq(path, "");
    cr_expect_eq(home_need(&home, HOME_VKEY, path, &why), SG_INVALID);
    cr_expect_not_null(strstr(why.text, "SEGEL_HOME"), "%s", why.text);
}
/* NOLINTEND(concurrency-mt-unsafe) */

Test(home, says_what_to_put_where_a_file_is_missing)
{
    struct home home = {"/nonexistent"};
    char path[HOME_PATH_SIZE];

    cr_assert_eq(home_need(&home, HOME_GATEWAY, path, &why), SG_INVALID);
    cr_expect_not_null(strstr(why.text, "/nonexistent/gateway is missing"), "%s",
                       why.text);
    cr_expect_not_null(strstr(why.text, ":7443"), "%s", why.text);
}

static char dir[32];

static void make_dir(void)
{
    (void)snprintf(dir, sizeof(dir), "/tmp/segel-file-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
}

static void remove_dir(void)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "%s/a", dir);
    (void)unlink(path);
    (void)snprintf(path, sizeof(path), "%s/b", dir);
    (void)unlink(path);
    (void)rmdir(dir);
}

Test(file, is_read_whole_and_no_more_than_allowed, .init = make_dir, .fini = remove_dir)
{
    struct file_bytes bytes = {0};
    char path[64];
    char other[64];

    (void)snprintf(path, sizeof(path), "%s/a", dir);
    (void)snprintf(other, sizeof(other), "%s/b", dir);
    FILE *file = fopen(path, "we");
    cr_assert_not_null(file);
    for (int i = 0; i < 10000; i++) {
        (void)fputc('a' + i % 26, file);
    }
    (void)fclose(file);
    cr_assert_eq(file_read(path, 10000, &bytes, &why), SG_OK, "%s", why.text);
    cr_expect_eq(bytes.len, 10000);
    cr_expect_eq(bytes.data[9999], 'a' + 9999 % 26);
    file_free(&bytes);
    cr_expect_eq(file_read(path, 9999, &bytes, &why), SG_TOO_LARGE);
    cr_expect_not(file_same(path, other));
    cr_assert_eq(link(path, other), 0);
    cr_expect(file_same(path, other));
    cr_expect_eq(file_read(dir, 10, &bytes, &why), SG_IO);
    cr_expect_str_eq(file_name("a/b/c.pdf"), "c.pdf");
    cr_expect_str_eq(file_name("c.pdf"), "c.pdf");
}

/* A pipe among letters has perhaps no end; one that was handed over has. */
Test(file, a_pipe_is_not_waited_for, .init = make_dir, .fini = remove_dir, .timeout = 10)
{
    struct file_bytes bytes = {0};
    char path[64];
    int ends[2];

    (void)snprintf(path, sizeof(path), "%s/a", dir);
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_expect_eq(file_read(path, 10, &bytes, &why), SG_IO);
    cr_expect_not_null(strstr(why.text, "/a cannot be read: it is no file"), "%s",
                       why.text);
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(write(ends[1], "abc", 3), 3);
    (void)close(ends[1]);
    (void)snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
    cr_assert_eq(file_read(path, 10, &bytes, &why), SG_OK, "%s", why.text);
    cr_expect_eq(bytes.len, 3);
    file_free(&bytes);
    (void)close(ends[0]);
}

/* Also what is not waited for: a pipe that nobody writes to. */
Test(file, its_hash_is_that_of_all_of_it, .init = make_dir, .fini = remove_dir,
     .timeout = 10)
{
    static const uint8_t abc[] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea};
    struct file_hash found;
    char path[64];
    char other[64];

    (void)snprintf(path, sizeof(path), "%s/a", dir);
    (void)snprintf(other, sizeof(other), "%s/b", dir);
    cr_expect_eq(file_hash(path, "sha256", &found, &why), SG_IO);
    cr_expect_not_null(strstr(why.text, "/a cannot be read: there is no such file"), "%s",
                       why.text);
    FILE *file = fopen(path, "we");
    cr_assert(file != NULL && fputs("abc", file) >= 0 && fclose(file) == 0);
    cr_assert_eq(file_hash(path, "sha256", &found, &why), SG_OK, "%s", why.text);
    cr_expect(found.len == 32 && found.size == 3 && found.mtime_ns > 0);
    cr_expect_eq(memcmp(found.digest, abc, sizeof(abc)), 0);
    cr_assert_eq(file_hash(path, "sha512", &found, &why), SG_OK, "%s", why.text);
    cr_expect_eq(found.len, 64);
    cr_assert_eq(mkfifo(other, 0600), 0);
    cr_expect_eq(file_hash(other, "sha256", &found, &why), SG_IO);
    cr_expect_not_null(strstr(why.text, "it is no file"), "%s", why.text);
    cr_expect_eq(file_hash(dir, "sha256", &found, &why), SG_IO);
}

/* A file may bear any time that its file system can hold. */
Test(file, a_time_that_nanoseconds_cannot_count_is_the_last_that_they_can,
     .init = make_dir, .fini = remove_dir)
{
    const struct timespec late[2] = {{.tv_sec = 9300000000}, {.tv_sec = 9300000000}};
    struct file_hash found;
    struct stat facts;
    char path[64];

    (void)snprintf(path, sizeof(path), "%s/a", dir);
    FILE *file = fopen(path, "we");
    cr_assert(file != NULL && fclose(file) == 0);
    cr_assert_eq(utimensat(AT_FDCWD, path, late, 0), 0);
    cr_assert_eq(stat(path, &facts), 0);
    if (facts.st_mtim.tv_sec != late[0].tv_sec) {
        cr_skip("the file system has no such time");
    }
    cr_assert_eq(file_hash(path, "sha256", &found, &why), SG_OK, "%s", why.text);
    cr_expect_eq(found.mtime_ns, INT64_MAX);
}
