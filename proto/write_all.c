#include "proto/write_all.h"

#include <errno.h>
#include <unistd.h>

bool write_all(int fd, struct slice bytes)
{
    while (bytes.len > 0) {
        ssize_t done = write(fd, bytes.data, bytes.len);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return false;
        }
        bytes = slice_of(bytes.data + done, bytes.len - (size_t)done);
    }
    return true;
}
