#include <stdio.h>
#include <string.h>

#include "gateway/core/core_inside.h"

/* Whether a job may draw on the mandate that it names, and in which words not. */

/* --- Words -------------------------------------------------------------------------- */

static const struct {
    struct record_failure failure;
    const char *text[2]; /* English, Indonesian; with the mandate's id */
} faults[] = {
#define MANDATE_FAULT(name, thing, wanted, en, id)                                       \
    [MANDATE_FAULT_##name] = {{.rule = "CP-4.5-05",                                      \
                               .cp_section = "4.5.1",                                    \
                               .code = "MANDATE_" #name,                                 \
                               .found = (thing),                                         \
                               .required = (wanted)},                                    \
                              {en, id}},
#include "gateway/core/mandate/mandate.def"
#undef MANDATE_FAULT
};

const struct record_failure *mandate_failure(enum mandate_fault fault)
{
    MUST(fault > MANDATE_FAULT_NONE && fault < MANDATE_FAULTS);
    return &faults[fault].failure;
}

/* One '%s' becomes the id: no text of a table is a format. */
static void word(const char *text, const char *id, char *out, size_t size)
{
    size_t hole = strcspn(text, "%");

    MUST(text[hole] == '%' && text[hole + 1] == 's');
    (void)snprintf(out, size, "%.*s%s%s", (int)hole, text, id, text + hole + 2);
}

void mandate_refuse(const struct mandate_view *view, struct job *job)
{
    const char *text = faults[view->fault].text[job->english ? 0 : 1];
    char why[JOB_WHY_MAX];

    word(text, job->mandate, why, sizeof(why));
    job->reason = mandate_failure(view->fault)->code;
    job_refuse(job, SG_PRECONDITION, "%s", why);
    job->retry_us = view->wait_us;
}

void mandate_facts(const struct mandate_view *view, struct facts *facts)
{
    facts_bool(facts, FACT_ID_mandate_present, view->present);
    if (view->named) { /* whose it is when it is not the caller's is nobody's business */
        facts_bool(facts, FACT_ID_mandate_caller_ok,
                   view->fault != MANDATE_FAULT_UNKNOWN);
    }
    if (view->present) {
        facts_bool(facts, FACT_ID_mandate_covers_digest, view->covers);
        facts_number(facts, FACT_ID_mandate_left, (int64_t)view->left);
    }
}

/* --- Looking ------------------------------------------------------------------------ */

/* In a list of names with commas. A job's class is any text: with a comma it could be two
 * neighbours of the list. */
static bool names(const char *list, const char *name)
{
    size_t len = strlen(name);
    const char *at = list;

    if (strchr(name, ',') != NULL) {
        return false;
    }
    while (at != NULL && *at != '\0') {
        if (strncmp(at, name, len) == 0 && (at[len] == ',' || at[len] == '\0')) {
            return true;
        }
        at = strchr(at, ',');
        at = at == NULL ? NULL : at + 1;
    }
    return false;
}

/* A job that names a retired key is a job of the one that followed it; the mandate names
 * the key that its officers saw. */
static bool was_followed(const struct core *core, const char *name, const struct job *job)
{
    size_t count = core->keyring.count;
    size_t at = register_find(core, name);

    for (size_t steps = 0; at < count && steps < count; steps++) {
        at = register_find(core, core->keys.rows[at].successor);
        if (at == route_index(core, job->key)) {
            return true;
        }
    }
    return false;
}

static bool fits(const struct mandate_terms *terms, const struct job *job)
{
    bool same_ref = job->approval_ref[0] == '\0' ||
                    strcmp(job->approval_ref, terms->approval_ref) == 0;

    return strcmp(terms->key, job->key->config->name) == 0 &&
           names(terms->classes, job->document_class) &&
           (terms->profiles >> job->profile & 1) != 0 && same_ref &&
           (terms->digests == 0 || terms->hash == job->hash);
}

/* A clock that was set back makes nothing longer: until it is where it was before,
 * nothing is drawn. A time service moves it by less. */
static bool was_set_back(const struct core *core, const struct ledger_mandate *row)
{
    enum { SLACK_US = 5000000 };

    return core->state.turn_us < row->seen_us - SLACK_US;
}

static enum mandate_fault end_of(const struct core *core,
                                 const struct ledger_mandate *row,
                                 struct mandate_view *out)
{
    int64_t now_us = core->state.turn_us;

    if (row->state == MANDATE_REVOKED) {
        return MANDATE_FAULT_REVOKED;
    }
    if (row->state == MANDATE_EXPIRED || now_us >= row->terms.until_us) {
        return MANDATE_FAULT_EXPIRED;
    }
    if (was_set_back(core, row)) {
        out->wait_us = row->seen_us - now_us;
        return MANDATE_FAULT_CLOCK;
    }
    if (now_us < row->terms.from_us) {
        out->wait_us = row->terms.from_us - now_us;
        return MANDATE_FAULT_EARLY;
    }
    return MANDATE_FAULT_NONE;
}

static enum sg_status look_for_digest(struct core *core, const struct ledger_mandate *row,
                                      const struct job *job, struct mandate_view *out)
{
    bool taken = false;

    /* A list is as long as the mandate is large: what is left is what is free of it. */
    if (row->terms.digests == 0 || job->any_digest) {
        return SG_OK;
    }
    enum sg_status found = ledger_find_mandate_digest(
        core->ledger, row->number, slice_of(job->digest, sg_hash_len(job->hash)), &taken);
    if (found == SG_NOT_FOUND) {
        out->covers = false;
        out->fault = MANDATE_FAULT_DIGEST;
        return SG_OK;
    }
    if (taken && !job->uncertain) {
        out->fault = MANDATE_FAULT_TAKEN;
    }
    return found;
}

static enum sg_status look_inside(struct core *core, const struct ledger_mandate *row,
                                  const struct job *job, struct mandate_view *out)
{
    uint64_t own = job->uncertain ? 1 : 0; /* what the id has taken before */

    out->present = true;
    out->covers = true;
    out->left = row->terms.max - row->used - row->reserved + own;
    if (!fits(&row->terms, job)) {
        out->fault = was_followed(core, row->terms.key, job) ? MANDATE_FAULT_ROTATED
                                                             : MANDATE_FAULT_OUTSIDE;
        return SG_OK;
    }
    TRY(look_for_digest(core, row, job, out));
    if (out->fault == MANDATE_FAULT_NONE && out->left == 0) {
        out->fault = MANDATE_FAULT_EXHAUSTED;
    }
    return SG_OK;
}

/* One that has ended is in the ledger only. */
static enum sg_status find(struct core *core, const struct job *job,
                           struct ledger_mandate *ended,
                           const struct ledger_mandate **out)
{
    const struct mandate *open = mandates_find(core, job->mandate);

    *out = open != NULL ? &open->row : ended;
    return open != NULL ? SG_OK : ledger_find_mandate(core->ledger, job->mandate, ended);
}

enum sg_status mandates_look(struct core *core, const struct job *job,
                             struct mandate_view *out)
{
    struct ledger_mandate ended;
    const struct ledger_mandate *row = NULL;

    *out = (struct mandate_view){.named = job->mandate[0] != '\0'};
    if (!out->named) {
        return SG_OK;
    }
    enum sg_status found = find(core, job, &ended, &row);
    if (found != SG_OK && found != SG_NOT_FOUND) {
        return found;
    }
    if (found == SG_NOT_FOUND || strcmp(row->terms.caller, job->caller->name) != 0) {
        out->fault = MANDATE_FAULT_UNKNOWN;
        return SG_OK;
    }
    out->fault = end_of(core, row, out);
    return out->fault == MANDATE_FAULT_NONE ? look_inside(core, row, job, out) : SG_OK;
}
