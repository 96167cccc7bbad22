#include "gateway/core/key/life.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/core/core_inside.h"
#include "gateway/core/key/activation.h"
#include "gateway/core/log/members.h"
#include "proto/text.h"

/* --- States ------------------------------------------------------------------------ */

static bool overlap_over(const struct keyreg *row, int64_t now_us)
{
    return row->overlap_until_us != 0 && now_us >= row->overlap_until_us;
}

const char *life_said(enum key_state state)
{
    return state == KEY_NONE ? "an empty slot, which 'segel key generate' fills"
                             : key_state_name(state);
}

enum key_state life_state(const struct core *core, const struct key *key)
{
    const struct keyreg *row = register_of(core, key);

    return key_state_signs(row->state) && overlap_over(row, core->keys.turn_us)
               ? KEY_RETIRED
               : row->state;
}

void life_enter(struct core *core, struct keyreg *row, enum key_state state)
{
    row->state = state;
    row->since_us = register_now_us(core);
}

void life_close(struct core *core, struct keyreg *row)
{
    row->activation = (struct activation){.mode = ACTIVATION_NONE};
    if (row->state == KEY_ACTIVE) {
        life_enter(core, row, KEY_INACTIVE);
    }
}

/* A moment before its overlap is over, so that no job that names it meets its end; and
 * for good, also when it is destroyed, as is due: its callers name it as before. */
static bool hands_over(const struct keyreg *row, int64_t now_us)
{
    enum { AHEAD_US = 300000 };

    return row->state == KEY_RETIRED || row->state == KEY_DESTROYED ||
           (key_state_signs(row->state) && overlap_over(row, now_us + AHEAD_US));
}

void life_publish(struct core *core, size_t index)
{
    struct key *key = &core->keyring.keys[index];
    const struct keyreg *row = &core->keys.rows[index];
    size_t heir = hands_over(row, register_now_us(core))
                      ? register_find(core, row->successor)
                      : SIZE_MAX;
    size_t before = register_find(core, row->predecessor);
    const struct key *found =
        heir < core->keyring.count ? &core->keyring.keys[heir] : NULL;

    key->holder->predecessor =
        before < core->keyring.count ? &core->keyring.keys[before] : NULL;
    atomic_store_explicit(&key->holder->heir, found, memory_order_release);
}

/* --- By one person ----------------------------------------------------------------- */

/* The index; the ring's count: the order was refused. */
static size_t find(const struct core *core, struct request_order *order)
{
    size_t index = register_find(core, order->object);
    struct sg_error why = {0};

    if (index < core->keyring.count && core->keys.rows[index].state != KEY_NONE) {
        return index;
    }
    enum sg_status status =
        index < core->keyring.count
            ? sg_fail(&why, SG_PRECONDITION, "key '%s' is %s", order->object,
                      life_said(KEY_NONE))
            : sg_fail(&why, SG_NOT_FOUND,
                      "there is no key '%s'; 'segel key list' shows those that there are",
                      order->object);
    (void)request_refuse(order, status, &why);
    return core->keyring.count;
}

static enum sg_status refuse_state(struct request_order *order, const struct keyreg *row,
                                   const char *way_out)
{
    struct sg_error why = {0};

    return request_refuse(order,
                          sg_fail(&why, SG_PRECONDITION, "key '%s' is %s: %s", row->name,
                                  life_said(row->state), way_out),
                          &why);
}

/* Who did what, and why. cert: room for its text. */
static void begin(const struct request_order *order, struct members *members,
                  char cert[65])
{
    text_hex(slice_of(order->order.caller_cert, 32), cert);
    members->count = 0;
    members_add(members, "subject", order->object);
    members_add(members, "person", order->order.officer);
    members_add(members, "role", order->order.change.role);
    members_add(members, "caller_cert", cert);
    members_add(members, "request_id", order->order.request_id);
    members_add(members, "reason", order->order.reason);
}

void life_add_used(struct members *members, const struct activation *activation,
                   char used[24])
{
    if (activation->mode != ACTIVATION_NONE) {
        (void)snprintf(used, 24, "%" PRIu64, activation->used);
        members_add(members, "used", used);
    }
}

static void add_use(struct members *members, const struct activation *activation,
                    char used[24])
{
    members_add(members, "grant", activation->grant);
    life_add_used(members, activation, used);
}

enum sg_status life_hold(struct core *core, struct request_order *order)
{
    size_t index = find(core, order);
    struct members members;
    struct log_place place;
    char cert[65];
    char used[24];

    if (index == core->keyring.count) {
        return SG_OK;
    }
    struct keyreg *row = register_row(core, index);
    order->already = row->state == KEY_HELD;
    if (order->already) {
        return SG_OK;
    }
    if (row->state == KEY_COMPROMISED || row->state == KEY_DESTROYED) {
        return refuse_state(order, row, "it never signs again, held or not");
    }
    begin(order, &members, cert);
    members_add(&members, "previous", key_state_name(row->state));
    add_use(&members, &row->activation, used);
    TRY(members_write(core, "key.hold", &members, &place));
    life_close(core, row);
    row->before_hold = row->state;
    life_enter(core, row, KEY_HELD);
    (void)snprintf(row->hold_reason, sizeof(row->hold_reason), "%s", order->order.reason);
    return register_keep(core, index, &place);
}

enum sg_status life_deactivate(struct core *core, struct request_order *order)
{
    size_t index = find(core, order);
    struct members members;
    struct log_place place;
    char cert[65];
    char used[24];

    if (index == core->keyring.count) {
        return SG_OK;
    }
    struct keyreg *row = register_row(core, index);
    order->already = row->state == KEY_INACTIVE;
    if (order->already) {
        return SG_OK;
    }
    if (row->state != KEY_ACTIVE) {
        return refuse_state(order, row,
                            "only an active key can be deactivated; 'segel key hold' "
                            "stops one in any state");
    }
    begin(order, &members, cert);
    add_use(&members, &row->activation, used);
    TRY(members_write(core, "key.deactivate", &members, &place));
    life_close(core, row);
    return register_keep(core, index, &place);
}

static enum sg_status open_incident(struct core *core, const struct request_order *order,
                                    const char *key)
{
    struct incident_event event = {.kind = INCIDENT_KEY_COMPROMISED};

    (void)snprintf(event.subject, sizeof(event.subject), "%s", key);
    (void)snprintf(event.why, sizeof(event.why), "%s", order->order.reason);
    return incident_open(core, &event, order->order.officer);
}

enum sg_status life_compromise(struct core *core, struct request_order *order)
{
    size_t index = find(core, order);
    struct members members;
    struct log_place place;
    char cert[65];
    char since[TEXT_TIME_SIZE] = "";
    char used[24];

    if (index == core->keyring.count) {
        return SG_OK;
    }
    struct keyreg *row = register_row(core, index);
    order->already = row->state == KEY_COMPROMISED;
    if (order->already) {
        return SG_OK;
    }
    if (row->state == KEY_DESTROYED) {
        return refuse_state(order, row, "nobody can sign with it any more");
    }
    if (order->moment_us > 0) {
        text_time(order->moment_us, since);
    }
    begin(order, &members, cert);
    members_add(&members, "state", key_state_name(KEY_COMPROMISED));
    members_add(&members, "previous", key_state_name(row->state));
    members_add(&members, "since", since);
    members_add(&members, "detail", "reported as compromised: its destruction is due");
    add_use(&members, &row->activation, used);
    TRY(members_write(core, "key.state", &members, &place));
    TRY(open_incident(core, order, row->name));
    life_close(core, row);
    row->before_hold = KEY_NONE;
    row->hold_reason[0] = '\0';
    life_enter(core, row, KEY_COMPROMISED);
    return register_keep(core, index, &place);
}

void life_tell(struct core *core, const struct request_order *order)
{
    size_t index = register_find(core, order->object);

    if (order->order.status != SG_OK || order->already || index == core->keyring.count) {
        return;
    }
    const struct keyreg *row = register_row(core, index);
    log_event(LOG_WARN, "key.changed", "key", row->name, "state",
              key_state_name(row->state), "person", order->order.officer, "reason",
              order->order.reason, NULL);
    life_publish(core, index);
    report_update(core, true);
}

/* --- By time ----------------------------------------------------------------------- */

/* What counted in it and may be given back must come home first. */
static const char *over(const struct core *core, size_t index, int64_t now_us)
{
    const struct activation *activation = &core->keys.rows[index].activation;
    const char *why =
        activation->mode == ACTIVATION_NONE ? NULL : activation_over(activation, now_us);

    return why != NULL && activation_left(activation) == 0 &&
                   core->routes[index].in_hand > 0
               ? NULL
               : why;
}

static bool is_due(const struct core *core, size_t index, int64_t now_us)
{
    return over(core, index, now_us) != NULL ||
           overlap_over(&core->keys.rows[index], now_us);
}

void life_look(struct core *core)
{
    register_see(core);
    int64_t now_us = register_now_us(core);

    for (size_t i = 0; i < core->keyring.count; i++) {
        if (core->keys.rows[i].overlap_until_us != 0) {
            life_publish(core, i);
        }
        core->keys.due = core->keys.due || is_due(core, i, now_us);
    }
}

bool life_due(const struct core *core)
{
    return core->keys.due;
}

static void log_change(const struct keyreg *row, const char *why)
{
    log_event(LOG_INFO, "key.changed", "key", row->name, "state",
              key_state_name(row->state), "why", why, NULL);
}

static enum sg_status end_activation(struct core *core, size_t index, const char *why)
{
    struct keyreg *row = register_row(core, index);
    struct members members = {.count = 0};
    struct log_place place;
    char used[24];

    members_add(&members, "subject", row->name);
    members_add(&members, "reason", why);
    add_use(&members, &row->activation, used);
    TRY(members_write(core, "key.deactivate", &members, &place));
    life_close(core, row);
    log_change(row, why);
    return register_keep(core, index, &place);
}

/* A key that is held stays it, and is not released as what it was; of one that is at its
 * end there is nothing to tell. */
static enum sg_status retire(struct core *core, size_t index)
{
    static const char why[] = "the overlap with its successor is over";
    struct keyreg *row = register_row(core, index);
    struct members members = {.count = 0};
    struct log_place place;
    bool held = row->state == KEY_HELD;
    char used[24];

    row->overlap_until_us = 0;
    if (row->state == KEY_COMPROMISED || row->state == KEY_DESTROYED) {
        return register_keep(core, index, NULL);
    }
    members_add(&members, "subject", row->name);
    members_add(&members, "state", key_state_name(held ? KEY_HELD : KEY_RETIRED));
    members_add(&members, "successor", row->successor);
    members_add(&members, "detail", why);
    add_use(&members, &row->activation, used);
    TRY(members_write(core, "key.state", &members, &place));
    life_close(core, row);
    if (held) {
        row->before_hold = KEY_RETIRED;
    } else {
        life_enter(core, row, KEY_RETIRED);
    }
    log_change(row, why);
    return register_keep(core, index, &place);
}

static enum sg_status end_one(struct core *core, size_t index, int64_t now_us)
{
    if (overlap_over(register_row(core, index), now_us)) {
        TRY(retire(core, index));
    } else {
        const char *why = over(core, index, now_us);
        if (why == NULL) {
            return SG_OK;
        }
        TRY(end_activation(core, index, why));
    }
    core->keys.changed = true;
    return SG_OK;
}

void life_settle(struct core *core)
{
    if (core->keys.changed) {
        core->keys.changed = false;
        for (size_t i = 0; i < core->keyring.count; i++) {
            life_publish(core, i);
        }
        report_update(core, true);
    }
}

enum sg_status life_write(struct core *core)
{
    int64_t now_us = register_now_us(core);

    if (!core->keys.due) {
        return SG_OK;
    }
    core->keys.due = false;
    for (size_t i = 0; i < core->keyring.count; i++) {
        TRY(end_one(core, i, now_us));
    }
    return SG_OK;
}
