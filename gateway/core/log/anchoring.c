#include "gateway/core/log/anchoring.h"

#include <stdio.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/ledger/record.h"
#include "gateway/ledger/witnessed.h"
#include "proto/text.h"
#include "proto/tlog/merkle.h"

enum { MEMO_NAME = 80, US_PER_S = 1000000, STANDSTILL_US = 10 * US_PER_S };

/* --- Over a restart --------------------------------------------------------------- */

static const struct config_anchor *config_of(const struct core *core, size_t index)
{
    return &core->options.config->anchors[index];
}

static void memo_name(const struct core *core, size_t index, char out[MEMO_NAME])
{
    (void)snprintf(out, MEMO_NAME, "anchor/%s", config_of(core, index)->name);
}

/* Another place under the same name holds nothing of ours yet. */
static void identity(const struct core *core, size_t index, char out[65])
{
    const struct config_anchor *anchor = config_of(core, index);
    char text[LEDGER_MEMO_MAX + CONFIG_ANCHOR_URL_MAX];
    int len = snprintf(text, sizeof(text), "%s %s %s", config_anchor_word(anchor->kind),
                       anchor->vkey, anchor->place);
    size_t used = len < 0                      ? 0
                  : (size_t)len < sizeof(text) ? (size_t)len
                                               : sizeof(text) - 1;
    struct tlog_hash hash = tlog_sha256(slice_of(text, used));

    text_hex(slice_of(hash.bytes, sizeof(hash.bytes)), out);
}

static enum sg_status remember(struct core *core, size_t index, uint64_t size)
{
    char name[MEMO_NAME];
    char text[LEDGER_MEMO_MAX];
    char place[65];

    memo_name(core, index, name);
    identity(core, index, place);
    (void)snprintf(text, sizeof(text), "%s %llu", place, (unsigned long long)size);
    return ledger_remember(core->ledger, name, text);
}

/* What cannot be read was never held: the anchor tells, or is given it once more. */
static void recall(struct core *core, size_t index)
{
    char name[MEMO_NAME];
    char text[LEDGER_MEMO_MAX];
    char place[65];
    uint64_t size = 0;

    memo_name(core, index, name);
    identity(core, index, place);
    if (ledger_recall(core->ledger, name, text) == SG_OK &&
        strncmp(text, place, sizeof(place) - 1) == 0 && text[64] == ' ' &&
        text_uint(slice_str(text + 65), ledger_size(core->ledger), &size) == SG_OK) {
        anchors_recall(core->anchoring.anchors, index, size);
    }
}

enum sg_status anchoring_start(struct core *core, bool (*on_compare)(void *),
                               struct sg_error *why)
{
    const struct config *config = core->options.config;
    struct anchoring *anchoring = &core->anchoring;
    const struct anchors_options options = {.config = config,
                                            .log_vkey = core->log_vkey,
                                            .core = &core->mailbox,
                                            .on_compare = on_compare,
                                            .context = core};

    if (config->anchor_count == 0) {
        return SG_OK;
    }
    TRY(anchors_new(&options, &anchoring->anchors, why));
    for (size_t i = 0; i < config->anchor_count; i++) {
        recall(core, i);
    }
    TRY(anchors_compare(anchoring->anchors, why));
    for (size_t i = 0; i < config->anchor_count; i++) {
        anchors_hold(anchoring->anchors, i, &anchoring->seats[i].hold);
    }
    return SG_OK;
}

enum sg_status core_start_anchors(struct core *core, struct sg_error *why)
{
    return core->anchoring.anchors == NULL ? SG_OK
                                           : anchors_start(core->anchoring.anchors, why);
}

/* --- How old the newest is -------------------------------------------------------- */

/* A record that came after the anchor was looked at is as old as that look, at most. */
static void mind_gap(struct anchor_hold *hold, uint64_t size, int64_t since_us)
{
    if (hold->behind_us == 0 && size > hold->size) {
        hold->behind_us = since_us;
    }
}

void anchoring_grew(struct core *core)
{
    for (size_t i = 0; i < core->options.config->anchor_count; i++) {
        mind_gap(&core->anchoring.seats[i].hold, ledger_size(core->ledger),
                 core->state.turn_us);
    }
}

static int64_t lag_us(const struct core *core, const struct anchor_hold *hold)
{
    int64_t lag = clock_wall_us() - hold->behind_us;

    return hold->size >= ledger_size(core->ledger) || hold->behind_us == 0 || lag < 0
               ? 0
               : lag;
}

/* Whether enough anchors outside of the machine hold as much as this. */
static bool enough_hold(const struct core *core, uint64_t size)
{
    int64_t count = 0;

    for (size_t i = 0; i < core->options.config->anchor_count; i++) {
        count += anchor_outside(config_of(core, i)) &&
                         core->anchoring.seats[i].hold.size >= size
                     ? 1
                     : 0;
    }
    return count >= core->options.config->anchoring_quorum;
}

bool anchoring_holds(const struct core *core, uint64_t size)
{
    bool any = false;

    for (size_t i = 0; i < core->options.config->anchor_count; i++) {
        any = any || anchor_outside(config_of(core, i));
    }
    return !any || enough_hold(core, size);
}

bool anchoring_age_us(const struct core *core, int64_t *age_us)
{
    const struct anchor_hold *most = NULL;

    for (size_t i = 0; i < core->options.config->anchor_count; i++) {
        const struct anchor_hold *hold = &core->anchoring.seats[i].hold;
        if (anchor_outside(config_of(core, i)) &&
            (most == NULL || hold->size > most->size) && enough_hold(core, hold->size)) {
            most = hold;
        }
    }
    *age_us = most == NULL ? 0 : lag_us(core, most);
    return most != NULL;
}

/* --- What came of a delivery ------------------------------------------------------ */

static void tell(struct core *core, size_t index)
{
    const struct anchor_seat *seat = &core->anchoring.seats[index];
    const char *name = config_of(core, index)->name;

    if (seat->state == ANCHOR_ALARM) {
        incident_raise(core, INCIDENT_ANCHOR_ALARM, name, seat->why);
        log_event(LOG_ERROR, "anchor.alarm", "anchor", name, "why", seat->why,
                  "what_to_do",
                  "find out whether the log or the anchor is not what it was", NULL);
    } else if (seat->state == ANCHOR_FAILING) {
        log_event(LOG_WARN, "anchor.failed", "anchor", name, "why", seat->why, NULL);
    } else if (seat->recorded != ANCHOR_UNTRIED) {
        log_event(LOG_INFO, "anchor.again", "anchor", name, NULL);
    }
}

/* How far the log went with the newest record that is none of these. */
static uint64_t others_size(const struct core *core)
{
    const struct anchoring *anchoring = &core->anchoring;
    uint64_t size = ledger_next_index(core->ledger);

    return size == anchoring->own_size ? anchoring->others_size : size;
}

/* Not one a checkpoint: a record makes the log grow, which makes the next checkpoint, and
 * so on for ever, also where record_s has passed until that is delivered. A change is
 * told at once; what goes on as before now and then, and that all is well only where
 * others wrote something, too. */
static bool worth_a_record(const struct core *core, const struct anchor_seat *seat)
{
    bool late = clock_mono_us() - seat->recorded_us >=
                core->options.config->anchoring_record_s * US_PER_S;
    bool more = seat->recorded_size < others_size(core);

    return seat->state != seat->recorded ||
           (late && (more || seat->state != ANCHOR_WELL));
}

static enum sg_status record(struct core *core, const struct anchor_result *result)
{
    char buffer[LEDGER_RECORD_MAX];
    char size[24];
    char time[TEXT_TIME_SIZE];
    struct record_head head;
    struct slice text = {0};
    struct anchor_seat *seat = &core->anchoring.seats[result->anchor];
    const struct config_anchor *anchor = config_of(core, result->anchor);
    bool well = seat->state == ANCHOR_WELL;

    /* Years beyond 9999 were refused with the answer. */
    text_time((int64_t)result->time_s * US_PER_S, time);
    (void)snprintf(size, sizeof(size), "%llu", (unsigned long long)seat->hold.size);
    const char *pairs[] = {"subject",
                           anchor->name,
                           "kind",
                           config_anchor_word(anchor->kind),
                           "size",
                           size,
                           well ? "time" : "state",
                           well ? time : anchor_state_name(seat->state),
                           "why",
                           seat->why};
    record_begin(core, &head);
    TRY(record_event(buffer, &head, well ? "anchor.ok" : "anchor.fail", pairs,
                     SG_COUNT(pairs) / 2 - (well ? 1 : 0), &text));
    seat->recorded = seat->state;
    seat->recorded_us = clock_mono_us();
    seat->recorded_size = seat->hold.size;
    core->anchoring.others_size = others_size(core);
    TRY(ledger_append(core->ledger, text, NULL));
    core->anchoring.own_size = ledger_next_index(core->ledger);
    return SG_OK;
}

static enum sg_status keep(struct core *core, const struct anchor_result *result)
{
    struct ledger_witnessed witnessed = {.size = result->hold.size,
                                         .by = result->by,
                                         .time_s = result->time_s,
                                         .bytes =
                                             slice_of(result->line, result->line_len)};

    TRY(remember(core, result->anchor, result->hold.size));
    if (result->line_len > 0) {
        TRY(ledger_add_cosignature(core->ledger, &witnessed));
    }
    if (result->token_len > 0) {
        witnessed.by = config_of(core, result->anchor)->name;
        witnessed.bytes = slice_of(result->token, result->token_len);
        TRY(ledger_add_stamp(core->ledger, &witnessed));
    }
    return SG_OK;
}

static void take(struct core *core, const struct anchor_result *result)
{
    struct anchor_seat *seat = &core->anchoring.seats[result->anchor];

    seat->state = result->state;
    (void)snprintf(seat->why, sizeof(seat->why), "%s", result->why);
    if (result->held) {
        seat->hold = result->hold;
        seat->succeeded_us = clock_wall_us();
        mind_gap(&seat->hold, ledger_size(core->ledger), result->hold.seen_us);
    }
    seat->failures += seat->state == ANCHOR_WELL ? 0 : 1;
    if (seat->state != seat->recorded) {
        tell(core, result->anchor);
    }
}

static enum sg_status write_one(struct core *core, const struct anchor_result *result)
{
    take(core, result);
    if (result->held) {
        TRY(keep(core, result));
    }
    return worth_a_record(core, &core->anchoring.seats[result->anchor])
               ? record(core, result)
               : SG_OK;
}

enum sg_status anchoring_write(struct core *core)
{
    struct letter *letter;

    while ((letter = STAILQ_FIRST(&core->anchoring.mail)) != NULL) {
        struct anchor_result *result = (struct anchor_result *)letter;
        STAILQ_REMOVE_HEAD(&core->anchoring.mail, link);
        TRY(write_one(core, result));
        anchor_result_give_back(result);
    }
    return SG_OK;
}

/* --- Their thread ----------------------------------------------------------------- */

/* For how long, when it is too long; it moves once a second. */
static int64_t still_us(const struct core *core)
{
    const struct anchors *anchors = core->anchoring.anchors;
    int64_t beat_us = anchors == NULL ? 0 : anchors_beat_us(anchors);
    int64_t us = clock_mono_us() - beat_us;

    return beat_us != 0 && us >= STANDSTILL_US ? us : 0;
}

static void say_still(int64_t us, char out[ANCHOR_WHY_SIZE])
{
    (void)snprintf(out, ANCHOR_WHY_SIZE,
                   "the thread that serves all anchors has not moved for %lld s: see to "
                   "the disks or shares of the ledger and of the files in 'ca'",
                   (long long)(us / US_PER_S));
}

/* Set right while it ran, a clock that was ahead leaves moments that have not come: until
 * then what nobody holds would be of no age. */
static void mind_clock(struct core *core)
{
    int64_t now_us = clock_wall_us();

    for (size_t i = 0; i < core->options.config->anchor_count; i++) {
        struct anchor_hold *hold = &core->anchoring.seats[i].hold;
        hold->behind_us = hold->behind_us > now_us ? now_us : hold->behind_us;
    }
}

void anchoring_look(struct core *core)
{
    struct anchoring *anchoring = &core->anchoring;
    char why[ANCHOR_WHY_SIZE];
    int64_t us = still_us(core);

    mind_clock(core);
    if (us != 0 && !anchoring->still) {
        say_still(us, why);
        log_event(LOG_WARN, "anchors.still", "why", why, NULL);
    } else if (us == 0 && anchoring->still) {
        log_event(LOG_INFO, "anchors.move", NULL);
    }
    anchoring->still = us != 0;
}

/* --- Report ----------------------------------------------------------------------- */

void anchoring_report(const struct core *core, struct core_report *report)
{
    int64_t still = still_us(core);

    report->anchor_count = core->options.config->anchor_count;
    report->anchored = anchoring_age_us(core, &report->anchor_age_us);
    for (size_t i = 0; i < report->anchor_count; i++) {
        const struct anchor_seat *seat = &core->anchoring.seats[i];
        struct anchor_report *out = &report->anchors[i];
        (void)snprintf(out->name, sizeof(out->name), "%s", config_of(core, i)->name);
        (void)snprintf(out->why, sizeof(out->why), "%s", seat->why);
        out->state = seat->state;
        out->size = seat->hold.size;
        out->lag_us = lag_us(core, &seat->hold);
        out->succeeded_us = seat->succeeded_us;
        out->failures = seat->failures;
        if (still != 0 && seat->state != ANCHOR_ALARM) { /* what it said is of before */
            out->state = ANCHOR_FAILING;
            say_still(still, out->why);
        }
    }
}
