#define _GNU_SOURCE /* pthread_setname_np */

#include "gateway/thread.h"

#include <signal.h>

#include "proto/base.h"

enum sg_status thread_start(pthread_t *out, const char *name, void *(*run)(void *),
                            void *argument)
{
    sigset_t all;
    sigset_t before;

    (void)sigfillset(&all);
    MUST(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    int error = pthread_create(out, NULL, run, argument);
    MUST(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    if (error != 0) {
        return SG_NO_MEMORY;
    }
    (void)pthread_setname_np(*out, name); /* without it all is well, too */
    return SG_OK;
}
