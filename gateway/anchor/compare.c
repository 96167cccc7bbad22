#include <stdio.h>
#include <string.h>

#include "gateway/anchor/parcel.h"
#include "gateway/clock.h"
#include "gateway/log.h"
#include "proto/text.h"

/* The start looks back: no local check can see that the whole data folder is an older
 * copy. What cannot be reached costs a log line, not the start; a folder is looked at
 * again by the anchor's thread, before anything is put into it. */

enum { US_PER_MS = 1000, PIECE_MS = 200 };

/* Whoever manages the service hears from a start that takes long, or ends it. */
static enum sg_status ask_to_go_on(const struct anchors *anchors, struct sg_error *why)
{
    return anchors->on_compare == NULL || anchors->on_compare(anchors->context)
               ? SG_OK
               : sg_fail(why, SG_SHUTDOWN, "asked to end while the anchors were asked");
}

static void unreachable(const struct anchor *anchor, const char *why)
{
    log_event(LOG_WARN, "anchor.unreachable", "anchor", anchor->config->name, "why", why,
              "what_to_do",
              "the start goes on; that the ledger is the newest was not asked there",
              NULL);
}

/* --- Folders --------------------------------------------------------------------- */

static enum sg_status take_look(struct anchor_loop *loop, struct anchor *anchor,
                                struct sg_error *why)
{
    const struct parcel *parcel = anchor->parcel;

    if (parcel->why.text[0] != '\0') {
        unreachable(anchor, parcel->why.text);
    }
    if (parcel->status != SG_OK) {
        return SG_OK;
    }
    TRY(conflict_look(loop, anchor, &parcel->held, why));
    bool taken_away =
        anchor->config->kind == ANCHOR_DROP && anchor->held > parcel->held.head.size;
    anchor->held = taken_away ? anchor->held : parcel->held.head.size;
    return SG_OK;
}

static enum sg_status await_back(struct anchor *anchor, int64_t until_us, bool *back,
                                 struct sg_error *why)
{
    int64_t now_us = clock_mono_us();

    *back = parcel_back(anchor, 0);
    while (!*back && anchor->parcel != NULL && now_us < until_us) {
        TRY(ask_to_go_on(anchor->of, why));
        int64_t piece_us = now_us + (int64_t)PIECE_MS * US_PER_MS;
        *back = parcel_back(anchor, piece_us < until_us ? piece_us : until_us);
        now_us = clock_mono_us();
    }
    return SG_OK;
}

static enum sg_status compare_folder(struct anchor_loop *loop, struct anchor *anchor,
                                     int64_t until_us, struct sg_error *why)
{
    struct sg_error inner = {0};
    bool back = false;

    TRY(await_back(anchor, until_us, &back, why));
    if (anchor->config->kind == ANCHOR_DISK &&
        (!back || anchor->parcel->status != SG_OK)) {
        anchor->held = 0; /* a new disk */
    }
    if (!back && anchor->parcel != NULL) { /* it hangs: left to the anchor's thread */
        unreachable(anchor, parcel_overdue(anchor, &inner) == SG_OK ? "" : inner.text);
    }
    if (!back) {
        anchor->unseen = watch_is_folder(anchor);
        return SG_OK;
    }
    anchor->unseen =
        anchor->parcel->status != SG_OK && anchor->parcel->status != SG_NOT_FOUND;
    enum sg_status status = take_look(loop, anchor, why);
    parcel_leave(anchor);
    return status;
}

/* --- Witnesses ------------------------------------------------------------------- */

/* Two questions to each at once: what it shows, which the log has signed but which may be
 * an hour old; and what it would go on from, which is a bare number but the newest. */
struct inquiry {
    struct anchor *anchor;
    bool shown; /* else: told */
    bool heard; /* what was told: */
    uint64_t size;
    char url[ANCHOR_PATH_MAX];
};

static void name_inquiry(struct inquiry *inquiry)
{
    const struct config_anchor *config = inquiry->anchor->config;
    char hash[65];

    if (inquiry->shown) {
        struct tlog_hash origin =
            tlog_sha256(slice_str(inquiry->anchor->of->config->ledger_origin));
        text_hex(slice_of(origin.bytes, sizeof(origin.bytes)), hash);
        (void)snprintf(inquiry->url, sizeof(inquiry->url), "%s/%s/checkpoint",
                       config->monitor, hash);
    } else {
        (void)snprintf(inquiry->url, sizeof(inquiry->url), "%s/add-checkpoint",
                       config->place);
    }
}

/* "old 0": a witness that holds anything answers with its size. */
static enum sg_status begin_inquiry(struct anchor_loop *loop, struct inquiry *inquiry,
                                    struct sg_error *why)
{
    char body[SUBMISSION_MAX];
    size_t len = 0;
    struct anchor *anchor = inquiry->anchor;

    name_inquiry(inquiry);
    if (!inquiry->shown) {
        TRY(watch_offer(loop, anchor));
        TRY(witness_submission(loop->ledger, anchor, 0, body, &len));
    }
    struct http_request request = anchor_request(anchor, inquiry->url);
    request.type = "text/plain; charset=utf-8";
    request.body = slice_of(body, len);
    request.timeout_ms = anchor->of->config->anchoring_start_ms;
    request.max_bytes = HELD_MAX;
    request.context = inquiry;
    return http_begin(loop->http, &request, why);
}

static enum sg_status look_at_shown(struct anchor_loop *loop, struct anchor *anchor,
                                    const struct http_answer *answer,
                                    struct sg_error *why)
{
    struct held held = {.len = answer->len};
    struct checkpoint found;

    memcpy(held.note, answer->data, answer->len);
    if (checkpoint_open(slice_of(held.note, held.len), &anchor->of->log_key, &found) !=
        SG_OK) {
        log_event(LOG_WARN, "anchor.ignored", "anchor", anchor->config->name, "why",
                  "what the witness shows is no checkpoint by the key of this log", NULL);
        return SG_OK;
    }
    held.head = found.head;
    return conflict_look(loop, anchor, &held, why);
}

static enum sg_status look_at(struct anchor_loop *loop, const struct http_answer *answer,
                              struct sg_error *why)
{
    struct inquiry *inquiry = (struct inquiry *)answer->context;

    if (answer->status != SG_OK) {
        unreachable(inquiry->anchor, answer->why.text);
        return SG_OK;
    }
    if (inquiry->shown && answer->code == HTTP_FINE) {
        return look_at_shown(loop, inquiry->anchor, answer, why);
    }
    inquiry->heard = !inquiry->shown && witness_tells_size(answer, &inquiry->size);
    return SG_OK;
}

static int64_t piece_of(int64_t until_us)
{
    int64_t left_ms = (until_us - clock_mono_us()) / US_PER_MS;

    return left_ms < 0 ? 0 : left_ms < PIECE_MS ? left_ms : PIECE_MS;
}

static enum sg_status hear_all(struct anchor_loop *loop, struct sg_error *why)
{
    int64_t until_us =
        clock_mono_us() + loop->anchors->config->anchoring_start_ms * US_PER_MS;
    enum sg_status verdict = SG_OK;
    struct http_answer answer;

    while (http_load(loop->http) > 0) {
        struct sg_error *first = verdict == SG_OK ? why : NULL;
        if (ask_to_go_on(loop->anchors, first) != SG_OK) {
            return first != NULL ? SG_SHUTDOWN : verdict;
        }
        if (!http_wait(loop->http, piece_of(until_us), &answer)) {
            continue; /* each ends by its own timeout */
        }
        enum sg_status status = look_at(loop, &answer, first);
        verdict = verdict == SG_OK ? status : verdict;
        http_answer_fini(&answer);
    }
    return verdict;
}

/* A bare number counts where nothing that the log has signed says more. */
static enum sg_status look_at_size(struct anchor_loop *loop,
                                   const struct inquiry *inquiry, struct sg_error *why)
{
    return inquiry->heard ? conflict_look_size(loop, inquiry->anchor, inquiry->size, why)
                          : SG_OK;
}

static void ask_one(struct anchor_loop *loop, struct inquiry *inquiry)
{
    struct sg_error why = {0};

    if (inquiry->anchor->config->kind != ANCHOR_WITNESS) {
        return;
    }
    enum sg_status status = begin_inquiry(loop, inquiry, &why);
    if (status != SG_OK && status != SG_NOT_FOUND) { /* no checkpoint to ask with */
        unreachable(inquiry->anchor, why.text);
    }
}

static enum sg_status compare_witnesses(struct anchors *anchors, struct sg_error *why)
{
    struct inquiry inquiries[2 * CONFIG_ANCHORS_MAX] = {0};
    struct anchor_loop *loop = &anchors->loop;

    for (size_t i = 0; i < 2 * anchors->count; i++) {
        inquiries[i].anchor = &anchors->list[i / 2];
        inquiries[i].shown = i % 2 == 0;
        ask_one(loop, &inquiries[i]);
    }
    TRY(hear_all(loop, why));
    for (size_t i = 0; i < 2 * anchors->count; i++) {
        TRY(look_at_size(loop, &inquiries[i], why));
    }
    return SG_OK;
}

static enum sg_status compare_folders(struct anchors *anchors, struct sg_error *why)
{
    int64_t until_us = clock_mono_us() + config_folder_patience_us(anchors->config);
    struct sg_error inner = {0};

    for (size_t i = 0; i < anchors->count; i++) {
        struct anchor *anchor = &anchors->list[i];
        if (watch_is_folder(anchor) &&
            parcel_send(anchor, PARCEL_LOOK, &inner) != SG_OK) {
            unreachable(anchor, inner.text);
        }
    }
    for (size_t i = 0; i < anchors->count; i++) {
        TRY(compare_folder(&anchors->loop, &anchors->list[i], until_us, why));
    }
    return SG_OK;
}

enum sg_status anchors_compare(struct anchors *anchors, struct sg_error *why)
{
    TRY(compare_folders(anchors, why));
    return anchors->config->anchoring_start_ms == 0 ? SG_OK
                                                    : compare_witnesses(anchors, why);
}
