#define _GNU_SOURCE /* renameat2 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/report/output_inside.h"
#include "proto/text.h"

static const struct {
    const char *name;
    enum output_format format;
} files[] = {
    {"report.html", OUTPUT_HTML},
    {"report.json", OUTPUT_JSON},
    {"report.txt", OUTPUT_TEXT},
};
#define TABLES "csv"
#define SUMS   "SHA256SUMS"

/* The folder while it grows. */
struct folder {
    int fd;
    int tables;
    char path[1024];
};

static enum sg_status open_folder(const char *path, struct folder *folder,
                                  struct sg_error *why)
{
    struct stat info;

    if (strlen(path) + 5 > sizeof(folder->path)) {
        return sg_fail(why, SG_INVALID, "--out: the path is too long");
    }
    (void)snprintf(folder->path, sizeof(folder->path), "%s.tmp", path);
    if (lstat(path, &info) == 0) {
        return sg_fail(why, SG_CONFLICT, "%s is there already: choose another name",
                       path);
    }
    if (mkdir(folder->path, 0755) != 0) {
        return errno == EEXIST ? sg_fail(why, SG_CONFLICT,
                                         "%s is in the way: remove it if nobody needs it",
                                         folder->path)
                               : sg_fail(why, SG_IO, "%s cannot be made", folder->path);
    }
    folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (folder->fd >= 0 && mkdirat(folder->fd, TABLES, 0755) == 0) {
        folder->tables =
            openat(folder->fd, TABLES, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    }
    return folder->tables >= 0 ? SG_OK
                               : sg_fail(why, SG_IO, "%s cannot be made", folder->path);
}

/* --- Files ------------------------------------------------------------------------- */

static FILE *create(int folder, const char *name)
{
    int fd =
        openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

    if (file == NULL && fd >= 0) {
        (void)close(fd);
    }
    return file;
}

static enum sg_status put_file(const struct output *output, const struct made *made,
                               const struct folder *folder, size_t which)
{
    FILE *file = create(folder->fd, files[which].name);

    if (file == NULL) {
        return SG_IO;
    }
    enum sg_status status = made_put(output, made, files[which].format, file);
    return fclose(file) == 0 ? status : SG_IO;
}

static enum sg_status put_files(const struct output *output, const struct made *made,
                                const struct folder *folder)
{
    for (size_t i = 0; i < SG_COUNT(files); i++) {
        TRY(put_file(output, made, folder, i));
    }
    return made_write(output, made, paper_csv_files(folder->tables));
}

/* --- Sums, as sha256sum reads them ------------------------------------------------- */

static enum sg_status hash_file(int folder, const char *name, char hex[65])
{
    struct stat info;
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool known = fd >= 0 && fstat(fd, &info) == 0;
    size_t size = known ? (size_t)info.st_size : 0;
    uint8_t *bytes = (uint8_t *)malloc(size + 1);
    bool whole = known && bytes != NULL && read(fd, bytes, size + 1) == (ssize_t)size;

    if (whole) {
        struct tlog_hash hash = tlog_sha256(slice_of(bytes, size));
        text_hex(slice_of(hash.bytes, sizeof(hash.bytes)), hex);
    }
    free(bytes);
    if (fd >= 0) {
        (void)close(fd);
    }
    return whole ? SG_OK : SG_IO;
}

static enum sg_status put_sum(FILE *sums, int folder, const char *under, const char *name)
{
    char hex[65];

    TRY(hash_file(folder, name, hex));
    return fprintf(sums, "%s  %s%s\n", hex, under, name) > 0 ? SG_OK : SG_IO;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int no_dots(const struct dirent *entry)
{
    return entry->d_name[0] != '.' ? 1 : 0;
}

/* Calls once for each table, in the order of their names. */
static enum sg_status each_table(const struct folder *folder, FILE *sums,
                                 enum sg_status (*call)(const struct folder *folder,
                                                        FILE *sums, const char *name))
{
    struct dirent **names = NULL;
    int count = scandirat(folder->fd, TABLES, &names, no_dots, by_bytes);
    enum sg_status status = count < 0 ? SG_IO : SG_OK;

    for (int i = 0; i < count; i++) {
        status = status == SG_OK ? call(folder, sums, names[i]->d_name) : status;
        free(names[i]);
    }
    free((void *)names);
    return status;
}

static enum sg_status sum_table(const struct folder *folder, FILE *sums, const char *name)
{
    return put_sum(sums, folder->tables, TABLES "/", name);
}

static enum sg_status write_sums(const struct folder *folder, FILE *sums)
{
    TRY(each_table(folder, sums, sum_table));
    for (size_t i = 0; i < SG_COUNT(files); i++) {
        TRY(put_sum(sums, folder->fd, "", files[i].name));
    }
    return SG_OK;
}

static enum sg_status put_sums(const struct folder *folder)
{
    FILE *sums = create(folder->fd, SUMS);

    if (sums == NULL) {
        return SG_IO;
    }
    enum sg_status status = write_sums(folder, sums);
    return fclose(sums) == 0 ? status : SG_IO;
}

/* --- The whole --------------------------------------------------------------------- */

static enum sg_status remove_table(const struct folder *folder, FILE *sums,
                                   const char *name)
{
    (void)sums;
    (void)unlinkat(folder->tables, name, 0);
    return SG_OK;
}

/* A report that could not be written whole leaves nothing. */
static void clear(const struct folder *folder)
{
    if (folder->tables >= 0) {
        (void)each_table(folder, NULL, remove_table);
    }
    (void)unlinkat(folder->fd, TABLES, AT_REMOVEDIR);
    (void)unlinkat(folder->fd, SUMS, 0);
    for (size_t i = 0; i < SG_COUNT(files); i++) {
        (void)unlinkat(folder->fd, files[i].name, 0);
    }
    (void)rmdir(folder->path);
}

static enum sg_status fill(const struct output *output, const struct folder *folder,
                           struct sg_error *why)
{
    AUTO(made_fini) struct made made = {.json = NULL};

    TRY(made_make(output, &made, why));
    enum sg_status status = put_files(output, &made, folder);
    if (status == SG_OK) {
        status = put_sums(folder);
    }
    return status == SG_OK
               ? made_tell(output, &made, why)
               : sg_fail(why, status, "%s could not be written whole: is the disk full?",
                         folder->path);
}

/* Takes the name by an empty folder, which a rename may replace, and only while it is
 * empty. 0, or the errno. */
static int name_by_empty(const char *made, const char *path)
{
    if (mkdir(path, 0755) != 0) {
        return errno;
    }
    if (rename(made, path) == 0) {
        return 0;
    }
    int error = errno;
    (void)rmdir(path);
    return error;
}

/* Puts nothing in the place of another file. NFS and some others have no rename that
 * leaves what is there. */
static int name_alone(const char *made, const char *path)
{
    if (renameat2(AT_FDCWD, made, AT_FDCWD, path, RENAME_NOREPLACE) == 0) {
        return 0;
    }
    return errno == EINVAL || errno == ENOSYS ? name_by_empty(made, path) : errno;
}

static enum sg_status name_it(const struct folder *folder, const char *path,
                              struct sg_error *why)
{
    int error = name_alone(folder->path, path);

    if (error == 0) {
        return SG_OK;
    }
    errno = error;
    return error == EEXIST || error == ENOTEMPTY
               ? sg_fail(why, SG_CONFLICT, "%s is there already: choose another name",
                         path)
               : sg_fail(why, SG_IO, "%s cannot be named %s", folder->path, path);
}

enum sg_status output_folder(const struct output *output, const char *path,
                             struct sg_error *why)
{
    struct folder folder = {.fd = -1, .tables = -1};
    enum sg_status status = open_folder(path, &folder, why);

    if (status == SG_OK) {
        status = fill(output, &folder, why);
    }
    if (status == SG_OK) {
        status = name_it(&folder, path, why);
    }
    if (status != SG_OK && folder.fd >= 0) {
        clear(&folder);
    }
    if (folder.tables >= 0) {
        (void)close(folder.tables);
    }
    if (folder.fd >= 0) {
        (void)close(folder.fd);
    }
    return status;
}
