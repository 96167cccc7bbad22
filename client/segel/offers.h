#ifndef SEGEL_CLIENT_SEGEL_OFFERS_H
#define SEGEL_CLIENT_SEGEL_OFFERS_H

#include <pthread.h>
#include <stdatomic.h>

#include "client/segel/error.h"
#include "client/segel/stamp.h"

/* What the gateway said of keys, and the stamps that were made from it, kept at a handle:
 * plans that differ in other things, such as the rows of a table with an approval each,
 * ask once a minute and a connection. One stamp for all of them also spares a process:
 * one that reads letters has what was there when it was forked. Any thread. */
enum { OFFERS_KEPT = 16, OFFERS_FRESH_US = 60000000 };

/* A stamp that several plans have; never changes but for the count of its users. */
struct offered_stamp {
    atomic_uint users;
    const struct segel_signer *signer; /* a share: whose statement and logos they are */
    char *name;                        /* owned; of the template; NULL = none */
    struct segel_stamp stamp;          /* owned */
};

struct offers {
    pthread_mutex_t lock;   /* over the rows alone: never over a call or a file */
    atomic_uint connection; /* a new one may lead to another gateway: rows of before it
                             * are not used */
    struct offers_row {
        const struct segel_signer *signer; /* a share; NULL = free */
        char *key; /* owned: as asked for; that of a successor in the answer */
        unsigned connection;
        int64_t until_us;                          /* monotonic */
        struct offered_stamp *stamps[OFFERS_KEPT]; /* shares; NULL = free */
        size_t next;                               /* of the stamps, to be replaced */
    } rows[OFFERS_KEPT];
    size_t next; /* likewise of the rows */
};
void offers_init(struct offers *offers);
void offers_fini(struct offers *offers);
/* The connection is a new one. */
void offers_forget(struct offers *offers);

/* What the key offers, with the statement in Indonesian, which is for the readers of the
 * letter. As segel_signer_get; the caller frees *out with segel_signer_free. */
int offers_signer(struct segel *segel, const char *key, const struct segel_signer **out,
                  struct segel_error *error);
/* The stamp of this signer by this template; NULL: without one. Made at the first time,
 * so a template that changes is read anew after a minute. SEGEL_USAGE, "stamp": as
 * stamp_read and stamp_fit. The caller gives *out to offered_stamp_free. */
int offers_stamp(struct segel *segel, const struct segel_signer *signer, const char *name,
                 struct offered_stamp **out, struct segel_error *error);
void offered_stamp_free(struct offered_stamp *stamp);

#endif
