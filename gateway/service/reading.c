#include "gateway/service/reading.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/log.h"
#include "gateway/thread.h"

enum { STOP_LOOK_MS = 100, PROBE_US = 2000000, PROBE_BYTES = 4096 };

struct reading {
    struct mbox box;
    struct letters later; /* questions whose time has not come; the thread's own */
    struct ledger_reader *ledger; /* owned */
    pthread_t thread;
    atomic_bool stop;
    atomic_bool unsound; /* the last try to read failed */
    int64_t probed_us;
    struct indexing indexing;
    struct scrubbing scrubbing;
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
    question->size = 0;
    enum sg_status status =
        ledger_read_checkpoint(reading->ledger, question->bytes, READ_PAGE_BYTES,
                               &question->used, &question->size);
    question->early =
        question->first > 0 &&
        (status == SG_NOT_FOUND || (status == SG_OK && question->size < question->first));
    return question->early ? SG_OK : status;
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

/* One more piece of an answer; false when there is no room. */
static bool keep_bytes(struct question *question, uint64_t index, struct slice bytes)
{
    if (question->record_count == READ_PAGE_RECORDS ||
        bytes.len > READ_PAGE_BYTES - question->used) {
        return false;
    }
    memcpy(question->bytes + question->used, bytes.data, bytes.len);
    question->records[question->record_count++] = (struct reading_record){
        .index = index, .offset = question->used, .len = bytes.len};
    question->used += bytes.len;
    return true;
}

static bool keep_note(void *context, uint64_t size, struct slice note)
{
    return keep_bytes((struct question *)context, size, note);
}

static enum sg_status read_checkpoints(struct reading *reading, struct question *question)
{
    struct checkpoint_range range = {question->first, question->second, 0};

    question->record_count = 0;
    question->used = 0;
    TRY(ledger_read_checkpoints(reading->ledger, &range, keep_note, question));
    question->next = range.next;
    return SG_OK;
}

static enum sg_status read_tiles(struct reading *reading, struct question *question)
{
    struct ledger_tile tile = {question->level, question->first, 0};
    uint8_t hashes[LEDGER_TILE_BYTES];
    size_t len = sizeof(hashes);

    TRY(known_size(reading, question));
    question->record_count = 0;
    question->used = 0;
    tile.tree_size = question->size;
    while (question->record_count < question->max && len == sizeof(hashes)) {
        enum sg_status status = ledger_tile_read(reading->ledger, &tile, hashes, &len);
        if (status == SG_INVALID && question->record_count > 0) {
            return SG_OK; /* the level ends with a complete tile */
        }
        TRY(status);
        MUST(keep_bytes(question, tile.n, slice_of(hashes, len)));
        tile.n++;
    }
    return SG_OK;
}

static enum sg_status read_receipt(struct reading *reading, struct question *question)
{
    const struct record_filter *job = &question->filter;

    TRY(ledger_outcome_of(reading->ledger, job->caller, job->request_id,
                          &question->first));
    enum sg_status status =
        ledger_receipt(reading->ledger, question->first, question->bytes, READ_PAGE_BYTES,
                       &question->used);
    question->early = status == SG_ABORTED;
    return question->early ? SG_OK : status;
}

/* Records are written by Segel, and a quote inside of a text has a backslash before it:
 * this stands in an OUTCOME of a signature and nowhere else. */
static void count_signed(void *context, uint64_t index, struct slice json)
{
    static const char word[] = "\"outcome\":\"signed\"";
    const size_t len = sizeof(word) - 1;
    struct question *question = (struct question *)context;

    (void)index;
    for (size_t i = 0; i + len <= json.len; i++) {
        if (memcmp(json.data + i, word, len) == 0) {
            question->record_count++;
            return;
        }
    }
}

static enum sg_status read_count(struct reading *reading, struct question *question)
{
    struct record_page page = {
        .first = question->first, .max = READ_PAGE_SCAN, .scan = READ_PAGE_SCAN};

    question->record_count = 0;
    if (question->second == 0) {
        TRY(ledger_read_size(reading->ledger, &question->second));
    }
    TRY(ledger_read(reading->ledger, &question->filter, &page, count_signed, question));
    question->next = page.next;
    return SG_OK;
}

static enum sg_status (*const answers[])(struct reading *, struct question *) = {
    [READ_CHECKPOINT] = read_checkpoint, [READ_PAGE] = read_page,
    [READ_INCLUSION] = read_inclusion,   [READ_CONSISTENCY] = read_consistency,
    [READ_RECEIPT] = read_receipt,       [READ_CHECKPOINTS] = read_checkpoints,
    [READ_TILES] = read_tiles,           [READ_COUNT] = read_count,
};

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

    question->early = false;
    question->status = answers[question->kind](reading, question);
    judge(reading, question->status);
    STAILQ_INSERT_TAIL(&back, &question->letter, link);
    MUST(mbox_put(question->reply, &back, 1) == SG_OK);
}

/* How long nothing has to be done unless a question comes. */
static int idle_ms(const struct reading *reading)
{
    int64_t now_us = clock_mono_us();
    int64_t index_us = reading->indexing.due_us - now_us;
    int64_t scrub_us = reading->scrubbing.due_us - now_us;
    int64_t left_us = (int64_t)STOP_LOOK_MS * 1000;
    struct letter *letter;

    left_us = index_us < left_us ? index_us : left_us;
    left_us = scrub_us < left_us ? scrub_us : left_us;

    STAILQ_FOREACH(letter, &reading->later, link)
    {
        int64_t due_us = ((struct question *)letter)->not_before_us - now_us;
        left_us = due_us < left_us ? due_us : left_us;
    }
    return left_us <= 0 ? 0 : (int)(left_us / 1000 + 1);
}

/* What is put off, by however many, leaves time for everything else. */
static bool any_due(const struct letters *waiting)
{
    int64_t now_us = clock_mono_us();
    const struct letter *letter;

    STAILQ_FOREACH(letter, waiting, link)
    {
        if (((const struct question *)letter)->not_before_us <= now_us) {
            return true;
        }
    }
    return false;
}

/* Answers those whose time has come; one that waits keeps nobody else waiting. */
static void answer_due(struct reading *reading, struct letters *waiting)
{
    int64_t now_us = clock_mono_us();
    struct letter *letter;

    while (!atomic_load(&reading->stop) && (letter = STAILQ_FIRST(waiting)) != NULL) {
        struct question *question = (struct question *)letter;
        STAILQ_REMOVE_HEAD(waiting, link);
        if (question->not_before_us > now_us) {
            STAILQ_INSERT_TAIL(&reading->later, letter, link);
        } else {
            answer(reading, question);
        }
    }
}

/* What was put off comes first. */
static void await_questions(struct reading *reading, struct letters *waiting)
{
    struct pollfd ready = {.fd = reading->box.wake_fd, .events = POLLIN};

    (void)poll(&ready, 1, idle_ms(reading));
    STAILQ_CONCAT(waiting, &reading->later);
    mbox_take(&reading->box, waiting);
}

static void *run(void *context)
{
    struct reading *reading = (struct reading *)context;

    while (!atomic_load(&reading->stop)) {
        struct letters waiting = STAILQ_HEAD_INITIALIZER(waiting);

        await_questions(reading, &waiting);
        probe(reading);
        indexing_step(&reading->indexing, reading->ledger, !any_due(&waiting));
        scrubbing_step(&reading->scrubbing, reading->ledger, !any_due(&waiting));
        answer_due(reading, &waiting);
    }
    return NULL;
}

/* Without one the log can be read all the same, only slower. */
static void take_index(struct reading *reading, const char *ledger_path)
{
    struct sg_error why;

    if (ledger_reader_index(reading->ledger, ledger_path, &why) != SG_OK) {
        log_event(LOG_WARN, "log.index", "why", why.text, NULL);
    }
}

enum sg_status reading_start(const struct reading_options *options, struct reading **out,
                             struct sg_error *why)
{
    struct reading *reading = (struct reading *)calloc(1, sizeof(*reading));

    if (reading == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "no memory for the reading thread");
    }
    reading->indexing.options = options->indexing;
    reading->scrubbing.options = options->scrubbing;
    STAILQ_INIT(&reading->later);
    enum sg_status status = mbox_init(&reading->box, 1024);
    if (status == SG_OK) {
        status = ledger_reader_open(options->ledger_path, &reading->ledger, why);
    }
    if (status == SG_OK) {
        take_index(reading, options->ledger_path);
    }
    if (status == SG_OK &&
        thread_start(&reading->thread, "segeld-reading", run, reading) != SG_OK) {
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

struct scrub_report reading_scrubbed(const struct reading *reading)
{
    return scrubbing_report(&reading->scrubbing);
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
