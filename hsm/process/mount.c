#define _GNU_SOURCE  /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) \
                      */
#include "hsm/process/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "hsm/process/confine.h"

static bool is_read_only(const char *path)
{
    struct statvfs info;
    return statvfs(path, &info) == 0 && (info.f_flag & ST_RDONLY) != 0;
}

static enum sg_status check_directory(const char *path, struct trouble *trouble)
{
    struct stat info;
    int error = path[0] != '/' ? EINVAL : stat(path, &info) != 0 ? errno : 0;
    if (error == 0 && !S_ISDIR(info.st_mode)) {
        error = ENOTDIR;
    }
    if (error != 0) {
        return trouble_config(trouble,
                              "the directory '%s' cannot be made read-only for the lane: "
                              "%s; name the directory of the token by its whole path",
                              path, trouble_system(error));
    }
    return SG_OK;
}

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0) {
        (void)close(fd);
    }
    return good;
}

/* Users and groups keep their numbers: the token belongs to the same user inside. */
static bool enter_user_namespace(void)
{
    char users[32];
    char groups[32];
    unsigned user = geteuid();
    unsigned group = getegid();
    (void)snprintf(users, sizeof(users), "%u %u 1\n", user, user);
    (void)snprintf(groups, sizeof(groups), "%u %u 1\n", group, group);
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
           write_file("/proc/self/setgroups", "deny") &&
           write_file("/proc/self/uid_map", users) &&
           write_file("/proc/self/gid_map", groups);
}

/* A mount keeps what its file system was mounted with: a user namespace may not take that
 * away. Only for kernels before 5.12. */
static bool remount(const char *path)
{
    static const struct {
        unsigned long told;
        unsigned long flag;
    } kept[] = {{ST_NOSUID, MS_NOSUID},         {ST_NODEV, MS_NODEV},
                {ST_NOEXEC, MS_NOEXEC},         {ST_NOATIME, MS_NOATIME},
                {ST_NODIRATIME, MS_NODIRATIME}, {ST_RELATIME, MS_RELATIME}};
    unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY;
    struct statvfs info;
    if (statvfs(path, &info) != 0) {
        return false;
    }
    for (size_t i = 0; i < SG_COUNT(kept); i++) {
        flags |= (info.f_flag & kept[i].told) != 0 ? kept[i].flag : 0;
    }
    return mount(NULL, path, NULL, flags, NULL) == 0;
}

static bool bind_read_only(const char *path)
{
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY};
    if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) != 0) {
        return false;
    }
    bool done =
        mount_setattr(AT_FDCWD, path, AT_RECURSIVE, &attributes, sizeof(attributes)) == 0;
    return (done || (errno == ENOSYS && remount(path))) && is_read_only(path);
}

static bool mount_all(const char (*directories)[PATH_MAX], size_t count)
{
    bool good = mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    for (size_t i = 0; good && i < count; i++) {
        good = is_read_only(directories[i]) || bind_read_only(directories[i]);
    }
    return good;
}

/* The privileges that come with a user namespace are good for nothing but to undo this;
 * those that the administrator gave are left for the module to start with. */
static bool mount_in_namespace(const char (*directories)[PATH_MAX], size_t count)
{
    if (unshare(CLONE_NEWNS) == 0) {
        return mount_all(directories, count);
    }
    if (!enter_user_namespace()) {
        return false;
    }
    bool good = mount_all(directories, count);
    int error = errno;
    bool dropped = confine_capabilities() == SG_OK;
    errno = error;
    return good && dropped;
}

static size_t writable_ones(const char (*directories)[PATH_MAX], size_t count,
                            const char **first)
{
    size_t writable = 0;
    for (size_t i = count; i > 0; i--) {
        if (!is_read_only(directories[i - 1])) {
            *first = directories[i - 1];
            writable++;
        }
    }
    return writable;
}

enum sg_status mount_read_only(const char (*directories)[PATH_MAX], size_t count,
                               struct sg_error *note, struct trouble *trouble)
{
    const char *first = "";
    note->text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        TRY(check_directory(directories[i], trouble));
    }
    if (writable_ones(directories, count, &first) == 0) {
        return SG_OK;
    }
    bool good = mount_in_namespace(directories, count);
    int error = errno;
    if (!good || writable_ones(directories, count, &first) > 0) {
        (void)snprintf(
            note->text, sizeof(note->text),
            "a lane that is killed can destroy its token, as it may write to "
            "%s and the kernel refuses to make that read-only (%s); name it in "
            "ReadOnlyPaths= of segeld's unit",
            first, trouble_system(error));
    }
    return SG_OK;
}
