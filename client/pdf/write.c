#define _GNU_SOURCE /* NOLINT: the name is the C library's; renameat2 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/pdf/pdf.h"
#include "proto/write_all.h"

/* A file under its last name is whole, and its bytes are on the disk. Where the name
 * itself could not be synced the file stays, and the call fails. Each file is synced for
 * itself; that their bytes are on their way before the first is waited for, and their
 * names are synced by folder, makes many cost the disk hardly more than one. */

static void close_fd(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

static enum sg_status fail(struct sg_error *why, const char *what, const char *path)
{
    char reason[128] = "unknown reason";
    int code = errno;
    const char *said = strerror_r(code, reason, sizeof(reason));

    return sg_fail(why, SG_IO, "cannot %s '%s': %s; check folder, rights and free space",
                   what, path, said);
}

static enum sg_status name_part(const char *path, char part[PATH_MAX],
                                struct sg_error *why)
{
    int len = snprintf(part, PATH_MAX, "%s.part", path);

    return len < 0 || len >= PATH_MAX
               ? sg_fail(why, SG_IO, "the file's path is too long: choose a shorter one")
               : SG_OK;
}

/* Whether what stands under the part's name is still the file that was begun. */
static bool is_own(const struct pdf_file *file, const char *part)
{
    struct stat begun;
    struct stat there;

    return fstat(file->fd, &begun) == 0 && lstat(part, &there) == 0 &&
           begun.st_dev == there.st_dev && begun.st_ino == there.st_ino;
}

/* --- Bytes ------------------------------------------------------------------------- */

/* Of a file whose part was made: takes it away. named NULL: it is about the part. */
static void drop(struct pdf_file *file, const char *what, const char *named)
{
    char part[PATH_MAX];
    int code = errno;

    MUST(name_part(file->path, part, NULL) == SG_OK);
    errno = code;
    file->status = fail(&file->why, what, named == NULL ? part : named);
    if (is_own(file, part)) {
        (void)unlink(part);
    }
}

static bool is_regular(const char *path)
{
    struct stat there;

    return lstat(path, &there) == 0 && S_ISREG(there.st_mode);
}

/* Whoever finds the .part of a run that was broken off may take its place, but not write
 * into it: where names are one whatever their case, it may be that of a letter under way.
 * A symbolic link there is not followed. */
static enum sg_status open_part(struct pdf_file *file, const char *part)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;

    file->fd = open(part, flags, 0644);
    if (file->fd < 0 && errno == EEXIST && is_regular(part) && unlink(part) == 0) {
        file->fd = open(part, flags, 0644);
    }
    return file->fd < 0 ? fail(&file->why, "create", part) : SG_OK;
}

void pdf_file_begin(struct pdf_file *file, const char *path, struct slice input,
                    struct slice appendix)
{
    char part[PATH_MAX];

    *file = (struct pdf_file){.path = path, .fd = -1, .len = input.len + appendix.len};
    file->status = name_part(path, part, &file->why);
    if (file->status == SG_OK) {
        file->status = open_part(file, part);
    }
    if (file->status != SG_OK) {
        return;
    }
    if (!write_all(file->fd, input) || !write_all(file->fd, appendix)) {
        drop(file, "write", NULL);
        return;
    }
    /* What fails here is found when the file is synced. */
    (void)sync_file_range(file->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
}

/* Whether all that was begun is written. A failure told here is not told again by fsync;
 * where there is no such call, fsync does it all. */
static bool await_bytes(int fd)
{
    unsigned all =
        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;

    return sync_file_range(fd, 0, 0, all) == 0 || errno == ENOSYS || errno == EPERM ||
           errno == EINVAL || errno == ESPIPE;
}

static void each_awaited(struct pdf_file *file)
{
    if (!await_bytes(file->fd)) {
        drop(file, "write", NULL);
    }
}

static void each_synced(struct pdf_file *file)
{
    if (fsync(file->fd) != 0) {
        drop(file, "write", NULL);
    }
}

/* --- Names ------------------------------------------------------------------------- */

static size_t read_some(int fd, uint8_t *out, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t got = read(fd, out + done, len - done);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return done;
        }
        done += got > 0 ? (size_t)got : 0;
    }
    return done;
}

/* Whether both have these first bytes, so many; whole: and the other no more. */
static bool begin_alike(const char *path, const char *other, size_t len, bool whole)
{
    const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    AUTO(close_fd) int fd = open(path, flags);
    AUTO(close_fd) int other_fd = open(other, flags);
    uint8_t bytes[4096];
    uint8_t others[4096];
    bool same = fd >= 0 && other_fd >= 0;

    while (same && len > 0) {
        size_t some = len < sizeof(bytes) ? len : sizeof(bytes);
        same = read_some(fd, bytes, some) == some &&
               read_some(other_fd, others, some) == some &&
               memcmp(bytes, others, some) == 0;
        len -= some;
    }
    return same && (!whole || read_some(other_fd, others, 1) == 0);
}

static bool is_free(const char *path)
{
    struct stat there;

    return lstat(path, &there) != 0 && errno == ENOENT;
}

/* Puts nothing in the place of another file. NFS knows no rename that leaves what is
 * there, some others no second name of a file either: there a look has to do. False:
 * errno says why. */
static bool name_new(const char *part, const char *path)
{
    if (renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE) == 0) {
        return true;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return false;
    }
    if (link(part, path) == 0) {
        (void)unlink(part);
        return true;
    }
    if (!is_free(path)) {
        errno = EEXIST;
        return false;
    }
    return rename(part, path) == 0;
}

/* Where names are one whatever their case, the file that is there may be another letter's
 * of this run; or somebody put it there since it was looked for, or added to the letter,
 * such as another signature. */
static bool name(const struct pdf_file *file, const char *part)
{
    if (file->own == 0) {
        return rename(part, file->path) == 0;
    }
    if (name_new(part, file->path)) {
        return true;
    }
    if (errno != EEXIST) {
        return false;
    }
    bool own = begin_alike(part, file->path, file->own, file->own == file->len);
    errno = EEXIST;
    return own && rename(part, file->path) == 0;
}

/* Two outputs may have one part ("a" and "a.part"; or in a folder where the case of
 * letters is nothing): none is given the bytes of another. */
static void each_named(struct pdf_file *file)
{
    char part[PATH_MAX];

    MUST(name_part(file->path, part, NULL) == SG_OK);
    if (!is_own(file, part)) {
        file->status = sg_fail(&file->why, SG_IO,
                               "'%s' is not the file any more that was begun: another "
                               "one was written there, or it was taken away",
                               part);
        return;
    }
    file->named = name(file, part);
    if (!file->named && errno == EEXIST) {
        drop(file, "name", file->path);
        file->status = sg_fail(&file->why, SG_IO,
                               "'%s' is there already, perhaps by a name of other case, "
                               "and is left as it is: move it elsewhere first",
                               file->path);
    } else if (!file->named) {
        drop(file, "rename to", file->path);
    }
}

/* Bytes of the path before its last '/'; 0 = the root, -1 = where the program is. */
static ptrdiff_t folder_len(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? -1 : slash - path;
}

/* The new name is on the disk only when the folder is. */
static enum sg_status sync_folder(const char *path, struct sg_error *why)
{
    char folder[PATH_MAX] = ".";
    ptrdiff_t len = folder_len(path);

    if (len >= 0) {
        (void)snprintf(folder, sizeof(folder), "%.*s", len == 0 ? 1 : (int)len, path);
    }
    AUTO(close_fd) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0) {
        return fail(why, "write the folder", folder);
    }
    return SG_OK;
}

static bool same_folder(const char *a, const char *b)
{
    ptrdiff_t len = folder_len(a);

    return len == folder_len(b) && (len <= 0 || memcmp(a, b, (size_t)len) == 0);
}

/* A folder's failure is told once by the disk, so it is asked for once, and what it said
 * holds for all names in it. */
static void settle_name(struct pdf_file *files, size_t i)
{
    size_t first = 0;

    while (!files[first].named || !same_folder(files[first].path, files[i].path)) {
        first++;
    }
    if (first == i) {
        files[i].status = sync_folder(files[i].path, &files[i].why);
    } else {
        files[i].status = files[first].status;
        files[i].why = files[first].why;
    }
}

/* --- All of it --------------------------------------------------------------------- */

static void for_each(struct pdf_file *files, size_t count,
                     void (*step)(struct pdf_file *))
{
    for (size_t i = 0; i < count; i++) {
        if (files[i].status == SG_OK) {
            step(&files[i]);
        }
    }
}

void pdf_files_end(struct pdf_file *files, size_t count)
{
    if (count > 1) {
        for_each(files, count, each_awaited);
    }
    for_each(files, count, each_synced);
    for_each(files, count, each_named);
    for (size_t i = 0; i < count; i++) {
        close_fd(&files[i].fd);
        files[i].fd = -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (files[i].named) {
            settle_name(files, i);
        }
    }
}

static enum sg_status write_one(struct pdf_file *file, struct sg_error *why)
{
    pdf_files_end(file, 1);
    return file->status == SG_OK ? SG_OK
                                 : sg_fail(why, file->status, "%s", file->why.text);
}

enum sg_status pdf_write(const char *path, struct slice input, struct slice appendix,
                         struct sg_error *why)
{
    struct pdf_file file;

    pdf_file_begin(&file, path, input, appendix);
    return write_one(&file, why);
}

enum sg_status pdf_write_new(const char *path, struct slice input, struct slice appendix,
                             struct sg_error *why)
{
    struct pdf_file file;

    pdf_file_begin(&file, path, input, appendix);
    file.own = input.len;
    return write_one(&file, why);
}
