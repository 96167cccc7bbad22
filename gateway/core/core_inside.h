#ifndef SEGEL_GATEWAY_CORE_CORE_INSIDE_H
#define SEGEL_GATEWAY_CORE_CORE_INSIDE_H

#include <event2/event.h>
#include <stdatomic.h>

#include "gateway/core/acquainted.h"
#include "gateway/core/admission.h"
#include "gateway/core/agenda.h"
#include "gateway/core/anchoring.h"
#include "gateway/core/ban.h"
#include "gateway/core/berth.h"
#include "gateway/core/ceremony.h"
#include "gateway/core/checkpoint.h"
#include "gateway/core/condemn.h"
#include "gateway/core/core.h"
#include "gateway/core/grants.h"
#include "gateway/core/inflight.h"
#include "gateway/core/job_log.h"
#include "gateway/core/key_facts.h"
#include "gateway/core/lockdown.h"
#include "gateway/core/mandates.h"
#include "gateway/core/notes.h"
#include "gateway/core/order.h"
#include "gateway/core/overrides.h"
#include "gateway/core/proposals.h"
#include "gateway/core/prune.h"
#include "gateway/core/register.h"
#include "gateway/core/route.h"
#include "gateway/core/stages.h"
#include "gateway/core/state.h"
#include "gateway/core/succession.h"
#include "gateway/core/tally.h"
#include "gateway/core/turn.h"
#include "proto/tlog/merkle.h"
#include "proto/tlog/note.h"

/* Inside of the core: one struct, cut into files by what they do. */
/* life: core, start, reload; unlatch, release (without a gateway) */
/* keys: register (where they stand); life, key_effects (what changes that); activation
 * (for how many jobs); stop (what none may do) */
/* lanes: berth, route, choose; acquainted (tokens that were opened before); latch
 * (refused PINs), pins (typed ones), logins (at a start and an end); paths (chains that
 * end); lane_rest, ceremony_… (one process changes a token) */
/* a turn: turn, commits (when), waiting, decide, again, refuse, conclude, hand_back */
/* why not: grounds, denial (words); lockdown; ban (all); reserve (room on the disk);
 * mandate_… and override_… (what officers granted) */
/* the log: notes (events); key_facts, members (of a record); checkpoint; anchoring (what
 * others hold); condemn (it was changed); exports */
/* persons: orders, inquiries; succession (another policy), proposals (those that wait);
 * quorum, grants (who must agree); requests…, request_grant, approve, effects (to what)
 */
/* what persons must see to: incidents, incident_orders, agenda…, expiries, standing */
/* what is: state (counters, clock, disk); report (what others may know), stages (how long
 * it takes), tally (how often a rule denied) */

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
    int64_t settled_us; /* from then on no lane's login holds up the end */
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
