#include "gateway/mbox.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum sg_status mbox_init(struct mbox *box, size_t limit)
{
    *box = (struct mbox){.limit = limit, .wake_fd = -1};
    STAILQ_INIT(&box->letters);
    box->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (box->wake_fd < 0 || pthread_mutex_init(&box->lock, NULL) != 0) {
        return SG_NO_MEMORY;
    }
    return SG_OK;
}

void mbox_fini(struct mbox *box)
{
    if (box->wake_fd >= 0) {
        (void)close(box->wake_fd);
        (void)pthread_mutex_destroy(&box->lock);
    }
    box->wake_fd = -1;
}

/* Under the lock: takes the batch in, and says whether the reader must be woken. */
static enum sg_status admit(struct mbox *box, struct letters *batch, size_t count,
                            bool *wake)
{
    if (box->closed) {
        return SG_SHUTDOWN;
    }
    if (box->limit > 0 && (count > box->limit || box->depth > box->limit - count)) {
        return SG_BUSY;
    }
    *wake = box->depth == 0;
    STAILQ_CONCAT(&box->letters, batch);
    box->depth += count;
    return SG_OK;
}

enum sg_status mbox_put(struct mbox *box, struct letters *batch, size_t count)
{
    const uint64_t one = 1;
    bool wake = false;

    if (count == 0) {
        return SG_OK;
    }
    MUST(pthread_mutex_lock(&box->lock) == 0);
    enum sg_status status = admit(box, batch, count, &wake);
    MUST(pthread_mutex_unlock(&box->lock) == 0);
    if (wake) {
        MUST(write(box->wake_fd, &one, sizeof(one)) == (ssize_t)sizeof(one));
    }
    return status;
}

void mbox_take(struct mbox *box, struct letters *out)
{
    uint64_t wakes;

    /* The eventfd before the list: a letter put in between then wakes the reader once
     * more, where the other order could lose it. */
    if (read(box->wake_fd, &wakes, sizeof(wakes)) < 0) {
        MUST(errno == EAGAIN || errno == EINTR);
    }
    MUST(pthread_mutex_lock(&box->lock) == 0);
    STAILQ_CONCAT(out, &box->letters);
    box->depth = 0;
    MUST(pthread_mutex_unlock(&box->lock) == 0);
}

void mbox_close(struct mbox *box)
{
    MUST(pthread_mutex_lock(&box->lock) == 0);
    box->closed = true;
    MUST(pthread_mutex_unlock(&box->lock) == 0);
}
