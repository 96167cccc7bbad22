#include "gateway/anchor/parcel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"

enum { US_PER_S = 1000000 };

/* --- On its thread ---------------------------------------------------------------- */

static enum sg_status look(struct parcel *parcel)
{
    return folder_newest(parcel, &parcel->held, &parcel->why);
}

static enum sg_status deliver(struct parcel *parcel)
{
    return folder_deliver(parcel, &parcel->why);
}

/* For whoever checks it without the ledger: "openssl ts -verify" takes the two files. */
static enum sg_status keep(struct parcel *parcel)
{
    char name[40];
    unsigned long long size = parcel->size;

    (void)snprintf(name, sizeof(name), "%llu.checkpoint", size);
    TRY(folder_keep(parcel->place, name, slice_of(parcel->note, parcel->note_len),
                    &parcel->why));
    (void)snprintf(name, sizeof(name), "%llu.tsr", size);
    return folder_keep(parcel->place, name, slice_of(parcel->token, parcel->token_len),
                       &parcel->why);
}

static void run(struct venture *venture)
{
    static enum sg_status (*const tasks[])(struct parcel * parcel) = {
        [PARCEL_LOOK] = look, [PARCEL_DELIVER] = deliver, [PARCEL_KEEP] = keep};
    struct parcel *parcel = (struct parcel *)venture;

    parcel->status = tasks[parcel->task](parcel);
}

static void release(struct venture *venture)
{
    free(venture);
}

/* --- Sending ---------------------------------------------------------------------- */

static void wake(void *http)
{
    http_wake((struct http *)http);
}

static struct parcel *pack(const struct anchor *anchor, enum parcel_task task)
{
    struct parcel *parcel = (struct parcel *)calloc(1, sizeof(*parcel));
    const struct anchor_result *result = &anchor->result;
    const struct config_anchor *config = anchor->config;

    if (parcel == NULL) {
        return NULL;
    }
    parcel->venture = (struct venture){
        .run = run, .free = release, .wake = wake, .context = anchor->of->loop.http};
    parcel->task = task;
    parcel->kind = config->kind;
    parcel->log_key = anchor->of->log_key;
    (void)snprintf(parcel->name, sizeof(parcel->name), "%s", config->name);
    (void)snprintf(parcel->place, sizeof(parcel->place), "%s",
                   task == PARCEL_KEEP ? config->keep : config->place);
    parcel->size = anchor->offered;
    parcel->note_len = anchor->offer_len;
    memcpy(parcel->note, anchor->offer, anchor->offer_len);
    parcel->token_len = result->token_len;
    memcpy(parcel->token, result->token, result->token_len);
    parcel->sent_us = clock_mono_us();
    return parcel;
}

enum sg_status parcel_overdue(const struct anchor *anchor, struct sg_error *why)
{
    const struct parcel *parcel = anchor->parcel;
    int64_t s = (clock_mono_us() - parcel->sent_us) / US_PER_S;

    return sg_fail(why, SG_TIMEOUT,
                   "the folder %s has given no answer for %lld s: see to the disk or the "
                   "share that it is on",
                   parcel->place, (long long)s);
}

enum sg_status parcel_send(struct anchor *anchor, enum parcel_task task,
                           struct sg_error *why)
{
    if (anchor->parcel != NULL && !parcel_back(anchor, 0)) {
        return parcel_overdue(anchor, why);
    }
    parcel_leave(anchor);
    struct parcel *parcel = pack(anchor, task);
    if (parcel == NULL || venture_begin(&parcel->venture, "segeld-folder") != SG_OK) {
        free(parcel);
        return sg_fail(why, SG_NO_MEMORY, "no thread can be had for the folder");
    }
    anchor->parcel = parcel;
    return SG_OK;
}

bool parcel_back(struct anchor *anchor, int64_t until_us)
{
    return anchor->parcel != NULL && venture_back(&anchor->parcel->venture, until_us);
}

void parcel_leave(struct anchor *anchor)
{
    if (anchor->parcel != NULL) {
        venture_leave(&anchor->parcel->venture);
    }
    anchor->parcel = NULL;
}
