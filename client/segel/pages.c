#include "client/segel/pages.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "client/pdf/guard/guard.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *waiting[PAGES_KEPT]; /* PAGES_SIZE each */
static size_t waiting_count;
static pid_t owner; /* the process that has them */

/* A child that the program forks has the list, and not the pages. With the lock held. */
static void forget_others(void)
{
    pid_t self = getpid();

    waiting_count = owner == self ? waiting_count : 0;
    owner = self;
}

static void *take_waiting(void)
{
    void *at = NULL;

    (void)pthread_mutex_lock(&lock);
    forget_others();
    if (waiting_count > 0) {
        at = waiting[--waiting_count];
    }
    (void)pthread_mutex_unlock(&lock);
    return at;
}

/* Never shared with a child: what that writes is its own copy. */
static void *map(size_t len)
{
    void *at =
        mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (at == MAP_FAILED) {
        return NULL;
    }
    if (len < GUARD_PARCEL_MAX) {
        (void)madvise(at, len, MADV_DONTFORK); /* where it cannot be, it costs time */
    }
    return at;
}

enum sg_status pages_take(size_t len, struct pages *out)
{
    size_t size = len <= PAGES_SIZE ? PAGES_SIZE : len;
    void *at = size == PAGES_SIZE ? take_waiting() : NULL;

    at = at == NULL ? map(size) : at;
    *out = (struct pages){at, at == NULL ? 0 : size};
    return at == NULL ? SG_NO_MEMORY : SG_OK;
}

static bool keep(const struct pages *pages)
{
    bool kept = false;

    (void)pthread_mutex_lock(&lock);
    forget_others();
    if (pages->len == PAGES_SIZE && waiting_count < PAGES_KEPT) {
        waiting[waiting_count++] = pages->at;
        kept = true;
    }
    (void)pthread_mutex_unlock(&lock);
    return kept;
}

void pages_give(struct pages *pages)
{
    if (pages->at != NULL && !keep(pages)) {
        (void)munmap(pages->at, pages->len);
    }
    *pages = (struct pages){.at = NULL};
}

void pages_rest(void)
{
    void *at;

    while ((at = take_waiting()) != NULL) {
        (void)munmap(at, PAGES_SIZE);
    }
}
