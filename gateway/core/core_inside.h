#ifndef SEGEL_GATEWAY_CORE_CORE_INSIDE_H
#define SEGEL_GATEWAY_CORE_CORE_INSIDE_H

#include <event2/event.h>
#include <stdatomic.h>

#include "gateway/core/ceremony/ceremony.h"
#include "gateway/core/core.h"
#include "gateway/core/key/facts.h"
#include "gateway/core/key/register.h"
#include "gateway/core/lane/acquainted.h"
#include "gateway/core/lane/berth.h"
#include "gateway/core/lane/route.h"
#include "gateway/core/log/anchoring.h"
#include "gateway/core/log/checkpoint.h"
#include "gateway/core/log/condemn.h"
#include "gateway/core/log/notes.h"
#include "gateway/core/log/prune.h"
#include "gateway/core/mandate/mandates.h"
#include "gateway/core/officers/grants.h"
#include "gateway/core/officers/lockdown.h"
#include "gateway/core/officers/order.h"
#include "gateway/core/officers/overrides.h"
#include "gateway/core/state.h"
#include "gateway/core/succession/proposals.h"
#include "gateway/core/succession/succession.h"
#include "gateway/core/turn/admission.h"
#include "gateway/core/turn/ban.h"
#include "gateway/core/turn/inflight.h"
#include "gateway/core/turn/job_log.h"
#include "gateway/core/turn/turn.h"
#include "gateway/core/watch/agenda.h"
#include "gateway/core/watch/board.h"
#include "gateway/core/watch/stages.h"
#include "gateway/core/watch/tally.h"
#include "proto/tlog/merkle.h"
#include "proto/tlog/note.h"

/* Inside of the core: one struct, and rooms for what is done with it.
 *   turn/        a job from its queue to its answer, or to why not
 *   lane/        processes that hold a token, and which of them takes a job
 *   key/         where a key stands in its life, and what changes that
 *   ceremony/    one process changes a token; typed PINs; minutes
 *   log/         events, checkpoints, what others hold of it, what was pruned
 *   officers/    who must agree to what: requests, approvals, lock-down, overrides
 *   mandate/     signatures that officers have granted by number
 *   succession/  which policy is in force, and how another one comes
 *   watch/       what persons must see to, and what others may know
 * Beside them its life: core, start, reload; unlatch and release, without a gateway. */

enum { TURN_DECISIONS = 256 };

struct core {
    struct core_options options;
    pthread_mutex_t policy_lock; /* leaf; held for a pointer's time */
    struct policy *policy;       /* owned share: the one in force */
    struct succession succession;
    struct grants grants;
    struct proposals proposals;
    struct overrides overrides;
    struct lockdown lockdown;
    struct ban ban;
    struct ceremony ceremony;
    struct incidents incidents;
    struct agenda_keeper agenda;
    int64_t started_us; /* wall clock */
    struct mandates mandates;
    struct reloaded *reloaded;   /* owned: later configurations that lanes refer to */
    const struct config *newest; /* of those, or the start's: who the callers are */
    struct keyring keyring;
    struct key_register keys; /* where they stand */
    struct berth berths[CONFIG_LANES_MAX];
    size_t berth_count; /* one behind the last that is in use */
    struct latch latches[LATCHES_MAX];
    struct route *routes;    /* owned: one a key of the ring */
    struct fair_flow *flows; /* owned: of their queues, [key][caller] */
    struct route_list busy;  /* with jobs that wait; the first is served first */
    struct admission admission;
    struct report_board board;
    struct stages stages;
    struct tally tally;
    struct job_log job_log;
    struct ledger *ledger;
    struct state state;
    struct anchoring anchoring;
    struct event_base *base;
    struct event *mail;
    struct event *tick;
    struct event *commit;
    struct mbox mailbox;
    atomic_bool broken; /* the ledger has failed */
    bool answers_kept;  /* by times that have not come: said once on the log line */
    struct condemnation condemnation;

    struct inflight inflight;
    struct job_list finished; /* back from a lane, OUTCOME not yet written */
    struct job_list again;    /* being written down as failed, to be tried once more */
    struct job_list admitted; /* INTENT written in this turn */
    struct job_list answered; /* to be handed back after the commit */
    struct job_list outdated; /* to be judged again; likewise */
    struct letters orders;    /* not yet carried out */
    struct letters obeyed;    /* to be handed back after the commit */
    struct letters inquiries; /* not yet on the log */
    struct letters told;      /* to be handed back after the commit */
    size_t waiting_count;
    size_t finished_count;
    bool cut_short;       /* the last turn decided as many jobs as one may */
    int64_t committed_us; /* when the last turn ended */
    unsigned ticks;
    struct cert_path paths; /* the time for which all keys' chains are judged */
    bool commit_armed;
    bool hushed; /* lanes are not listened to until the commit */
    bool ending;
    int64_t settled_us;       /* from then on no lane's login holds up the end */
    int64_t closing_until_us; /* nor does the last checkpoint; 0 = not its turn yet */
    bool ended;
    void (*on_tick)(void *context);
    void *tick_context;

    atomic_uint_fast64_t unrecorded[UNRECORDED_KINDS]; /* since the last summary */
    uint64_t refused[REFUSALS];                        /* in all, at the last summary */
    struct gateway_note notes[NOTES_MAX];
    size_t note_count;
    size_t notes_lost; /* events that found no place since the last summary */

    struct note_key log_key;
    char log_vkey[NOTE_VKEY_MAX];
    size_t log_berth;
    bool log_key_seen; /* its lane has shown it, and it is the one of the ledger */
    uint8_t checkpoint_text[512];
    size_t checkpoint_len;
    struct tlog_hash checkpoint_digest; /* what ECDSA signs */
    bool checkpoint_pending;
    bool checkpoint_failed; /* said once on the log line */
    int64_t checkpoint_us;
    int64_t checkpoint_stored_us; /* wall clock; 0 = none since the start */

    uint8_t randomness[1024];
    size_t randomness_left;
};

#endif
