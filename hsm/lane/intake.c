#include "hsm/lane/intake.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "hsm/process/process.h"

/* As segeld counts them: by the key's type, whatever is asked of the key. */
static enum mark_queue kind_of(const struct crew *crew, const struct operation *operation)
{
    bool rsa =
        operation->key < crew->key_count && crew->keys[operation->key].type == KEY_RSA;
    return rsa ? MARK_RSA : MARK_CURVE;
}

static void take_in(struct crew *crew)
{
    /* Clearing them for a packet of one would be most of the work here. */
    struct operation operations[WIRE_BATCH_MAX] __attribute__((uninitialized));
    struct arrival arrivals[WIRE_BATCH_MAX] __attribute__((uninitialized));
    size_t count = 0;
    if (wire_work(crew->wire, operations, &count) != SG_OK) {
        process_end(1, "the lane was sent a packet that is no work");
    }
    for (size_t i = 0; i < count; i++) {
        if (operations[i].wanted.input.len > SIGN_MESSAGE_MAX) {
            process_end(1, "the lane was sent an operation with too much input");
        }
        arrivals[i] = (struct arrival){kind_of(crew, &operations[i]), operations[i]};
    }
    outbox_expect(&crew->outbox, (unsigned)count);
    if (!queue_put(&crew->queue, arrivals, count)) {
        process_end(1, "the lane was sent more operations than segeld may have in hand");
    }
}

/* False: nothing is there. */
static bool take_packet(struct crew *crew)
{
    enum sg_status status = wire_receive(crew->wire, false);
    if (status == SG_SHUTDOWN) {
        process_end(0, NULL);
    }
    if (status != SG_OK && status != SG_NOT_FOUND) {
        process_end(1, "the lane's socket is broken or its packet is too large");
    }
    if (status == SG_OK) {
        take_in(crew);
    }
    return status == SG_OK;
}

void intake_all(struct crew *crew)
{
    while (take_packet(crew)) {
    }
}

void intake_wait(struct crew *crew)
{
    struct pollfd events[] = {{.fd = crew->wire->fd, .events = POLLIN},
                              {.fd = crew->queue.poke_fd, .events = POLLIN}};
    uint64_t pokes;
    while (poll(events, SG_COUNT(events), -1) < 0) {
        if (errno != EINTR) {
            process_end(1, "the lane cannot wait for its socket");
        }
    }
    if (events[1].revents != 0) {
        (void)(read(crew->queue.poke_fd, &pokes, sizeof(pokes)) > 0);
    }
    if (events[0].revents != 0) {
        (void)take_packet(crew);
    }
}
