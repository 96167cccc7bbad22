#ifndef SEGEL_GATEWAY_CORE_WATCH_AGENDA_H
#define SEGEL_GATEWAY_CORE_WATCH_AGENDA_H

#include <pthread.h>

#include "gateway/core/watch/expiries.h"
#include "gateway/core/watch/incidents.h"
#include "proto/arena.h"

/* What comes due: ends that somebody is reminded of, and notices of open incidents. The
 * core looks every ten seconds and after each change of an incident; nothing of it is
 * decided by. */
struct config;
struct core;

enum {
    AGENDA_ITEMS_MAX = 1024,
    AGENDA_EXPECTED_MAX = 291, /* callers that a configuration may have, three of TLS,
                                * issuers of clients, and those of time stamps */
    AGENDA_INCIDENTS_MAX = 256
};

struct agenda_item {
    enum expiry_kind kind;
    char name[65];
    int64_t until_us;
    int64_t passed; /* as expiry_passed has it */
    bool urgent;
    bool untold; /* nobody was reminded of that threshold yet */
};
struct agenda {
    struct agenda_item items[AGENDA_ITEMS_MAX];
    size_t count;
    size_t lost; /* that found no place */
    uint64_t open[INCIDENT_KINDS];
    uint64_t open_all;
    uint64_t overdue_oral; /* incidents whose notice is late */
    uint64_t overdue_written;
};

/* What the core has of it. */
struct agenda_keeper {
    struct agenda next;   /* core thread */
    bool stale;           /* an incident changed; the next tick looks */
    bool due;             /* there is something to remind of */
    struct arena arena;   /* owned: open incidents */
    pthread_mutex_t lock; /* leaf, of what follows */
    struct agenda shown;  /* as it was seen last */
    struct agenda_item expected[AGENDA_EXPECTED_MAX]; /* that other threads told */
    size_t expected_count;
};

SG_MUST_USE enum sg_status agenda_start(struct core *core);
void agenda_fini(struct agenda_keeper *keeper);
/* On the core's thread, outside a transaction. SG_LEDGER: it cannot be read. */
SG_MUST_USE enum sg_status agenda_look(struct core *core);
/* In the transaction: a record for each end that nobody was reminded of. */
bool agenda_due(const struct core *core);
SG_MUST_USE enum sg_status agenda_write(struct core *core);

/* For a source of ends (agenda_sources.c): one more. until_us 0: it has none. */
void agenda_add(struct core *core, enum expiry_kind kind, const char *name,
                int64_t until_us);
/* All sources, into core->agenda.next. */
SG_MUST_USE enum sg_status agenda_gather(struct core *core);

/* Any thread. A copy of what is known; and an end that only another thread knows (a
 * certificate of TLS): of a client the latest counts, else what was told last. */
void core_agenda(struct core *core, struct agenda *out);
void core_expect(struct core *core, enum expiry_kind kind, const char *name,
                 int64_t until_us);
/* Likewise all ends of a kind at once, instead of those that were told before; 0 has
 * none. */
struct agenda_end {
    const char *name; /* borrowed */
    int64_t until_us;
};
void core_expect_all(struct core *core, enum expiry_kind kind,
                     const struct agenda_end *ends, size_t count);
/* Behind a reload: of callers that are no more nobody is reminded. */
void agenda_drop_callers(struct core *core, const struct config *config);

#endif
