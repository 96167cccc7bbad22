#include "gateway/service/reading.h"

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gateway/clock.h"

enum { STOP_LOOK_MS = 100, PROBE_US = 2000000, PROBE_BYTES = 4096 };

struct reading {
    struct mbox box;
    struct ledger_reader *ledger; /* owned */
    pthread_t thread;
    atomic_bool stop;
    atomic_bool unsound; /* the last try to read failed */
    int64_t probed_us;
};

static void keep_record(void *context, uint64_t index, struct slice json)
{
    struct question *question = (struct question *)context;

    if (question->record_count == READ_PAGE_RECORDS ||
        json.len > READ_PAGE_BYTES - question->used) {
        return;
    }
    question->records[question->record_count++] = (struct reading_record){
        .index = index, .offset = question->used, .len = json.len};
    memcpy(question->bytes + question->used, json.data, json.len);
    question->used += json.len;
    question->next = index + 1;
}

/* A page ends early when its bytes are used up: next is then the record after the last
 * one that was kept. */
static enum sg_status read_page(struct reading *reading, struct question *question)
{
    struct record_page page = {
        .first = question->first,
        .max = question->max < READ_PAGE_RECORDS ? question->max : READ_PAGE_RECORDS,
        .scan = READ_PAGE_SCAN};

    question->record_count = 0;
    question->used = 0;
    question->next = 0;
    TRY(ledger_read_size(reading->ledger, &question->size));
    /* LEDGER_RECORD_MAX * READ_PAGE_RECORDS is more than READ_PAGE_BYTES: ask for fewer.
     */
    uint32_t fit = READ_PAGE_BYTES / 8192;
    page.max = page.max < fit ? page.max : fit;
    TRY(ledger_read(reading->ledger, &question->filter, &page, keep_record, question));
    question->next = page.next;
    return SG_OK;
}

static enum sg_status read_checkpoint(struct reading *reading, struct question *question)
{
    return ledger_read_checkpoint(reading->ledger, question->bytes, READ_PAGE_BYTES,
                                  &question->used, &question->size);
}

/* Tree size 0 stands for that of the newest checkpoint. */
static enum sg_status known_size(struct reading *reading, struct question *question)
{
    size_t len = 0;

    question->size = question->second;
    return question->second != 0
               ? SG_OK
               : ledger_read_checkpoint(reading->ledger, question->bytes, READ_PAGE_BYTES,
                                        &len, &question->size);
}

static enum sg_status read_inclusion(struct reading *reading, struct question *question)
{
    TRY(known_size(reading, question));
    return ledger_inclusion(reading->ledger, question->first, question->size,
                            &question->path, question->root);
}

static enum sg_status read_consistency(struct reading *reading, struct question *question)
{
    TRY(known_size(reading, question));
    return ledger_consistency(reading->ledger, question->first, question->size,
                              &question->path);
}

static enum sg_status (*const answers[])(struct reading *, struct question *) = {
    [READ_CHECKPOINT] = read_checkpoint,
    [READ_PAGE] = read_page,
    [READ_INCLUSION] = read_inclusion,
    [READ_CONSISTENCY] = read_consistency,
};

static void wait_until(int64_t when_us)
{
    int64_t left_us = when_us - clock_mono_us();

    if (left_us > 0) {
        const struct timespec pause = {.tv_nsec =
                                           (left_us < 20000 ? left_us : 20000) * 1000};
        (void)nanosleep(&pause, NULL);
    }
}

/* What an asker did wrong says nothing of the ledger. */
static void judge(struct reading *reading, enum sg_status status)
{
    atomic_store(&reading->unsound, status == SG_IO || status == SG_CORRUPT);
    reading->probed_us = clock_mono_us();
}

/* Nobody has asked for a while: the newest checkpoint is read for its own sake. */
static void probe(struct reading *reading)
{
    uint8_t bytes[PROBE_BYTES];
    uint64_t size = 0;
    size_t len = 0;

    if (clock_mono_us() - reading->probed_us > PROBE_US) {
        judge(reading,
              ledger_read_checkpoint(reading->ledger, bytes, sizeof(bytes), &len, &size));
    }
}

static void answer(struct reading *reading, struct question *question)
{
    struct letters back = STAILQ_HEAD_INITIALIZER(back);

    wait_until(question->not_before_us);
    question->status = answers[question->kind](reading, question);
    judge(reading, question->status);
    STAILQ_INSERT_TAIL(&back, &question->letter, link);
    MUST(mbox_put(question->reply, &back, 1) == SG_OK);
}

static void *run(void *context)
{
    struct reading *reading = (struct reading *)context;

    while (!atomic_load(&reading->stop)) {
        struct pollfd ready = {.fd = reading->box.wake_fd, .events = POLLIN};
        struct letters waiting = STAILQ_HEAD_INITIALIZER(waiting);
        struct letter *letter;

        (void)poll(&ready, 1, STOP_LOOK_MS);
        mbox_take(&reading->box, &waiting);
        probe(reading);
        while (!atomic_load(&reading->stop) &&
               (letter = STAILQ_FIRST(&waiting)) != NULL) {
            STAILQ_REMOVE_HEAD(&waiting, link);
            answer(reading, (struct question *)letter);
        }
    }
    return NULL;
}

/* Signals are the main thread's. */
static int start_thread(struct reading *reading)
{
    sigset_t all;
    sigset_t before;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&reading->thread, NULL, run, reading);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

enum sg_status reading_start(const char *ledger_path, struct reading **out,
                             struct sg_error *why)
{
    struct reading *reading = (struct reading *)calloc(1, sizeof(*reading));

    if (reading == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "no memory for the reading thread");
    }
    enum sg_status status = mbox_init(&reading->box, 1024);
    if (status == SG_OK) {
        status = ledger_reader_open(ledger_path, &reading->ledger, why);
    }
    if (status == SG_OK && start_thread(reading) != 0) {
        status = sg_fail(why, SG_NO_MEMORY, "the reading thread could not be started");
    }
    if (status != SG_OK) {
        ledger_reader_close(reading->ledger);
        mbox_fini(&reading->box);
        free(reading);
        return status;
    }
    *out = reading;
    return SG_OK;
}

enum sg_status reading_ask(struct reading *reading, struct question *question)
{
    struct letters one = STAILQ_HEAD_INITIALIZER(one);

    STAILQ_INSERT_TAIL(&one, &question->letter, link);
    return mbox_put(&reading->box, &one, 1);
}

bool reading_sound(const struct reading *reading)
{
    return !atomic_load_explicit(&reading->unsound, memory_order_relaxed);
}

void reading_join(struct reading *reading)
{
    if (reading == NULL) {
        return;
    }
    atomic_store(&reading->stop, true);
    mbox_close(&reading->box);
    (void)pthread_join(reading->thread, NULL);
    ledger_reader_close(reading->ledger);
    mbox_fini(&reading->box);
    free(reading);
}
