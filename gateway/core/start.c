#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/lane/logins.h"
#include "gateway/core/log/members.h"
#include "gateway/core/opening.h"
#include "gateway/ledger/intent.h"
#include "gateway/ledger/record.h"
#include "proto/digest.h"
#include "proto/text.h"

/* --- Lanes ----------------------------------------------------------------------- */

static bool on_the_way(const struct lane *lane)
{
    enum lane_state state = lane_state(lane);

    return state == LANE_STARTING || state == LANE_TRYING || lane_begins_anew(lane);
}

/* Those that had waited for another one's login, in vain. */
static void begin_anew(struct core *core)
{
    for (size_t i = 0; i < core->berth_count; i++) {
        if (lane_begins_anew(core->berths[i].lane)) {
            lane_tick(core->berths[i].lane, clock_mono_us());
        }
    }
}

static bool any_on_the_way(struct core *core)
{
    for (size_t i = 0; i < core->berth_count; i++) {
        if (on_the_way(core->berths[i].lane)) {
            return true;
        }
    }
    return false;
}

/* What the configuration has wrong is told before anything is served; an HSM that is
 * away, beside others of its module too, or a PIN that was refused, is not: the lane
 * comes when it can, and meanwhile the gateway answers for what it has. */
static enum sg_status check_lane(struct core *core, size_t index, struct sg_error *why)
{
    const struct lane *lane = core->berths[index].lane;

    if (lane_state(lane) == LANE_UP || lane_failure(lane) != FAILURE_CONFIG ||
        (lane_lacks_token(lane) && acquainted(core, index))) {
        return SG_OK;
    }
    return sg_fail(why, SG_HSM, "lane '%s': %s", lane_name(lane), lane_why(lane));
}

static enum sg_status start_lane(struct core *core, size_t index, struct sg_error *why)
{
    struct lane *lane = core->berths[index].lane;
    struct sg_error inner = {0};

    if (lane_start(lane, &inner) == SG_OK) {
        return SG_OK;
    }
    return sg_fail(why, SG_IO, "lane '%s': %s", lane_name(lane), inner.text);
}

/* A lane that is up at the start is no news; one that is not, is. */
static void note_start(struct core *core, size_t index)
{
    struct berth *berth = &core->berths[index];

    if (lane_state(berth->lane) == LANE_UP) {
        berth->seen = LANE_UP;
        berth->told = true;
    } else if (berth->seen != LANE_LATCHED) { /* that was noted when it came */
        berth->seen = LANE_STARTING;
        (void)berth_note(core, index);
    }
}

static bool goes_on(const struct core *core, const char *doing)
{
    const struct core_options *options = &core->options;

    return options->on_start == NULL || options->on_start(options->wait_context, doing);
}

static enum sg_status ask_to_go_on(const struct core *core, struct sg_error *why)
{
    return goes_on(core, "starting: the lanes open their tokens")
               ? SG_OK
               : sg_fail(why, SG_SHUTDOWN, "asked to end while the tokens were opened");
}

static enum sg_status start_lanes(struct core *core, struct sg_error *why)
{
    const struct config *config = core->options.config;
    int64_t until_us = clock_mono_us() + config->hsm_start_ms * 1000;

    for (size_t i = 0; i < config->lane_count; i++) {
        TRY(berth_open(core, core->options.config, i, why));
    }
    for (size_t i = 0; i < core->berth_count; i++) {
        TRY(start_lane(core, i, why));
    }
    while (any_on_the_way(core) && clock_mono_us() < until_us) {
        TRY(ask_to_go_on(core, why));
        logins_hear(core);
        TRY(logins_keep(core));
        begin_anew(core);
    }
    for (size_t i = 0; i < core->berth_count; i++) {
        TRY(check_lane(core, i, why));
        note_start(core, i);
    }
    return SG_OK;
}

static bool still_to_come(const struct lane *lane)
{
    return lane_state(lane) != LANE_UP && lane_state(lane) != LANE_LATCHED &&
           lane_failure(lane) != FAILURE_CONFIG;
}

static enum sg_status wait_a_while(struct core *core, struct sg_error *why)
{
    if (!core->options.on_wait(core->options.wait_context, core)) {
        return sg_fail(why, SG_SHUTDOWN, "asked to end while a PIN was awaited");
    }
    logins_hear(core);
    TRY(logins_keep(core));
    for (size_t i = 0; i < core->berth_count; i++) {
        lane_tick(core->berths[i].lane, clock_mono_us());
    }
    return SG_OK;
}

/* A new ledger needs the log's key before its first record: whoever types that lane's PIN
 * is waited for, as long as it takes. */
static enum sg_status await_log_key(struct core *core, struct sg_error *why)
{
    struct lane *lane = core->berths[core->log_berth].lane;

    if (lane_state(lane) != LANE_AWAITING || core->options.on_wait == NULL ||
        checkpoint_has_key(core)) {
        return SG_OK;
    }
    while (still_to_come(lane)) {
        TRY(wait_a_while(core, why));
    }
    core->options.on_waited(core->options.wait_context);
    TRY(check_lane(core, core->log_berth, why));
    for (size_t i = 0; i < core->berth_count; i++) {
        (void)berth_note(core, i);
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
    struct intent_work work;

    TRY(ledger_intent_work(core->ledger, claim->intent_index, &work));
    const struct record_result result = {
        .decision_id = claim->decision_id,
        .caller = claim->caller,
        .request_id = claim->request_id,
        .key = work.key,
        .hash = work.digest.hash,
        .digest = slice_of(work.digest.bytes, sg_hash_len(work.digest.hash)),
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

enum sg_status templates_keep(struct core *core, const struct key *key)
{
    for (size_t i = 0; i < (size_t)SG_PROFILE_COUNT * SG_HASH_COUNT; i++) {
        TRY(keep_template(core, key->templates[i / SG_HASH_COUNT][i % SG_HASH_COUNT]));
    }
    return SG_OK;
}

static enum sg_status write_boot(struct core *core, const struct ledger_state *state,
                                 struct log_place *place)
{
    const struct quorum *quorum = core->grants.quorum;
    struct members members = {.count = 0};
    char policy[DIGEST_SHA256_SIZE];
    char officers[DIGEST_SHA256_SIZE] = "";
    char size[24];
    char root[65];
    char open_intents[24];

    digest_sha256_text(policy_info(core->policy)->sha256, policy);
    text_hex(slice_of(state->root, 32), root);
    (void)snprintf(size, sizeof(size), "%llu", (unsigned long long)state->size);
    (void)snprintf(open_intents, sizeof(open_intents), "%llu",
                   (unsigned long long)state->open_intents);
    if (quorum != NULL) {
        digest_sha256_text(quorum->sha256, officers);
    }
    members_add(&members, "version", core->options.version);
    members_add(&members, "policy_rev", policy);
    members_add(&members, "quorum", officers);
    members_add(&members, "lockdown", core->lockdown.active ? core->lockdown.id : "");
    members_add(&members, "log_key", core->log_vkey);
    members_add(&members, "last_size", size);
    members_add(&members, "last_root", root);
    members_add(&members, "open_intents", open_intents);
    return members_write(core, "boot", &members, place);
}

static enum sg_status keep_all_templates(struct core *core)
{
    for (size_t i = 0; i < core->keyring.count; i++) {
        TRY(templates_keep(core, &core->keyring.keys[i]));
    }
    return SG_OK;
}

static enum sg_status write_start(struct core *core, const struct ledger_state *state)
{
    struct log_place place;
    uint64_t closed = 0;

    TRY(ledger_begin(core->ledger));
    TRY(close_open_claims(core, &closed));
    TRY(write_boot(core, state, &place));
    TRY(register_write_start(core, &place));
    TRY(succession_write_start(core));
    TRY(grants_write_start(core));
    TRY(incidents_write_start(core));
    TRY(latches_write(core));
    TRY(keep_all_templates(core));
    TRY(ledger_commit(core->ledger));
    if (closed > 0) {
        char count[24];
        (void)snprintf(count, sizeof(count), "%llu", (unsigned long long)closed);
        log_event(LOG_WARN, "recovered", "indeterminate", count, "why",
                  "an earlier run ended while jobs were under way", NULL);
    }
    return SG_OK;
}

/* What officers brought in force, stopped and made under an earlier log stands in its
 * ledger alone. */
static void tell_beginning(const struct core *core, const struct ledger_state *state)
{
    char policy[DIGEST_SHA256_SIZE];
    char officers[DIGEST_SHA256_SIZE];

    if (state->size > 0 || core->grants.quorum == NULL) {
        return;
    }
    digest_sha256_text(policy_info(core->policy)->sha256, policy);
    digest_sha256_text(core->grants.quorum->sha256, officers);
    log_event(LOG_WARN, "log.begun", "policy", policy, "quorum", officers, "why",
              "a new log begins: quorum file, policy and keys are those of the files, "
              "whatever officers signed for, stopped or made under an earlier log",
              NULL);
}

static bool on_hashing(void *core)
{
    return goes_on((const struct core *)core, "starting: records of the log are hashed");
}

static bool on_compare(void *core)
{
    return goes_on((const struct core *)core,
                   "starting: anchors are asked what they hold");
}

static enum sg_status keep_latches(struct core *core, enum sg_status status)
{
    enum sg_status kept = latches_write(core);

    return status == SG_OK ? kept : status;
}

/* The ledger before the lanes: it knows which of them must not try their PIN. */
enum sg_status start_all(struct core *core, struct sg_error *why)
{
    struct ledger_state state = {0};

    TRY(mbox_init(&core->mailbox, 0));
    TRY(keyring_load(core->options.config, clock_wall_us(), &core->keyring, why));
    TRY(admission_init(&core->admission, core->options.config));
    TRY(routes_make(core));
    TRY(opening_ledger(core, on_hashing, &state, why));
    TRY(succession_start(core, why));
    TRY(grants_start(core, why));
    TRY(proposals_start(core));
    TRY(lockdown_start(core, why));
    TRY(register_start(core, why));
    TRY(agenda_start(core));
    TRY(mandates_start(core, why));
    TRY(ceremony_start(core));
    TRY(state_start(core, why));
    TRY(overrides_start(core, why));
    TRY(keep_latches(core, start_lanes(core, why)));
    TRY(keep_latches(core, await_log_key(core, why)));
    TRY(keep_latches(core, checkpoint_start(core, why)));
    TRY(keep_latches(core, anchoring_start(core, on_compare, why)));
    if (write_start(core, &state) != SG_OK) {
        return sg_fail(why, SG_LEDGER, "the ledger %s cannot be written: %s",
                       core->options.config->ledger_file, ledger_why(core->ledger));
    }
    tell_beginning(core, &state);
    TRY(routes_bind(core, why));
    routes_note_dark(core, clock_mono_us());
    return SG_OK;
}
