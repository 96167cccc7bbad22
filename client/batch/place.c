#include "client/batch/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PART_SIZE = 256 };

static bool part_sound(const char *part, size_t len)
{
    return len > 0 && len < PART_SIZE && !(len == 1 && part[0] == '.') &&
           !(len == 2 && part[0] == '.' && part[1] == '.');
}

bool place_sound(const char *below)
{
    const char *at = below;

    for (const char *c = below; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f) {
            return false;
        }
    }
    while (true) {
        size_t len = strcspn(at, "/");
        if (!part_sound(at, len)) {
            return false;
        }
        if (at[len] == '\0') {
            return true;
        }
        at += len + 1;
    }
}

/* Takes the folder's place: *fd is that of the one in it. */
static enum sg_status descend(int *fd, const char *part, const char *below,
                              struct sg_error *why)
{
    bool made = mkdirat(*fd, part, 0777) == 0;
    int error = errno;
    int next = openat(*fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (next < 0 && !made && error != EEXIST) {
        return sg_fail(why, SG_IO, "the folder %s for %s cannot be made", part, below);
    }
    if (next < 0) {
        return sg_fail(why, SG_CONFLICT,
                       "%s cannot be written: %s is no folder, or a symbolic link, which "
                       "may lead anywhere",
                       below, part);
    }
    (void)close(*fd);
    *fd = next;
    return SG_OK;
}

static void close_folder(const int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
}

enum sg_status place_make(const char *root, const char *below, struct sg_error *why)
{
    AUTO(close_folder) int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char part[PART_SIZE];

    if (fd < 0) {
        return sg_fail(why, SG_IO, "the folder %s cannot be opened", root);
    }
    for (const char *at = below; strchr(at, '/') != NULL; at = strchr(at, '/') + 1) {
        (void)snprintf(part, sizeof(part), "%.*s", (int)strcspn(at, "/"), at);
        TRY(descend(&fd, part, below, why));
    }
    return SG_OK;
}
