#ifndef SEGEL_GATEWAY_STATUS_INSIDE_H
#define SEGEL_GATEWAY_STATUS_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "gateway/http/http.h"
#include "gateway/status/evidence.h"
#include "gateway/status/status.h"

/* Inside of the status module: links.c finds certificates, issuers and addresses,
 * source.c asks one address and judges, watch.c is the thread and says whose turn it is,
 * status.c joins them. */
enum {
    STATUS_KEYS_MAX = 256,  /* as a configuration may have */
    STATUS_LINKS_MAX = 256, /* certificates that are asked for, of all keys */
    STATUS_URL_MAX = 1024,
    STATUS_NAME_MAX = 72,   /* name of a kept file */
    STATUS_AT_ONCE_MAX = 8, /* exchanges under way */
    STATUS_PER_HOST_MAX = 2 /* of those: one host cannot take all */
};

/* One kind of statement about one certificate, and where it comes from. */
struct source {
    enum status_source kind;
    char url[STATUS_URL_MAX]; /* "" = none: only what was kept counts */
    char file[STATUS_NAME_MAX];
    bool known; /* this and the three below: the thread's, and changed under the lock */
    struct status_finding finding;
    int64_t fetched_us;       /* wall clock; 0 = never since the start */
    struct status_blob *blob; /* owned share: what the finding is of */
    int64_t due_us;           /* CLOCK_MONOTONIC */
    unsigned failures;        /* in a row */
    struct watched *of;       /* the certificate; its owner */
    bool asked;               /* an exchange is under way */
    uint8_t *question;        /* owned; DER of what an OCSP responder was asked */
    size_t question_len;
};

struct watched {
    struct status_link link; /* references owned */
    uint8_t sha256[32];
    struct source crl;
    struct source ocsp;
};

struct status_entry {
    struct status_key key;
    size_t links[CERT_CHAIN_MAX]; /* the signer's first */
    size_t link_count;
    bool whole;    /* every certificate of the chain has its issuer */
    bool anchored; /* a time stamp authority's: its own certificate is an anchor */
    X509 *orphan;  /* borrowed from the key's; whose issuer is not known; NULL = none */
};

struct status {
    const struct config *config;
    X509_STORE *anchors;          /* owned */
    STACK_OF(X509) * roots;       /* owned: the same, to search */
    X509_STORE *stamp_anchors;    /* owned; NULL: no time stamp authority */
    STACK_OF(X509) * stamp_roots; /* owned */
    struct watched *links;        /* owned */
    size_t link_count;
    struct status_entry *entries; /* owned */
    size_t entry_count;           /* at most STATUS_KEYS_MAX */
    pthread_mutex_t lock;         /* leaf: of the three below, and of sources */
    size_t known_count;           /* entries that others may look at */
    struct status_key added;
    bool has_added;    /* the thread takes it, and asks for it too */
    struct http *http; /* owned */
    atomic_bool stop;
    pthread_t thread;
    bool running;
};

/* links.c */
SG_MUST_USE enum sg_status links_make(struct status *status, struct sg_error *why);
/* The certificates of one more key. */
SG_MUST_USE enum sg_status links_add(struct status *status, struct status_entry *entry);
void links_fini(struct status *status);
/* Why no statement of a certificate of the entry can ever come, and which it is
 * (borrowed); NULL: each may. */
const char *links_silent(const struct status *status, const struct status_entry *entry,
                         X509 **which);

/* source.c */
void source_read_kept(struct status *status, struct source *source);
/* Asks; when that cannot be begun it counts as a failure. */
void source_ask(struct status *status, struct source *source);
/* Takes the answer over, or the failure. */
void source_answered(struct status *status, struct source *source,
                     struct http_answer *answer);
void source_fini(struct source *source);
/* When to ask again, in microseconds from now. */
int64_t source_pause(const struct config *config, const struct source *source,
                     int64_t now_us);

/* proofs.c */
/* The source has another statement from now on, of which this was found. fetched_us 0: it
 * was kept. No memory: it is known, and cannot be handed out. */
void proofs_keep(struct status *status, struct source *source,
                 const struct status_finding *finding, int64_t fetched_us,
                 struct slice der);
/* What was kept of the source counts no more. */
void proofs_drop(struct status *status, struct source *source);
void proofs_give(struct status_blob *blob);

/* watch.c */
void *watch_run(void *status);
/* The one that has been due for longest and may be asked now: not under way, and its host
 * is not asked STATUS_PER_HOST_MAX times already. NULL: none; *due_us: when there may be
 * one again, if no exchange ends before. Both CLOCK_MONOTONIC. */
struct source *watch_next(struct status *status, int64_t now_us, int64_t *due_us);

/* status.c */
void status_take_added(struct status *status);
void status_publish_all(struct status *status);

#endif
