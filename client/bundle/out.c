#define _GNU_SOURCE /* strerrordesc_np */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/bundle/writer.h"
#include "proto/write_all.h"

static enum sg_status failed(const struct bundle_out *out, struct sg_error *why)
{
    if (errno == ENOSPC || errno == EDQUOT) {
        return sg_fail(why, SG_IO,
                       "the disk is full: the bundle was given up and nothing of it is "
                       "kept; make room, or choose another place with --out");
    }
    return sg_fail(why, SG_IO,
                   "%s cannot be written (%s): the bundle was given up and nothing of it "
                   "is kept",
                   out->file.path, strerrordesc_np(errno));
}

static bool make_folders(int dir, const char *path)
{
    char part[BUNDLE_PATH_MAX + 1];

    for (size_t i = 0; path[i] != '\0'; i++) {
        part[i] = path[i];
        part[i + 1] = '\0';
        if (path[i] == '/') {
            part[i] = '\0';
            if (mkdirat(dir, part, 0755) != 0 && errno != EEXIST) {
                return false;
            }
            part[i] = '/';
        }
    }
    return true;
}

/* The folders of a path are mostly there. A negative number: errno says why not. */
static int make_file(int dir, const char *path)
{
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    int fd = openat(dir, path, flags, 0644);

    if (fd < 0 && errno == ENOENT && make_folders(dir, path)) {
        fd = openat(dir, path, flags, 0644);
    }
    return fd;
}

enum sg_status bundle_out_open(struct bundle_writer *writer, const char *path,
                               struct bundle_out *out, struct sg_error *why)
{
    size_t len = strlen(path);

    MUST(!out->open && bundle_path_valid(slice_of(path, len)));
    memset(&out->file, 0, sizeof(out->file));
    memcpy(out->file.path, path, len);
    out->fill = 0;
    if (out->hash == NULL) {
        out->hash = EVP_MD_CTX_new();
    }
    MUST(out->hash != NULL && EVP_DigestInit_ex2(out->hash, EVP_sha256(), NULL) == 1);
    out->fd = make_file(writer->dir, path);
    if (out->fd < 0) {
        return failed(out, why);
    }
    out->open = true;
    return SG_OK;
}

static enum sg_status flush(struct bundle_out *out, struct sg_error *why)
{
    struct slice bytes = slice_of(out->buffer, out->fill);

    out->fill = 0;
    MUST(EVP_DigestUpdate(out->hash, bytes.data, bytes.len) == 1);
    out->file.size += bytes.len;
    return write_all(out->fd, bytes) ? SG_OK : failed(out, why);
}

/* What fits into the buffer; the buffer is never left full. */
static enum sg_status put_some(struct bundle_out *out, struct slice *bytes,
                               struct sg_error *why)
{
    size_t room = WRITER_BUFFER - out->fill;
    size_t take = bytes->len < room ? bytes->len : room;

    memcpy(out->buffer + out->fill, bytes->data, take);
    out->fill += take;
    *bytes = slice_of(bytes->data + take, bytes->len - take);
    return out->fill == WRITER_BUFFER ? flush(out, why) : SG_OK;
}

enum sg_status bundle_out_put(struct bundle_out *out, struct slice bytes,
                              struct sg_error *why)
{
    while (bytes.len > 0) {
        TRY(put_some(out, &bytes, why));
    }
    return SG_OK;
}

static enum sg_status list(struct bundle_writer *writer, const struct manifest_file *file,
                           struct sg_error *why)
{
    if (writer->count == writer->cap) {
        size_t cap = writer->cap == 0 ? 256 : writer->cap * 2;
        struct manifest_file *more =
            (struct manifest_file *)realloc(writer->files, cap * sizeof(*more));
        if (more == NULL) {
            return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
        }
        writer->files = more;
        writer->cap = cap;
    }
    writer->files[writer->count++] = *file;
    return SG_OK;
}

enum sg_status bundle_out_close(struct bundle_writer *writer, struct bundle_out *out,
                                struct sg_error *why)
{
    TRY(flush(out, why));
    MUST(EVP_DigestFinal_ex(out->hash, out->file.sha256.bytes, NULL) == 1);
    out->open = false;
    if (close(out->fd) != 0) {
        return failed(out, why);
    }
    return list(writer, &out->file, why);
}

void bundle_out_fini(struct bundle_out *out)
{
    if (out->open) {
        (void)close(out->fd);
    }
    out->open = false;
    EVP_MD_CTX_free(out->hash);
    out->hash = NULL;
}

enum sg_status bundle_write_file(struct bundle_writer *writer, const char *path,
                                 struct slice bytes, struct bundle_out *scratch,
                                 struct sg_error *why)
{
    TRY(bundle_out_open(writer, path, scratch, why));
    TRY(bundle_out_put(scratch, bytes, why));
    return bundle_out_close(writer, scratch, why);
}
