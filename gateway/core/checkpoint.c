#include "gateway/core/checkpoint.h"

#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "proto/tlog/note.h"

enum { ED25519_SPKI_LEN = 44, ED25519_PUBLIC_LEN = 32 };
static const char MEMO[] = "log_key"; /* the vkey, as the ledger remembers it */

static enum sg_status make_vkey(struct core *core, const uint8_t public[32],
                                struct sg_error *why)
{
    struct note_key key;

    memcpy(core->log_public, public, sizeof(core->log_public));
    if (note_key_make(slice_str(core->options.config->ledger_origin), NOTE_ED25519,
                      core->log_public, &key) != SG_OK) {
        return sg_fail(why, SG_INVALID,
                       "ledger.origin '%s' cannot name a log: use a name like "
                       "segel.example.go.id/log without blanks and '+'",
                       core->options.config->ledger_origin);
    }
    char vkey[NOTE_VKEY_MAX];
    note_vkey_format(&key, vkey);
    (void)snprintf(core->log_vkey, sizeof(core->log_vkey), "%s", vkey);
    return SG_OK;
}

/* The log key's public part, as the token tells it: the last 32 bytes of its
 * SubjectPublicKeyInfo (RFC 8410). */
static enum sg_status key_of_lane(const struct core *core,
                                  uint8_t public[ED25519_PUBLIC_LEN],
                                  struct sg_error *why)
{
    const struct berth *berth = &core->berths[core->log_berth];
    const struct lane_key *info = lane_key(berth->lane, (size_t)berth->log_position);

    if (!info->usable || info->spki_len != ED25519_SPKI_LEN) {
        return sg_fail(why, SG_PRECONDITION,
                       "the log key (log_key.id) cannot be used: %s; make an Ed25519 key "
                       "with segel-hsm keygen and name its id",
                       info->usable ? "it is no Ed25519 key" : info->why);
    }
    memcpy(public, info->spki + ED25519_SPKI_LEN - ED25519_PUBLIC_LEN,
           ED25519_PUBLIC_LEN);
    return SG_OK;
}

/* While its token is away the log goes on under the key that it had: records need no
 * signature, checkpoints wait. */
static enum sg_status vkey_of_ledger(struct core *core, struct sg_error *why)
{
    const struct lane *lane = core->berths[core->log_berth].lane;
    char text[LEDGER_MEMO_MAX];
    struct note_key key;

    enum sg_status status = ledger_recall(core->ledger, MEMO, text);
    if (status == SG_OK && note_vkey_parse(slice_str(text), &key) == SG_OK) {
        return make_vkey(core, key.public_key, why);
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

enum sg_status checkpoint_start(struct core *core, struct sg_error *why)
{
    uint8_t public[ED25519_PUBLIC_LEN] = {0};

    if (lane_state(core->berths[core->log_berth].lane) != LANE_UP) {
        TRY(vkey_of_ledger(core, why));
        return ledger_set_log_key(core->ledger, core->log_vkey, why);
    }
    TRY(key_of_lane(core, public, why));
    TRY(make_vkey(core, public, why));
    TRY(ledger_set_log_key(core->ledger, core->log_vkey, why));
    core->log_key_seen = true;
    return ledger_remember(core->ledger, MEMO, core->log_vkey);
}

/* Each time that its lane comes up it must hold the key that signed the log so far. */
static bool log_key_ready(struct core *core)
{
    struct sg_error why = {0};
    uint8_t public[ED25519_PUBLIC_LEN] = {0};

    if (core->log_key_seen) {
        return true;
    }
    core->log_key_seen = key_of_lane(core, public, &why) == SG_OK &&
                         memcmp(public, core->log_public, sizeof(public)) == 0;
    if (!core->log_key_seen && !core->checkpoint_failed) {
        core->checkpoint_failed = true;
        log_event(LOG_ERROR, "checkpoint.failed", "why",
                  why.text[0] != '\0'
                      ? why.text
                      : "the lane holds another log key than the one that "
                        "the ledger was signed with",
                  NULL);
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
    const struct lane_op op = {
        .owner = core,
        .key = (uint32_t)berth->log_position,
        .scheme = SG_SCHEME_NONE,
        .hash = SG_HASH_NONE,
        .input = slice_of(core->checkpoint_text, core->checkpoint_len),
    };
    core->checkpoint_us = now_us;
    core->checkpoint_pending = true;
    lane_submit(berth->lane, &op);
}

static enum sg_status store(struct core *core, struct slice signature)
{
    struct slice text = slice_of(core->checkpoint_text, core->checkpoint_len);
    uint8_t buffer[1024];
    struct lines_out out;
    struct note_key key;
    struct slice note = {0};

    TRY(note_key_make(slice_str(core->options.config->ledger_origin), NOTE_ED25519,
                      core->log_public, &key));
    lines_start(&out, (char *)buffer, sizeof(buffer));
    note_begin(&out, text);
    note_add_signature(&out, slice_str(key.name), key.id, signature);
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
}
