#include "client/sign_beside.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 65536 };

const char *const sign_beside_own[] = {SIGN_BESIDE_END, ".tlog-proof", ".part", NULL};

bool sign_beside(const struct sign_options *options)
{
    return sg_profile_unstamped(sg_profile_parse(options->profile)) ==
           SG_PROFILE_CADES_B_B;
}

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

static enum sg_status unreadable(const char *path, struct sg_error *why)
{
    char text[128] = "unknown reason";
    int code = errno;

    (void)strerror_r(code, text, sizeof(text));
    return sg_fail(why, SG_IO, "%s cannot be read: %s", path, text);
}

static enum sg_status hash_open(int fd, EVP_MD_CTX *md, const char *path,
                                struct sg_error *why)
{
    uint8_t block[BLOCK];
    ssize_t got = 1;

    while (got > 0) {
        got = read(fd, block, sizeof(block));
        if (got > 0 && EVP_DigestUpdate(md, block, (size_t)got) != 1) {
            return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
        }
    }
    return got == 0 ? SG_OK : unreadable(path, why);
}

enum sg_status sign_beside_digest(const char *path, const struct segel_plan *plan,
                                  uint8_t out[SG_HASH_MAX], size_t *len,
                                  struct sg_error *why)
{
    /* Not blocked by a pipe that somebody put there. */
    AUTO(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    AUTO(free_md) EVP_MD_CTX *md = EVP_MD_CTX_new();
    const EVP_MD *algorithm = EVP_get_digestbyname(segel_plan_hash(plan));
    struct stat facts;
    unsigned size = 0;

    if (fd < 0 || fstat(fd, &facts) != 0) {
        return unreadable(path, why);
    }
    if (!S_ISREG(facts.st_mode)) {
        return sg_fail(why, SG_IO, "%s cannot be read: it is no file", path);
    }
    if (md == NULL || algorithm == NULL || EVP_DigestInit_ex(md, algorithm, NULL) != 1) {
        return sg_fail(why, SG_NO_MEMORY, "%s", sg_status_text(SG_NO_MEMORY));
    }
    TRY(hash_open(fd, md, path, why));
    if (EVP_DigestFinal_ex(md, out, &size) != 1) {
        return sg_fail(why, SG_INTERNAL, "%s", sg_status_text(SG_INTERNAL));
    }
    *len = size;
    return SG_OK;
}
