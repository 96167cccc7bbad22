#include "proto/standard.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

/* In a child, whose descriptors are its own: the bits of closed are closed. Its exit code
 * says what was found. */
enum {
    WELL,
    NOT_KEPT,
    A_FILE_IS_TAKEN_FOR_IT,
    IT_TAKES_WHAT_IS_WRITTEN,
    ANOTHER_IS_GONE
};

static int look(unsigned closed)
{
    for (int fd = 0; fd <= 2; fd++) {
        if ((closed >> fd & 1) != 0) {
            (void)close(fd);
        }
    }
    if (!standard_keep()) {
        return NOT_KEPT;
    }
    if (open("/dev/zero", O_RDWR | O_CLOEXEC) <= 2) {
        return A_FILE_IS_TAKEN_FOR_IT;
    }
    for (int fd = 1; fd <= 2; fd++) {
        bool takes = write(fd, "x", 1) == 1;
        if (takes == ((closed >> fd & 1) != 0)) {
            return takes ? IT_TAKES_WHAT_IS_WRITTEN : ANOTHER_IS_GONE;
        }
    }
    return WELL;
}

static int looked(unsigned closed)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        _exit(dup2(null, 1) == 1 && dup2(null, 2) == 2 ? look(closed) : 99);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Test(standard, no_file_gets_the_number_of_one_that_is_closed)
{
    for (unsigned closed = 0; closed < 8; closed++) {
        cr_expect_eq(looked(closed), WELL, "%u: %d", closed, looked(closed));
    }
}
