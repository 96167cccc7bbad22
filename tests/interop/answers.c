#include "tests/interop/answers.h"

#include <stdlib.h>

#include "gateway/clock.h"
#include "grpc/testing/messages.pb-c.h"

/* A peer that asks for more than it takes is not read from meanwhile. */
enum { PAUSE_AT = 1024, RESUME_AT = 256 };

struct slice answers_zeros(uint32_t size)
{
    static const uint8_t zeros[ANSWER_MAX];

    MUST(size <= ANSWER_MAX);
    return slice_of(zeros, size);
}

struct answers *answers_open(struct answers_list *list, struct grpc_call *call)
{
    struct answers *answers = (struct answers *)calloc(1, sizeof(*answers));

    if (answers == NULL) {
        grpc_finish(call, SG_NO_MEMORY, NULL, slice_of(NULL, 0));
        return NULL;
    }
    answers->call = call;
    grpc_call_set_state(call, answers);
    LIST_INSERT_HEAD(list, answers, link);
    return answers;
}

void answers_close(struct grpc_call *call)
{
    struct answers *answers = (struct answers *)grpc_call_state(call);

    if (answers != NULL) {
        LIST_REMOVE(answers, link);
        free(answers);
    }
}

enum sg_status answers_add(struct answers *answers, const struct answer *answer)
{
    if (answers->count == ANSWERS_MAX) {
        return SG_TOO_LARGE;
    }
    if (answers->count == 0) {
        answers->due_us = clock_mono_us() + answer->interval_us;
    }
    answers->ring[(answers->from + answers->count) % ANSWERS_MAX] = *answer;
    answers->count++;
    return SG_OK;
}

static SG_MUST_USE enum sg_status send_first(struct answers *answers)
{
    const struct answer *answer = &answers->ring[answers->from];
    struct slice body = answers_zeros(answer->size);
    /* protobuf-c does not write to it, but its struct does not say so. */
    union {
        const uint8_t *in;
        uint8_t *out;
    } data = {.in = body.data};
    Grpc__Testing__Payload payload;
    Grpc__Testing__StreamingOutputCallResponse response;

    grpc__testing__payload__init(&payload);
    grpc__testing__streaming_output_call_response__init(&response);
    payload.body.data = data.out;
    payload.body.len = body.len;
    response.payload = &payload;
    (void)grpc_compress(answers->call, answer->compressed);
    return grpc_send(answers->call, &response.base);
}

/* Who waits for room is woken by the transport only: the tick would hide that it was not.
 */
static bool may_send(struct answers *answers)
{
    answers->early = answers->count > 0 && answers->due_us > clock_mono_us();
    return answers->count > 0 && !answers->early &&
           grpc_call_queued(answers->call) < ANSWERS_QUEUED;
}

static void drop_first(struct answers *answers)
{
    answers->from = (answers->from + 1) % ANSWERS_MAX;
    answers->count--;
    answers->due_us = clock_mono_us() + answers->ring[answers->from].interval_us;
}

static void steer_input(struct answers *answers)
{
    if (!answers->paused && answers->count > PAUSE_AT && !answers->held) {
        answers->paused = true;
        grpc_pause(answers->call);
    } else if (answers->paused && answers->count < RESUME_AT) {
        answers->paused = false;
        grpc_resume(answers->call);
    }
}

void answers_pump(struct answers *answers)
{
    if (answers->held) {
        return;
    }
    while (may_send(answers)) {
        if (send_first(answers) != SG_OK) {
            answers->count = 0;
            return;
        }
        drop_first(answers);
    }
    steer_input(answers);
    if (answers->last && answers->count == 0) {
        grpc_finish(answers->call, SG_OK, NULL, slice_of(NULL, 0));
    }
}

void answers_tick(struct answers_list *list)
{
    struct answers *answers;

    LIST_FOREACH(answers, list, link)
    {
        if (answers->early) {
            answers_pump(answers);
        }
    }
}
