#include "gateway/service/policy/clerk.h"

#include <openssl/rand.h>
#include <openssl/sha.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/policy/compare.h"
#include "gateway/service/inside.h"
#include "gateway/service/policy/answer.h"
#include "gateway/service/policy/hindsight.h"
#include "gateway/thread.h"
#include "proto/text.h"

enum { STOP_LOOK_MS = 100, ARENA_BYTES = 4 << 20 };

struct clerk {
    struct core *core;  /* borrowed */
    const char *ledger; /* borrowed: path of its file */
    struct mbox box;
    pthread_t thread;
    struct petitions petitions;
    atomic_uint rosters; /* counts changes of callers */
    unsigned roster;     /* the one that the petitions are of */
    atomic_bool stop;
};

/* The record first: the core answers. */
static void send_to_core(struct clerk *clerk, struct policy_ask *ask)
{
    enum sg_status status = core_order(clerk->core, &ask->order);

    if (status != SG_OK) {
        policy_ask_refuse(ask, status, "");
        policy_ask_reply(ask);
    }
}

/* --- Loading ----------------------------------------------------------------------- */

static void sign_as(struct policy_ask *ask, const struct person *person,
                    const char *request_id, const char *reason)
{
    struct order *order = &ask->order;

    (void)snprintf(order->officer, sizeof(order->officer), "%s", person->name);
    (void)snprintf(order->change.role, sizeof(order->change.role), "%s",
                   person_role(person));
    memcpy(order->caller_cert, person->cert, sizeof(order->caller_cert));
    (void)snprintf(order->request_id, sizeof(order->request_id), "%s", request_id);
    (void)snprintf(order->reason, sizeof(order->reason), "%s", reason);
}

static void countersign(struct policy_ask *ask, const struct person *person)
{
    struct policy_change *change = &ask->order.change;

    (void)snprintf(change->approver, sizeof(change->approver), "%s", person->name);
    (void)snprintf(change->approver_role, sizeof(change->approver_role), "%s",
                   person_role(person));
    memcpy(change->approver_cert, person->cert, sizeof(change->approver_cert));
}

static void reject(struct clerk *clerk, struct policy_ask *ask, enum sg_status status,
                   const char *why)
{
    policy_ask_refuse(ask, status, why);
    ask->order.kind = ORDER_POLICY_REJECT;
    (void)snprintf(ask->order.change.fault, sizeof(ask->order.change.fault), "%s",
                   ask->why);
    sign_as(ask, &ask->person, ask->request_id, ask->reason);
    send_to_core(clerk, ask);
}

static void make_id(char out[PETITION_ID_SIZE])
{
    uint8_t bytes[8];
    char text[2 * sizeof(bytes) + 1];

    MUST(RAND_bytes(bytes, sizeof(bytes)) == 1);
    text_hex(slice_of(bytes, sizeof(bytes)), text);
    (void)snprintf(out, PETITION_ID_SIZE, "policy.load-%s", text);
}

static SG_MUST_USE enum sg_status hand_in(struct clerk *clerk, struct policy_ask *ask,
                                          enum petition_state *state,
                                          struct petition **petition,
                                          struct sg_error *why)
{
    char id[PETITION_ID_SIZE];
    unsigned rosters = atomic_load(&clerk->rosters);

    if (rosters != clerk->roster) {
        clerk->roster = rosters;
        petitions_void(&clerk->petitions);
    }
    make_id(id);
    const struct handed_in handed = {.policy = ask->order.change.policy,
                                     .base = policy_info(ask->base)->sha256,
                                     .person = &ask->person,
                                     .request_id = ask->request_id,
                                     .reason = ask->reason,
                                     .id = id,
                                     .wall_us = clock_wall_us(),
                                     .now_us = clock_mono_us()};
    return petitions_hand_in(&clerk->petitions, &handed, state, petition, why);
}

static bool wants_record(enum petition_state state)
{
    return state != PETITION_KNOWN;
}

/* What the petition has become by this call. */
static void carry_on(struct clerk *clerk, struct policy_ask *ask,
                     enum petition_state state, const struct petition *petition)
{
    bool reached = state == PETITION_REACHED;

    if (!answer_load(ask, ask->order.change.policy, petition, reached)) {
        policy_ask_refuse(ask, SG_NO_MEMORY, "");
        policy_ask_reply(ask);
        return;
    }
    (void)snprintf(ask->order.change.approval, sizeof(ask->order.change.approval), "%s",
                   petition->id);
    if (reached) {
        ask->order.kind = ORDER_POLICY_LOAD;
        hindsight(clerk->ledger, ask->order.change.policy, &ask->order.change.effect);
        sign_as(ask, &petition->asker, petition->request_id, petition->reason);
        countersign(ask, petition_approver(petition));
    } else {
        ask->order.kind = ORDER_POLICY_ASK;
        sign_as(ask, &ask->person, ask->request_id, ask->reason);
    }
    if (wants_record(state)) {
        send_to_core(clerk, ask);
    } else {
        policy_ask_reply(ask);
    }
}

static void ask_for_second(struct clerk *clerk, struct policy_ask *ask)
{
    enum petition_state state = PETITION_NEW;
    struct petition *petition = NULL;
    struct sg_error why = {0};
    enum sg_status status = hand_in(clerk, ask, &state, &petition, &why);

    if (status != SG_OK) {
        policy_ask_refuse(ask, status, why.text);
        policy_ask_reply(ask);
        return;
    }
    carry_on(clerk, ask, state, petition);
    if (state == PETITION_REACHED) {
        petition_free(petition);
    }
}

/* A quorum file is in force: others sign for it. */
static void ask_for_signatures(struct clerk *clerk, struct policy_ask *ask)
{
    struct policy *policy = ask->order.change.policy;

    if (!answer_load(ask, policy, NULL, false)) {
        policy_ask_refuse(ask, SG_NO_MEMORY, "");
        policy_ask_reply(ask);
        return;
    }
    hindsight(clerk->ledger, policy, &ask->order.change.effect);
    policy_request_send(clerk->core, ask);
}

static bool is_in_force(const struct policy_ask *ask, const struct policy *policy)
{
    return memcmp(policy_info(ask->base)->sha256, policy_info(policy)->sha256, 32) == 0;
}

static void answer_known(struct policy_ask *ask, const struct policy *policy)
{
    if (!answer_load(ask, policy, NULL, true)) {
        policy_ask_refuse(ask, SG_NO_MEMORY, "");
    }
    policy_ask_reply(ask);
}

static void load(struct clerk *clerk, struct policy_ask *ask)
{
    struct policy *policy = NULL;
    struct sg_error why = {0};
    struct policy_change *change = &ask->order.change;

    change->source = "officers";
    (void)SHA256(ask->text, ask->text_len, change->sha256);
    enum sg_status status =
        policy_parse(slice_of(ask->text, ask->text_len), policy_ask_name, &policy, &why);
    if (status != SG_OK) {
        reject(clerk, ask, status, why.text);
        return;
    }
    change->policy = policy; /* the order's share */
    if (is_in_force(ask, policy)) {
        answer_known(ask, policy);
        return;
    }
    status = policy_supersedes(policy, ask->base, &why);
    if (status != SG_OK) {
        reject(clerk, ask, status, why.text);
        return;
    }
    if (ask->request != NULL) {
        ask_for_signatures(clerk, ask);
    } else {
        ask_for_second(clerk, ask);
    }
}

/* --- Looking ----------------------------------------------------------------------- */

static void get(struct clerk *clerk, struct policy_ask *ask)
{
    policy_ask_get(ask, clerk->ledger);
}

static void list(struct clerk *clerk, struct policy_ask *ask)
{
    policy_ask_list(ask, clerk->ledger);
}

static void explain(struct clerk *clerk, struct policy_ask *ask)
{
    (void)clerk;
    policy_ask_explain(ask);
}

static void check(struct clerk *clerk, struct policy_ask *ask)
{
    (void)clerk;
    policy_ask_check(ask);
}

/* --- The thread -------------------------------------------------------------------- */

static void work(struct clerk *clerk, struct policy_ask *ask)
{
    static void (*const tasks[])(struct clerk *,
                                 struct policy_ask *) = {[POLICY_GET] = get,
                                                         [POLICY_LIST] = list,
                                                         [POLICY_EXPLAIN] = explain,
                                                         [POLICY_CHECK] = check,
                                                         [POLICY_LOAD] = load};

    ask->base = core_take_policy(clerk->core);
    if (arena_init(&ask->arena, ARENA_BYTES) != SG_OK) {
        policy_ask_refuse(ask, SG_NO_MEMORY, "");
        policy_ask_reply(ask);
        return;
    }
    tasks[ask->task](clerk, ask);
}

static void give_up(struct order *order)
{
    order_fini(order);
    free(order);
}

/* An order of the gateway's own: a policy that was read from its file. */
static void succeed(struct clerk *clerk, struct order *order)
{
    hindsight(clerk->ledger, order->change.policy, &order->change.effect);
    if (core_order(clerk->core, order) != SG_OK) { /* the gateway ends */
        give_up(order);
    }
}

static void work_on(struct clerk *clerk, struct letter *letter)
{
    if (letter->kind == LETTER_ORDER) {
        succeed(clerk, (struct order *)letter);
    } else {
        work(clerk, (struct policy_ask *)letter);
    }
}

static void *run(void *context)
{
    struct clerk *clerk = (struct clerk *)context;

    while (!atomic_load(&clerk->stop)) {
        struct pollfd ready = {.fd = clerk->box.wake_fd, .events = POLLIN};
        struct letters waiting = STAILQ_HEAD_INITIALIZER(waiting);
        struct letter *letter;

        (void)poll(&ready, 1, STOP_LOOK_MS);
        mbox_take(&clerk->box, &waiting);
        while ((letter = STAILQ_FIRST(&waiting)) != NULL) {
            STAILQ_REMOVE_HEAD(&waiting, link);
            work_on(clerk, letter);
        }
    }
    return NULL;
}

enum sg_status clerk_start(struct core *core, const char *ledger, struct clerk **out,
                           struct sg_error *why)
{
    struct clerk *clerk = (struct clerk *)calloc(1, sizeof(*clerk));

    if (clerk == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "no memory for the policy thread");
    }
    clerk->core = core;
    clerk->ledger = ledger;
    enum sg_status status = mbox_init(&clerk->box, 0);
    if (status == SG_OK &&
        thread_start(&clerk->thread, "segeld-clerk", run, clerk) != SG_OK) {
        mbox_fini(&clerk->box);
        status = SG_NO_MEMORY;
    }
    if (status != SG_OK) {
        free(clerk);
        return sg_fail(why, status, "the policy thread could not be started");
    }
    *out = clerk;
    return SG_OK;
}

enum sg_status clerk_ask(struct clerk *clerk, struct policy_ask *ask)
{
    struct letters one = STAILQ_HEAD_INITIALIZER(one);

    STAILQ_INSERT_TAIL(&one, &ask->order.letter, link);
    return mbox_put(&clerk->box, &one, 1);
}

void clerk_succeed(struct clerk *clerk, struct order *order)
{
    struct letters one = STAILQ_HEAD_INITIALIZER(one);

    order->letter.kind = LETTER_ORDER;
    STAILQ_INSERT_TAIL(&one, &order->letter, link);
    if (mbox_put(&clerk->box, &one, 1) != SG_OK) {
        give_up(order);
    }
}

void clerk_void(struct clerk *clerk)
{
    (void)atomic_fetch_add(&clerk->rosters, 1);
}

static void drop_rest(struct clerk *clerk)
{
    struct letters rest = STAILQ_HEAD_INITIALIZER(rest);
    struct letter *letter;

    mbox_take(&clerk->box, &rest);
    while ((letter = STAILQ_FIRST(&rest)) != NULL) {
        STAILQ_REMOVE_HEAD(&rest, link);
        if (letter->kind == LETTER_ORDER) {
            give_up((struct order *)letter);
        } else {
            policy_ask_free((struct policy_ask *)letter);
        }
    }
}

void clerk_join(struct clerk *clerk)
{
    if (clerk == NULL) {
        return;
    }
    atomic_store(&clerk->stop, true);
    mbox_close(&clerk->box);
    (void)pthread_join(clerk->thread, NULL);
    drop_rest(clerk);
    petitions_fini(&clerk->petitions);
    mbox_fini(&clerk->box);
    free(clerk);
}
