#include "gateway/core/grants.h"

#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/members.h"
#include "gateway/core/requests.h"
#include "proto/digest.h"
#include "proto/text.h"

/* --- The quorum file --------------------------------------------------------------- */

/* Kept as "sha256:… SINCE", or "none SINCE": also that there is none any more is news. */
static const char MEMO[] = "roster";
enum { ROOM_BYTES = 65536 }; /* besides the message */

static void name_of(const struct quorum *quorum, char out[DIGEST_SHA256_SIZE])
{
    (void)snprintf(out, DIGEST_SHA256_SIZE, "none");
    if (quorum != NULL) {
        digest_sha256_text(quorum->sha256, out);
    }
}

static bool same_quorum(const struct quorum *one, const struct quorum *other)
{
    return (one == NULL) == (other == NULL) &&
           (one == NULL || memcmp(one->sha256, other->sha256, 32) == 0);
}

/* What was in force before; "" = nothing ever. */
static enum sg_status recall(struct core *core, char before[DIGEST_SHA256_SIZE])
{
    char text[LEDGER_MEMO_MAX];
    uint64_t since = 0;
    enum sg_status found = ledger_recall(core->ledger, MEMO, text);

    before[0] = '\0';
    if (found != SG_OK) {
        return found == SG_NOT_FOUND ? SG_OK : found;
    }
    char *rest = strchr(text, ' ');
    if (rest != NULL && text_uint(slice_str(rest + 1), INT64_MAX, &since) == SG_OK) {
        *rest = '\0';
        (void)snprintf(before, DIGEST_SHA256_SIZE, "%.71s", text);
        core->grants.since_us = (int64_t)since;
    }
    return SG_OK;
}

static void put_in_force(struct grants *grants, struct quorum *quorum)
{
    grants->quorum = quorum;
    atomic_store_explicit(&grants->has_quorum, quorum != NULL, memory_order_relaxed);
}

enum sg_status grants_start(struct core *core, struct sg_error *why)
{
    struct grants *grants = &core->grants;
    char before[DIGEST_SHA256_SIZE];
    char now[DIGEST_SHA256_SIZE];

    TRY(quorum_load(core->options.config, &grants->quorum, why));
    put_in_force(grants, grants->quorum);
    TRY(recall(core, before));
    name_of(grants->quorum, now);
    grants->is_new =
        before[0] == '\0' ? grants->quorum != NULL : strcmp(before, now) != 0;
    return SG_OK;
}

bool grants_had_quorum(struct core *core)
{
    char before[DIGEST_SHA256_SIZE];

    return recall(core, before) != SG_OK ||
           (before[0] != '\0' && strcmp(before, "none") != 0);
}

void grants_fini(struct grants *grants)
{
    quorum_free(grants->quorum);
    quorum_free(grants->next);
}

static enum sg_status write_roster(struct core *core)
{
    struct grants *grants = &core->grants;
    struct members members = {.count = 0};
    char before[DIGEST_SHA256_SIZE];
    char now[DIGEST_SHA256_SIZE];
    char persons[24] = "";
    char text[LEDGER_MEMO_MAX];

    TRY(recall(core, before));
    name_of(grants->quorum, now);
    if (grants->quorum != NULL) {
        (void)snprintf(persons, sizeof(persons), "%zu",
                       grants->quorum->roster.groups.leaf_count);
    }
    members_add(&members, "subject", core->options.config->node);
    members_add(&members, "quorum", now);
    members_add(&members, "previous", before);
    members_add(&members, "persons", persons);
    TRY(members_write(core, "roster.load", &members, NULL));
    grants->since_us = clock_wall_us();
    (void)snprintf(text, sizeof(text), "%s %lld", now, (long long)grants->since_us);
    return ledger_remember(core->ledger, MEMO, text);
}

enum sg_status grants_write_start(struct core *core)
{
    if (core->grants.is_new) {
        core->grants.is_new = false;
        TRY(write_roster(core));
    }
    return grants_end_stale(core);
}

void core_take_quorum(struct core *core, struct quorum *quorum)
{
    struct grants *grants = &core->grants;
    const struct quorum *last = grants->has_next ? grants->next : grants->quorum;

    if (same_quorum(last, quorum)) {
        quorum_free(quorum);
        return;
    }
    quorum_free(grants->next);
    grants->next = quorum;
    grants->has_next = true;
}

static enum sg_status take_next(struct core *core)
{
    struct grants *grants = &core->grants;
    char name[DIGEST_SHA256_SIZE];

    quorum_free(grants->quorum);
    put_in_force(grants, grants->next);
    grants->next = NULL;
    grants->has_next = false;
    name_of(grants->quorum, name);
    log_event(LOG_INFO, "roster.loaded", "quorum", name, NULL);
    return write_roster(core);
}

/* --- What is over ------------------------------------------------------------------ */

/* Nobody knows how long ago an instant was on a clock that was set back. */
static bool before_its_time(const struct ledger_request *request, int64_t now_us)
{
    return now_us < request->created_us;
}

enum request_state grants_state_of(const struct core *core,
                                   const struct ledger_request *request, const char **why)
{
    const struct quorum *quorum = core->grants.quorum;
    int64_t now_us = clock_wall_us();

    *why = "";
    if (memcmp(request->policy, policy_info(core->policy)->sha256, 32) != 0) {
        *why = "another policy came in force";
        return REQUEST_VOID;
    }
    if (quorum == NULL || memcmp(request->quorum, quorum->sha256, 32) != 0) {
        *why = "the quorum file has changed";
        return REQUEST_VOID;
    }
    if (core->grants.clock_jumped || before_its_time(request, now_us)) {
        *why = "the clock was set";
        return REQUEST_VOID;
    }
    if (now_us >= request->not_after_us) {
        *why = "not enough persons approved it in time";
        return REQUEST_EXPIRED;
    }
    return REQUEST_PENDING;
}

enum sg_status grants_count(struct core *core)
{
    return ledger_pending_requests(core->ledger, &core->grants.pending,
                                   &core->grants.earliest_us);
}

enum sg_status grants_end(struct core *core, struct ledger_request *request,
                          enum request_state state, const char *why)
{
    struct members members = {.count = 0};
    struct log_place place;

    members_add(&members, "subject", request->id);
    members_add(&members, "action", request->task);
    members_add(&members, "object", request->object);
    members_add(&members, "requester", request->person);
    members_add(&members, "why", why);
    TRY(members_write(core, state == REQUEST_EXPIRED ? "grant.expire" : "grant.void",
                      &members, &place));
    request->state = state;
    request->why = why;
    request->log_index = place.index;
    memcpy(request->log_hash, place.hash, sizeof(request->log_hash));
    TRY(ledger_settle_request(core->ledger, request));
    return grants_count(core);
}

static enum sg_status end_if_over(struct core *core, struct ledger_request *request)
{
    const char *why = "";
    enum request_state state = grants_state_of(core, request, &why);

    return state == REQUEST_PENDING ? SG_OK : grants_end(core, request, state, why);
}

static void close_room(struct arena *room)
{
    arena_fini(room);
}

enum sg_status grants_end_stale(struct core *core)
{
    AUTO(close_room) struct arena room = {0};
    struct ledger_request request = {.number = 0};
    enum sg_status status = SG_OK;

    TRY(grants_count(core));
    if (core->grants.pending == 0) {
        return SG_OK;
    }
    TRY(arena_init(&room, REQUEST_MESSAGE_MAX + ROOM_BYTES));
    while ((status = ledger_next_request(core->ledger, request.number, &room,
                                         &request)) == SG_OK) {
        TRY(end_if_over(core, &request));
        arena_reset(&room);
    }
    return status == SG_NOT_FOUND ? SG_OK : status;
}

/* --- In the core's turn ------------------------------------------------------------ */

static bool is_over(const struct grants *grants)
{
    return grants->pending > 0 &&
           (grants->clock_jumped || clock_wall_us() >= grants->earliest_us);
}

bool grants_due(const struct core *core)
{
    return core->grants.has_next || is_over(&core->grants);
}

enum sg_status grants_write(struct core *core)
{
    if (!grants_due(core)) {
        core->grants.clock_jumped = false;
        return SG_OK;
    }
    if (core->grants.has_next) {
        TRY(take_next(core));
    }
    TRY(grants_end_stale(core));
    core->grants.clock_jumped = false;
    return SG_OK;
}
