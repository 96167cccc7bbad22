#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/service/approvals/approvals.h"
#include "gateway/service/approvals/officers.h"
#include "gateway/service/policy/policies.h"

/* Orders under way: each has its place, its room and, at the end, an answer of the core.
 */

enum { ROOM_OF_LIST = 1 << 21 };
/* What is asked for, what the ledger holds of it, and that unpacked: twice the largest
 * message, which has 16384 digests of 64 bytes, and once more with a pointer, a length
 * and protobuf-c's notes of each field, in slabs of doubling size that stay: 4.6 MB.
 * Pages that nobody writes to cost nothing. */
enum { ROOM = 5 << 20 };

void approvals_release(struct asked *asked)
{
    atomic_uint *counter = asked->counter;

    if (asked->loading != NULL) {
        policies_release(asked->loading);
    }
    free(asked->counting);
    request_order_free(&asked->order);
    atomic_fetch_sub(counter, 1);
}

/* order.c frees it as what it begins with. */
_Static_assert(offsetof(struct asked, order) == 0, "an order is asked for");

static struct asked *make(struct grpc_call *call, size_t room)
{
    struct asked *asked = (struct asked *)calloc(1, sizeof(*asked));

    if (asked == NULL || arena_init(&asked->order.arena, room) != SG_OK) {
        free(asked);
        finish_plain(call, SG_NO_MEMORY, NULL);
        return NULL;
    }
    return asked;
}

static const char *role_of(const struct caller *caller)
{
    if (caller_has_role(caller, ROLE_OFFICER)) {
        return "officer";
    }
    return caller_has_role(caller, ROLE_REVIEWER) ? "reviewer" : "operator";
}

/* Stopping must be easy: there are places that nothing else takes. What backends ask for
 * takes none of those that officers have. */
static const struct {
    size_t counter; /* in struct services */
    unsigned count;
    const char *refusal;
} places[] = {
    [PLACE_ORDER] = {offsetof(struct services, orders), 16,
                     "16 requests are under way already; try again later"},
    [PLACE_STOP] = {offsetof(struct services, orders), 32,
                    "32 requests are under way already; try again later"},
    [PLACE_BACKEND] = {offsetof(struct services, questions), 4,
                       "4 requests of backends are under way already; try again later"},
};

static atomic_uint *take_place(struct grpc_call *call, struct services *services,
                               enum place place)
{
    atomic_uint *counter =
        (atomic_uint *)(void *)((char *)services + places[place].counter);

    if (atomic_fetch_add(counter, 1) >= places[place].count) {
        atomic_fetch_sub(counter, 1);
        finish_plain(call, SG_BUSY, places[place].refusal);
        return NULL;
    }
    return counter;
}

struct asked *approvals_open(struct grpc_call *call, struct services *services,
                             enum order_kind kind)
{
    return approvals_open_at(call, services, kind,
                             order_act(kind) == ACT_OTHER ? PLACE_ORDER : PLACE_STOP);
}

struct asked *approvals_open_at(struct grpc_call *call, struct services *services,
                                enum order_kind kind, enum place place)
{
    const struct caller *caller = (const struct caller *)grpc_call_caller(call);
    atomic_uint *counter = take_place(call, services, place);

    if (counter == NULL) {
        return NULL;
    }
    struct asked *asked = make(call, order_lists(kind) ? ROOM_OF_LIST : ROOM);
    if (asked == NULL) {
        atomic_fetch_sub(counter, 1);
        return NULL;
    }
    struct order *order = &asked->order.order;
    asked->services = services;
    asked->counter = counter;
    asked->name = grpc_call_name(call);
    asked->created_us = clock_wall_us();
    order->kind = kind;
    order->reply = &loop_of(services, call)->replies;
    (void)snprintf(order->officer, sizeof(order->officer), "%s", caller->config->name);
    (void)snprintf(order->change.role, sizeof(order->change.role), "%s", role_of(caller));
    memcpy(order->caller_cert, caller->fingerprint, sizeof(order->caller_cert));
    return asked;
}

void approvals_submit(struct grpc_call *call, struct asked *asked)
{
    enum sg_status status =
        core_order(asked->services->options.core, &asked->order.order);

    if (status != SG_OK) {
        approvals_release(asked);
        finish_plain(call, status, NULL);
    }
}
