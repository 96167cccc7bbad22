#include "gateway/service/keys/watch.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/service/keys/keys.h"

/* WatchKeys. Each I/O loop looks a few times a second whether the core's report says
 * something new, and tells its own watchers what of their keys has changed. */

enum { WANTED_MAX = 64, QUEUED_MAX = 1 << 20 };

struct key_watch {
    LIST_ENTRY(key_watch) link;
    struct grpc_call *call; /* borrowed until its on_close */
    struct held_place place;
    bool over;  /* finished; on_close is to come */
    bool first; /* the first round is not complete */
    bool wanted[REPORT_KEYS_MAX];
    uint64_t told[REPORT_KEYS_MAX]; /* mark_of what was sent last; 0 = nothing */
};

/* What a watcher is told of: the key's life and whether it can serve, not each job. */
static uint64_t mark_of(const struct key *key, const struct key_report *report)
{
    const struct keyreg *life = &report->life;
    const uint64_t parts[] = {life->log_index,
                              (uint64_t)life->state,
                              (uint64_t)life->activation.mode,
                              (uint64_t)life->activation.begun_us,
                              report->usable,
                              report->berths,
                              report->lanes_up,
                              status_generation(&key->holder->status)};
    uint64_t mark = 14695981039346656037ULL; /* FNV-1a */

    for (size_t i = 0; i < SG_COUNT(parts); i++) {
        mark = (mark ^ parts[i]) * 1099511628211ULL;
    }
    return mark | 1;
}

/* --- Telling ----------------------------------------------------------------------- */

static bool send_key(struct service_loop *loop, struct key_watch *watch,
                     const struct key *key, const struct key_report *report)
{
    Segel__V1__WatchKeysResponse out;
    Segel__V1__LogPosition position;
    const struct key_view view = {key, report, NULL};

    arena_reset(&loop->scratch);
    segel__v1__watch_keys_response__init(&out);
    segel__v1__log_position__init(&position);
    out.key = keys_message(&loop->scratch, &view);
    if (!watch->first) {
        position.origin = pb_text(loop->services->options.config->ledger_origin);
        position.index = report->life.log_index;
        position.leaf_hash =
            pb_bytes(slice_of(report->life.log_hash, sizeof(report->life.log_hash)));
        out.log = &position;
    }
    return out.key != NULL && grpc_send(watch->call, &out.base) == SG_OK;
}

static bool may_watch(struct grpc_call *call)
{
    return approvals_may(call, ROLE_OFFICER | ROLE_REVIEWER | ROLE_OPERATOR,
                         "keys are shown to the roles officer, reviewer and operator");
}

/* A reload may have taken the roles away while the call is open. Without a caller the
 * transport has ended the call. */
static bool is_over(const struct key_watch *watch)
{
    return watch->over ||
           (grpc_call_caller(watch->call) != NULL && !may_watch(watch->call));
}

/* Whoever takes nothing is told the newest state when he does. */
static void tell(struct service_loop *loop, struct key_watch *watch)
{
    const struct keyring *ring = core_keys(loop->services->options.core);
    struct key_report report;
    bool all = true;

    watch->over = is_over(watch);
    for (size_t i = 0; i < ring->count && i < REPORT_KEYS_MAX && !watch->over; i++) {
        if (!watch->wanted[i] ||
            !core_report_key(loop->services->options.core, i, &report)) {
            continue;
        }
        uint64_t mark = mark_of(&ring->keys[i], &report);
        if (mark == watch->told[i]) {
            continue;
        }
        if (grpc_call_queued(watch->call) > QUEUED_MAX) {
            all = false;
            break;
        }
        watch->told[i] = mark;
        watch->over = !send_key(loop, watch, &ring->keys[i], &report);
    }
    watch->first = watch->first && !all;
}

void key_watches_tick(struct service_loop *loop)
{
    struct key_watch *watch;

    /* The closing of a call comes later, so the list stays whole. */
    LIST_FOREACH(watch, &loop->key_watches, link)
    {
        tell(loop, watch);
    }
}

static void end(struct key_watch *watch)
{
    if (!watch->over) {
        watch->over = true;
        finish_plain(watch->call, SG_SHUTDOWN, NULL);
    }
}

void key_watches_drain(struct service_loop *loop)
{
    struct key_watch *watch;

    LIST_FOREACH(watch, &loop->key_watches, link)
    {
        tell(loop, watch);
        end(watch);
    }
}

/* --- The call ---------------------------------------------------------------------- */

static bool take_names(struct grpc_call *call, const struct keyring *ring,
                       const Segel__V1__WatchKeysRequest *request,
                       struct key_watch *watch)
{
    if (request->n_keys > WANTED_MAX) {
        finish_plain(call, SG_INVALID, "at most 64 keys can be named");
        return false;
    }
    for (size_t i = 0; i < ring->count && i < REPORT_KEYS_MAX; i++) {
        watch->wanted[i] = request->n_keys == 0;
    }
    for (size_t i = 0; i < request->n_keys; i++) {
        const struct key *key = keyring_find(ring, slice_str(request->keys[i]));
        if (key == NULL) {
            finish_plain(call, SG_NOT_FOUND, "there is no key of that name");
            return false;
        }
        watch->wanted[key - ring->keys] = true;
    }
    return true;
}

static struct key_watch *open_watch(struct grpc_call *call, struct services *services,
                                    const Segel__V1__WatchKeysRequest *request)
{
    struct held_place place;

    if (!places_take(&services->key_places, call, "watch the keys", &place)) {
        return NULL;
    }
    struct key_watch *watch = (struct key_watch *)calloc(1, sizeof(*watch));
    if (watch == NULL) {
        finish_plain(call, SG_NO_MEMORY, NULL);
    }
    if (watch == NULL ||
        !take_names(call, core_keys(services->options.core), request, watch)) {
        places_leave(&place);
        free(watch);
        return NULL;
    }
    watch->place = place;
    watch->call = call;
    watch->first = true;
    LIST_INSERT_HEAD(&loop_of(services, call)->key_watches, watch, link);
    grpc_call_set_state(call, watch);
    return watch;
}

void keys_on_watch(struct grpc_call *call, const ProtobufCMessage *message, void *context)
{
    struct services *services = (struct services *)context;

    if (!may_watch(call)) {
        return;
    }
    struct key_watch *watch = open_watch(
        call, services, (const Segel__V1__WatchKeysRequest *)(const void *)message);
    if (watch != NULL) {
        tell(loop_of(services, call), watch);
        /* The word to end comes once: to who is there then. */
        if (atomic_load(&services->draining)) {
            end(watch);
        }
    }
}

void keys_on_watch_close(struct grpc_call *call, void *context)
{
    struct key_watch *watch = (struct key_watch *)grpc_call_state(call);

    (void)context;
    if (watch != NULL) {
        LIST_REMOVE(watch, link);
        places_leave(&watch->place);
        free(watch);
    }
}
