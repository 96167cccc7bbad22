#include "proto/standard.h"

#include <fcntl.h>
#include <unistd.h>

/* The lowest number that is free is taken: so each of the three, in this order. Not
 * closed at exec, as theirs would not be. */
bool standard_keep(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        int useless = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;
        /* NOLINTNEXTLINE(android-cloexec-open) */
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", useless) != fd) {
            return false;
        }
    }
    return true;
}
