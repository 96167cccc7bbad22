#ifndef SEGEL_GATEWAY_ANCHOR_INSIDE_H
#define SEGEL_GATEWAY_ANCHOR_INSIDE_H

#include <openssl/ts.h>
#include <pthread.h>

#include "gateway/anchor/anchor.h"
#include "gateway/http/http.h"
#include "gateway/ledger/reader.h"
#include "proto/tlog/checkpoint.h"

/* Inside of the anchor module: folder.c, witness.c and stamp.c know one kind of place
 * each, watch.c is the threads and says whose turn it is, compare.c looks back at the
 * start, conflict.c says that two checkpoints cannot both be true, anchors.c joins them.
 */
enum {
    OFFER_MAX = 4096,    /* a checkpoint note as the log signed it */
    HELD_MAX = 65536,    /* one that an anchor shows, with the signatures of others */
    ANSWER_MAX = 65536,  /* of a witness or time stamp authority */
    CLOCK_SLACK_S = 300, /* a time that lies farther ahead is nobody's */
    ANCHOR_PATH_MAX = CONFIG_ANCHOR_URL_MAX + 96
};

struct anchor {
    const struct config_anchor *config; /* borrowed */
    struct anchors *of;
    struct note_key key; /* of a witness */
    X509_STORE *trust;   /* owned; of a time stamp authority */
    uint64_t held;       /* size of the checkpoint that it has, as far as we know */
    unsigned failures;   /* in a row */
    int64_t due_us;      /* CLOCK_MONOTONIC */
    bool asked;          /* a request is under way */
    bool second;         /* and it is the second try after a 409 */
    char url[ANCHOR_PATH_MAX];
    uint64_t offered; /* size of the checkpoint under way */
    size_t offer_len;
    uint8_t offer[OFFER_MAX];
    TS_REQ *question; /* owned: what a time stamp authority was asked */
    struct anchor_result result;
};

/* One thread with what it needs. */
struct anchor_loop {
    struct anchors *anchors;
    bool folders;                 /* it serves those; the other one the rest */
    struct ledger_reader *ledger; /* owned */
    struct http *http;            /* owned; with folders it only waits */
    pthread_t thread;
    bool running;
};

struct anchors {
    const struct config *config;
    struct mbox *core;
    struct note_key log_key;
    atomic_bool stop;
    struct anchor_loop loops[2];
    size_t count;
    struct anchor *list; /* owned */
};

/* --- anchors.c ------------------------------------------------------------------- */

/* By the anchor's settings, to any address; type and body are for the caller to add. */
struct http_request anchor_request(struct anchor *anchor, const char *url);

/* --- folder.c -------------------------------------------------------------------- */

/* Gives it the offer: a file that is whole or not there. SG_CORRUPT: it holds another
 * checkpoint of this size, or a second disk one of more records. SG_IO: also when what is
 * there cannot be read. */
SG_MUST_USE enum sg_status folder_deliver(const struct anchor *anchor,
                                          struct sg_error *why);
/* A file of this name in a folder, likewise. */
SG_MUST_USE enum sg_status folder_keep(const char *place, const char *name,
                                       struct slice bytes, struct sg_error *why);
/* The largest checkpoint of this log that can be read in it. SG_NOT_FOUND: none. SG_IO.
 * why is set on SG_OK, too, when a larger one could not be read. */
struct held {
    uint8_t note[HELD_MAX];
    size_t len;
    struct tlog_head head;
};
SG_MUST_USE enum sg_status folder_newest(const struct anchor *anchor, struct held *out,
                                         struct sg_error *why);

/* --- witness.c: C2SP tlog-witness ------------------------------------------------ */

/* Both begin a request. */
SG_MUST_USE enum sg_status witness_ask(struct anchor_loop *loop, struct anchor *anchor,
                                       struct sg_error *why);
SG_MUST_USE enum sg_status stamp_ask(struct anchor_loop *loop, struct anchor *anchor,
                                     struct sg_error *why);
/* What an answer means, for the offer. SG_OK: the anchor holds it, and the result has
 * what proves it. SG_ABORTED: a witness has told what it holds: ask once more.
 * SG_CORRUPT: it contradicts the log, or lies. Others: it failed. */
SG_MUST_USE enum sg_status witness_answered(struct anchor *anchor,
                                            const struct http_answer *answer,
                                            struct sg_error *why);
SG_MUST_USE enum sg_status stamp_answered(struct anchor *anchor,
                                          const struct http_answer *answer,
                                          struct sg_error *why);
/* Whether an answer is a size (text/x.tlog.size), and which. */
bool witness_tells_size(const struct http_answer *answer, uint64_t *size);
/* The body of add-checkpoint for the offer. */
enum { SUBMISSION_MAX = 8192 };
SG_MUST_USE enum sg_status witness_submission(struct ledger_reader *ledger,
                                              const struct anchor *anchor, uint64_t old,
                                              char out[SUBMISSION_MAX], size_t *len);
/* stamp.c: reads the certificates of the entry. */
SG_MUST_USE enum sg_status stamp_trust(const struct config_anchor *config,
                                       X509_STORE **out, struct sg_error *why);
/* The seconds since 1970 of now, plus CLOCK_SLACK_S. */
uint64_t clock_latest_s(void);

/* --- conflict.c ------------------------------------------------------------------ */

/* Holds the ledger against a checkpoint that an anchor has. Statuses as anchors_compare.
 */
SG_MUST_USE enum sg_status conflict_look(struct anchor_loop *loop,
                                         const struct anchor *anchor,
                                         const struct held *held, struct sg_error *why);
/* The same where the anchor only told a size. */
SG_MUST_USE enum sg_status conflict_look_size(struct anchor_loop *loop,
                                              const struct anchor *anchor, uint64_t size,
                                              struct sg_error *why);

/* --- watch.c --------------------------------------------------------------------- */

void *anchors_run(void *loop);
/* The loop that serves the anchor. */
struct anchor_loop *watch_loop(struct anchors *anchors, const struct anchor *anchor);
/* Takes the newest checkpoint as the offer. SG_NOT_FOUND: there is none yet. */
SG_MUST_USE enum sg_status watch_offer(struct anchor_loop *loop, struct anchor *anchor);
/* How long to wait after so many failures in a row, varied by half. */
int64_t watch_pause_us(unsigned failures, int64_t most_s);
/* When the record at this index was written; 0 = there is none yet. */
int64_t watch_written_us(struct anchor_loop *loop, uint64_t index);
/* Folders are given the newest checkpoint: the process ends. */
void watch_last(struct anchor_loop *loop);

#endif
