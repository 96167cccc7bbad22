#include <string.h>

#include "gateway/service/sign/call.h"

static bool open_for_answers(const struct sign_call *sign)
{
    return sign->call != NULL && !sign->finished;
}

static void answer_one(struct sign_call *sign, const struct job *job)
{
    struct service_loop *loop = sign->loop;
    bool english = sign->terms->of.english;

    if (job->status != SG_OK) {
        sign_finish(sign, job->status, job->why,
                    denial_details(&loop->scratch, job, english));
        return;
    }
    Segel__V1__SignResponse response;
    segel__v1__sign_response__init(&response);
    response.result = result_message(&loop->scratch, loop->services, job, english);
    if (response.result == NULL) {
        sign_finish(sign, SG_INTERNAL, sg_status_text(SG_INTERNAL), slice_of(NULL, 0));
    } else if (grpc_send(sign->call, &response.base) == SG_OK) {
        sign_finish(sign, SG_OK, NULL, slice_of(NULL, 0));
    }
}

/* The whole batch at once: its own arena, sized by what it holds. */
static void answer_batch(struct sign_call *sign)
{
    struct arena arena = {0};
    Segel__V1__SignBatchResponse response;
    size_t room = sign->total * sizeof(void *) + 64;

    for (uint32_t i = 0; i < sign->total; i++) {
        room += result_room(sign->batch[i]);
    }
    segel__v1__sign_batch_response__init(&response);
    if (arena_init(&arena, room) != SG_OK) {
        sign_finish(sign, SG_NO_MEMORY, sg_status_text(SG_NO_MEMORY), slice_of(NULL, 0));
        return;
    }
    response.results =
        (Segel__V1__SignResult **)arena_alloc(&arena, sign->total * sizeof(void *));
    for (uint32_t i = 0; response.results != NULL && i < sign->total; i++) {
        response.results[i] = result_message(&arena, sign->loop->services, sign->batch[i],
                                             sign->terms->of.english);
        MUST(response.results[i] != NULL);
    }
    response.n_results = response.results == NULL ? 0 : sign->total;
    if (grpc_send(sign->call, &response.base) == SG_OK) {
        sign_finish(sign, SG_OK, NULL, slice_of(NULL, 0));
    }
    arena_fini(&arena);
}

/* Up to RESULTS_A_MESSAGE results of one stream; gives the jobs back. */
static void answer_some(struct sign_call *sign, struct job *const *jobs, size_t count)
{
    struct service_loop *loop = sign->loop;
    Segel__V1__SignResult *results[RESULTS_A_MESSAGE];
    Segel__V1__SignStreamResponse response;

    segel__v1__sign_stream_response__init(&response);
    response.results = results;
    for (size_t i = 0; i < count; i++) {
        Segel__V1__SignResult *result = result_message(&loop->scratch, loop->services,
                                                       jobs[i], sign->terms->of.english);
        MUST(result != NULL); /* the scratch holds RESULTS_A_MESSAGE of the largest */
        results[response.n_results++] = result;
    }
    if (grpc_send(sign->call, &response.base) == SG_OK) {
        sign_hold_back(sign);
    }
}

/* Like the refusal of a job that finds the queue full. */
static Segel__V1__SignResult *busy_result(struct arena *arena,
                                          const Segel__V1__SignItem *item)
{
    Segel__V1__SignResult *result =
        (Segel__V1__SignResult *)arena_alloc(arena, sizeof(*result));
    Segel__V1__ItemStatus *status =
        (Segel__V1__ItemStatus *)arena_alloc(arena, sizeof(*status));

    MUST(result != NULL && status != NULL);
    segel__v1__sign_result__init(result);
    segel__v1__item_status__init(status);
    status->code = sg_status_grpc(SG_BUSY);
    status->message = pb_text(sg_status_text(SG_BUSY));
    status->reason = pb_text(refusal_name(REFUSAL_QUEUE_FULL));
    status->retry_after_us = RETRY_AFTER_US;
    result->request_id = item->request_id;
    result->status = status;
    return result;
}

void sign_refuse_items(struct sign_call *sign, Segel__V1__SignItem *const *items,
                       size_t count)
{
    struct arena *scratch = &sign->loop->scratch;
    Segel__V1__SignResult *results[RESULTS_A_MESSAGE];
    Segel__V1__SignStreamResponse response;

    segel__v1__sign_stream_response__init(&response);
    response.results = results;
    arena_reset(scratch);
    for (size_t i = 0; i < count; i++) {
        results[response.n_results++] = busy_result(scratch, items[i]);
        if (response.n_results == RESULTS_A_MESSAGE || i + 1 == count) {
            if (grpc_send(sign->call, &response.base) != SG_OK) {
                return;
            }
            response.n_results = 0;
        }
    }
}

static void answer_group(struct sign_call *sign, struct job *const *jobs, size_t count)
{
    sign->under_way -= (uint32_t)count;
    if (open_for_answers(sign)) {
        arena_reset(&sign->loop->scratch);
        if (sign->kind == SIGN_ONE) {
            answer_one(sign, jobs[0]);
        } else if (sign->kind == SIGN_STREAM) {
            answer_some(sign, jobs, count);
        }
    }
}

/* The answer is packed when it is sent: jobs are not kept for as long as the client takes
 * to read it, or one that never does would take those of all others. */
static void keep_for_batch(struct sign_call *sign, struct job *const *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sign->batch[jobs[i]->item] = jobs[i];
    }
    if (sign->under_way > 0) {
        return;
    }
    if (open_for_answers(sign)) {
        answer_batch(sign);
    }
    sign_give_batch(sign);
}

/* Jobs of one call, in the order in which they were answered. */
static void hand_out(struct sign_call *sign, struct job *const *jobs, size_t count)
{
    sign->busy = true;
    answer_group(sign, jobs, count);
    if (sign->kind == SIGN_BATCH) {
        keep_for_batch(sign, jobs, count);
    } else {
        for (size_t i = 0; i < count; i++) {
            sign_give(sign, jobs[i]);
        }
    }
    sign_end_if_done(sign);
    sign->busy = false;
    sign_free_if_over(sign);
}

void sign_answer(struct service_loop *loop, struct letters *letters)
{
    struct job *group[RESULTS_A_MESSAGE];
    struct letter *letter;
    size_t count = 0;

    (void)loop;
    while ((letter = STAILQ_FIRST(letters)) != NULL) {
        struct job *job = (struct job *)letter;
        STAILQ_REMOVE_HEAD(letters, link);
        if (count == RESULTS_A_MESSAGE || (count > 0 && group[0]->asker != job->asker)) {
            hand_out((struct sign_call *)group[0]->asker, group, count);
            count = 0;
        }
        group[count++] = job;
    }
    if (count > 0) {
        hand_out((struct sign_call *)group[0]->asker, group, count);
    }
}
