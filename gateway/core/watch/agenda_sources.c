#include "gateway/clock.h"
#include "gateway/core/core_inside.h"
#include "gateway/core/key/life.h"

/* Whatever has an end. Another source is a function here that calls agenda_add for each,
 * and a row in proto/expiry_kinds.def. */

/* Whether anybody has to see to its next certificate. */
static bool may_sign_again(const struct core *core, const struct key *key)
{
    return key_ready(key) && !key_state_over(life_state(core, key));
}

/* An issuer up to the anchor, if it ends before the certificate does: it takes the chain
 * with it. */
static int64_t issuer_end_us(const struct key *key)
{
    int64_t first_us = key->holder->path.first_end_us;

    return first_us < cert_not_after_us(key->cert) ? first_us : 0;
}

static enum sg_status add_keys(struct core *core)
{
    for (size_t i = 0; i < core->keyring.count; i++) {
        const struct key *key = &core->keyring.keys[i];
        if (may_sign_again(core, key)) {
            const char *name = key->config->name;
            agenda_add(core, EXPIRY_CERTIFICATE, name, cert_not_after_us(key->cert));
            agenda_add(core, EXPIRY_CERTIFICATE_ISSUER, name, issuer_end_us(key));
        }
    }
    return SG_OK;
}

static enum sg_status add_statuses(struct core *core)
{
    for (size_t i = 0; i < core->keyring.count; i++) {
        const struct key *key = &core->keyring.keys[i];
        struct status_view view;
        (void)status_look(&key->holder->status, &view);
        if (may_sign_again(core, key) && view.source != STATUS_OFF && view.authentic) {
            agenda_add(core, EXPIRY_STATUS, key->config->name, view.next_update_us);
        }
    }
    return SG_OK;
}

static enum sg_status add_policy(struct core *core)
{
    const struct policy_info *info = policy_info(core->policy);

    agenda_add(core, EXPIRY_AGREEMENT, info->agreement_no, info->agreement_until_us);
    agenda_add(core, EXPIRY_POLICY_REVIEW, info->id, info->review_by_us);
    agenda_add(core, EXPIRY_CALENDAR, info->id, info->calendar_until_us);
    return SG_OK;
}

/* An anchor that holds nothing new for too long. One that keeps up has no end. */
static enum sg_status add_anchors(struct core *core)
{
    const struct config *config = core->options.config;
    int64_t limit_us = config->reminder_anchor_s * 1000000;
    uint64_t size = ledger_size(core->ledger);

    for (size_t i = 0; i < config->anchor_count; i++) {
        const struct anchor_hold *hold = &core->anchoring.seats[i].hold;
        bool lags = hold->size < size && hold->behind_us > 0 &&
                    clock_wall_us() - hold->behind_us >= limit_us;
        agenda_add(core, EXPIRY_ANCHOR, config->anchors[i].name,
                   lags ? hold->behind_us + limit_us : 0);
    }
    return SG_OK;
}

static void count_notice(uint64_t *overdue, int64_t due_us, int64_t now_us)
{
    *overdue += due_us > 0 && now_us >= due_us ? 1 : 0;
}

static void add_incident(struct core *core, const struct ledger_incident *incident,
                         int64_t now_us)
{
    struct agenda *next = &core->agenda.next;
    int64_t oral_us = incident->oral_given_us == 0 ? incident->oral_due_us : 0;
    int64_t written_us = incident->written_given_us == 0 ? incident->written_due_us : 0;

    for (int kind = 0; kind < INCIDENT_KINDS; kind++) {
        bool same =
            strcmp(incident_kind_name((enum incident_kind)kind), incident->kind) == 0;
        next->open[kind] += same ? 1 : 0;
    }
    next->open_all++;
    count_notice(&next->overdue_oral, oral_us, now_us);
    count_notice(&next->overdue_written, written_us, now_us);
    agenda_add(core, EXPIRY_NOTICE_ORAL, incident->id, oral_us);
    agenda_add(core, EXPIRY_NOTICE_WRITTEN, incident->id, written_us);
}

static enum sg_status add_incidents(struct core *core)
{
    const struct incident_query query = {
        .below = INT64_MAX, .limit = AGENDA_INCIDENTS_MAX, .briefly = true};
    struct incident_page page;
    int64_t now_us = clock_wall_us();

    arena_reset(&core->agenda.arena);
    TRY(ledger_list_incidents(core->ledger, &query, &core->agenda.arena, &page));
    for (size_t i = 0; i < page.count; i++) {
        add_incident(core, &page.items[i], now_us);
    }
    return SG_OK;
}

static enum sg_status add_activations(struct core *core)
{
    for (size_t i = 0; i < core->keyring.count; i++) {
        const struct keyreg *row = register_row(core, i);
        bool open = life_state(core, &core->keyring.keys[i]) == KEY_ACTIVE;
        agenda_add(core, EXPIRY_ACTIVATION, row->name,
                   open ? row->activation.until_us : 0);
    }
    return SG_OK;
}

static enum sg_status add_mandates(struct core *core)
{
    for (size_t i = 0; i < core->mandates.count; i++) {
        const struct ledger_mandate *row = &core->mandates.items[i]->row;
        agenda_add(core, EXPIRY_MANDATE, row->id,
                   row->state == MANDATE_OPEN ? row->terms.until_us : 0);
    }
    return SG_OK;
}

static enum sg_status add_expected(struct core *core)
{
    struct agenda_keeper *keeper = &core->agenda;

    MUST(pthread_mutex_lock(&keeper->lock) == 0);
    for (size_t i = 0; i < keeper->expected_count; i++) {
        const struct agenda_item *item = &keeper->expected[i];
        agenda_add(core, item->kind, item->name, item->until_us);
    }
    MUST(pthread_mutex_unlock(&keeper->lock) == 0);
    return SG_OK;
}

enum sg_status agenda_gather(struct core *core)
{
    static enum sg_status (*const sources[])(struct core *) = {
        add_incidents, add_keys,        add_policy,   add_anchors,
        add_statuses,  add_activations, add_mandates, add_expected};

    for (size_t i = 0; i < SG_COUNT(sources); i++) {
        TRY(sources[i](core));
    }
    return SG_OK;
}
