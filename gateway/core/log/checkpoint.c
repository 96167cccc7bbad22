#include "gateway/core/log/checkpoint.h"

#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "proto/tlog/note.h"

static const char MEMO[] = "log_key"; /* the vkey, as the ledger remembers it */

static enum sg_status fail_name(const struct core *core, struct sg_error *why)
{
    return sg_fail(why, SG_INVALID,
                   "ledger.origin '%s' cannot name a log: use a name like "
                   "segel.example.go.id/log without blanks and '+'",
                   core->options.config->ledger_origin);
}

static void take_key(struct core *core, const struct note_key *key)
{
    core->log_key = *key;
    note_vkey_format(&core->log_key, core->log_vkey);
}

/* The log key's public part, as the token tells it. */
static enum sg_status key_of_lane(const struct core *core, struct note_key *key,
                                  struct sg_error *why)
{
    const struct berth *berth = &core->berths[core->log_berth];
    const struct lane_key *info = lane_key(berth->lane, (size_t)berth->log_position);
    enum sg_status status = SG_UNSUPPORTED;

    if (info->usable) {
        status = note_key_of_spki(slice_str(core->options.config->ledger_origin),
                                  slice_of(info->spki, info->spki_len), key);
    }
    if (status == SG_UNSUPPORTED) {
        return sg_fail(why, SG_PRECONDITION,
                       "the log key (log_key.id) cannot be used: %s; make an Ed25519 "
                       "key, or a P-256 key where the token has no Ed25519, with "
                       "segel-hsm keygen and name its id",
                       info->usable ? "it is neither an Ed25519 nor a P-256 key"
                                    : info->why);
    }
    return status == SG_OK ? SG_OK : fail_name(core, why);
}

/* While its token is away the log goes on under the key that it had: records need no
 * signature, checkpoints wait. */
static enum sg_status key_of_ledger(const struct core *core, struct note_key *key,
                                    struct sg_error *why)
{
    const struct lane *lane = core->berths[core->log_berth].lane;
    char text[LEDGER_MEMO_MAX];

    enum sg_status status = ledger_recall(core->ledger, MEMO, text);
    if (status == SG_OK && note_vkey_parse(slice_str(text), key) == SG_OK) {
        return SG_OK; /* ledger_set_log_key holds its name against the origin */
    }
    return sg_fail(why, status == SG_NOT_FOUND ? SG_HSM : status, "lane '%s': %s%s",
                   lane_name(lane), lane_why(lane),
                   lane_state(lane) == LANE_LATCHED
                       ? "; as this gateway cannot start without it, whoever runs its "
                         "machine does that with 'segeld --config FILE --unlatch LANE'"
                       : "");
}

bool checkpoint_has_key(struct core *core)
{
    char text[LEDGER_MEMO_MAX];

    return ledger_recall(core->ledger, MEMO, text) != SG_NOT_FOUND;
}

/* Once a start: whoever runs this gateway must know what the choice of key costs. */
static void tell_kind(const struct core *core)
{
    if (core->log_key.kind == NOTE_ECDSA) {
        log_event(LOG_WARN, "log_key.ecdsa", "log_key", core->log_vkey, "why",
                  "the log key is P-256: checkpoints carry ECDSA signatures, which "
                  "witnesses outside of Segel mostly do not accept; segel witness does",
                  NULL);
    }
}

/* A ledger that a check found changed is sound again, by the key of the token and not by
 * one that the changed file names. */
static enum sg_status acquit(struct core *core)
{
    enum sg_status status = ledger_acquit(core->ledger);

    core->incidents.acquitted = core->incidents.acquitted || status == SG_OK;
    return status == SG_NOT_FOUND ? SG_OK : status;
}

enum sg_status checkpoint_start(struct core *core, struct sg_error *why)
{
    bool up = lane_state(core->berths[core->log_berth].lane) == LANE_UP;
    struct note_key key;

    TRY(up ? key_of_lane(core, &key, why) : key_of_ledger(core, &key, why));
    take_key(core, &key);
    TRY(ledger_set_log_key(core->ledger, core->log_vkey, why));
    tell_kind(core);
    if (!up) {
        return SG_OK;
    }
    core->log_key_seen = true;
    TRY(ledger_remember(core->ledger, MEMO, core->log_vkey));
    return acquit(core);
}

/* Each time that its lane comes up it must hold the key that signed the log so far. */
static bool log_key_ready(struct core *core)
{
    struct sg_error why = {0};
    struct note_key key = {.name = ""};

    if (core->log_key_seen) {
        return true;
    }
    core->log_key_seen = key_of_lane(core, &key, &why) == SG_OK &&
                         key.kind == core->log_key.kind &&
                         note_key_same(&key, &core->log_key);
    if (!core->log_key_seen && !core->checkpoint_failed) {
        core->checkpoint_failed = true;
        log_event(LOG_ERROR, "checkpoint.failed", "why",
                  why.text[0] != '\0'
                      ? why.text
                      : "the lane holds another log key than the one that "
                        "the ledger was signed with",
                  NULL);
    }
    if (core->log_key_seen && acquit(core) != SG_OK) {
        atomic_store(&core->broken, true);
    }
    return core->log_key_seen;
}

static bool due(const struct core *core, int64_t now_us)
{
    const struct config *config = core->options.config;
    uint64_t fresh = ledger_size(core->ledger) - ledger_checkpoint_size(core->ledger);

    /* Also when idle: "nothing happened" is evidence too. */
    return fresh >= (uint64_t)config->checkpoint_leaves ||
           now_us - core->checkpoint_us >= config->checkpoint_s * 1000000;
}

/* Ed25519 takes the text, ECDSA its digest. */
static void submit(struct core *core, const struct berth *berth)
{
    struct slice text = slice_of(core->checkpoint_text, core->checkpoint_len);
    struct lane_op op = {
        .owner = core,
        .key = (uint32_t)berth->log_position,
        .scheme = SG_SCHEME_NONE,
        .hash = SG_HASH_NONE,
        .input = text,
    };

    if (core->log_key.kind == NOTE_ECDSA) {
        core->checkpoint_digest = tlog_sha256(text);
        op.scheme = SG_SCHEME_ECDSA;
        op.hash = SG_HASH_SHA256;
        op.input = slice_of(core->checkpoint_digest.bytes, TLOG_HASH_SIZE);
    }
    lane_submit(berth->lane, &op);
}

void checkpoint_tick(struct core *core, int64_t now_us, bool now)
{
    struct berth *berth = &core->berths[core->log_berth];

    if (core->checkpoint_pending || berth->seen != LANE_UP ||
        lane_room(berth->lane, LANE_CURVE) == 0 || !(now || due(core, now_us)) ||
        !log_key_ready(core)) {
        return;
    }
    if (ledger_checkpoint_text(core->ledger, (char *)core->checkpoint_text,
                               sizeof(core->checkpoint_text),
                               &core->checkpoint_len) != SG_OK) {
        return;
    }
    core->checkpoint_us = now_us;
    core->checkpoint_pending = true;
    submit(core, berth);
}

static enum sg_status store(struct core *core, struct slice signature)
{
    struct slice text = slice_of(core->checkpoint_text, core->checkpoint_len);
    uint8_t buffer[1024];
    struct lines_out out;
    struct slice note = {0};

    lines_start(&out, (char *)buffer, sizeof(buffer));
    note_begin(&out, text);
    note_add_signature(&out, slice_str(core->log_key.name), core->log_key.id, signature);
    TRY(lines_finish(&out, &note));
    return ledger_checkpoint_store(core->ledger, note);
}

static const char *why_not(const struct core *core, const struct lane_result *result)
{
    if (result->status != SG_OK) {
        return result->why;
    }
    return ledger_why(core->ledger)[0] != '\0'
               ? ledger_why(core->ledger)
               : "what the lane signed does not verify with the log's key";
}

void checkpoint_done(struct core *core, const struct lane_result *result)
{
    enum sg_status status = result->status;

    core->checkpoint_pending = false;
    if (status == SG_OK) {
        status = store(core, result->signature);
    }
    if (status == SG_LEDGER) {
        atomic_store(&core->broken, true);
    }
    if (status != SG_OK && !core->checkpoint_failed) {
        log_event(LOG_ERROR, "checkpoint.failed", "why", why_not(core, result), NULL);
    }
    core->checkpoint_failed = status != SG_OK;
    if (status == SG_OK) {
        core->checkpoint_stored_us = clock_wall_us();
    }
}

/* Somebody has to come first, or type its PIN: not within a moment. */
static bool comes_up(const struct lane *lane)
{
    enum lane_state state = lane_state(lane);

    return state != LANE_LATCHED && state != LANE_AWAITING;
}

bool checkpoint_close(struct core *core)
{
    int64_t now_us = clock_mono_us();

    if (ledger_size(core->ledger) == ledger_checkpoint_size(core->ledger)) {
        return true;
    }
    if (core->closing_until_us == 0) {
        core->closing_until_us = now_us + CLOSING_US;
        core->checkpoint_failed = false;
    }
    if (core->checkpoint_failed || now_us >= core->closing_until_us ||
        !comes_up(core->berths[core->log_berth].lane)) {
        return true;
    }
    checkpoint_tick(core, now_us, true);
    return false;
}
