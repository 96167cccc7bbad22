#include <stdio.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "proto/tlog/note.h"

enum { ED25519_SPKI_LEN = 44, ED25519_PUBLIC_LEN = 32 };

/* The log key's public part, as the token told it: the last 32 bytes of its
 * SubjectPublicKeyInfo (RFC 8410). */
enum sg_status checkpoint_vkey(struct core *core, struct sg_error *why)
{
    const struct config *config = core->options.config;
    const struct lane *lane = core->berths[config->log_lane].lane;
    const struct lane_key *info = lane_key(lane, core->log_position);
    struct note_key key;
    char vkey[NOTE_VKEY_MAX];

    if (!info->usable || info->spki_len != ED25519_SPKI_LEN) {
        return sg_fail(why, SG_PRECONDITION,
                       "the log key (log_key.id) cannot be used: %s; make an Ed25519 key "
                       "with segel-hsm keygen and name its id",
                       info->usable ? "it is no Ed25519 key" : info->why);
    }
    memcpy(core->log_public, info->spki + ED25519_SPKI_LEN - ED25519_PUBLIC_LEN,
           sizeof(core->log_public));
    if (note_key_make(slice_str(config->ledger_origin), NOTE_ED25519, core->log_public,
                      &key) != SG_OK) {
        return sg_fail(why, SG_INVALID,
                       "ledger.origin '%s' cannot name a log: use a name like "
                       "segel.example.go.id/log without blanks and '+'",
                       config->ledger_origin);
    }
    note_vkey_format(&key, vkey);
    (void)snprintf(core->log_vkey, sizeof(core->log_vkey), "%s", vkey);
    return SG_OK;
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
    struct berth *berth = &core->berths[core->options.config->log_lane];

    if (core->checkpoint_pending || lane_room(berth->lane) == 0 ||
        !(now || due(core, now_us))) {
        return;
    }
    if (ledger_checkpoint_text(core->ledger, (char *)core->checkpoint_text,
                               sizeof(core->checkpoint_text),
                               &core->checkpoint_len) != SG_OK) {
        return;
    }
    const struct lane_op op = {
        .owner = core,
        .key = core->log_position,
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
        log_event(LOG_ERROR, "checkpoint.failed", "why",
                  result->status == SG_OK ? ledger_why(core->ledger) : result->why, NULL);
    }
    core->checkpoint_failed = status != SG_OK;
}
