#include "gateway/core/succession/proposals.h"

#include <string.h>

#include "gateway/core/core_inside.h"
#include "proto/quorum/wanted.h"
#include "proto/text.h"

/* By its name in the request: the SHA-256 of its text, in hex. */
static const struct proposal *find(const struct proposals *proposals, const char *name)
{
    char own[65];

    for (size_t i = 0; i < PROPOSALS_MAX; i++) {
        const struct proposal *one = &proposals->list[i];
        if (one->policy == NULL) {
            continue;
        }
        text_hex(slice_of(policy_info(one->policy)->sha256, 32), own);
        if (strcmp(own, name) == 0) {
            return one;
        }
    }
    return NULL;
}

/* Takes the share. */
static const struct proposal *put(struct proposals *proposals, struct policy *policy,
                                  const struct policy_effect *effect)
{
    struct proposal *place = &proposals->list[proposals->next];

    proposals->next = (proposals->next + 1) % PROPOSALS_MAX;
    policy_free(place->policy);
    *place = (struct proposal){.policy = policy, .effect = *effect};
    return place;
}

void proposals_take(struct proposals *proposals, const struct policy_change *change)
{
    char name[65];

    if (change->policy == NULL) {
        return;
    }
    text_hex(slice_of(policy_info(change->policy)->sha256, 32), name);
    if (find(proposals, name) == NULL) {
        (void)put(proposals, policy_take(change->policy), &change->effect);
    }
}

static enum sg_status read_it(const struct ledger_request *request, struct policy **out,
                              struct sg_error *why)
{
    AUTO(wanted_fini) struct wanted wanted = {.message = NULL};
    char name[65];

    if (wanted_read(request->method, request->message, &wanted) != SG_OK) {
        return sg_fail(why, SG_CORRUPT, "the ledger's request cannot be read");
    }
    TRY(policy_parse(wanted_policy(&wanted), "the policy that was asked for", out, why));
    text_hex(slice_of(policy_info(*out)->sha256, 32), name);
    if (strcmp(name, request->object) != 0) {
        policy_free(*out);
        return sg_fail(why, SG_CORRUPT, "the ledger's request holds another policy");
    }
    return SG_OK;
}

enum sg_status proposals_find(struct core *core, const struct ledger_request *request,
                              const struct proposal **out, struct sg_error *why)
{
    static const struct policy_effect unknown = {.known = false};
    struct policy *policy = NULL;

    *out = find(&core->proposals, request->object);
    if (*out != NULL) {
        return SG_OK;
    }
    TRY(read_it(request, &policy, why));
    *out = put(&core->proposals, policy, &unknown);
    return SG_OK;
}

/* --- At the start ------------------------------------------------------------------ */

enum { ROOM = 4 << 20 }; /* two requests with their texts */

static void close_room(struct arena *room)
{
    arena_fini(room);
}

static enum sg_status recall(struct core *core, const struct ledger_request *pending,
                             struct arena *room)
{
    const struct proposal *proposal = NULL;
    const char *id = pending->id;
    struct ledger_request request;
    struct sg_error why = {0};

    if (strcmp(pending->task, task_name(TASK_POLICY_LOAD)) != 0) {
        return SG_OK;
    }
    TRY(ledger_find_request(core->ledger, id, room, &request));
    if (proposals_find(core, &request, &proposal, &why) != SG_OK) {
        log_event(LOG_WARN, "policy.unread", "request", id, "why", why.text, NULL);
    }
    return SG_OK;
}

enum sg_status proposals_start(struct core *core)
{
    AUTO(close_room) struct arena room = {0};
    struct ledger_request request = {.number = 0};
    enum sg_status status = SG_OK;

    TRY(arena_init(&room, ROOM));
    while ((status = ledger_next_request(core->ledger, request.number, &room,
                                         &request)) == SG_OK) {
        TRY(recall(core, &request, &room));
        arena_reset(&room);
    }
    return status == SG_NOT_FOUND ? SG_OK : status;
}

void proposals_fini(struct proposals *proposals)
{
    for (size_t i = 0; i < PROPOSALS_MAX; i++) {
        policy_free(proposals->list[i].policy);
        proposals->list[i].policy = NULL;
    }
}
