#define _GNU_SOURCE /* memmem */
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "gateway/anchor/parcel.h"
#include "gateway/clock.h"
#include "proto/text.h"

enum {
    US_PER_S = 1000000,
    US_PER_MS = 1000,
    LOOK_US = US_PER_S, /* between two looks for a newer checkpoint */
    HANDED_US = 50000,  /* before the core has taken what came last */
    DOUBLINGS_MAX = 16
};

bool watch_is_folder(const struct anchor *anchor)
{
    return anchor->config->kind == ANCHOR_DISK || anchor->config->kind == ANCHOR_DROP;
}

/* --- What the ledger says -------------------------------------------------------- */

enum sg_status watch_offer(struct anchor_loop *loop, struct anchor *anchor)
{
    return ledger_read_note(loop->ledger, anchor->offer, sizeof(anchor->offer),
                            &anchor->offer_len, &anchor->offered);
}

/* Our own records begin with the same members in the same order. */
static void take_time(void *context, uint64_t index, struct slice json)
{
    static const char member[] = "\"ts\":\"";
    int64_t *us = (int64_t *)context;
    const uint8_t *at =
        (const uint8_t *)memmem(json.data, json.len, member, sizeof(member) - 1);

    (void)index;
    if (at == NULL) {
        return;
    }
    at += sizeof(member) - 1;
    size_t left = json.len - (size_t)(at - json.data);
    if (left < TEXT_TIME_SIZE ||
        text_time_parse(slice_of(at, TEXT_TIME_SIZE - 1), us) != SG_OK) {
        *us = 0;
    }
}

/* When the record at this index was written; 0 = there is none yet. */
static int64_t written_us(struct anchor_loop *loop, uint64_t index)
{
    struct record_page page = {.first = index, .max = 1, .scan = 1};
    int64_t us = 0;

    return ledger_read(loop->ledger, NULL, &page, take_time, &us) == SG_OK ? us : 0;
}

/* A record that can be seen is no younger than that: a clock that ran ahead wrote it. */
struct anchor_hold watch_hold(struct anchor_loop *loop, const struct anchor *anchor)
{
    int64_t now_us = clock_wall_us();
    int64_t us = written_us(loop, anchor->held);

    return (struct anchor_hold){
        .size = anchor->held, .behind_us = us > now_us ? now_us : us, .seen_us = now_us};
}

/* --- What came of a delivery ----------------------------------------------------- */

/* Anchors of one interval get the same checkpoint: it then has all their signatures. */
static int64_t aligned(int64_t now_us, int64_t step_us)
{
    return (now_us / step_us + 1) * step_us;
}

static int64_t next_due_us(const struct anchor *anchor)
{
    return aligned(clock_mono_us(), anchor->config->interval_s * US_PER_S);
}

/* Many gateways must not come in step after an outage: between half and all of it. */
int64_t watch_pause_us(unsigned failures, int64_t most_s)
{
    unsigned doublings = failures - 1 < DOUBLINGS_MAX ? failures - 1 : DOUBLINGS_MAX;
    int64_t pause_us = (int64_t)US_PER_S << doublings;
    uint16_t random = 0;

    pause_us = pause_us < most_s * US_PER_S ? pause_us : most_s * US_PER_S;
    MUST(RAND_bytes((unsigned char *)&random, sizeof(random)) == 1);
    return pause_us / 2 + pause_us / 2 * random / UINT16_MAX;
}

static void send_result(struct anchor *anchor)
{
    struct letters one = STAILQ_HEAD_INITIALIZER(one);
    struct anchor_result *result = &anchor->result;

    result->letter.kind = LETTER_ANCHOR;
    atomic_store(&result->with_core, true);
    STAILQ_INSERT_TAIL(&one, &result->letter, link);
    if (mbox_put(anchor->of->core, &one, 1) != SG_OK) {
        atomic_store(&result->with_core, false); /* the gateway ends */
    }
}

static void take_hold(struct anchor_loop *loop, struct anchor *anchor)
{
    anchor->held = anchor->offered;
    anchor->result.hold = watch_hold(loop, anchor);
}

static void succeed(struct anchor *anchor)
{
    anchor->failures = 0;
    anchor->result.state = ANCHOR_WELL;
    anchor->result.why[0] = '\0';
    anchor->due_us = next_due_us(anchor);
}

/* What contradicts the log is asked again as seldom as can be, and stays an alarm until
 * it says otherwise: that it is out of reach now explains nothing. */
static void fail(struct anchor *anchor, enum sg_status status, const struct sg_error *why)
{
    struct anchor_result *result = &anchor->result;
    bool alarm = status == SG_CORRUPT || result->state == ANCHOR_ALARM;
    int64_t most_s = anchor->of->config->anchoring_retry_max_s;

    anchor->failures = alarm ? DOUBLINGS_MAX : anchor->failures + 1;
    result->state = alarm ? ANCHOR_ALARM : ANCHOR_FAILING;
    if (!alarm || status == SG_CORRUPT) {
        (void)snprintf(result->why, sizeof(result->why), "%.255s",
                       why->text[0] != '\0' ? why->text : sg_status_text(status));
    }
    anchor->due_us = clock_mono_us() + watch_pause_us(anchor->failures, most_s);
}

/* held: it has what it was offered. An authority may, and fail all the same by its
 * folder; for one that hangs it is not asked more often. */
static void settle(struct anchor_loop *loop, struct anchor *anchor, bool held,
                   enum sg_status status, const struct sg_error *why)
{
    anchor->asked = false;
    anchor->second = false;
    TS_REQ_free(anchor->question);
    anchor->question = NULL;
    anchor->result.held = held;
    if (held || status == SG_OK) {
        anchor->unkept = status != SG_OK;
    }
    if (held) {
        take_hold(loop, anchor);
    }
    if (status == SG_OK) {
        succeed(anchor);
    } else {
        fail(anchor, status, why);
    }
    if (held && status == SG_TIMEOUT) {
        anchor->due_us = next_due_us(anchor);
    }
    send_result(anchor);
}

/* --- Folders --------------------------------------------------------------------- */

/* The look back that the start could not wait for, or that failed. What speaks against
 * the ledger does so until it is taken away: a delivery would hide it. */
static void look_back(struct anchor_loop *loop, struct anchor *anchor)
{
    const struct parcel *parcel = anchor->parcel;
    enum sg_status status = parcel->status;
    struct sg_error why = parcel->why;

    if (status == SG_OK) {
        status = conflict_look(loop, anchor, &parcel->held, &why);
    }
    anchor->unseen = status != SG_OK && parcel->status != SG_NOT_FOUND;
    if (anchor->unseen) {
        settle(loop, anchor, false, status, &why);
    } else {
        anchor->asked = false;
        anchor->due_us = 0;
    }
}

/* What an authority stamped was told as failing because this had not come back. */
static void keep_late(struct anchor_loop *loop, struct anchor *anchor)
{
    const struct parcel *parcel = anchor->parcel;

    anchor->due_us = 0; /* else: once more, with the newest */
    if (parcel->status == SG_OK && parcel->size == anchor->held && anchor->result.held &&
        anchor->unkept) {
        settle(loop, anchor, false, SG_OK, NULL);
    }
}

static void take_back(struct anchor_loop *loop, struct anchor *anchor)
{
    const struct parcel *parcel = anchor->parcel;
    bool keep = parcel->task == PARCEL_KEEP;

    if (parcel->task == PARCEL_LOOK) {
        look_back(loop, anchor);
    } else if (keep && parcel->late) {
        keep_late(loop, anchor);
    } else {
        anchor->offered = parcel->size;
        settle(loop, anchor, keep || parcel->status == SG_OK, parcel->status,
               &parcel->why);
    }
    parcel_leave(anchor);
}

/* What an authority has stamped is not held back for a folder that hangs. */
static void tell_late(struct anchor_loop *loop, struct anchor *anchor)
{
    struct parcel *parcel = anchor->parcel;
    struct sg_error why = {0};

    parcel->late = true;
    enum sg_status status = parcel_overdue(anchor, &why);
    settle(loop, anchor, parcel->task == PARCEL_KEEP, status, &why);
}

static void look_after(struct anchor_loop *loop, struct anchor *anchor)
{
    const struct parcel *parcel = anchor->parcel;
    int64_t patience_us = config_folder_patience_us(anchor->of->config);

    /* The result is the core's, or of what is asked meanwhile. */
    if (parcel == NULL || atomic_load(&anchor->result.with_core) ||
        (parcel->late && anchor->asked)) {
        return;
    }
    if (parcel_back(anchor, 0)) {
        take_back(loop, anchor);
    } else if (!parcel->late && clock_mono_us() - parcel->sent_us >= patience_us) {
        tell_late(loop, anchor);
    }
}

/* --- One delivery ---------------------------------------------------------------- */

/* Each is begun here and comes to its end later. */
static enum sg_status give(struct anchor_loop *loop, struct anchor *anchor,
                           struct sg_error *why)
{
    anchor->result.line_len = 0;
    anchor->result.token_len = 0;
    anchor->result.time_s = (uint64_t)clock_wall_us() / US_PER_S;
    anchor->asked = true;
    if (watch_is_folder(anchor)) {
        return parcel_send(anchor, PARCEL_DELIVER, why);
    }
    return anchor->config->kind == ANCHOR_WITNESS ? witness_ask(loop, anchor, why)
                                                  : stamp_ask(loop, anchor, why);
}

/* A folder that hangs is not asked for the same once more; one that failed is, to be well
 * again. So is a witness, which then only told of this size and has not signed it for us.
 */
static bool has_it(const struct anchor *anchor)
{
    bool failed = anchor->config->kind != ANCHOR_STAMP && anchor->failures > 0;

    return anchor->offered == anchor->held && !failed &&
           (!anchor->unkept || anchor->parcel != NULL);
}

static void look_again(struct anchor_loop *loop, struct anchor *anchor)
{
    struct sg_error why = {0};

    anchor->asked = true;
    enum sg_status status = parcel_send(anchor, PARCEL_LOOK, &why);
    if (status != SG_OK) {
        settle(loop, anchor, false, status, &why);
    }
}

static void deliver(struct anchor_loop *loop, struct anchor *anchor)
{
    struct sg_error why = {0};

    if (anchor->unseen) {
        look_again(loop, anchor);
        return;
    }
    enum sg_status status = watch_offer(loop, anchor);
    if (status == SG_NOT_FOUND || (status == SG_OK && has_it(anchor))) {
        anchor->due_us = aligned(clock_mono_us(), LOOK_US);
        return;
    }
    if (status == SG_OK) {
        status = give(loop, anchor, &why);
    }
    if (status != SG_OK) {
        settle(loop, anchor, false, status, &why);
    }
}

/* A witness has told the size that it holds: once more, from there. */
static enum sg_status ask_again(struct anchor_loop *loop, struct anchor *anchor,
                                struct sg_error *why)
{
    anchor->second = true;
    TRY(watch_offer(loop, anchor));
    return witness_ask(loop, anchor, why);
}

static bool keeps(const struct anchor *anchor)
{
    return anchor->config->kind == ANCHOR_STAMP && anchor->config->keep[0] != '\0';
}

/* What an answer was worth, and what there is to do with it. */
static enum sg_status go_on(struct anchor_loop *loop, struct anchor *anchor,
                            enum sg_status status, struct sg_error *why)
{
    if (status == SG_ABORTED) {
        return ask_again(loop, anchor, why);
    }
    return status == SG_OK && keeps(anchor) ? parcel_send(anchor, PARCEL_KEEP, why)
                                            : status;
}

static void take_answer(struct anchor_loop *loop, struct http_answer *answer)
{
    struct anchor *anchor = (struct anchor *)answer->context;
    bool witness = anchor->config->kind == ANCHOR_WITNESS;
    struct sg_error why = {0};

    enum sg_status worth = witness ? witness_answered(anchor, answer, &why)
                                   : stamp_answered(anchor, answer, &why);
    http_answer_fini(answer);
    enum sg_status status = go_on(loop, anchor, worth, &why);
    bool goes_on = worth == SG_ABORTED || (worth == SG_OK && keeps(anchor));
    if (status != SG_OK || !goes_on) {
        settle(loop, anchor, worth == SG_OK, status, &why);
    }
}

/* --- The thread ------------------------------------------------------------------ */

static int64_t due_of(struct anchor *anchor, int64_t now_us)
{
    if (anchor->asked) {
        return INT64_MAX;
    }
    /* What it said last is still on its way, in this very place. */
    return atomic_load(&anchor->result.with_core) && anchor->due_us < now_us + HANDED_US
               ? now_us + HANDED_US
               : anchor->due_us;
}

/* Returns until when there is nothing to begin. */
static int64_t begin_due(struct anchor_loop *loop)
{
    struct anchors *anchors = loop->anchors;
    int64_t now_us = clock_mono_us();
    int64_t next_us = now_us + LOOK_US;

    for (size_t i = 0; i < anchors->count && !atomic_load(&anchors->stop); i++) {
        struct anchor *anchor = &anchors->list[i];
        look_after(loop, anchor);
        if (due_of(anchor, now_us) <= now_us) {
            deliver(loop, anchor);
        }
        int64_t due_us = due_of(anchor, now_us);
        next_us = due_us < next_us ? due_us : next_us;
    }
    return next_us;
}

void *anchors_run(void *context)
{
    struct anchor_loop *loop = (struct anchor_loop *)context;
    struct http_answer answer;

    while (!atomic_load(&loop->anchors->stop)) {
        atomic_store(&loop->anchors->beat_us, clock_mono_us());
        int64_t due_us = begin_due(loop);
        int64_t wait_ms = (due_us - clock_mono_us()) / US_PER_MS + 1;
        if (http_wait(loop->http, wait_ms, &answer)) {
            take_answer(loop, &answer);
        }
    }
    return NULL;
}
