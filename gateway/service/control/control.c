#define _GNU_SOURCE  /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) \
                      */
#include "gateway/service/control/control.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "gateway/clock.h"
#include "gateway/service/control/group.h"
#include "gateway/service/control/link.h"
#include "gateway/transport/socket_file.h"

enum { LINKS_MAX = 4, GROUPS_MAX = 1024 };

struct control {
    int fd; /* owned: it listens */
    struct socket_file file;
    bool has_group;
    gid_t group;
    struct control_link links[LINKS_MAX];
};

/* --- Listening ---------------------------------------------------------------------- */

static enum sg_status find_group(const struct config *config, bool *given, gid_t *group,
                                 struct sg_error *why)
{
    *given = config->control_group[0] != '\0';
    return *given ? group_find(config->control_group, group, why) : SG_OK;
}

enum sg_status control_check(const struct config *config, struct sg_error *why)
{
    bool given = false;
    gid_t group = 0;

    return find_group(config, &given, &group, why);
}

/* EINVAL: the group has no number in this process's namespace of users, whoever is its
 * member. */
static enum sg_status give_to_group(const struct control *control, const char *path,
                                    struct sg_error *why)
{
    if (chown(path, (uid_t)-1, control->group) == 0) {
        return SG_OK;
    }
    return sg_fail(why, SG_IO,
                   "the control socket %s cannot be given to its group; %smake the "
                   "gateway's user a member of it",
                   path,
                   errno == EINVAL
                       ? "this process sees no other group than its own: take the "
                         "drop-in local-users.conf (PrivateUsers=no) for the unit, and "
                       : "");
}

/* Nobody can connect before listen: owner and mode are right by then. */
static enum sg_status listen_at(struct control *control, const char *path,
                                struct sg_error *why)
{
    struct address address;
    char text[256];
    mode_t mode = control->has_group ? 0660 : 0600;

    (void)snprintf(text, sizeof(text), "unix:%.200s", path);
    TRY(address_parse(text, 0, &address, why));
    control->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (control->fd < 0) {
        return sg_fail(why, SG_IO, "no socket: raise the limit of open files");
    }
    TRY(socket_file_bind(&control->file, control->fd, &address, mode, why));
    TRY(control->has_group ? give_to_group(control, path, why) : SG_OK);
    return listen(control->fd, LINKS_MAX) == 0
               ? SG_OK
               : sg_fail(why, SG_IO, "cannot listen on the control socket %s", path);
}

enum sg_status control_new(const struct config *config, struct control **out,
                           struct sg_error *why)
{
    *out = NULL;
    if (config->control_socket[0] == '\0') {
        return SG_OK;
    }
    struct control *control = (struct control *)calloc(1, sizeof(*control));
    if (control == NULL) {
        return SG_NO_MEMORY;
    }
    control->fd = -1;
    for (size_t i = 0; i < LINKS_MAX; i++) {
        control->links[i].fd = -1;
    }
    enum sg_status status = find_group(config, &control->has_group, &control->group, why);
    status = status == SG_OK ? listen_at(control, config->control_socket, why) : status;
    if (status != SG_OK) {
        control_free(control);
        return status;
    }
    *out = control;
    return SG_OK;
}

void control_free(struct control *control)
{
    if (control == NULL) {
        return;
    }
    for (size_t i = 0; i < LINKS_MAX; i++) {
        control_link_close(&control->links[i]);
    }
    socket_file_remove(&control->file);
    if (control->fd >= 0) {
        (void)close(control->fd);
    }
    free(control);
}

/* --- Who connects ------------------------------------------------------------------- */

/* The kernel says who it was that connected (unix(7)); whose right it is to open the file
 * is asked beside, as its mode may be changed by mistake. */
static bool in_group(const struct control *control, int fd, const struct ucred *peer)
{
    gid_t groups[GROUPS_MAX];
    socklen_t len = sizeof(groups);

    if (peer->gid == control->group) {
        return true;
    }
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) != 0) {
        return false;
    }
    for (size_t i = 0; i < len / sizeof(groups[0]); i++) {
        if (groups[i] == control->group) {
            return true;
        }
    }
    return false;
}

static bool may_connect(const struct control *control, int fd, unsigned *uid)
{
    struct ucred peer = {0};
    socklen_t len = sizeof(peer);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0) {
        return false;
    }
    *uid = peer.uid;
    return peer.uid == 0 || peer.uid == geteuid() ||
           (control->has_group && in_group(control, fd, &peer));
}

static void greet(const struct control *control, struct control_link *link, int fd)
{
    unsigned uid = 0;
    bool may = may_connect(control, fd, &uid);

    control_link_open(link, fd, uid, !may);
    if (!may) {
        char who[24];
        (void)snprintf(who, sizeof(who), "%u", uid);
        log_event(LOG_WARN, "control.denied", "uid", who, NULL);
    }
}

void control_tick(struct control *control, struct core *core)
{
    int64_t now_us = clock_mono_us();

    for (size_t i = 0; control != NULL && i < LINKS_MAX; i++) {
        struct control_link *link = &control->links[i];
        if (link->fd < 0) {
            int fd = accept4(control->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd >= 0) {
                greet(control, link, fd);
            }
        }
        control_link_tick(link, core, now_us);
    }
}
