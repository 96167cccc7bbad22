#include "proto/passing.h"

#include <stdint.h>
#include <string.h>

ssize_t passing_send(int fd, struct iovec *part, int passed, int flags)
{
    union {
        struct cmsghdr align;
        uint8_t bytes[CMSG_SPACE(sizeof(int))];
    } control = {.bytes = {0}};
    struct msghdr header = {.msg_iov = part, .msg_iovlen = 1};

    if (passed >= 0) {
        header.msg_control = control.bytes;
        header.msg_controllen = sizeof(control.bytes);
        struct cmsghdr *item = CMSG_FIRSTHDR(&header);
        item->cmsg_level = SOL_SOCKET;
        item->cmsg_type = SCM_RIGHTS;
        item->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(item), &passed, sizeof(passed));
    }
    return sendmsg(fd, &header, flags | MSG_NOSIGNAL);
}
