#include "gateway/core/officers/grants.h"

#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/log/members.h"
#include "gateway/core/officers/requests.h"

enum { ROOM_BYTES = 65536 }; /* besides the message */

void grants_fini(struct grants *grants)
{
    quorum_free(grants->quorum);
    quorum_free(grants->next);
    quorum_free(grants->retired);
}

enum sg_status grants_write_start(struct core *core)
{
    TRY(grants_roster_write_start(core));
    core->grants.clock_jumped = register_clock_is_back(core);
    TRY(grants_end_stale(core));
    core->grants.clock_jumped = false;
    return SG_OK;
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

enum sg_status grants_check_room(struct core *core, const char *person,
                                 struct sg_error *why)
{
    uint64_t own = 0;

    if (core->grants.pending >= REQUESTS_PENDING_MAX) {
        return sg_fail(why, SG_BUSY,
                       "%d requests wait already; refuse those that are not needed, or "
                       "wait until they end",
                       REQUESTS_PENDING_MAX);
    }
    TRY(ledger_pending_by(core->ledger, person, &own));
    return own < REQUESTS_OF_ONE_MAX
               ? SG_OK
               : sg_fail(why, SG_BUSY,
                         "%d requests of '%s' wait already; refuse those that are not "
                         "needed, or wait until they end",
                         REQUESTS_OF_ONE_MAX, person);
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
    return grants_roster_due(&core->grants) || is_over(&core->grants);
}

enum sg_status grants_write(struct core *core)
{
    if (!grants_due(core)) {
        core->grants.clock_jumped = false;
        return SG_OK;
    }
    TRY(grants_roster_write(core));
    TRY(grants_end_stale(core));
    core->grants.clock_jumped = false;
    return SG_OK;
}
