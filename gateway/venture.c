#include "gateway/venture.h"

#include <time.h>

#include "gateway/thread.h"
#include "proto/base.h"

enum { US_PER_S = 1000000, NS_PER_US = 1000 };

static void end(struct venture *venture)
{
    (void)pthread_cond_destroy(&venture->came_back);
    (void)pthread_mutex_destroy(&venture->lock);
    venture->free(venture);
}

static void *go(void *context)
{
    struct venture *venture = (struct venture *)context;

    venture->run(venture);
    MUST(pthread_mutex_lock(&venture->lock) == 0);
    bool left = venture->left;
    venture->back = true;
    if (!left) {
        MUST(pthread_cond_signal(&venture->came_back) == 0);
    }
    if (!left && venture->wake != NULL) {
        venture->wake(venture->context);
    }
    MUST(pthread_mutex_unlock(&venture->lock) == 0);
    if (left) {
        end(venture);
    }
    return NULL;
}

static void make_condition(pthread_cond_t *condition)
{
    pthread_condattr_t how;

    MUST(pthread_condattr_init(&how) == 0);
    MUST(pthread_condattr_setclock(&how, CLOCK_MONOTONIC) == 0);
    MUST(pthread_cond_init(condition, &how) == 0);
    (void)pthread_condattr_destroy(&how);
}

enum sg_status venture_begin(struct venture *venture, const char *name)
{
    pthread_t thread;

    venture->back = venture->left = false;
    MUST(pthread_mutex_init(&venture->lock, NULL) == 0);
    make_condition(&venture->came_back);
    enum sg_status status = thread_start(&thread, name, go, venture);
    if (status != SG_OK) {
        (void)pthread_cond_destroy(&venture->came_back);
        (void)pthread_mutex_destroy(&venture->lock);
        return status;
    }
    MUST(pthread_detach(thread) == 0);
    return SG_OK;
}

bool venture_back(struct venture *venture, int64_t until_us)
{
    const struct timespec until = {.tv_sec = until_us / US_PER_S,
                                   .tv_nsec = until_us % US_PER_S * NS_PER_US};
    int error = 0;

    MUST(pthread_mutex_lock(&venture->lock) == 0);
    while (!venture->back && error == 0 && until_us > 0) {
        error = pthread_cond_timedwait(&venture->came_back, &venture->lock, &until);
    }
    bool back = venture->back;
    MUST(pthread_mutex_unlock(&venture->lock) == 0);
    return back;
}

void venture_leave(struct venture *venture)
{
    MUST(pthread_mutex_lock(&venture->lock) == 0);
    bool back = venture->back;
    venture->left = true;
    MUST(pthread_mutex_unlock(&venture->lock) == 0);
    if (back) {
        end(venture);
    }
}
