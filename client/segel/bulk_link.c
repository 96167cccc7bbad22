#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "client/channel/moment.h"
#include "client/channel/unpack.h"
#include "client/segel/bulk_inside.h"

enum {
    RECONNECTS = 6,          /* in a row, without an answer in between */
    FIRST_PAUSE_US = 250000, /* doubled each time: 16 s in all */
    STEP_US = 500000,        /* of a pause: a letter may come whose time is shorter */
    ATTEMPTS = 8,            /* for a letter that the gateway asks to send again */
    /* Of a gateway that lives: the largest sign.deadline_ms lets a stream's letter wait
     * 100 minutes, and tsa.wait_ms two more. */
    SILENCE_S = 2 * 3600
};

/* --- Waking ------------------------------------------------------------------------ */

void bulk_wake(struct segel_bulk *bulk)
{
    uint64_t one = 1;

    /* It fails only when the counter is full, and then the thread is awake. */
    if (write(bulk->wake_fd, &one, sizeof(one)) < 0) {
        MUST(errno == EAGAIN);
    }
}

static void drain(const struct segel_bulk *bulk)
{
    uint64_t wakes;

    if (read(bulk->wake_fd, &wakes, sizeof(wakes)) < 0) {
        MUST(errno == EAGAIN || errno == EINTR);
    }
}

void bulk_pause(struct segel_bulk *bulk, int64_t pause_us)
{
    struct pollfd wake = {.fd = bulk->wake_fd, .events = POLLIN};

    if (poll(&wake, 1, (int)(pause_us / 1000 + 1)) > 0) {
        drain(bulk);
    }
}

/* --- Answers ----------------------------------------------------------------------- */

/* The gateway names a time when the same request is worth another try. */
static bool rest(struct segel_bulk *bulk, struct slot *slot,
                 const Segel__V1__SignResult *result)
{
    int64_t pause_us = outcome_pause_us(result);

    if (pause_us == 0 || slot->attempts >= ATTEMPTS) {
        return false;
    }
    slot->retry_us = moment_mono_us() + pause_us;
    slot_move(bulk, slot, SLOT_RESTING);
    return true;
}

/* An answer to what is not under way is passed over: a letter given up, or a repetition.
 * Only one that is waited for shows that connecting again is worth it. */
static void take_result(struct segel_bulk *bulk, Segel__V1__SignResult **result)
{
    struct slot *slot = slot_find(bulk, (*result)->request_id);

    if (slot == NULL) {
        return;
    }
    bulk->link.tries = 0;
    if (rest(bulk, slot, *result)) {
        return;
    }
    outcome_answer(slot->outcome, *result);
    *result = NULL;
    if (slot->outcome->view.code == SEGEL_OK) {
        slot_move(bulk, slot, SLOT_ANSWERED);
    } else {
        slot_settle(bulk, slot, NULL);
    }
}

static void on_message(void *context, struct slice message)
{
    struct segel_bulk *bulk = (struct segel_bulk *)context;
    ProtobufCMessage *any = unpack(&segel__v1__sign_stream_response__descriptor, message);

    if (any == NULL) {
        bulk->link.garbled = true;
        channel_cancel(bulk->link.stream);
        return;
    }
    Segel__V1__SignStreamResponse *response =
        (Segel__V1__SignStreamResponse *)(void *)any;
    (void)pthread_mutex_lock(&bulk->lock);
    for (size_t i = 0; i < response->n_results; i++) {
        take_result(bulk, &response->results[i]);
    }
    if (response->n_results > 0) {
        bulk->link.owed_us = bulk->counts[SLOT_SENT] > 0 ? moment_mono_us() : 0;
        bulk->link.mixed = bulk->link.mixed && bulk->link.owed_us != 0;
    }
    (void)pthread_mutex_unlock(&bulk->lock);
    unpack_free(any);
}

static void on_close(void *context, const struct call_status *status)
{
    struct bulk_link *link = &((struct segel_bulk *)context)->link;

    link->stream = NULL;
    link->code = link->left ? BULK_FRESH : status->grpc_code;
    (void)snprintf(link->text, sizeof(link->text), "%s",
                   link->garbled ? "the gateway's answer cannot be read: tell its "
                                   "administrator, or check the address"
                                 : status->text);
}

/* --- Lost and opened again --------------------------------------------------------- */

static void drop_channel(struct segel_bulk *bulk)
{
    channel_close(bulk->link.channel); /* closes the stream */
    bulk->link.channel = NULL;
}

/* No letter gets through any more. */
static void give_up(struct segel_bulk *bulk, const struct segel_error *error)
{
    (void)pthread_mutex_lock(&bulk->lock);
    bulk->broken = *error;
    slots_settle_waiting(bulk, error);
    (void)pthread_cond_broadcast(&bulk->done);
    (void)pthread_mutex_unlock(&bulk->lock);
}

/* The connection broke, the gateway stops or is overloaded, or it ended the call without
 * need: what was under way may be asked for again. */
static bool passes(int code)
{
    return code == BULK_FRESH || code == -1 || code == 0 || code == 1 || code == 8 ||
           code == 14;
}

/* Of a first message that is refused nothing was signed. A later refusal says nothing of
 * what was taken before it. */
static void settle_refused(struct segel_bulk *bulk, struct slot *slot)
{
    bool begun = bulk->link.messages > 1 || slot->attempts > 1;
    struct segel_error error;

    (void)error_set(&error, error_code_of_grpc(bulk->link.code), NULL, "%.380s%s",
                    bulk->link.text,
                    begun ? "; it was under way and may have been signed: ask again with "
                            "the same request id and signing time"
                          : "");
    slot_settle(bulk, slot, &error);
}

/* The gateway refused the call as a whole, which is about its terms. Where letters of
 * several plans were under way, also such whose time was over since, they are sent again
 * plan by plan, until it is clear whose terms they are; those letters end, and the others
 * go on, together again. */
static void blame_terms(struct segel_bulk *bulk)
{
    struct slot_list *sent = &bulk->lists[SLOT_SENT];
    struct slot *slot;

    bulk->link.careful = bulk->link.mixed;
    while (!bulk->link.careful && (slot = TAILQ_FIRST(sent)) != NULL) {
        settle_refused(bulk, slot);
    }
}

/* A gateway whose queue has fewer places than a message letters ends the stream so, each
 * time. Where it was load instead, smaller messages cost little. */
static void send_fewer(struct bulk_link *link)
{
    if (link->code == 8 && link->send_max > 1) {
        link->send_max /= 2;
    }
}

/* Settles what the end of the last stream means. false: it was the end of all. */
static bool account(struct segel_bulk *bulk)
{
    struct bulk_link *link = &bulk->link;
    struct segel_error error;
    bool lost = passes(link->code);

    send_fewer(link);
    (void)pthread_mutex_lock(&bulk->lock);
    if (!lost) {
        blame_terms(bulk);
    }
    slots_rewind(bulk);
    bulk->lost += lost && !link->left && bulk->connected ? 1 : 0;
    bulk->connected = false;
    (void)pthread_mutex_unlock(&bulk->lock);
    if (!lost || link->tries < RECONNECTS) {
        return true;
    }
    (void)error_set(&error, SEGEL_UNREACHABLE, NULL, "%s", link->text);
    give_up(bulk, &error);
    return false;
}

static bool gives_up(struct segel_bulk *bulk)
{
    (void)pthread_mutex_lock(&bulk->lock);
    bool given = bulk->cancelled || bulk->closing;
    (void)pthread_mutex_unlock(&bulk->lock);
    return given;
}

/* The pause until the next letter's time is over, at most max_us. */
static int64_t give_up_late(struct segel_bulk *bulk, int64_t max_us)
{
    (void)pthread_mutex_lock(&bulk->lock);
    int64_t pause_us = slots_wake(bulk, moment_mono_us(), max_us);
    (void)pthread_mutex_unlock(&bulk->lock);
    return pause_us;
}

/* Waits for the next try, but not when there shall be none. */
static bool back_off(struct segel_bulk *bulk)
{
    int64_t until_us = moment_mono_us() + ((int64_t)FIRST_PAUSE_US << bulk->link.tries++);
    int64_t left_us = until_us - moment_mono_us();

    while (left_us > 0 && !gives_up(bulk)) {
        bulk_pause(bulk, give_up_late(bulk, left_us < STEP_US ? left_us : STEP_US));
        left_us = until_us - moment_mono_us();
    }
    (void)give_up_late(bulk, 0);
    return left_us <= 0;
}

static bool connect_again(struct segel_bulk *bulk)
{
    struct segel_error error;

    drop_channel(bulk);
    if (!back_off(bulk)) {
        return false;
    }
    int code = gateway_connect(&bulk->way, 0, &bulk->link.channel, &error);
    if (code == SEGEL_OK) {
        return true;
    }
    bulk->link.channel = NULL;
    bulk->link.code = -1;
    (void)snprintf(bulk->link.text, sizeof(bulk->link.text), "%s", error.text);
    return false;
}

static void forget_terms(struct bulk_link *link)
{
    segel_plan_free(link->terms);
    link->terms = NULL;
}

static bool start(struct segel_bulk *bulk)
{
    const struct call_events events = {on_message, on_close, bulk};
    struct bulk_link *link = &bulk->link;

    forget_terms(link);
    link->garbled = false;
    link->left = false;
    link->messages = 0;
    link->mixed = false;
    link->owed_us = 0;
    if (channel_call(link->channel, "/segel.v1.SigningService/SignStream", 0, &events,
                     &link->stream) != SG_OK) {
        link->code = -1;
        (void)snprintf(link->text, sizeof(link->text), "%s",
                       "the connection takes no more calls");
        return false;
    }
    channel_watch(link->channel, bulk->wake_fd);
    (void)pthread_mutex_lock(&bulk->lock);
    bulk->connected = true;
    (void)pthread_mutex_unlock(&bulk->lock);
    return true;
}

bool bulk_link_open(struct segel_bulk *bulk)
{
    if (bulk->link.stream != NULL) {
        return true;
    }
    if (!account(bulk)) {
        return false;
    }
    /* The first stream, and one after a refusal of terms, need no new connection. */
    bool usable = bulk->link.channel != NULL &&
                  (bulk->link.code == BULK_FRESH || !passes(bulk->link.code));
    return (usable || connect_again(bulk)) && start(bulk);
}

/* --- Sending and waiting ----------------------------------------------------------- */

void bulk_link_send(struct segel_bulk *bulk, struct slot *const *slots, size_t count)
{
    struct bulk_link *link = &bulk->link;
    Segel__V1__SignStreamRequest request;
    Segel__V1__SignTerms terms = slots[0]->plan->terms;
    Segel__V1__SignItem items[BULK_SEND_MAX];
    Segel__V1__SignItem *refs[BULK_SEND_MAX];

    segel__v1__sign_stream_request__init(&request);
    for (size_t i = 0; i < count; i++) {
        struct slot *slot = slots[i];
        segel__v1__sign_item__init(&items[i]);
        items[i].request_id = (char *)sg_unconst(slot->kept.letter.request_id);
        items[i].digest =
            (ProtobufCBinaryData){slot->prepared->digest_len, slot->prepared->digest};
        refs[i] = &items[i];
    }
    request.items = refs;
    request.n_items = count;
    request.terms = link->terms == slots[0]->plan ? NULL : &terms;
    if (channel_send(link->stream, &request.base) == SG_OK) {
        link->messages++;
        link->mixed = link->mixed || (request.terms != NULL && link->owed_us != 0);
        link->owed_us = link->owed_us == 0 ? moment_mono_us() : link->owed_us;
        if (request.terms != NULL) {
            forget_terms(link);
            link->terms = plan_share(slots[0]->plan);
        }
    } else if (link->stream != NULL) {
        channel_cancel(link->stream); /* no memory: they go with the next stream */
    }
}

void bulk_link_leave(struct segel_bulk *bulk)
{
    bulk->link.left = true;
    channel_cancel(bulk->link.stream);
}

static void give_up_silence(struct segel_bulk *bulk)
{
    struct bulk_link *link = &bulk->link;
    bool silent = link->owed_us != 0 &&
                  moment_mono_us() - link->owed_us > (int64_t)SILENCE_S * 1000000;

    if (silent && link->stream != NULL) {
        drop_channel(bulk);
        (void)snprintf(link->text, sizeof(link->text),
                       "the gateway lives, and has answered no letter for two hours");
    }
}

/* Also where something came: neither a letter that was submitted nor a byte that is no
 * answer is what the gateway owes. */
void bulk_link_turn(struct segel_bulk *bulk, int64_t wait_us)
{
    struct sg_error why;

    if (channel_turn(bulk->link.channel, (int)(wait_us / 1000 + 1), &why) != SG_IO) {
        give_up_silence(bulk);
    }
    drain(bulk);
}

void bulk_link_close(struct segel_bulk *bulk)
{
    struct bulk_link *link = &bulk->link;

    drop_channel(bulk);
    forget_terms(link);
    link->code = -1;
}
