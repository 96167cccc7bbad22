#define _GNU_SOURCE /* environ */
#include "client/console/self_run.h"

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS_MAX = 16 };

enum sg_status self_run(const char *const *words, int *code, struct sg_error *why)
{
    char *args[WORDS_MAX + 2] = {sg_unconst("segel")};
    pid_t child = -1;
    int status = 0;

    for (size_t i = 0; words[i] != NULL; i++) {
        MUST(i < WORDS_MAX);
        args[i + 1] = sg_unconst(words[i]);
    }
    (void)fflush(stdout);
    if (posix_spawn(&child, "/proc/self/exe", NULL, NULL, args, environ) != 0) {
        return sg_fail(why, SG_IO, "this program cannot be started once more");
    }
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return sg_fail(why, SG_IO, "what was started cannot be waited for");
        }
    }
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return SG_OK;
}
