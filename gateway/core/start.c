#include <errno.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/ledger/record.h"
#include "proto/text.h"

/* --- Lanes ----------------------------------------------------------------------- */

/* Which keys a lane has to find; the log key comes last in its lane. */
static enum sg_status list_refs(struct core *core, size_t lane)
{
    const struct config *config = core->options.config;
    struct berth *berth = &core->berths[lane];

    berth->refs =
        (struct lane_key_ref *)calloc(config->key_count + 1, sizeof(*berth->refs));
    if (berth->refs == NULL) {
        return SG_NO_MEMORY;
    }
    for (size_t i = 0; i < config->key_count; i++) {
        struct key *key = &core->keyring.keys[i];
        if (key->lane != lane) {
            continue;
        }
        key->position = (uint32_t)berth->ref_count;
        berth->refs[berth->ref_count++] = (struct lane_key_ref){
            .name = key->config->name,
            .id = slice_of(key->config->object.id, key->config->object.id_len),
            .label = key->config->object.label,
            .spki = cert_spki(key->cert),
        };
    }
    if (lane == config->log_lane) {
        core->log_position = (uint32_t)berth->ref_count;
        berth->refs[berth->ref_count++] = (struct lane_key_ref){
            .name = "log",
            .id = slice_of(config->log_key.id, config->log_key.id_len),
        };
    }
    return SG_OK;
}

static enum sg_status wait_for(struct core *core, struct lane *lane, struct sg_error *why)
{
    int64_t until_us = clock_mono_us() + core->options.config->hsm_start_ms * 1000;

    while (lane_state(lane) == LANE_STARTING) {
        struct pollfd ready = {.fd = lane_fd(lane), .events = POLLIN};
        int64_t left_us = until_us - clock_mono_us();
        if (left_us <= 0) {
            return sg_fail(
                why, SG_HSM,
                "lane '%s': the token did not open within %lld ms; check module "
                "and token, or raise hsm.start_ms",
                lane_name(lane), (long long)core->options.config->hsm_start_ms);
        }
        (void)poll(&ready, 1, (int)(left_us / 1000) + 1);
        lane_read(lane);
    }
    return lane_state(lane) == LANE_UP
               ? SG_OK
               : sg_fail(why, SG_HSM, "lane '%s': %s", lane_name(lane), lane_why(lane));
}

static enum sg_status make_lane(struct core *core, size_t index, struct sg_error *why)
{
    const struct config *config = core->options.config;
    struct berth *berth = &core->berths[index];

    TRY(list_refs(core, index));
    const struct lane_options options = {
        .config = &config->lanes[index],
        .program = core->options.hsm_program,
        .keys = berth->refs,
        .key_count = berth->ref_count,
        .window = (uint32_t)config->lane_window,
        .timeout_us = config->hsm_timeout_ms * 1000,
        .start_us = config->hsm_start_ms * 1000,
        .done = turn_on_done,
        .context = core,
    };
    TRY(lane_new(&options, &berth->lane));
    return lane_start(berth->lane, why);
}

enum sg_status start_lanes(struct core *core, struct sg_error *why)
{
    for (size_t i = 0; i < core->berth_count; i++) {
        TRY(make_lane(core, i, why));
    }
    for (size_t i = 0; i < core->berth_count; i++) {
        TRY(wait_for(core, core->berths[i].lane, why));
        core->berths[i].seen = LANE_UP;
    }
    return SG_OK;
}

/* --- Ledger ---------------------------------------------------------------------- */

/* An INTENT without OUTCOME: the gateway or its lane died in between. Whether the key was
 * used is not known; it is never used again for it by itself. */
static enum sg_status close_one(struct core *core, struct claim *claim)
{
    char buffer[LEDGER_RECORD_MAX];
    struct record_head head;
    struct slice text = {0};
    const struct record_result result = {
        .decision_id = claim->decision_id,
        .intent_index = claim->intent_index,
        .attempt = claim->attempt,
        .outcome = "indeterminate",
        .code = sg_status_name(SG_INDETERMINATE),
    };

    record_begin(core, &head);
    TRY(record_outcome(buffer, &head, &result, &text));
    claim->outcome_index = head.seq;
    claim->state = CLAIM_INDETERMINATE;
    TRY(ledger_append(core->ledger, text, claim->outcome_hash));
    return ledger_settle(core->ledger, claim);
}

static enum sg_status close_open_claims(struct core *core, uint64_t *closed)
{
    struct claim claim;
    enum sg_status status;

    while ((status = ledger_next_open(core->ledger, &claim)) == SG_OK) {
        TRY(close_one(core, &claim));
        (*closed)++;
    }
    return status == SG_NOT_FOUND ? SG_OK : status;
}

static enum sg_status keep_template(struct core *core,
                                    const struct cms_template *template)
{
    uint8_t packed[CMS_PACKED_MAX];
    size_t len = 0;

    if (template == NULL) {
        return SG_OK;
    }
    TRY(cms_template_pack(template, packed, sizeof(packed), &len));
    return ledger_keep_template(core->ledger, cms_template_id(template),
                                slice_of(packed, len));
}

static enum sg_status keep_templates(struct core *core, const struct key *key)
{
    for (size_t i = 0; i < (size_t)SG_PROFILE_COUNT * SG_HASH_COUNT; i++) {
        TRY(keep_template(core, key->templates[i / SG_HASH_COUNT][i % SG_HASH_COUNT]));
    }
    return SG_OK;
}

static enum sg_status write_boot(struct core *core, const struct ledger_state *state)
{
    char buffer[LEDGER_RECORD_MAX];
    char policy[65];
    char size[24];
    char root[65];
    char open_intents[24];
    struct record_head head;
    struct slice text = {0};

    text_hex(slice_of(policy_info(core->options.policy)->sha256, 32), policy);
    text_hex(slice_of(state->root, 32), root);
    (void)snprintf(size, sizeof(size), "%llu", (unsigned long long)state->size);
    (void)snprintf(open_intents, sizeof(open_intents), "%llu",
                   (unsigned long long)state->open_intents);
    const char *pairs[] = {
        "version",      core->options.version, "policy_rev", policy,      "log_key",
        core->log_vkey, "last_size",           size,         "last_root", root,
        "open_intents", open_intents};
    record_begin(core, &head);
    TRY(record_event(buffer, &head, "boot", pairs, SG_COUNT(pairs) / 2, &text));
    return ledger_append(core->ledger, text, NULL);
}

static enum sg_status write_keys(struct core *core)
{
    for (size_t i = 0; i < core->keyring.count; i++) {
        const struct key *key = &core->keyring.keys[i];
        notes_add(core, key->usable ? "key.load" : "key.refuse", key->config->name,
                  key->usable ? cert_serial(key->cert) : key->why);
        if (!key->usable) {
            log_event(LOG_WARN, "key.refused", "key", key->config->name, "why", key->why,
                      NULL);
        }
        TRY(notes_write(core)); /* one by one: there is room for a few only */
        TRY(keep_templates(core, key));
    }
    return SG_OK;
}

static enum sg_status write_start(struct core *core, const struct ledger_state *state)
{
    uint64_t closed = 0;

    TRY(ledger_begin(core->ledger));
    TRY(close_open_claims(core, &closed));
    TRY(write_boot(core, state));
    TRY(write_keys(core));
    TRY(ledger_commit(core->ledger));
    if (closed > 0) {
        char count[24];
        (void)snprintf(count, sizeof(count), "%llu", (unsigned long long)closed);
        log_event(LOG_WARN, "recovered", "indeterminate", count, "why",
                  "an earlier run ended while jobs were under way", NULL);
    }
    return SG_OK;
}

enum sg_status start_ledger(struct core *core, struct sg_error *why)
{
    const struct config *config = core->options.config;
    struct ledger_state state = {0};

    TRY(checkpoint_vkey(core, why));
    const struct ledger_options options = {
        .path = config->ledger_file,
        .origin = config->ledger_origin,
        .log_key = core->log_vkey,
    };
    TRY(ledger_open(&options, &core->ledger, &state, why));
    if (write_start(core, &state) != SG_OK) {
        return sg_fail(why, SG_LEDGER, "the ledger %s cannot be written: %s",
                       config->ledger_file, ledger_why(core->ledger));
    }
    return SG_OK;
}
