/* load: signing jobs as fast as the gateway takes them, or at a steady rate, over one
 * connection of one thread. The digests are random, the requests lawful. Its last line is
 * one JSON object; client_cpu_us is the processor time of this process a signature. */
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>

#include "client/channel/moment.h"
#include "client/channel/sentence.h"
#include "client/console/home.h"
#include "client/console/options.h"
#include "proto/algorithm.h"
#include "proto/arena.h"
#include "proto/text.h"
#include "segel/v1/signing.pb-c.h"
#include "tests/bench/figures.h"

enum {
    IN_FLIGHT_MAX = 4096,
    ITEMS_MAX = 1024,       /* a message */
    ARENA_SIZE = 64 << 20,  /* for one response with all its results */
    QUEUED_MAX = 256 << 10, /* bytes that wait to be written */
    DRAIN_US = 10000000,
    ID_SIZE = 48
};

struct load_options {
    const char *mode;
    const char *home;
    const char *key;
    const char *document_class;
    const char *approval;
    const char *profile;
    const char *hash;
    const char *in_flight;
    const char *seconds;
    const char *rate;
};

#define AT(member) offsetof(struct load_options, member)
static const struct option rows[] = {
    {"mode", 0, "M", "stream or unary", AT(mode)},
    {"home", 0, "DIR", "folder of the client", AT(home)},
    {"key", 0, "NAME", "key that signs", AT(key)},
    {"class", 0, "NAME", "document class", AT(document_class)},
    {"approval", 0, "REF", "approval number", AT(approval)},
    {"profile", 0, "P", "profile (default: pades-b-b)", AT(profile)},
    {"hash", 0, "H", "hash (default: sha256)", AT(hash)},
    {"in-flight", 0, "N", "jobs under way at one time (default: 64)", AT(in_flight)},
    {"seconds", 0, "S", "how long (default: 4)", AT(seconds)},
    {"rate", 0, "R", "jobs a second (default: as many as go)", AT(rate)},
};
static const struct option_table table = {rows, SG_COUNT(rows)};

/* One job under way. The request id is "RUN-NUMBER-SLOT": ids
 * rise, as those of segel do, and the answer names its slot. */
struct slot {
    struct load *load;
    int64_t sent_us;
    bool busy;
    uint8_t digest[SG_HASH_MAX];
    char id[ID_SIZE];
};

struct load {
    struct channel *channel;
    struct channel_call *stream;
    bool unary;
    bool terms_sent;
    bool over; /* the stream is closed */
    Segel__V1__SignTerms terms;
    size_t digest_len;
    char run[17];
    uint64_t rate;
    int64_t started_us;
    int64_t until_us;
    int64_t last_us; /* of the last answer */
    uint64_t sent;
    struct figures figures;
    struct sg_error first_error;
    size_t slot_count;
    size_t free_count;
    uint32_t free_slots[IN_FLIGHT_MAX];
    struct slot slots[IN_FLIGHT_MAX];
    struct arena arena;
};

/* --- Answers ----------------------------------------------------------------------- */

static void note_error(struct load *load, const char *text)
{
    if (load->figures.errors++ == 0) {
        sentence(&load->first_error, "%s", text);
    }
}

static void finish_slot(struct slot *slot)
{
    struct load *load = slot->load;

    slot->busy = false;
    load->free_slots[load->free_count++] = (uint32_t)(slot - load->slots);
}

static void take_result(struct load *load, struct slot *slot,
                        const Segel__V1__SignResult *result)
{
    if (result->status != NULL && result->status->code != 0) {
        note_error(load, result->status->message);
    } else {
        figures_note(&load->figures, (uint32_t)(load->last_us - slot->sent_us));
    }
}

static struct slot *slot_of(struct load *load, const char *id)
{
    const char *dash = strrchr(id, '-');
    uint64_t number = 0;

    if (dash == NULL ||
        text_uint(slice_str(dash + 1), load->slot_count - 1, &number) != SG_OK ||
        strcmp(load->slots[number].id, id) != 0 || !load->slots[number].busy) {
        return NULL;
    }
    return &load->slots[number];
}

static void on_results(void *context, struct slice message)
{
    struct load *load = (struct load *)context;

    arena_reset(&load->arena);
    Segel__V1__SignStreamResponse *response = segel__v1__sign_stream_response__unpack(
        &load->arena.allocator, message.len, message.data);
    load->last_us = moment_mono_us();
    for (size_t i = 0; response != NULL && i < response->n_results; i++) {
        struct slot *slot = slot_of(load, response->results[i]->request_id);
        if (slot == NULL) {
            note_error(load, "an answer to no question");
            continue;
        }
        take_result(load, slot, response->results[i]);
        finish_slot(slot);
    }
    if (response == NULL) {
        note_error(load, "an answer that cannot be unpacked");
    }
}

static void on_stream_close(void *context, const struct call_status *status)
{
    struct load *load = (struct load *)context;

    load->over = true;
    if (status->grpc_code != 0) {
        note_error(load, status->text);
    }
}

static void on_result(void *context, struct slice message)
{
    struct slot *slot = (struct slot *)context;
    struct load *load = slot->load;

    arena_reset(&load->arena);
    Segel__V1__SignResponse *response = segel__v1__sign_response__unpack(
        &load->arena.allocator, message.len, message.data);
    load->last_us = moment_mono_us();
    if (response == NULL || response->result == NULL) {
        note_error(load, "an answer that cannot be unpacked");
    } else {
        take_result(load, slot, response->result);
    }
}

static void on_close(void *context, const struct call_status *status)
{
    struct slot *slot = (struct slot *)context;

    if (status->grpc_code != 0) {
        note_error(slot->load, status->text);
    }
    finish_slot(slot);
}

/* --- Questions --------------------------------------------------------------------- */

static struct slot *take_slot(struct load *load, Segel__V1__SignItem *item)
{
    uint32_t number = load->free_slots[--load->free_count];
    struct slot *slot = &load->slots[number];
    uint64_t count = load->sent++;

    slot->busy = true;
    slot->sent_us = moment_mono_us();
    memcpy(slot->digest, &count, sizeof(count)); /* random bytes stand behind it */
    (void)snprintf(slot->id, sizeof(slot->id), "%s-%010llu-%u", load->run,
                   (unsigned long long)count, number);
    segel__v1__sign_item__init(item);
    item->request_id = slot->id;
    item->digest = (ProtobufCBinaryData){load->digest_len, slot->digest};
    return slot;
}

static void send_unary(struct load *load, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        Segel__V1__SignRequest request;
        Segel__V1__SignItem item;
        struct channel_call *call = NULL;
        struct slot *slot = take_slot(load, &item);
        struct call_events events = {on_result, on_close, slot};
        segel__v1__sign_request__init(&request);
        request.terms = &load->terms;
        request.item = &item;
        if (channel_call(load->channel, "/segel.v1.SigningService/Sign", 0, &events,
                         &call) != SG_OK) {
            note_error(load, "the connection takes no more calls");
            load->over = true;
            return;
        }
        MUST(channel_send(call, &request.base) == SG_OK);
        channel_half_close(call);
    }
}

static void send_stream(struct load *load, size_t count)
{
    static Segel__V1__SignItem items[ITEMS_MAX];
    static Segel__V1__SignItem *list[ITEMS_MAX];
    Segel__V1__SignStreamRequest request;

    for (size_t i = 0; i < count; i++) {
        (void)take_slot(load, &items[i]);
        list[i] = &items[i];
    }
    segel__v1__sign_stream_request__init(&request);
    request.terms = load->terms_sent ? NULL : &load->terms;
    request.items = list;
    request.n_items = count;
    load->terms_sent = true;
    MUST(channel_send(load->stream, &request.base) == SG_OK);
}

/* How many jobs may go out now. */
static size_t due(const struct load *load, int64_t now_us)
{
    size_t count = load->free_count < ITEMS_MAX ? load->free_count : ITEMS_MAX;

    if (now_us >= load->until_us || load->over ||
        (!load->unary && channel_queued(load->stream) > QUEUED_MAX)) {
        return 0;
    }
    if (load->rate > 0) {
        uint64_t wanted =
            (uint64_t)(now_us - load->started_us) * load->rate / 1000000 + 1;
        uint64_t missing = wanted > load->sent ? wanted - load->sent : 0;
        count = missing < count ? (size_t)missing : count;
    }
    return count;
}

/* --- The loop ---------------------------------------------------------------------- */

static void drive(struct load *load)
{
    struct sg_error why = {0};
    bool sending = true;

    while (!load->over && (sending || load->free_count < load->slot_count)) {
        int64_t now_us = moment_mono_us();
        size_t count = due(load, now_us);
        if (count > 0 && load->unary) {
            send_unary(load, count);
        } else if (count > 0) {
            send_stream(load, count);
        }
        sending = now_us < load->until_us;
        if (channel_turn(load->channel, sending && load->rate > 0 ? 1 : 100, &why) ==
            SG_IO) {
            note_error(load, why.text);
            return;
        }
        if (now_us > load->until_us + DRAIN_US) {
            note_error(load, "answers are missing at the end");
            return;
        }
    }
}

/* --- Setting up -------------------------------------------------------------------- */

static enum sg_status number_of(const char *text, uint64_t max, uint64_t *out,
                                struct sg_error *why)
{
    if (text_uint(slice_str(text), max, out) == SG_OK) {
        return SG_OK;
    }
    return sg_fail(why, SG_INVALID, "'%s' is not a number up to %llu", text,
                   (unsigned long long)max);
}

/* "4" or "0.5". */
static int64_t span_us(const char *text)
{
    char *end = NULL;
    double seconds = strtod(text, &end);

    return *end == '\0' && seconds > 0 && seconds < 86400 ? (int64_t)(seconds * 1e6) : 0;
}

static enum sg_status prepare(struct load *load, const struct load_options *options,
                              struct sg_error *why)
{
    enum sg_hash hash = sg_hash_parse(options->hash);
    uint8_t random[8];
    uint64_t in_flight = 0;

    TRY(number_of(options->in_flight, IN_FLIGHT_MAX, &in_flight, why));
    TRY(number_of(options->rate, 1000000, &load->rate, why));
    load->unary = strcmp(options->mode, "unary") == 0;
    load->slot_count = (size_t)in_flight;
    load->digest_len = sg_hash_len(hash);
    segel__v1__sign_terms__init(&load->terms);
    load->terms.key = sg_unconst_text(options->key);
    load->terms.profile = (Segel__V1__SignatureProfile)sg_profile_parse(options->profile);
    load->terms.hash_algorithm = (Segel__V1__HashAlgorithm)hash;
    load->terms.document_class = sg_unconst_text(options->document_class);
    load->terms.approval_ref = sg_unconst_text(options->approval);
    load->terms.notice_shown = 1;
    if (in_flight == 0 || hash == SG_HASH_NONE || RAND_bytes(random, 8) != 1 ||
        (!load->unary && strcmp(options->mode, "stream") != 0)) {
        return sg_fail(why, SG_INVALID, "--mode, --hash or --in-flight is unusable");
    }
    text_hex(slice_of(random, sizeof(random)), load->run);
    for (size_t i = 0; i < load->slot_count; i++) {
        load->slots[i].load = load;
        MUST(RAND_bytes(load->slots[i].digest, SG_HASH_MAX) == 1);
        load->free_slots[load->free_count++] = (uint32_t)i;
    }
    return arena_init(&load->arena, ARENA_SIZE);
}

static enum sg_status run(struct load *load, const struct load_options *options,
                          struct sg_error *why)
{
    struct call_events events = {on_results, on_stream_close, load};
    struct home home;

    TRY(prepare(load, options, why));
    TRY(home_find(options->home, &home, why));
    TRY(home_connect(&home, &load->channel, why));
    if (!load->unary) {
        TRY(channel_call(load->channel, "/segel.v1.SigningService/SignStream", 0, &events,
                         &load->stream));
    }
    double before_us = figures_cpu_us();
    load->started_us = moment_mono_us();
    load->last_us = load->started_us;
    load->until_us = load->started_us + span_us(options->seconds);
    drive(load);
    figures_print(&load->figures, (double)(load->last_us - load->started_us) / 1e6,
                  figures_cpu_us() - before_us);
    if (load->figures.errors > 0) {
        (void)fprintf(stderr, "load: %s\n", load->first_error.text);
    }
    return SG_OK;
}

int main(int argc, char **argv)
{
    struct load_options options = {.mode = "stream",
                                   .key = "",
                                   .document_class = "",
                                   .approval = "",
                                   .profile = "pades-b-b",
                                   .hash = "sha256",
                                   .in_flight = "64",
                                   .seconds = "4",
                                   .rate = "0"};
    struct words words = {argv + 1, argc > 0 ? (size_t)argc - 1 : 0};
    struct load *load = (struct load *)calloc(1, sizeof(*load));
    struct sg_error why = {0};

    MUST(load != NULL);
    enum sg_status status = options_parse(&table, &words, &options, &why);
    if (status == SG_OK) {
        status = run(load, &options, &why);
    }
    if (status != SG_OK) {
        (void)fprintf(stderr, "load: %s\n",
                      why.text[0] != '\0' ? why.text : sg_status_text(status));
    }
    channel_close(load->channel);
    arena_fini(&load->arena);
    free(load->figures.latencies);
    free(load);
    return status == SG_OK ? 0 : 1;
}
