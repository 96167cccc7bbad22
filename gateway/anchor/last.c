#include "gateway/anchor/parcel.h"
#include "gateway/clock.h"
#include "gateway/log.h"

/* The last checkpoint covers the record of the end itself. Whoever waits for the end
 * waits for folders together, and for none that hung before. */

enum {
    PATIENCE_MAX_US = 8000000, /* the unit stops what has not ended 15 s after a drain */
    LEAST_US = 100000
};

static void failed(const struct anchor *anchor, const char *why)
{
    log_event(LOG_WARN, "anchor.failed", "anchor", anchor->config->name, "why", why,
              NULL);
}

/* What was under way goes first. */
static void send(struct anchor_loop *loop, struct anchor *anchor)
{
    struct sg_error why = {0};

    if (anchor->unseen) {
        failed(anchor, "what it holds was not seen since the start: nothing is added");
        return;
    }
    if (watch_offer(loop, anchor) == SG_OK && anchor->offered != anchor->held &&
        parcel_send(anchor, PARCEL_DELIVER, &why) != SG_OK) {
        failed(anchor, why.text);
    }
}

static void take_back(struct anchor *anchor)
{
    const struct parcel *parcel = anchor->parcel;

    if (parcel->status == SG_OK && parcel->task == PARCEL_DELIVER) {
        anchor->held = parcel->size;
    } else if (parcel->status != SG_OK && parcel->task != PARCEL_LOOK) {
        failed(anchor, parcel->why.text);
    }
    parcel_leave(anchor);
}

/* Each has a moment at least: those before it may have used up the time. */
static void await(struct anchor *anchor, int64_t until_us)
{
    struct sg_error why = {0};
    int64_t least_us = clock_mono_us() + LEAST_US;

    if (anchor->parcel == NULL) {
        return;
    }
    until_us = until_us < least_us ? least_us : until_us;
    if (parcel_back(anchor, anchor->parcel->late ? 0 : until_us)) {
        take_back(anchor);
    } else {
        anchor->parcel->late = true;
        failed(anchor, parcel_overdue(anchor, &why) == SG_OK ? "" : why.text);
    }
}

void last_give(struct anchor_loop *loop)
{
    struct anchors *anchors = loop->anchors;
    int64_t patience_us = config_folder_patience_us(anchors->config);
    int64_t until_us =
        clock_mono_us() + (patience_us < PATIENCE_MAX_US ? patience_us : PATIENCE_MAX_US);

    for (size_t i = 0; i < anchors->count; i++) {
        struct anchor *anchor = &anchors->list[i];
        await(anchor, until_us);
        if (watch_is_folder(anchor) && anchor->parcel == NULL) {
            send(loop, anchor);
        }
    }
    for (size_t i = 0; i < anchors->count; i++) {
        struct anchor *anchor = &anchors->list[i];
        if (anchor->parcel != NULL && !anchor->parcel->late) {
            await(anchor, until_us);
        }
    }
}
