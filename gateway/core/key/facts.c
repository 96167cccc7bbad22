#include "gateway/core/key/facts.h"

#include "gateway/core/core_inside.h"

/* KEY facts change seldom: they stand on the log once, and decisions name where. */

static enum sg_status write_one(struct core *core, const struct key *key,
                                const struct binding *binding)
{
    enum { ROOM = LEDGER_RECORD_MAX - 1024 }; /* for all that is not facts */
    char members[ROOM];
    char buffer[LEDGER_RECORD_MAX];
    struct record_head head;
    struct fact_list list;
    struct slice text = {0};
    bool wanted[FACT_COUNT];

    for (size_t i = 0; i < FACT_COUNT; i++) {
        wanted[i] = fact_phase((enum fact)i) == FACT_PHASE_KEY;
    }
    fact_list_make(wanted, &list);
    const struct fact_members facts =
        facts_members(policy_key_facts(binding->facts), &list, members, sizeof(members));
    const struct record_key fields = {
        .name = key->config->name,
        .policy_rev = policy_info(policy_key_policy(binding->facts))->sha256,
        .facts = facts.text,
        .cut = facts.cut,
    };
    record_begin(core, &head);
    TRY(record_key_facts(buffer, &head, &fields, &text));
    return ledger_append(core->ledger, text, NULL);
}

/* A job may hold a binding longer than the key does; the serial tells whose place in
 * memory is used again. */
static enum sg_status write_if_new(struct core *core, size_t index)
{
    const struct key *key = &core->keyring.keys[index];
    const struct binding *binding = key_binding(key);
    struct route *route = &core->routes[index];

    if (binding == NULL || binding->serial == route->facts_serial) {
        return SG_OK;
    }
    uint64_t place = ledger_next_index(core->ledger);
    TRY(write_one(core, key, binding));
    route->facts_serial = binding->serial;
    route->facts_index = place;
    return SG_OK;
}

enum sg_status key_facts_write(struct core *core)
{
    for (size_t i = 0; i < core->keyring.count; i++) {
        TRY(write_if_new(core, i));
    }
    return SG_OK;
}

static struct record_status status_of(const struct status_view *view)
{
    static const enum record_status_kind kinds[] = {
        [STATUS_CRL] = RECORD_STATUS_CRL, [STATUS_OCSP] = RECORD_STATUS_OCSP};
    size_t zeros = 0;

    while (zeros + 1 < sizeof(view->number) && view->number[zeros] == 0) {
        zeros++;
    }
    return (struct record_status){
        .kind = kinds[view->source],
        .number = slice_of(view->number + zeros, sizeof(view->number) - zeros),
        .this_update_us = view->told_us,
    };
}

/* What the key was for a job that is outdated stands on the log no longer, or somewhere
 * before. */
void key_facts_name(struct core *core, const struct job *job, struct record_facts *out)
{
    const struct route *route = &core->routes[route_index(core, job->key)];
    const struct fact_members state = state_members(core, job);

    *out = (struct record_facts){
        .known = job->binding->serial == route->facts_serial,
        .job = slice_of(job->facts, job->facts_len),
        .state = state.text,
        .cut = job->facts_cut || state.cut,
        .bound = route->facts_index,
        .status = status_of(&job->certificate),
    };
}
