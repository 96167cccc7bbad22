#define _GNU_SOURCE /* nftw, strerrordesc_np, syncfs */
#include "client/bundle/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/bundle/tar.h"

/* In a folder of ours that has no name yet. */
static const char unfinished[] = "UNFINISHED";
enum { FOLDERS_OPEN = 16, COPY_STEP = 1 << 16 };

/* --- Beginning --------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *info, int kind,
                      struct FTW *place)
{
    (void)info;
    (void)kind;
    (void)place;
    return remove(path);
}

static bool remove_all(const char *path)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): the client has one thread */
    return nftw(path, remove_one, FOLDERS_OPEN, FTW_DEPTH | FTW_PHYS) == 0;
}

/* Only what a run of ours began and did not finish. */
static enum sg_status clear_rest(const struct bundle_writer *writer, struct sg_error *why)
{
    char mark[sizeof(writer->temp) + sizeof(unfinished) + 1];
    struct stat info;

    if (lstat(writer->temp, &info) != 0) {
        return SG_OK;
    }
    (void)snprintf(mark, sizeof(mark), "%s/%s", writer->temp, unfinished);
    if (lstat(mark, &info) != 0 || !remove_all(writer->temp)) {
        return sg_fail(why, SG_CONFLICT,
                       "%s is in the way, and not what an export left unfinished: remove "
                       "it",
                       writer->temp);
    }
    return SG_OK;
}

enum sg_status bundle_writer_start(struct bundle_writer *writer, const char *target,
                                   struct sg_error *why)
{
    size_t len = strlen(target);
    struct stat info;

    *writer = (struct bundle_writer){.dir = -1};
    while (len > 1 && target[len - 1] == '/') {
        len--;
    }
    if (len == 0 || len >= sizeof(writer->target)) {
        return sg_fail(why, SG_INVALID, "--out is no usable name");
    }
    memcpy(writer->target, target, len);
    (void)snprintf(writer->temp, sizeof(writer->temp), "%s.tmp", writer->target);
    if (lstat(writer->target, &info) == 0) {
        return sg_fail(why, SG_CONFLICT, "%s is there already: choose another name",
                       writer->target);
    }
    TRY(clear_rest(writer, why));
    if (mkdir(writer->temp, 0755) == 0) {
        writer->dir = open(writer->temp, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    int mark = writer->dir < 0 ? -1
                               : openat(writer->dir, unfinished,
                                        O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (mark < 0 || close(mark) != 0) {
        return sg_fail(why, SG_IO, "%s cannot be made (%s)", writer->temp,
                       strerrordesc_np(errno));
    }
    return SG_OK;
}

void bundle_writer_fini(struct bundle_writer *writer)
{
    if (writer->dir >= 0) {
        (void)close(writer->dir);
        (void)remove_all(writer->temp);
    }
    free(writer->files);
    writer->files = NULL;
    writer->dir = -1;
}

/* --- End --------------------------------------------------------------------------- */

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct manifest_file *)a)->path,
                  ((const struct manifest_file *)b)->path);
}

static enum sg_status write_manifest(struct bundle_writer *writer,
                                     struct manifest_head *head, struct bundle_out *out,
                                     struct sg_error *why)
{
    size_t count = writer->count;
    char text[MANIFEST_HEAD_MAX];
    size_t len = 0;

    qsort(writer->files, count, sizeof(*writer->files), by_path);
    head->files = count;
    if (count > BUNDLE_FILES_MAX || manifest_write_head(head, text, &len) != SG_OK) {
        return sg_fail(why, SG_TOO_LARGE, "there are too many files for one bundle");
    }
    TRY(bundle_out_open(writer, BUNDLE_MANIFEST, out, why));
    TRY(bundle_out_put(out, slice_of(text, len), why));
    for (size_t i = 0; i < count; i++) {
        len = manifest_write_file(&writer->files[i], text);
        TRY(bundle_out_put(out, slice_of(text, len), why));
    }
    return bundle_out_close(writer, out, why);
}

static enum sg_status full(const struct bundle_writer *writer, struct sg_error *why)
{
    return sg_fail(why, SG_IO, "%s cannot be written (%s): nothing of the bundle is kept",
                   writer->target, strerrordesc_np(errno));
}

/* --- As one file ------------------------------------------------------------------- */

static bool put_bytes(int fd, const uint8_t *bytes, size_t len)
{
    while (len > 0) {
        ssize_t wrote = write(fd, bytes, len);
        if (wrote < 0 && errno != EINTR) {
            return false;
        }
        size_t done = wrote > 0 ? (size_t)wrote : 0;
        bytes += done;
        len -= done;
    }
    return true;
}

static bool copy_bytes(int from, int to, uint64_t size)
{
    static uint8_t step[COPY_STEP];
    uint64_t left = size;

    while (left > 0) {
        ssize_t got = read(from, step, left < COPY_STEP ? (size_t)left : COPY_STEP);
        if (got <= 0 || !put_bytes(to, step, (size_t)got)) {
            return false;
        }
        left -= (uint64_t)got;
    }
    memset(step, 0, TAR_BLOCK);
    return put_bytes(to, step, (size_t)(tar_padded(size) - size));
}

static bool add_member(const struct bundle_writer *writer, int to,
                       const struct manifest_file *file)
{
    uint8_t header[TAR_BLOCK];

    if (file->size >> 33 != 0) {
        errno = EFBIG; /* what a header can say */
        return false;
    }
    tar_header_write(file->path, file->size, header);
    int from = openat(writer->dir, file->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool good = from >= 0 && put_bytes(to, header, sizeof(header)) &&
                copy_bytes(from, to, file->size);
    if (from >= 0) {
        (void)close(from);
    }
    return good;
}

/* The manifest was listed last and is the first by name. */
static bool write_tar(struct bundle_writer *writer, int to)
{
    static const uint8_t end[2 * TAR_BLOCK];

    qsort(writer->files, writer->count, sizeof(*writer->files), by_path);
    for (size_t i = 0; i < writer->count; i++) {
        if (!add_member(writer, to, &writer->files[i])) {
            return false;
        }
    }
    return put_bytes(to, end, sizeof(end)) && fsync(to) == 0;
}

static enum sg_status name_tar(struct bundle_writer *writer, struct sg_error *why)
{
    char made[sizeof(writer->temp) + 8];

    (void)snprintf(made, sizeof(made), "%s/tar", writer->temp);
    int to = openat(writer->dir, "tar", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    bool good = to >= 0 && write_tar(writer, to);
    if (to >= 0 && close(to) != 0) {
        good = false;
    }
    return good && rename(made, writer->target) == 0 ? SG_OK : full(writer, why);
}

static enum sg_status name_folder(struct bundle_writer *writer, struct sg_error *why)
{
    if (unlinkat(writer->dir, unfinished, 0) != 0 || syncfs(writer->dir) != 0 ||
        rename(writer->temp, writer->target) != 0) {
        return full(writer, why);
    }
    (void)close(writer->dir);
    writer->dir = -1;
    return SG_OK;
}

enum sg_status bundle_writer_seal(struct bundle_writer *writer,
                                  struct manifest_head *head, struct tlog_hash *sha256,
                                  struct sg_error *why)
{
    struct bundle_out *out = (struct bundle_out *)calloc(1, sizeof(*out));

    if (out == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    enum sg_status status = write_manifest(writer, head, out, why);
    bundle_out_fini(out);
    free(out);
    TRY(status);
    *sha256 = writer->files[writer->count - 1].sha256;
    return SG_OK;
}

enum sg_status bundle_writer_finish(struct bundle_writer *writer, bool as_tar,
                                    struct sg_error *why)
{
    return as_tar ? name_tar(writer, why) : name_folder(writer, why);
}
