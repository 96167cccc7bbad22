#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/anchor/anchor.h"
#include "gateway/anchor/parcel.h"
#include "gateway/clock.h"
#include "gateway/thread.h"

const char *anchor_state_name(enum anchor_state state)
{
    static const char *const names[] = {[ANCHOR_UNTRIED] = "untried",
                                        [ANCHOR_WELL] = "ok",
                                        [ANCHOR_FAILING] = "failing",
                                        [ANCHOR_ALARM] = "alarm"};

    return (size_t)state < SG_COUNT(names) ? names[state] : "untried";
}

void anchor_result_give_back(struct anchor_result *result)
{
    atomic_store(&result->with_core, false);
}

/* --- Checking -------------------------------------------------------------------- */

static enum sg_status read_vkey(const struct config_anchor *config, struct note_key *key,
                                struct sg_error *why)
{
    if (note_vkey_parse(slice_str(config->vkey), key) != SG_OK ||
        key->kind != NOTE_COSIGNATURE) {
        return sg_fail(why, SG_INVALID,
                       "anchor '%s': vkey is no key of a witness: take the line that its "
                       "operator publishes (name+id+key, an Ed25519 cosignature key)",
                       config->name);
    }
    return SG_OK;
}

static enum sg_status check_one(const struct config_anchor *config, struct sg_error *why)
{
    struct note_key key;
    X509_STORE *trust = NULL;

    if (config->ca[0] != '\0' && access(config->ca, R_OK) != 0) {
        return sg_fail(why, SG_INVALID, "anchor '%s': ca %s cannot be read", config->name,
                       config->ca);
    }
    if (config->kind == ANCHOR_WITNESS) {
        return read_vkey(config, &key, why);
    }
    if (config->kind == ANCHOR_STAMP) {
        TRY(stamp_trust(config, &trust, why));
        X509_STORE_free(trust);
    }
    return SG_OK;
}

/* What a witness signs does not hold its name: with one key, two would be one. */
static enum sg_status check_pair(const struct config_anchor *one,
                                 const struct config_anchor *other, struct sg_error *why)
{
    struct note_key a;
    struct note_key b;

    if (one->kind != ANCHOR_WITNESS || other->kind != ANCHOR_WITNESS) {
        return SG_OK;
    }
    TRY(read_vkey(one, &a, why));
    TRY(read_vkey(other, &b, why));
    return !note_key_same(&a, &b)
               ? SG_OK
               : sg_fail(why, SG_INVALID,
                         "anchors '%s' and '%s' have one key: two witnesses are two keys",
                         one->name, other->name);
}

static enum sg_status check_against_earlier(const struct config_anchor *anchors,
                                            size_t index, struct sg_error *why)
{
    for (size_t i = 0; i < index; i++) {
        TRY(check_pair(&anchors[i], &anchors[index], why));
    }
    return SG_OK;
}

enum sg_status anchors_check(const struct config *config, struct sg_error *why)
{
    for (size_t i = 0; i < config->anchor_count; i++) {
        TRY(check_one(&config->anchors[i], why));
        TRY(check_against_earlier(config->anchors, i, why));
    }
    return SG_OK;
}

/* --- Making ---------------------------------------------------------------------- */

static enum sg_status make_anchor(struct anchors *anchors, size_t index,
                                  struct sg_error *why)
{
    struct anchor *anchor = &anchors->list[index];

    anchor->config = &anchors->config->anchors[index];
    anchor->of = anchors;
    anchor->result.anchor = index;
    anchors->count = index + 1;
    if (anchor->config->kind == ANCHOR_STAMP) {
        return stamp_trust(anchor->config, &anchor->trust, why);
    }
    if (anchor->config->kind == ANCHOR_WITNESS) {
        TRY(read_vkey(anchor->config, &anchor->key, why));
        (void)snprintf(anchor->result.by, sizeof(anchor->result.by), "%s+%08x",
                       anchor->key.name, (unsigned)anchor->key.id);
    }
    return SG_OK;
}

static enum sg_status make_loop(struct anchors *anchors, struct sg_error *why)
{
    struct anchor_loop *loop = &anchors->loop;

    loop->anchors = anchors;
    TRY(http_new(anchors->config->anchoring_proxy, &loop->http));
    return ledger_reader_open(anchors->config->ledger_file, &loop->ledger, why);
}

static enum sg_status make_all(struct anchors *anchors, struct sg_error *why)
{
    TRY(anchors_check(anchors->config, why));
    for (size_t i = 0; i < anchors->config->anchor_count; i++) {
        TRY(make_anchor(anchors, i, why));
    }
    return make_loop(anchors, why);
}

enum sg_status anchors_new(const struct anchors_options *options, struct anchors **out,
                           struct sg_error *why)
{
    const struct config *config = options->config;
    struct anchors *anchors = (struct anchors *)calloc(1, sizeof(*anchors));

    if (anchors == NULL) {
        return sg_fail(why, SG_NO_MEMORY, "no memory for the anchors");
    }
    anchors->config = config;
    anchors->core = options->core;
    anchors->on_compare = options->on_compare;
    anchors->context = options->context;
    anchors->list =
        (struct anchor *)calloc(config->anchor_count + 1, sizeof(*anchors->list));
    enum sg_status status =
        note_vkey_parse(slice_str(options->log_vkey), &anchors->log_key);
    if (status == SG_OK && anchors->list == NULL) {
        status = SG_NO_MEMORY;
    }
    if (status == SG_OK) {
        status = make_all(anchors, why);
    }
    if (status != SG_OK) {
        anchors_free(anchors);
        return status;
    }
    *out = anchors;
    return SG_OK;
}

struct http_request anchor_request(struct anchor *anchor, const char *url)
{
    return (struct http_request){.url = url,
                                 .schemes = "http,https",
                                 .ca = anchor->config->ca,
                                 .timeout_ms = anchor->of->config->anchoring_timeout_ms,
                                 .max_bytes = ANSWER_MAX,
                                 .private_addresses = true,
                                 .context = anchor};
}

void anchors_recall(struct anchors *anchors, size_t index, uint64_t size)
{
    anchors->list[index].held = size;
}

void anchors_hold(struct anchors *anchors, size_t index, struct anchor_hold *out)
{
    *out = watch_hold(&anchors->loop, &anchors->list[index]);
}

/* --- Running --------------------------------------------------------------------- */

enum sg_status anchors_start(struct anchors *anchors, struct sg_error *why)
{
    struct anchor_loop *loop = &anchors->loop;

    atomic_store(&anchors->beat_us, clock_mono_us());
    if (thread_start(&loop->thread, "segeld-anchors", anchors_run, loop) != SG_OK) {
        return sg_fail(why, SG_NO_MEMORY, "cannot start the thread of the anchors");
    }
    loop->running = true;
    return SG_OK;
}

int64_t anchors_beat_us(const struct anchors *anchors)
{
    return atomic_load(&anchors->beat_us);
}

static void end_loop(struct anchor_loop *loop)
{
    if (loop->running) {
        http_wake(loop->http);
        (void)pthread_join(loop->thread, NULL);
        last_give(loop);
    }
    for (size_t i = 0; i < loop->anchors->count; i++) {
        parcel_leave(&loop->anchors->list[i]); /* it wakes http no more */
    }
    http_free(loop->http);
    ledger_reader_close(loop->ledger);
}

void anchors_free(struct anchors *anchors)
{
    if (anchors == NULL) {
        return;
    }
    atomic_store(&anchors->stop, true);
    end_loop(&anchors->loop);
    for (size_t i = 0; i < anchors->count; i++) {
        TS_REQ_free(anchors->list[i].question);
        X509_STORE_free(anchors->list[i].trust);
    }
    free(anchors->list);
    free(anchors);
}
