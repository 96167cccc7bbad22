#include "hsm/lane/ring.h"

#include <string.h>

enum { SLOTS = RING_LEN + RING_WORKERS + RING_BATCH, SMOOTH = 8 };

void ring_init(struct ring *ring)
{
    ring->head = 0;
    ring->len = 0;
    ring->served_us = 0;
    ring->usual_us = 1;
    /* Until it is known, a device that wants many calls at once must not wait. */
    ring->called_us = BRIEF_CALL_US;
    ring->turn = false;
}

static void fill(struct queued *to, enum mark_queue kind, const struct operation *from)
{
    MUST(from->wanted.input.len <= sizeof(to->input));
    to->operation = *from;
    to->kind = kind;
    if (from->wanted.input.len > 0) {
        memcpy(to->input, from->wanted.input.data, from->wanted.input.len);
    }
    to->operation.wanted.input.data = to->input;
}

bool ring_put(struct ring *ring, enum mark_queue kind, const struct operation *operation)
{
    if (ring->len >= RING_LEN) {
        return false;
    }
    fill(&ring->slots[(ring->head + ring->len) % SLOTS], kind, operation);
    ring->len++;
    return true;
}

void ring_take(struct ring *ring, struct queued *out)
{
    const struct queued *first = &ring->slots[ring->head];
    fill(out, first->kind, &first->operation);
    ring->head = (ring->head + 1) % SLOTS;
    ring->len--;
    out->charged_us = ring->usual_us;
    out->brief = ring->usual_us < BRIEF_US;
    ring->served_us += out->charged_us;
}

void ring_return(struct ring *ring, const struct queued *queued)
{
    MUST(ring->len < SLOTS);
    ring->served_us -= queued->charged_us;
    ring->head = (ring->head + SLOTS - 1) % SLOTS;
    fill(&ring->slots[ring->head], queued->kind, &queued->operation);
    ring->len++;
}

/* One call that was held up, because the processor was taken away, has one small voice:
 * four in a row tell a module that is slow. What never reached the module has none. */
static void hear(struct ring *ring, int64_t called_us)
{
    enum { LOUDEST_US = 2 * BRIEF_CALL_US };
    if (called_us > 0) {
        int64_t heard_us = called_us < LOUDEST_US ? called_us : LOUDEST_US;
        ring->called_us += (heard_us - ring->called_us) / SMOOTH;
    }
}

/* Where the machine stood still, or the device did, the kind whose calls were under way
 * would owe the other one all that time, and wait as long. A token that is slow by nature
 * is known after a few. */
static int64_t work_of(const struct ring *ring, int64_t took_us)
{
    enum { LONG_US = 100000, TIMES_USUAL = 8 };
    int64_t most_us = TIMES_USUAL * ring->usual_us;
    most_us = most_us > LONG_US ? most_us : LONG_US;
    return took_us < most_us ? took_us : most_us;
}

void ring_settle(struct ring *ring, const struct queued *done)
{
    int64_t worked_us = work_of(ring, done->took_us);
    ring->served_us += worked_us - done->charged_us;
    ring->usual_us += (worked_us - ring->usual_us) / SMOOTH;
    hear(ring, done->called_us);
}

bool ring_is_brief(const struct ring *ring)
{
    return ring->called_us < BRIEF_CALL_US;
}
