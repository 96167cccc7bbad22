#include "client/console/file_hash.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/console/file.h"

enum { BLOCK = 65536 };

static void close_fd(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

static void free_md(EVP_MD_CTX **md)
{
    EVP_MD_CTX_free(*md);
}

static enum sg_status no_memory(struct sg_error *why)
{
    return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
}

static enum sg_status hash_open(int fd, EVP_MD_CTX *md, const char *path,
                                struct sg_error *why)
{
    uint8_t block[BLOCK];
    ssize_t got = 1;

    while (got > 0) {
        got = read(fd, block, sizeof(block));
        if (got > 0 && EVP_DigestUpdate(md, block, (size_t)got) != 1) {
            return no_memory(why);
        }
    }
    return got == 0 ? SG_OK : file_unreadable(path, errno, why);
}

static int64_t to_ns(const struct timespec *time)
{
    int64_t ns = 0;

    if (__builtin_mul_overflow((int64_t)time->tv_sec, 1000000000, &ns) ||
        __builtin_add_overflow(ns, (int64_t)time->tv_nsec, &ns)) {
        return time->tv_sec < 0 ? 0 : INT64_MAX;
    }
    return ns < 0 ? 0 : ns;
}

enum sg_status file_hash(const char *path, const char *name, struct file_hash *out,
                         struct sg_error *why)
{
    const EVP_MD *algorithm = EVP_get_digestbyname(name);
    AUTO(free_md) EVP_MD_CTX *md = NULL;
    AUTO(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat facts;
    unsigned len = 0;

    if (fd < 0 || fstat(fd, &facts) != 0) {
        return file_unreadable(path, errno, why);
    }
    if (!S_ISREG(facts.st_mode)) {
        return sg_fail(why, SG_IO, "%s cannot be read: it is no file", path);
    }
    md = EVP_MD_CTX_new();
    if (md == NULL || algorithm == NULL || EVP_DigestInit_ex(md, algorithm, NULL) != 1) {
        return no_memory(why);
    }
    TRY(hash_open(fd, md, path, why));
    MUST(EVP_MD_get_size(algorithm) <= (int)sizeof(out->digest) &&
         EVP_DigestFinal_ex(md, out->digest, &len) == 1);
    out->len = len;
    out->size = (uint64_t)facts.st_size;
    out->mtime_ns = to_ns(&facts.st_mtim);
    return SG_OK;
}
