#define _GNU_SOURCE /* RTLD_NEXT */
#include <criterion/criterion.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "gateway/anchor/parcel.h"

/* Folders: a file is whole or not there, what was dropped stays, and only what the log
 * has signed is believed. */

#define ORIGIN "log.example.go.id/folder"

static char dir[] = "/tmp/segel-anchor-XXXXXX";
static struct parcel *parcel;
static struct held *held;
static EVP_PKEY *key;
static struct sg_error why;
static bool list_fails;

/* In the place of libc's, for a disk that does not give a list back. */
struct dirent *readdir(DIR *opened)
{
    static struct dirent *(*real)(DIR *) = NULL;

    if (list_fails) {
        errno = EIO;
        return NULL;
    }
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "readdir");
    }
    return real(opened);
}

static void make(void)
{
    uint8_t public_key[NOTE_KEY_SIZE];
    size_t len = sizeof(public_key);

    cr_assert_not_null(mkdtemp(dir));
    key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    cr_assert_eq(EVP_PKEY_get_raw_public_key(key, public_key, &len), 1);
    parcel = (struct parcel *)calloc(1, sizeof(*parcel));
    held = (struct held *)calloc(1, sizeof(*held));
    cr_assert(parcel != NULL && held != NULL);
    cr_assert_eq(
        note_key_make(slice_str(ORIGIN), NOTE_ED25519, public_key, &parcel->log_key),
        SG_OK);
    parcel->kind = ANCHOR_DROP;
    (void)snprintf(parcel->name, sizeof(parcel->name), "f");
    (void)snprintf(parcel->place, sizeof(parcel->place), "%s", dir);
}

/* After lock_file(). */
static void unlock(void)
{
    cr_assert_eq(seteuid(getuid()), 0);
}

static void clear(void)
{
    unlock();
    DIR *opened = opendir(dir);

    for (struct dirent *entry; (entry = readdir(opened)) != NULL;) {
        (void)unlinkat(dirfd(opened), entry->d_name, 0);
    }
    (void)closedir(opened);
    (void)rmdir(dir);
    EVP_PKEY_free(key);
    free(parcel);
    free(held);
}

TestSuite(folder, .init = make, .fini = clear, .timeout = 20);

/* The log's checkpoint of a size; fill makes another root. */
static void offer(uint64_t size, uint8_t fill)
{
    struct checkpoint checkpoint = {.origin = slice_str(ORIGIN), .head = {.size = size}};
    uint8_t signature[NOTE_ED25519_SIZE];
    size_t len = sizeof(signature);
    char text[512];
    struct lines_out out;
    struct slice signed_text;
    struct slice note;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    memset(checkpoint.head.root.bytes, fill, sizeof(checkpoint.head.root.bytes));
    lines_start(&out, text, sizeof(text));
    checkpoint_write(&out, &checkpoint);
    cr_assert_eq(lines_finish(&out, &signed_text), SG_OK);
    cr_assert_eq(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key), 1);
    cr_assert_eq(EVP_DigestSign(ctx, signature, &len, signed_text.data, signed_text.len),
                 1);
    EVP_MD_CTX_free(ctx);
    lines_start(&out, (char *)parcel->note, sizeof(parcel->note));
    note_begin(&out, signed_text);
    note_add_signature(&out, slice_str(ORIGIN), parcel->log_key.id,
                       slice_of(signature, len));
    cr_assert_eq(lines_finish(&out, &note), SG_OK);
    parcel->size = size;
    parcel->note_len = note.len;
}

static void put(const char *name, struct slice bytes)
{
    char path[96];

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *file = fopen(path, "wb");
    cr_assert(file != NULL && fwrite(bytes.data, 1, bytes.len, file) == bytes.len);
    (void)fclose(file);
}

static size_t files(void)
{
    DIR *opened = opendir(dir);
    size_t count = 0;

    for (struct dirent *entry; (entry = readdir(opened)) != NULL;) {
        count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    (void)closedir(opened);
    return count;
}

static void deliver(uint64_t size, uint8_t fill)
{
    offer(size, fill);
    cr_assert_eq(folder_deliver(parcel, &why), SG_OK, "%s", why.text);
}

static void expect_newest(uint64_t size)
{
    cr_assert_eq(folder_newest(parcel, held, &why), SG_OK, "%s", why.text);
    cr_expect_eq(held->head.size, size);
}

Test(folder, a_drop_folder_keeps_each_and_the_newest_is_found_by_its_size)
{
    cr_expect_eq(folder_newest(parcel, held, &why), SG_NOT_FOUND);
    deliver(9, 1);
    deliver(10, 1);
    deliver(100, 1);
    deliver(11, 1);
    cr_expect_eq(files(), 4);
    expect_newest(100);
}

Test(folder, a_second_disk_keeps_the_newest_only)
{
    parcel->kind = ANCHOR_DISK;
    deliver(9, 1);
    deliver(10, 1);
    cr_expect_eq(files(), 1);
    expect_newest(10);
}

Test(folder, the_same_once_more_is_no_fault)
{
    deliver(9, 1);
    deliver(9, 1);
    cr_expect_eq(files(), 1);
}

Test(folder, another_root_of_a_size_that_was_dropped_is_an_alarm_and_replaces_nothing)
{
    deliver(9, 1);
    offer(9, 2);
    cr_expect_eq(folder_deliver(parcel, &why), SG_CORRUPT);
    cr_assert_eq(folder_newest(parcel, held, &why), SG_OK);
    cr_expect_eq(held->head.root.bytes[0], 1);
}

Test(folder, what_the_log_did_not_sign_does_not_count)
{
    deliver(9, 1);
    offer(50, 1);
    parcel->note[parcel->note_len - 5] ^= 1;
    put("50.checkpoint", slice_of(parcel->note, parcel->note_len));
    put("51.checkpoint", slice_str("nothing\n"));
    put("52.checkpoint", slice_str(""));
    expect_newest(9);
}

/* More than one list of the largest has room for. */
Test(folder, many_false_ones_do_not_hide_the_true_one)
{
    char name[40];

    deliver(9, 1);
    for (unsigned i = 0; i < 1300; i++) {
        (void)snprintf(name, sizeof(name), "%u.checkpoint", 1000 + i);
        put(name, slice_str("nothing\n"));
    }
    expect_newest(9);
}

Test(folder, links_pipes_and_huge_files_are_no_checkpoints)
{
    char path[96];

    deliver(9, 1);
    (void)snprintf(path, sizeof(path), "%s/20.checkpoint", dir);
    cr_assert_eq(symlink("/dev/zero", path), 0);
    (void)snprintf(path, sizeof(path), "%s/21.checkpoint", dir);
    cr_assert_eq(mkfifo(path, 0600), 0);
    (void)snprintf(path, sizeof(path), "%s/22.checkpoint", dir);
    put("22.checkpoint", slice_str("x"));
    cr_assert_eq(truncate(path, HELD_MAX + 1), 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/23.checkpoint", dir);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    why.text[0] = '\0';
    expect_newest(9);
    cr_expect_str_empty(why.text);
    (void)close(fd);
}

/* --- What cannot be read ---------------------------------------------------------- */

enum { NOBODY = 65534 };

/* Root may read everything, so the rest of the test is nobody. */
static void lock_file(const char *name)
{
    char path[96];

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    cr_assert_eq(chmod(path, 0), 0);
    cr_assert_eq(chmod(dir, 0777), 0);
    if (geteuid() == 0) {
        cr_assert_eq(seteuid(NOBODY), 0);
    }
    cr_assert_eq(open(path, O_RDONLY), -1);
}

static size_t size_of_file(const char *name)
{
    char path[96];
    struct stat about;

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    cr_assert_eq(stat(path, &about), 0);
    return (size_t)about.st_size;
}

Test(folder, a_second_disk_that_cannot_be_read_is_no_new_one)
{
    parcel->kind = ANCHOR_DISK;
    deliver(1000000, 1);
    size_t size = size_of_file("checkpoint");
    lock_file("checkpoint");
    cr_expect_eq(folder_newest(parcel, held, &why), SG_IO);
    cr_expect_not_null(strstr(why.text, "/checkpoint"), "%s", why.text);
    offer(9, 1);
    cr_expect_eq(folder_deliver(parcel, &why), SG_IO);
    cr_expect_eq(size_of_file("checkpoint"), size, "it was written over");
    unlock();
}

Test(folder, what_was_dropped_and_cannot_be_read_is_not_replaced)
{
    deliver(9, 1);
    offer(9, 2);
    lock_file("9.checkpoint");
    cr_expect_eq(folder_newest(parcel, held, &why), SG_IO);
    cr_expect_eq(folder_deliver(parcel, &why), SG_IO);
    cr_expect_not_null(strstr(why.text, "/9.checkpoint"), "%s", why.text);
    unlock();
    expect_newest(9);
    cr_expect_eq(held->head.root.bytes[0], 1);
}

Test(folder, what_can_be_read_counts_beside_what_cannot)
{
    deliver(9, 1);
    deliver(20, 1);
    lock_file("20.checkpoint");
    why.text[0] = '\0';
    expect_newest(9);
    cr_expect_not_null(strstr(why.text, "/20.checkpoint"), "it is told: %s", why.text);
    unlock();
    why.text[0] = '\0';
    expect_newest(20);
    cr_expect_str_empty(why.text);
}

Test(folder, a_list_that_breaks_off_is_not_the_whole_one)
{
    deliver(9, 1);
    list_fails = true;
    enum sg_status status = folder_newest(parcel, held, &why);
    list_fails = false;
    cr_expect_eq(status, SG_IO);
    cr_expect_not_null(strstr(why.text, dir), "%s", why.text);
}

Test(folder, a_second_disk_that_holds_more_than_the_log_is_an_alarm_and_stays)
{
    parcel->kind = ANCHOR_DISK;
    deliver(100, 1);
    offer(99, 1);
    cr_expect_eq(folder_deliver(parcel, &why), SG_CORRUPT);
    offer(100, 2);
    cr_expect_eq(folder_deliver(parcel, &why), SG_CORRUPT);
    expect_newest(100);
    cr_expect_eq(held->head.root.bytes[0], 1);
    deliver(100, 1);
    deliver(101, 2);
    expect_newest(101);
}

Test(folder, other_names_are_left_alone)
{
    static const char *const names[] = {
        "checkpoint",    ".checkpoint",   "x.checkpoint",
        "09.checkpoint", "+7.checkpoint", "9999999999999999999999.checkpoint",
        "12.txt"};

    for (size_t i = 0; i < SG_COUNT(names); i++) {
        put(names[i], slice_str("x"));
    }
    cr_expect_eq(folder_newest(parcel, held, &why), SG_NOT_FOUND);
    deliver(9, 1);
    expect_newest(9);
}

Test(folder, what_a_crash_left_is_written_over)
{
    put(".checkpoint.new", slice_str("half of a note that is longer than the whole one"));
    deliver(9, 1);
    cr_expect_eq(files(), 1);
    expect_newest(9);
}

Test(folder, a_folder_that_is_not_there_is_not_made)
{
    (void)snprintf(parcel->place, sizeof(parcel->place), "/tmp/segel-anchor-nowhere");
    offer(9, 1);
    cr_expect_eq(folder_deliver(parcel, &why), SG_IO);
    cr_expect_not_null(strstr(why.text, parcel->place), "%s", why.text);
    cr_expect_eq(folder_newest(parcel, held, &why), SG_IO);
    cr_expect_eq(access(parcel->place, F_OK), -1);
}

Test(folder, the_pause_after_failures_grows_to_its_limit)
{
    for (unsigned i = 1; i < 200; i++) {
        int64_t us = watch_pause_us(i, 60);
        cr_expect(us >= 500000 && us <= 60000000, "%u: %lld", i, (long long)us);
    }
    cr_expect_leq(watch_pause_us(1, 60), 1000000);
    cr_expect_geq(watch_pause_us(100, 60), 30000000);
}
