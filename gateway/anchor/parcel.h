#ifndef SEGEL_GATEWAY_ANCHOR_PARCEL_H
#define SEGEL_GATEWAY_ANCHOR_PARCEL_H

#include <limits.h>

#include "gateway/anchor/inside.h"
#include "gateway/venture.h"

/* A checkpoint that an anchor shows. */
struct held {
    uint8_t note[HELD_MAX];
    size_t len;
    struct tlog_head head;
};

/* What a folder is asked. */
enum parcel_task {
    PARCEL_LOOK,    /* for the largest checkpoint that it holds */
    PARCEL_DELIVER, /* to take the offer */
    PARCEL_KEEP     /* to take a time stamp, and what it is over */
};

/* A folder may lie on a disk or a share that hangs, so whatever touches one goes by a
 * thread of its own and takes along all that it needs. */
struct parcel {
    struct venture venture; /* first */
    enum parcel_task task;
    enum config_anchor_kind kind;
    char name[ANCHOR_NAME_SIZE];
    char place[PATH_MAX];
    struct note_key log_key;
    uint64_t size; /* the offer's */
    size_t note_len;
    uint8_t note[OFFER_MAX];
    size_t token_len;
    uint8_t token[ANCHOR_TOKEN_MAX];
    enum sg_status status; /* once it is back, with why and what it found */
    struct sg_error why;
    struct held held;
    int64_t sent_us; /* CLOCK_MONOTONIC; of the sender, as the next */
    bool late;       /* that has been told */
};

/* --- parcel.c: on the anchor's thread, or before it starts ------------------------ */

/* Sends anchor->parcel. SG_TIMEOUT: the last one is not back; SG_NO_MEMORY. */
SG_MUST_USE enum sg_status parcel_send(struct anchor *anchor, enum parcel_task task,
                                       struct sg_error *why);
/* Whether there is one, and it is back: see venture_back. */
bool parcel_back(struct anchor *anchor, int64_t until_us);
/* SG_TIMEOUT, and why: it is not back. */
SG_MUST_USE enum sg_status parcel_overdue(const struct anchor *anchor,
                                          struct sg_error *why);
/* Lets go of it, wherever it is. */
void parcel_leave(struct anchor *anchor);

/* --- folder.c: on any thread ------------------------------------------------------ */

/* Gives it the offer: a file that is whole or not there. SG_CORRUPT: it holds another
 * checkpoint of this size, or a second disk one of more records. SG_IO: also when what is
 * there cannot be read. */
SG_MUST_USE enum sg_status folder_deliver(const struct parcel *parcel,
                                          struct sg_error *why);
/* A file of this name in a folder, likewise. */
SG_MUST_USE enum sg_status folder_keep(const char *place, const char *name,
                                       struct slice bytes, struct sg_error *why);
/* The largest checkpoint of this log that can be read in it. SG_NOT_FOUND: none. SG_IO.
 * why is set on SG_OK, too, when a larger one could not be read. */
SG_MUST_USE enum sg_status folder_newest(const struct parcel *parcel, struct held *out,
                                         struct sg_error *why);

#endif
