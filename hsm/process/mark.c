#define _GNU_SOURCE  /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) \
                      */
#include "hsm/process/mark.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum sg_status mark_map(int fd, struct marks **marks)
{
    struct stat info;
    int flags = MAP_SHARED | (fd == MARK_NO_FD ? MAP_ANONYMOUS : 0);
    /* Beyond the end of what is mapped, the first write would kill the lane. */
    if (fd != MARK_NO_FD &&
        (fstat(fd, &info) != 0 || info.st_size < (off_t)sizeof(struct marks))) {
        return SG_INVALID;
    }
    void *page = mmap(NULL, sizeof(struct marks), PROT_READ | PROT_WRITE, flags, fd, 0);
    if (page == MAP_FAILED) {
        return SG_INVALID;
    }
    if (fd != MARK_NO_FD) {
        (void)close(fd);
    }
    *marks = page;
    return SG_OK;
}
