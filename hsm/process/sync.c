#define _GNU_SOURCE  /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) \
                      */
#include "hsm/process/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <unistd.h>

static int sync_one(const char *path, const struct stat *info, int kind,
                    struct FTW *place)
{
    (void)info;
    (void)place;
    if (kind == FTW_SL || kind == FTW_SLN) {
        return 0;
    }
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return errno == 0 ? EIO : errno;
    }
    int result = fsync(fd) == 0 ? 0 : errno;
    (void)close(fd);
    return result;
}

enum sg_status sync_tree(const char *path, struct trouble *trouble)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread */
    int failed = nftw(path, sync_one, 16, FTW_PHYS | FTW_DEPTH);
    if (failed != 0) {
        return trouble_config(
            trouble,
            "the change was made, but the directory %s could not be made "
            "durable: %s",
            path, trouble_system(failed > 0 ? failed : errno));
    }
    return SG_OK;
}
