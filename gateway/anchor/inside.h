#ifndef SEGEL_GATEWAY_ANCHOR_INSIDE_H
#define SEGEL_GATEWAY_ANCHOR_INSIDE_H

#include <openssl/ts.h>
#include <pthread.h>

#include "gateway/anchor/anchor.h"
#include "gateway/http/http.h"
#include "gateway/ledger/reader.h"
#include "proto/tlog/checkpoint.h"

/* Inside of the anchor module: folder.c, witness.c and stamp.c know one kind of place
 * each, parcel.c is the way to a folder, watch.c is the thread and says whose turn it is,
 * last.c is its end, compare.c looks back at the start, conflict.c says that two
 * checkpoints cannot both be true, anchors.c joins them. */
struct held;
struct parcel;
enum {
    OFFER_MAX = 4096,    /* a checkpoint note as the log signed it */
    HELD_MAX = 65536,    /* one that an anchor shows, with the signatures of others */
    ANSWER_MAX = 65536,  /* of a witness or time stamp authority */
    CLOCK_SLACK_S = 300, /* a time that lies farther ahead is nobody's */
    ANCHOR_PATH_MAX = CONFIG_ANCHOR_URL_MAX + 96,
    ANCHOR_NAME_SIZE = 80
};

struct anchor {
    const struct config_anchor *config; /* borrowed */
    struct anchors *of;
    struct note_key key; /* of a witness */
    X509_STORE *trust;   /* owned; of a time stamp authority */
    uint64_t held;       /* size of the checkpoint that it has, as far as we know */
    unsigned failures;   /* in a row */
    int64_t due_us;      /* CLOCK_MONOTONIC */
    bool asked;          /* a request is under way, or a parcel in its time */
    bool second;         /* and it is the second try after a 409 */
    char url[ANCHOR_PATH_MAX];
    uint64_t offered; /* size of the checkpoint under way */
    size_t offer_len;
    uint8_t offer[OFFER_MAX];
    TS_REQ *question;      /* owned: what a time stamp authority was asked */
    struct parcel *parcel; /* owned: on its way to a folder, or back; NULL = none */
    bool unseen; /* a folder: what it holds was not held against the ledger yet */
    bool unkept; /* an authority has stamped what it was given, its folder lacks that */
    struct anchor_result result;
};

/* The thread with what it needs. It waits for the network in http, and nowhere else; but
 * what it reads, of the ledger and of an address's "ca", may lie on a disk or a share
 * that hangs, and so will it: whoever looks at its beat is told. */
struct anchor_loop {
    struct anchors *anchors;
    struct ledger_reader *ledger; /* owned */
    struct http *http;            /* owned */
    pthread_t thread;
    bool running;
};

struct anchors {
    const struct config *config;
    struct mbox *core;
    bool (*on_compare)(void *context); /* see anchors_options */
    void *context;
    struct note_key log_key;
    atomic_bool stop;
    atomic_int_fast64_t beat_us; /* see anchors_beat_us */
    struct anchor_loop loop;
    size_t count;
    struct anchor *list; /* owned */
};

/* --- anchors.c ------------------------------------------------------------------- */

/* By the anchor's settings, to any address; type and body are for the caller to add. */
struct http_request anchor_request(struct anchor *anchor, const char *url);

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
/* The seconds since 1970 of now, plus CLOCK_SLACK_S: no honest time is later. */
uint64_t anchor_latest_s(void);
/* stamp.c: reads the certificates of the entry. */
SG_MUST_USE enum sg_status stamp_trust(const struct config_anchor *config,
                                       X509_STORE **out, struct sg_error *why);

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
bool watch_is_folder(const struct anchor *anchor);
/* Takes the newest checkpoint as the offer. SG_NOT_FOUND: there is none yet. */
SG_MUST_USE enum sg_status watch_offer(struct anchor_loop *loop, struct anchor *anchor);
/* How long to wait after so many failures in a row, varied by half. */
int64_t watch_pause_us(unsigned failures, int64_t most_s);
/* What the anchor has, as far as we know, and how old the first record behind it is. */
struct anchor_hold watch_hold(struct anchor_loop *loop, const struct anchor *anchor);

/* --- last.c ---------------------------------------------------------------------- */

/* The process ends and the thread has: what is under way to folders comes to its end, and
 * they are given the newest checkpoint. One that hangs is left alone. */
void last_give(struct anchor_loop *loop);

#endif
